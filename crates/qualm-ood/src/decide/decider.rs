use std::collections::BTreeMap;

use qualm_stats::Reference;

use crate::reference::ReferenceRows;
use crate::{Bundle, OodError};

/// When a row is flagged.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{DecideOptions, Decider, FitInput, FitOptions, Rule, calibrate, fit};
/// let rows = |largest: &[f32]| MemorySet::new("rows").with_logits(largest.to_vec(), 1);
/// let (train, fresh, batch) = (rows(&[10.0])?, rows(&[9.0; 19])?, rows(&[0.5, 9.0, 9.0, 9.0])?);
/// let input = FitInput { train: &train, head: None };
/// let mut bundle = fit(input, &["maxlogit".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// calibrate(&mut bundle, &fresh)?;
/// // One row of four has p = 1/20: rare enough for a row alone, not for the best of four.
/// for (rule, flagged) in [(Rule::FalseAlarms(0.05), 1), (Rule::FalseDiscovery(0.1), 0)] {
///     let decider = Decider::new(&bundle, DecideOptions { rule, per_class: false })?;
///     assert_eq!(decider.run(&batch, &mut |_| Ok(()))?.flagged, Some(vec![flagged]));
/// }
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Flag a row whose p-value is at most this level: of in-distribution rows, at most that
    /// share is flagged on average, and exactly `floor(level * (n + 1)) / (n + 1)` of them where
    /// no scores are tied.
    FalseAlarms(f64),
    /// Flag rows of a batch so that at most this share of the flags is false on average
    /// (Benjamini and Hochberg 1995). No flag is known before the last row, so scores and p-values
    /// of the whole batch stay in memory, seventeen bytes a row and detector with the flag.
    FalseDiscovery(f64),
}

impl Rule {
    /// The largest p-value that can be flagged; in a batch, only where every row is.
    fn level(self) -> f64 {
        match self {
            Self::FalseAlarms(level) | Self::FalseDiscovery(level) => level,
        }
    }

    fn check(self) -> Result<(), OodError> {
        let what = match self {
            Self::FalseAlarms(level) => format!("a false-alarm rate of {level}"),
            Self::FalseDiscovery(q) => format!("a false-discovery rate of {q}"),
        };
        if self.level() > 0.0 && self.level() < 1.0 {
            Ok(())
        } else {
            let problem = "is not strictly between 0 and 1; give for example 0.05";
            Err(OodError::fit(what, problem))
        }
    }
}

/// How to decide.
///
/// ```
/// use qualm_ood::{DecideOptions, Rule};
/// let strict = DecideOptions { rule: Rule::FalseAlarms(0.01), ..DecideOptions::default() };
/// assert!(!strict.per_class);
/// assert_eq!(DecideOptions::default().rule, Rule::FalseAlarms(0.05));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecideOptions {
    /// When a row is flagged.
    pub rule: Rule,
    /// Compare each row with the reference rows that are predicted as the same class, instead of
    /// with all.
    pub per_class: bool,
}

impl Default for DecideOptions {
    /// At most one false alarm in twenty, against all reference rows.
    fn default() -> Self {
        Self {
            rule: Rule::FalseAlarms(0.05),
            per_class: false,
        }
    }
}

/// Turns the scores of a bundle's detectors into p-values and flags.
///
/// The example of [this module](crate::decide) runs it over rows; scores can be judged alone, too:
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{DecideOptions, Decider, FitInput, FitOptions, calibrate, fit};
/// let rows = |largest: &[f32]| MemorySet::new("rows").with_logits(largest.to_vec(), 1);
/// let (train, fresh) = (rows(&[10.0])?, rows(&[7.0, 8.0, 9.0])?);
/// let input = FitInput { train: &train, head: None };
/// let mut bundle = fit(input, &["maxlogit".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// calibrate(&mut bundle, &fresh)?;
/// let decider = Decider::new(&bundle, DecideOptions::default())?;
/// assert_eq!(decider.p_value(0, -8.0, None), Some(3.0 / 4.0));
/// assert_eq!(decider.warnings().len(), 1, "three rows are too few to flag at 5 %");
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug)]
pub struct Decider<'a> {
    pub(super) bundle: &'a Bundle,
    /// Nothing where scores are all that is wanted.
    calibrated: Option<Calibrated>,
    warnings: Vec<String>,
}

/// A rule with what it compares scores with.
#[derive(Debug)]
struct Calibrated {
    options: DecideOptions,
    /// One a detector.
    detectors: Vec<DetectorReference>,
}

#[derive(Debug)]
struct DetectorReference {
    overall: Reference,
    /// Where rows are compared within their class.
    by_class: Option<BTreeMap<u32, Reference>>,
}

