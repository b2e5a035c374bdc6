use crate::OodError;
use crate::method::Method;
use crate::methods::{
    combined, cosine, energy, entropy, fdbd, gen_residual, generalised_entropy, gmm, gradnorm,
    klmatching, knn, mahalanobis, mahalanobis_unit, maxlogit, mcm, msp, nci, neco, nnguide,
    openmax, pnml, relation, residual, rmd, she, ssd, tempscale, vim, weiper,
};
use crate::recipe::Arguments;
use crate::shapers::{ash, dice, lts, react, scale, vra};
use crate::shaping::Shaper;

/// What there is to know about a method, for `qualm methods` and for the parser.
///
/// ```
/// use qualm_ood::CATALOGUE;
/// let knn = CATALOGUE.iter().find(|entry| entry.word == "knn").expect("it is a method");
/// assert_eq!((knn.word, knn.inputs), ("knn", "features"));
/// assert_eq!(knn.paper, "Sun et al., ICML 2022");
/// ```
#[derive(Debug)]
pub struct Entry {
    /// The word that recipes use.
    pub word: &'static str,
    /// The outlier score in one line.
    pub formula: &'static str,
    /// Authors, venue and year.
    pub paper: &'static str,
    /// What a row must have to be scored, and what fitting needs.
    pub inputs: &'static str,
    /// Parameters with their defaults; empty where there are none.
    pub parameters: &'static str,
    pub(crate) parse: Parse,
}

/// What the arguments of a word make.
#[derive(Debug)]
pub(crate) enum Parse {
    /// A method.
    Method(fn(&mut Arguments<'_>) -> Result<Box<dyn Method>, OodError>),
    /// A method made of others: `combined(vim,msp)`.
    Composite(fn(&mut Arguments<'_>) -> Result<Box<dyn Method>, OodError>),
    /// A shaper, which goes before a score of the logits: `react+gen`.
    Shaper(fn(&mut Arguments<'_>) -> Result<Box<dyn Shaper>, OodError>),
}

impl Entry {
    /// Whether this is a shaper, which changes features, head or logits before any score of the
    /// logits looks at them; alone it stands before the energy.
    ///
    /// ```
    /// use qualm_ood::{CATALOGUE, Recipe};
    /// let react = CATALOGUE.iter().find(|entry| entry.word == "react").expect("it is there");
    /// assert!(react.is_shaper());
    /// assert!("react(p=90)+gen".parse::<Recipe>().is_ok());
    /// ```
    pub fn is_shaper(&self) -> bool {
        matches!(self.parse, Parse::Shaper(_))
    }
}

/// Every method, in the order in which reports list them.
///
/// ```
/// let words: Vec<&str> = qualm_ood::CATALOGUE.iter().map(|entry| entry.word).collect();
/// assert!(words.contains(&"vim"));
/// ```
pub static CATALOGUE: &[Entry] = &[
    vim::ENTRY,
    residual::ENTRY,
    msp::ENTRY,
    maxlogit::ENTRY,
    energy::ENTRY,
    entropy::ENTRY,
    generalised_entropy::ENTRY,
    mcm::ENTRY,
    tempscale::ENTRY,
    klmatching::ENTRY,
    openmax::ENTRY,
    gradnorm::ENTRY,
    gen_residual::ENTRY,
    relation::ENTRY,
    weiper::ENTRY,
    mahalanobis::ENTRY,
    mahalanobis_unit::ENTRY,
    rmd::ENTRY,
    rmd::UNIT,
    ssd::ENTRY,
    cosine::ENTRY,
    she::ENTRY,
    fdbd::ENTRY,
    nci::ENTRY,
    pnml::ENTRY,
    neco::ENTRY,
    nnguide::ENTRY,
    gmm::ENTRY,
    knn::ENTRY,
    combined::ENTRY,
    react::ENTRY,
    vra::ENTRY,
    dice::ENTRY,
    ash::PRUNE,
    ash::BINARISE,
    ash::SCALE,
    scale::ENTRY,
    lts::ENTRY,
];
