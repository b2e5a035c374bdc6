use qualm_stats::Interval;
use serde::Serialize;

use super::compare::Comparison;
use super::options::EvaluationOptions;
use super::scores::AllScores;

/// What [`evaluate`](crate::evaluate) found: figures, which serialise, and the scores behind them,
/// which do not. A figure that is infinite becomes `null` in JSON.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{EvaluationInput, EvaluationOptions, FitInput, FitOptions, Recipe, evaluate, fit};
/// // Logits of a classifier that is sure of some rows and unsure of others.
/// let rows = |name: &str, sure: f32| {
///     let logits = (0..40).flat_map(|row| [sure + 0.01 * row as f32, 0.0]);
///     MemorySet::new(name).with_logits(logits.collect(), 2)
/// };
/// let (train, test, far) = (rows("train", 3.0)?, rows("test", 3.0)?, rows("far", 0.0)?);
/// let recipes = Recipe::parse_list("msp")?;
/// let input = FitInput { train: &train, head: None };
/// let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?.bundle;
/// let input = EvaluationInput {
///     bundle: &bundle,
///     train: Some(&train),
///     test: &test,
///     ood: vec![("far".into(), &far)],
/// };
/// let evaluation = evaluate(&input, &EvaluationOptions::default(), &mut |_| {})?;
///
/// let msp = &evaluation.detectors[evaluation.challenger];
/// assert_eq!(msp.sets[0].auroc.value, 1.0);
/// assert_eq!(msp.sets[0].detected, Some(1.0));
/// assert_eq!(evaluation.figure("msp.far.auroc").map(|figure| figure.value), Some(1.0));
/// let promise = evaluation.promise.as_ref().expect("40 test rows judge one another");
/// let alarms = msp.false_alarms.expect("there is a promise");
/// assert!(promise.range[0] <= alarms.share && alarms.share <= promise.range[1]);
/// let page = qualm_report::to_html(&evaluation.report(Vec::new(), Vec::new()));
/// assert!(page.contains("msp reaches an AUROC of 1.000 on far."));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// How it was evaluated.
    pub options: EvaluationOptions,
    /// The program that evaluated.
    pub made_by: String,
    /// SHA-256 of the head, where the bundle has one.
    pub head_sha256: Option<String>,
    /// The in-distribution rows.
    pub test: RowCount,
    /// Rows of `test` with a negative label, which were left out.
    pub test_rows_left_out: u64,
    /// The out-of-distribution sets.
    pub sets: Vec<RowCount>,
    /// The fitting rows, where they were given.
    pub fitting_rows: Option<FittingRows>,
    /// What the reference promises; `None` where too few test rows leave no reference.
    pub promise: Option<Promise>,
    /// The detectors, in the order of the bundle.
    pub detectors: Vec<DetectorResult>,
    /// Position of the detector that the verdict is about.
    pub challenger: usize,
    /// Position of the detector that the others are compared with.
    pub baseline: Option<usize>,
    #[serde(skip)]
    pub(super) scores: AllScores,
}

/// A set of rows by name.
///
/// ```
/// use qualm_data::{MemorySet, Source};
/// use qualm_ood::{EvaluationInput, EvaluationOptions, FitInput, FitOptions, evaluate, fit};
/// let rows = |sure: f32| MemorySet::new("rows").with_logits(vec![sure, 0.0, sure, 1.0], 2);
/// let (train, test, far) = (rows(3.0)?, rows(3.0)?, rows(0.5)?);
/// let input = FitInput { train: &train, head: None };
/// let bundle = fit(input, &["msp".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// let ood: Vec<(String, &dyn Source)> = vec![("far".into(), &far)];
/// let input = EvaluationInput { bundle: &bundle, train: None, test: &test, ood };
/// let evaluation = evaluate(&input, &EvaluationOptions::default(), &mut |_| {})?;
/// assert_eq!((evaluation.sets[0].name.as_str(), evaluation.sets[0].rows), ("far", 2));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowCount {
    /// Its name.
    pub name: String,
    /// The rows that count.
    pub rows: u64,
}