/// Where one detector begins to flag.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{DecideOptions, Decider, FitInput, FitOptions, calibrate, fit};
/// let rows = |largest: &[f32]| MemorySet::new("rows").with_logits(largest.to_vec(), 1);
/// let (train, fresh) = (rows(&[10.0])?, rows(&[7.0, 8.0, 9.0])?);
/// let input = FitInput { train: &train, head: None };
/// let mut bundle = fit(input, &["maxlogit".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// calibrate(&mut bundle, &fresh)?;
/// let decider = Decider::new(&bundle, DecideOptions::default())?;
/// let threshold = decider.thresholds(0, 0.3)[0]; // 1 in 4 is the most that keeps 30 %
/// assert_eq!((threshold.value, threshold.false_alarms), (-7.0, 0.25));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// The predicted class it holds for, or nothing where it holds for all.
    pub class: Option<u32>,
    /// A row is flagged when its score is larger; infinite where no row can be.
    pub value: f64,
    /// Reference rows behind it.
    pub reference_rows: usize,
    /// The false-alarm rate that it keeps on average, at most the level asked for.
    pub false_alarms: f64,
}

impl<'a> Decider<'a> {
    /// Prepares to decide by `options`.
    ///
    /// # Errors
    /// When the bundle has no reference, a rate is not strictly between 0 and 1, or references
    /// per class are wanted where no class is predicted.
    pub fn new(bundle: &'a Bundle, options: DecideOptions) -> Result<Self, OodError> {
        options.rule.check()?;
        let rows = bundle.reference().ok_or_else(|| {
            OodError::bundle(
                "the bundle",
                "holds no reference, so its scores have no p-values; fit it with a reference \
                 (--reference FILE) or give it one (qualm calibrate)",
            )
        })?;
        let detectors = (0..bundle.detectors().len())
            .map(|detector| DetectorReference::new(rows, detector, options.per_class))
            .collect::<Result<_, OodError>>()?;
        let calibrated = Calibrated { options, detectors };
        Ok(Self {
            bundle,
            warnings: calibrated.warnings(bundle.shape().classes),
            calibrated: Some(calibrated),
        })
    }

    /// Gives scores alone, without p-values and flags: all that can be had of a bundle without
    /// reference.
    pub fn scores_alone(bundle: &'a Bundle) -> Self {
        Self {
            bundle,
            calibrated: None,
            warnings: Vec::new(),
        }
    }

    /// What a person should know before relying on the flags, a sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The p-value of a score of detector number `detector`, for a row that is `predicted` as
    /// this class. 1 where the class has no reference rows; nothing where scores stand alone or
    /// there is no such detector.
    pub fn p_value(&self, detector: usize, score: f64, predicted: Option<u32>) -> Option<f64> {
        let reference = self.calibrated.as_ref()?.detectors.get(detector)?;
        Some(reference.p_value(score, predicted))
    }

    /// Where detector number `detector` begins to flag at a false-alarm rate of `level`: first
    /// over all classes, then, where references are per class, for each class that has one.
    /// Empty where scores stand alone or there is no such detector.
    pub fn thresholds(&self, detector: usize, level: f64) -> Vec<Threshold> {
        let of = |class: Option<u32>, reference: &Reference| Threshold {
            class,
            value: reference.threshold(level),
            reference_rows: reference.len(),
            false_alarms: reference.guaranteed_false_alarms(level),
        };
        let Some(reference) = self
            .calibrated
            .as_ref()
            .and_then(|calibrated| calibrated.detectors.get(detector))
        else {
            return Vec::new();
        };
        let by_class = reference.by_class.iter().flatten();
        std::iter::once(of(None, &reference.overall))
            .chain(by_class.map(|(&class, reference)| of(Some(class), reference)))
            .collect()
    }

    /// When a row is flagged; nothing where scores stand alone.
    pub(super) fn rule(&self) -> Option<Rule> {
        Some(self.calibrated.as_ref()?.options.rule)
    }

    /// The most rows that any score is compared with; the same for every detector.
    pub(super) fn largest_reference(&self) -> Option<usize> {
        let reference = self.calibrated.as_ref()?.detectors.first()?;
        match &reference.by_class {
            None => Some(reference.overall.len()),
            Some(by_class) => by_class.values().map(Reference::len).max(),
        }
    }
}

impl Calibrated {
    fn warnings(&self, classes: Option<usize>) -> Vec<String> {
        let level = self.options.rule.level();
        // All detectors are compared with the same rows, so the first speaks for all.
        let Some(reference) = self.detectors.first() else {
            return Vec::new();
        };
        let can_flag = |reference: &Reference| reference.smallest_level() <= level;
        let needed = (1.0 / level).ceil() - 1.0;
        let rows = reference.overall.len();
        let Some(by_class) = &reference.by_class else {
            return if can_flag(&reference.overall) {
                Vec::new()
            } else {
                vec![format!(
                    "no row can be flagged at {level}: that takes {needed} reference rows, and \
                     there are {rows}"
                )]
            };
        };
        let able = by_class.values().filter(|class| can_flag(class)).count();
        let classes = classes.unwrap_or(by_class.len()).max(by_class.len());
        if able == classes {
            return Vec::new();
        }
        vec![format!(
            "{} of {classes} classes can never be flagged at {level}: that takes {needed} \
             reference rows predicted as the class ({} classes have none at all)",
            classes - able,
            classes - by_class.len()
        )]
    }
}

