use serde::{Deserialize, Serialize};

/// Yes or no, row by row, in a form that is short on disk: `1` and `0`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Marks(String);

impl Marks {
    /// As numbers: 1 and 0.
    pub fn numbers(&self) -> Vec<f64> {
        let marks = self.0.bytes();
        marks
            .map(|mark| f64::from(u8::from(mark == b'1')))
            .collect()
    }

    /// Share of yes; 0 without rows.
    pub fn share(&self) -> f64 {
        let yes = self.0.bytes().filter(|mark| *mark == b'1').count();
        yes as f64 / self.0.len().max(1) as f64
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<bool> for Marks {
    fn from_iter<I: IntoIterator<Item = bool>>(marks: I) -> Self {
        Self(
            marks
                .into_iter()
                .map(|m| if m { '1' } else { '0' })
                .collect(),
        )
    }
}

/// What came of one model: a method trained with a seed, tested and attacked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// All that the figures depend on but method and seed, in words; what differs is another study.
    pub setting: String,
    /// The method with its parameters.
    pub method: String,
    /// The seed.
    pub seed: u64,
    /// How training went.
    pub trained: Trained,
    /// What came of each test set.
    pub tests: Vec<Tested>,
}

/// How training went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// Passes.
    pub epochs: usize,
    /// The pass that was kept.
    pub best: usize,
    /// Its accuracy on the validation texts.
    pub validation_accuracy: f64,
    /// Whether it gives all validation texts one class.
    pub collapsed: bool,
    /// Training texts that were cut.
    pub cut: usize,
    /// Seconds.
    pub seconds: f64,
}

/// What came of one test set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tested {
    /// Its name.
    pub name: String,
    /// Which texts were right.
    pub right: Marks,
    /// Test texts that were cut.
    pub cut: usize,
    /// What its evidence is worth, where the model shows any.
    pub evidence: Option<EvidenceWorth>,
    /// What came of each attack.
    pub attacks: Vec<UnderAttack>,
}

/// What evidence is worth. Means over texts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EvidenceWorth {
    /// Share of the units that were selected.
    pub share: f64,
    /// GR: macro F1 of what was selected against what people gave; `None` where nobody was asked.
    pub gr: Option<f64>,
    /// GR of as many units at random.
    pub random_gr: Option<f64>,
    /// By how much the predicted class is less likely from the evidence alone than from all of the
    /// text (DeYoung et al., ACL 2020).
    pub sufficiency: f64,
    /// By how much it is less likely from all but the evidence.
    pub comprehensiveness: f64,
}

/// What came of an attack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnderAttack {
    /// Its name.
    pub attack: String,
    /// Which texts were right before.
    pub before: Marks,
    /// Which were right before and still are, in the worst of the attack's variants.
    pub after: Marks,
    /// GR on the attacked texts.
    pub gr: Option<f64>,
    /// AR: share of what the attack wrote that was selected.
    pub capture: Option<f64>,
    /// Share of the texts whose selection includes something that people gave and nothing that the
    /// attack wrote.
    pub gold_alone: Option<f64>,
    /// Mean number of distinct texts that the model was asked about.
    pub queries: f64,
    /// Mean share of words changed, of successes; of input reduction, which has none, of all.
    pub words_changed: f64,
    /// Accuracy under each variant by itself: a template at a place.
    pub variants: Vec<Variant>,
}

/// One variant of an attack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Template and place.
    pub name: String,
    /// Texts that it was tried on.
    pub rows: usize,
    /// Accuracy on them, whether they were right before or not.
    pub accuracy: f64,
    /// AR under it.
    pub capture: Option<f64>,
}