/// The rows that the detectors were fitted on, as a reference that they must not be.
///
/// ```
/// use qualm_data::{MemorySet, Source};
/// use qualm_ood::{EvaluationInput, EvaluationOptions, FitInput, FitOptions, evaluate, fit};
/// let rows = |sure: f32| MemorySet::new("rows").with_logits([sure, 0.0].repeat(40), 2);
/// let (train, test, far) = (rows(3.0)?, rows(3.0)?, rows(0.5)?);
/// let input = FitInput { train: &train, head: None };
/// let bundle = fit(input, &["msp".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// let ood: Vec<(String, &dyn Source)> = vec![("far".into(), &far)];
/// let input = EvaluationInput { bundle: &bundle, train: Some(&train), test: &test, ood };
/// let evaluation = evaluate(&input, &EvaluationOptions::default(), &mut |_| {})?;
/// let fitting_rows = evaluation.fitting_rows.expect("they were given");
/// assert_eq!(fitting_rows.rows, 40);
/// assert!(fitting_rows.range[0] < 0.05 && 0.05 < fitting_rows.range[1]);
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FittingRows {
    /// How many there are.
    pub rows: u64,
    /// Where the share of false alarms would lie with the probability of
    /// [`EvaluationOptions::level`], were they exchangeable with the test rows.
    pub range: [f64; 2],
}

/// What a reference promises about the share of test rows that it flags.
///
/// ```
/// use qualm_data::{MemorySet, Source};
/// use qualm_ood::*;
/// let rows = |sure: f32| MemorySet::new("rows").with_logits([sure, 0.0].repeat(40), 2);
/// let (train, fresh, test, far) = (rows(3.0)?, rows(3.0)?, rows(3.0)?, rows(0.5)?);
/// let input = FitInput { train: &train, head: None };
/// let mut bundle = fit(input, &["msp".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// calibrate(&mut bundle, &fresh)?;
/// let ood: Vec<(String, &dyn Source)> = vec![("far".into(), &far)];
/// let input = EvaluationInput { bundle: &bundle, train: None, test: &test, ood };
/// let evaluation = evaluate(&input, &EvaluationOptions::default(), &mut |_| {})?;
/// let promise = evaluation.promise.expect("there is a reference");
/// assert_eq!(promise.reference, ReferenceUsed::Bundle { rows: 40 });
/// assert_eq!(promise.expected, 2.0 / 41.0, "the largest multiple of 1/41 up to 5 %");
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Promise {
    /// Where the reference comes from.
    pub reference: ReferenceUsed,
    /// The expected share: floor(a(n+1))/(n+1) for a reference of n rows at level a, the mean of
    /// it where each half of the test rows judges the other.
    pub expected: f64,
    /// Where the share lies with the probability of [`EvaluationOptions::level`], by the exact law
    /// for independent rows without tied scores.
    pub range: [f64; 2],
}

/// The in-distribution scores that rows are judged by.
///
/// ```
/// use qualm_ood::ReferenceUsed;
/// let reference = ReferenceUsed::CrossFitted { halves: [250, 250], grouped: false };
/// let json = serde_json::to_value(&reference).expect("numbers can be written");
/// assert_eq!(json["kind"], "cross_fitted");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReferenceUsed {
    /// The bundle's own.
    Bundle {
        /// Its rows.
        rows: u64,
    },
    /// The test rows: each half is the other's reference.
    CrossFitted {
        /// Rows of the two halves.
        halves: [u64; 2],
        /// Whether rows have groups, which the cut goes around.
        grouped: bool,
    },
}

/// What one detector did.
///
/// ```
/// use qualm_data::{MemorySet, Source};
/// use qualm_ood::{EvaluationInput, EvaluationOptions, FitInput, FitOptions, Recipe, evaluate, fit};
/// let rows = |sure: f32| MemorySet::new("rows").with_logits([sure, 0.0].repeat(40), 2);
/// let (train, test, far) = (rows(3.0)?, rows(3.0)?, rows(0.5)?);
/// let recipes = Recipe::parse_list("msp,warm=energy(T=2)")?;
/// let input = FitInput { train: &train, head: None };
/// let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?.bundle;
/// let ood: Vec<(String, &dyn Source)> = vec![("far".into(), &far)];
/// let input = EvaluationInput { bundle: &bundle, train: None, test: &test, ood };
/// let warm = &evaluate(&input, &EvaluationOptions::default(), &mut |_| {})?.detectors[1];
/// assert_eq!((warm.name.as_str(), warm.method.as_str()), ("warm", "energy(T=2)"));
/// assert_eq!(warm.sets[0].auroc.value, 1.0);
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetectorResult {
    /// Its name.
    pub name: String,
    /// Its method as text.
    pub method: String,
    /// What it did on each set, in the order of [`Evaluation::sets`].
    pub sets: Vec<SetResult>,
    /// The test rows that it flags, where there is a reference.
    pub false_alarms: Option<FalseAlarms>,
    /// The share of test rows that it would flag with the fitting rows as reference, where these
    /// were given.
    pub false_alarms_from_fitting_rows: Option<f64>,
}

