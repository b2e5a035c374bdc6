use qualm_data::Source;
use qualm_stats::random::DEFAULT_SEED;
use serde::Serialize;

use crate::Bundle;

/// What is evaluated, and on which rows.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{EvaluationInput, FitInput, FitOptions, Recipe, fit};
/// let rows = |name: &str| MemorySet::new(name).with_logits(vec![2.0, 0.0, 0.5, 1.0], 2);
/// let (train, test, far) = (rows("train")?, rows("test")?, rows("far")?);
/// let recipes = Recipe::parse_list("msp")?;
/// let input = FitInput { train: &train, head: None };
/// let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?.bundle;
/// let input = EvaluationInput {
///     bundle: &bundle,
///     train: None,
///     test: &test,
///     ood: vec![("far".into(), &far)],
/// };
/// assert_eq!(input.rows(), 4);
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Clone)]
pub struct EvaluationInput<'a> {
    /// The fitted detectors. Its reference, where it has one, judges what is flagged.
    pub bundle: &'a Bundle,
    /// The rows that the bundle was fitted on, for the trap alone: how many false alarms
    /// thresholds taken from them would raise. Rows that the fit passed over (held back, or with
    /// a negative label) are passed over here too.
    pub train: Option<&'a dyn Source>,
    /// In-distribution rows that nothing was fitted on. Those with a negative label are out of
    /// distribution by definition; they are left out and counted.
    pub test: &'a dyn Source,
    /// Out-of-distribution sets by name. All their rows count, whatever their labels say.
    pub ood: Vec<(String, &'a dyn Source)>,
}

impl EvaluationInput<'_> {
    /// Rows that [`evaluate`](crate::evaluate) reads, for a progress bar.
    pub fn rows(&self) -> u64 {
        let sources = self.ood.iter().map(|(_, source)| *source);
        sources
            .chain(self.train)
            .chain([self.test])
            .map(|source| source.schema().rows)
            .sum()
    }
}

/// How to evaluate.
///
/// ```
/// let options = qualm_ood::EvaluationOptions::default();
/// assert_eq!((options.resamples, options.level, options.false_alarms), (1000, 0.95, 0.05));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvaluationOptions {
    /// Bootstrap replicates behind each interval, at least 2.
    pub resamples: usize,
    /// How often intervals and ranges should hold the truth, strictly between 0 and 1; what is
    /// left of 1 is the level of the tests behind the verdict.
    pub level: f64,
    /// Seed of the bootstrap and of the cut through the test rows.
    pub seed: u64,
    /// The false-alarm rate at which rows are flagged, strictly between 0 and 1.
    pub false_alarms: f64,
    /// The detector that the others are compared with; without a name, `msp` where there is one.
    pub baseline: Option<String>,
    /// The detector that the verdict is about; without a name, `vim` where there is one, else the
    /// first that is not the baseline.
    pub challenger: Option<String>,
}

impl Default for EvaluationOptions {
    /// 1000 replicates, 95 %, the default seed, 5 % false alarms.
    fn default() -> Self {
        Self {
            resamples: 1000,
            level: 0.95,
            seed: DEFAULT_SEED,
            false_alarms: 0.05,
            baseline: None,
            challenger: None,
        }
    }
}