impl DetectorReference {
    fn new(rows: &ReferenceRows, detector: usize, per_class: bool) -> Result<Self, OodError> {
        let by_class = if per_class {
            Some(rows.per_class(detector)?)
        } else {
            None
        };
        Ok(Self {
            overall: rows.overall(detector)?,
            by_class,
        })
    }

    fn p_value(&self, score: f64, predicted: Option<u32>) -> f64 {
        let reference = match &self.by_class {
            None => Some(&self.overall),
            Some(by_class) => predicted.and_then(|class| by_class.get(&class)),
        };
        reference.map_or(1.0, |reference| reference.p_value(score))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::testing::{calibrated, uncalibrated};

    fn options(rule: Rule, per_class: bool) -> DecideOptions {
        DecideOptions { rule, per_class }
    }

    /// Four reference rows of class 0 and two of class 1, by their largest logits.
    fn six_rows() -> Bundle {
        calibrated(
            "maxlogit",
            &[1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 4.0, 0.0, 0.0, 5.0, 0.0, 6.0],
            2,
        )
    }

    #[test]
    fn p_values_and_thresholds_worked_by_hand() {
        let bundle = six_rows();
        let all = Decider::new(&bundle, options(Rule::FalseAlarms(0.5), false)).unwrap();
        // Scores are -6 to -1; -1 and -2 are at least -2.
        assert_eq!(all.p_value(0, -2.0, Some(1)), Some(3.0 / 7.0));
        assert_eq!(all.p_value(1, -2.0, Some(1)), None);
        // floor(0.5 * 7) = 3: the third largest.
        let over_all = Threshold {
            class: None,
            value: -3.0,
            reference_rows: 6,
            false_alarms: 3.0 / 7.0,
        };
        assert_eq!(all.thresholds(0, 0.5), [over_all]);
        assert_eq!(all.thresholds(1, 0.5), []);

        let own = Decider::new(&bundle, options(Rule::FalseAlarms(0.5), true)).unwrap();
        assert_eq!(own.p_value(0, -2.0, Some(0)), Some(3.0 / 5.0));
        assert_eq!(own.p_value(0, -2.0, Some(1)), Some(1.0 / 3.0));
        assert_eq!(own.p_value(0, 1e9, Some(7)), Some(1.0));
        let by_class = own.thresholds(0, 0.5);
        assert_eq!(by_class[0], over_all);
        assert_eq!(
            by_class.iter().map(|t| t.class).collect::<Vec<_>>(),
            [None, Some(0), Some(1)]
        );
        assert_eq!((by_class[1].value, by_class[2].value), (-2.0, -5.0));
    }

    #[test]
    fn classes_that_cannot_be_flagged_are_counted() {
        let bundle = six_rows();
        let warnings = |rule, per_class| {
            let decider = Decider::new(&bundle, options(rule, per_class)).unwrap();
            decider.warnings().to_vec()
        };
        let quiet: [String; 0] = [];
        assert_eq!(warnings(Rule::FalseAlarms(0.15), false), quiet);
        assert_eq!(warnings(Rule::FalseDiscovery(0.34), true), quiet);
        assert_eq!(
            warnings(Rule::FalseAlarms(0.125), false),
            ["no row can be flagged at 0.125: that takes 7 reference rows, and there are 6"]
        );
        assert_eq!(
            warnings(Rule::FalseAlarms(0.25), true),
            [
                "1 of 2 classes can never be flagged at 0.25: that takes 3 reference rows \
                 predicted as the class (0 classes have none at all)"
            ]
        );
        // A third class, that no reference row is predicted as.
        let bundle = calibrated("msp", &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], 3);
        let decider = Decider::new(&bundle, options(Rule::FalseAlarms(0.5), true)).unwrap();
        assert!(decider.warnings()[0].starts_with("1 of 3 classes"));
        assert!(decider.warnings()[0].contains("(1 classes have none"));
    }

    #[test]
    fn what_cannot_be_decided_is_said() {
        let bundle = six_rows();
        let error = |bundle: &Bundle, rule, per_class| {
            Decider::new(bundle, options(rule, per_class))
                .unwrap_err()
                .to_string()
        };
        for level in [0.0, 1.0, -0.1, f64::NAN] {
            let text = error(&bundle, Rule::FalseAlarms(level), false);
            assert!(text.contains("not strictly between 0 and 1"), "{text}");
        }
        assert!(
            error(&bundle, Rule::FalseDiscovery(1.5), false)
                .starts_with("a false-discovery rate of 1.5")
        );
        let bare = uncalibrated("msp", 2);
        let text = error(&bare, Rule::FalseAlarms(0.05), false);
        assert!(
            text.contains("--reference") && text.contains("calibrate"),
            "{text}"
        );
        let alone = Decider::scores_alone(&bare);
        assert_eq!(
            (alone.p_value(0, 1.0, None), alone.thresholds(0, 0.05)),
            (None, vec![])
        );
    }
}