/// Test rows flagged at [`EvaluationOptions::false_alarms`].
///
/// ```
/// use qualm_data::{MemorySet, Source};
/// use qualm_ood::*;
/// let rows = |largest: Vec<f32>| MemorySet::new("rows").with_logits(largest, 1);
/// let (train, fresh) = (rows(vec![9.0; 40])?, rows((1..=40u8).map(f32::from).collect())?);
/// let (test, far) = (rows(vec![0.5, 2.5, 8.0, 9.0])?, rows(vec![0.5; 4])?);
/// let input = FitInput { train: &train, head: None };
/// let mut bundle = fit(input, &["maxlogit".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// calibrate(&mut bundle, &fresh)?;
/// let ood: Vec<(String, &dyn Source)> = vec![("far".into(), &far)];
/// let input = EvaluationInput { bundle: &bundle, train: None, test: &test, ood };
/// let maxlogit = &evaluate(&input, &EvaluationOptions::default(), &mut |_| {})?.detectors[0];
/// let alarms = maxlogit.false_alarms.expect("there is a reference");
/// assert_eq!((alarms.flagged, alarms.share, alarms.threshold), (1, 0.25, -2.0));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FalseAlarms {
    /// How many.
    pub flagged: u64,
    /// Their share of the test rows.
    pub share: f64,
    /// The score above which the whole reference flags: where each half of the test rows judges
    /// the other, both together, as they would judge new rows.
    pub threshold: f64,
}

/// How one detector tells one set from the test rows. Definitions and conventions are those of
/// [`qualm_stats::Ranking`]; `_id` and `_ood` name the positive class.
///
/// ```
/// use qualm_data::{MemorySet, Source};
/// use qualm_ood::{EvaluationInput, EvaluationOptions, FitInput, FitOptions, evaluate, fit};
/// let rows = |largest: [f32; 4]| MemorySet::new("rows").with_logits(largest.to_vec(), 1);
/// let (train, test) = (rows([6.0, 7.0, 8.0, 9.0])?, rows([6.0, 7.0, 8.0, 9.0])?);
/// let far = rows([3.0, 4.0, 5.0, 7.5])?;
/// let input = FitInput { train: &train, head: None };
/// let bundle = fit(input, &["maxlogit".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// let ood: Vec<(String, &dyn Source)> = vec![("far".into(), &far)];
/// let input = EvaluationInput { bundle: &bundle, train: None, test: &test, ood };
/// let far = evaluate(&input, &EvaluationOptions::default(), &mut |_| {})?.detectors[0].sets[0];
/// assert_eq!((far.auroc.value, far.fpr95_id.value), (14.0 / 16.0, 1.0 / 4.0));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SetResult {
    /// Area under the ROC curve with its bootstrap interval.
    #[serde(with = "PlainInterval")]
    pub auroc: Interval,
    /// Share of out-of-distribution rows accepted when 95 % of in-distribution rows are, with its
    /// bootstrap interval.
    #[serde(with = "PlainInterval")]
    pub fpr95_id: Interval,
    /// Share of in-distribution rows flagged when 95 % of out-of-distribution rows are, with its
    /// bootstrap interval.
    #[serde(with = "PlainInterval")]
    pub fpr95_ood: Interval,
    /// Average precision, out-of-distribution positive.
    pub average_precision_ood: f64,
    /// Average precision, in-distribution positive.
    pub average_precision_id: f64,
    /// Area under the precision-recall curve by trapezoids, out-of-distribution positive.
    pub aupr_trapezoid_ood: f64,
    /// Area under the precision-recall curve by trapezoids, in-distribution positive.
    pub aupr_trapezoid_id: f64,
    /// The best mean of the share flagged of the set and the share accepted of the test rows.
    pub detection_accuracy: f64,
    /// Share of the set flagged at [`EvaluationOptions::false_alarms`], where there is a
    /// reference; where two halves of the test rows judge, the mean of what either flags.
    pub detected: Option<f64>,
    /// The paired test against the baseline; `None` for the baseline itself, without one, and
    /// where test rows or set have fewer than two rows.
    pub against_baseline: Option<Comparison>,
}

/// How an [`Interval`] is written.
#[derive(Serialize)]
#[serde(remote = "Interval")]
struct PlainInterval {
    value: f64,
    lo: f64,
    hi: f64,
}

impl Evaluation {
    /// The outlier scores that a detector gave to the rows of a set, in the order of its rows.
    pub fn set_scores(&self, detector: usize, set: usize) -> Option<&[f64]> {
        self.scores.sets.get(set)?.of(detector)
    }

    /// The outlier scores that a detector gave to the test rows that count, in their order.
    pub fn test_scores(&self, detector: usize) -> Option<&[f64]> {
        self.scores.test.of(detector)
    }
}
