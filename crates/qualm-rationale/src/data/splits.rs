use qualm_stats::random::{hash_bytes, unit_hash};

use crate::data::{Dataset, Example};

/// Texts to learn from, to choose by, and to test on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splits {
    /// What is learned from.
    pub training: Dataset,
    /// What the best pass is chosen by.
    pub validation: Dataset,
    /// What is tested on, once.
    pub tests: Vec<Dataset>,
}

impl Splits {
    /// Holds a tenth of the texts back to choose by and a tenth to test on, by the hash of each
    /// text: equal texts stay together.
    pub fn of(whole: &Dataset, seed: u64) -> Self {
        let place = |example: &Example| unit_hash(seed, hash_bytes(seed, example.text.as_bytes()));
        let part = |name: &str, low: f64, high: f64| {
            let name = format!("{}, {name}", whole.name);
            whole.subset(&name, |_, example| (low..high).contains(&place(example)))
        };
        Self {
            training: part("training", 0.2, 1.0),
            validation: part("validation", 0.1, 0.2),
            tests: vec![part("test", 0.0, 0.1)],
        }
    }
}
