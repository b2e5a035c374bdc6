/// A method of the field that cannot be computed from features, logits and a linear head.
///
/// ```
/// use qualm_ood::OUT_OF_REACH;
/// let odin = OUT_OF_REACH.iter().find(|method| method.name == "ODIN").expect("it is listed");
/// assert!(odin.reason.contains("gradient"));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct OutOfReach {
    /// Its name.
    pub name: &'static str,
    /// Authors, venue and year.
    pub paper: &'static str,
    /// What it needs that a feature set does not hold.
    pub reason: &'static str,
}

/// Methods that are not here, each with the reason.
///
/// ```
/// let names: Vec<&str> = qualm_ood::OUT_OF_REACH.iter().map(|method| method.name).collect();
/// assert!(names.contains(&"Gram") && !names.contains(&"vim"));
/// ```
pub static OUT_OF_REACH: &[OutOfReach] = &[
    needs(
        "ODIN",
        "Liang et al., ICLR 2018",
        "the gradient of the loss with respect to the input, and a second pass through the network",
    ),
    needs(
        "Gram",
        "Sastry & Oore, ICML 2020",
        "the maps of all layers, for their Gram matrices",
    ),
    needs(
        "Mahalanobis ensemble",
        "Lee et al., NeurIPS 2018",
        "features of several layers and input gradients; one layer's is `mahalanobis`",
    ),
    needs(
        "RankFeat",
        "Song et al., NeurIPS 2022",
        "the maps before pooling, for their largest singular vector",
    ),
    needs(
        "GrOOD",
        "Huang et al., 2021",
        "gradients with respect to parameters below the head",
    ),
    needs(
        "Gradient uncertainty",
        "Oberdiek et al., 2018",
        "gradients with respect to all parameters",
    ),
    needs(
        "NAC",
        "Liu et al., ICLR 2024",
        "neuron activations of several layers and their gradients",
    ),
    needs(
        "AdaSCALE",
        "Regmi, 2025",
        "features of an input that was perturbed along its gradient",
    ),
    needs(
        "Monte-Carlo dropout",
        "Gal & Ghahramani, ICML 2016",
        "many passes through a network with dropout",
    ),
    needs(
        "Deep ensembles",
        "Lakshminarayanan et al., NeurIPS 2017",
        "several networks, trained apart",
    ),
    needs(
        "Outlier Exposure",
        "Hendrycks et al., ICLR 2019",
        "retraining with outliers",
    ),
    needs(
        "LogitNorm",
        "Wei et al., ICML 2022",
        "retraining with another loss",
    ),
    needs(
        "CIDER",
        "Ming et al., ICLR 2023",
        "retraining with another loss",
    ),
    needs(
        "VOS",
        "Du et al., ICLR 2022",
        "retraining with virtual outliers",
    ),
];

const fn needs(name: &'static str, paper: &'static str, reason: &'static str) -> OutOfReach {
    OutOfReach {
        name,
        paper,
        reason,
    }
}
