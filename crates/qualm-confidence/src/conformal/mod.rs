//! Sets of classes that hold the right one as often as promised.
//!
//! ```
//! use qualm_confidence::conformal::{Conformal, Options, Score};
//!
//! // Two classes; 19 rows whose label has a probability of .55, .575, ... 1.
//! let rows: Vec<f64> = (0..19).flat_map(|i| [0.55 + 0.025 * f64::from(i), 0.45 - 0.025 * f64::from(i)]).collect();
//! let labels = [0; 19];
//! let options = Options { alpha: 0.1, ..Options::default() };
//! let fitted = Conformal::fit(Score::Lac, &rows, 2, &labels, &options)?;
//! let sets = fitted.sets(&[0.9, 0.1, 0.5, 0.5], 2)?;
//! assert_eq!(sets.row(0), Some(&[0][..]));
//! assert_eq!(sets.row(1), Some(&[][..]));
//! # Ok::<(), qualm_confidence::ConfidenceError>(())
//! ```
//!
//! # What is promised
//! Split conformal prediction (Vovk, Gammerman and Shafer 2005): the score of the label of a new
//! row is at most the `ceil((n + 1)(1 - alpha))`-th smallest of n calibration scores with a
//! probability of at least `1 - alpha`, so a set of all classes with such scores holds the label as
//! often. The probabilities need not be calibrated. The rows must be exchangeable with those to
//! come, and unseen by the classifier and by whatever recalibrated it; under shift the promise is
//! void, and coverage by shift shows by how much. It is an average over draws of the calibration
//! rows and over classes; with [`Options::by_class`] it holds for the rows of each class.

mod of_records;
mod score;
mod sets;
mod tune;

pub use of_records::{GroupCoverage, RecordSets, Wanted, sets_of_records};
pub use score::Score;
pub use sets::{Coverage, Sets};
pub use tune::{tune_raps, tuning_split};

use qualm_stats::Reference;
use qualm_stats::random::{DEFAULT_SEED, Stream};

use crate::ConfidenceError;

/// What is promised, and to whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Share of rows whose set may miss the label. Default 0.1.
    pub alpha: f64,
    /// Whether the promise holds for the rows of each class, at the price of larger sets. Default
    /// no.
    pub by_class: bool,
    /// Whether chance settles what [`Score::Aps`] leaves open, so that coverage is not above
    /// what is promised. Default yes.
    pub randomised: bool,
    /// Whether a set that would be empty holds the most probable class; coverage can only rise.
    /// Default no: an empty set says that no class is likely enough.
    pub at_least_one: bool,
    /// Seed of what chance settles.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            alpha: 0.1,
            by_class: false,
            randomised: true,
            at_least_one: false,
            seed: DEFAULT_SEED,
        }
    }
}

/// The random stream of calibration rows.
const CALIBRATION: u64 = 0;
/// The random stream of rows that sets are made for.
const PREDICTION: u64 = 1;

/// Thresholds of scores, from calibration rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Conformal {
    score: Score,
    options: Options,
    classes: usize,
    /// One for all classes, or one for each: a class is in the set if its score is at most this.
    thresholds: Vec<f64>,
    rows: usize,
    notes: Vec<String>,
}

impl Conformal {
    /// Thresholds from rows of probabilities, `rows x classes`, and their labels.
    ///
    /// # Errors
    /// When alpha is not strictly between 0 and 1, a number is no probability, or labels do not
    /// fit.
    pub fn fit(
        score: Score,
        probabilities: &[f64],
        classes: usize,
        labels: &[usize],
        options: &Options,
    ) -> Result<Conformal, ConfidenceError> {
        if !(options.alpha > 0.0 && options.alpha < 1.0) {
            return Err(ConfidenceError::Values(format!(
                "alpha is {}, but must lie strictly between 0 and 1; 0.1 promises 90 %",
                options.alpha
            )));
        }
        checked(probabilities, classes, Some(labels))?;
        let mut draws = draws(options, CALIBRATION);
        let groups = if options.by_class { classes } else { 1 };
        let mut scores = vec![Vec::new(); groups];
        for (row, &label) in probabilities.chunks_exact(classes).zip(labels) {
            let group = if options.by_class { label } else { 0 };
            scores[group].push(score.of_classes(row, draws())[label]);
        }
        let mut thresholds = Vec::with_capacity(groups);
        let mut small = Vec::new();
        for (group, scores) in scores.into_iter().enumerate() {
            let rows = scores.len();
            // Without rows every class stays in the set.
            let threshold = match scores.is_empty() {
                true => f64::INFINITY,
                false => Reference::new(scores)?.threshold(options.alpha),
            };
            if threshold == f64::INFINITY {
                small.push((group, rows));
            }
            thresholds.push(threshold);
        }
        Ok(Conformal {
            notes: warnings(&small, options),
            score,
            options: options.clone(),
            classes,
            thresholds,
            rows: labels.len(),
        })
    }

    /// The score that sets are cut by.
    #[must_use]
    pub fn score(&self) -> Score {
        self.score
    }

    /// What is promised, and to whom.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The threshold of all classes, or of each with [`Options::by_class`]: a class is in the set
    /// if its score is at most this. Infinite where there were too few rows.
    #[must_use]
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// Number of calibration rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// What may be wrong, one sentence each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The sets of these rows of probabilities.
    ///
    /// # Errors
    /// When there is another number of classes than that of the calibration rows, or a number is
    /// no probability.
    pub fn sets(&self, probabilities: &[f64], classes: usize) -> Result<Sets, ConfidenceError> {
        if classes != self.classes {
            return Err(ConfidenceError::Values(format!(
                "rows have {classes} classes, but those calibrated on have {}; calibrate on rows \
                 like these",
                self.classes
            )));
        }
        checked(probabilities, classes, None)?;
        let mut draws = draws(&self.options, PREDICTION);
        Ok(Sets::of(probabilities.chunks_exact(classes).map(|row| {
            let scores = self.score.of_classes(row, draws());
            let within = |&class: &usize| {
                let group = if self.options.by_class { class } else { 0 };
                scores[class] <= self.thresholds[group]
            };
            let mut set: Vec<usize> = (0..classes).filter(within).collect();
            if set.is_empty() && self.options.at_least_one {
                set.extend(score::descending(row).first());
            }
            set
        })))
    }
}

/// u of each row.
fn draws(options: &Options, stream: u64) -> impl FnMut() -> f64 + use<> {
    let randomised = options.randomised;
    let mut stream = Stream::new(options.seed, stream);
    move || if randomised { stream.unit() } else { 0.0 }
}

/// What to say of groups with too few rows to leave out any class.
fn warnings(small: &[(usize, usize)], options: &Options) -> Vec<String> {
    let Some(&(class, rows)) = small.first() else {
        return Vec::new();
    };
    let (promised, needed) = (100.0 * (1.0 - options.alpha), rows_needed(options.alpha));
    vec![if options.by_class {
        format!(
            "{} classes have too few rows (class {class} has {rows}), and every set holds them: \
             {promised} % takes {needed} rows of each class",
            small.len()
        )
    } else {
        format!(
            "{rows} rows are too few, and every set holds all classes: {promised} % takes {needed}"
        )
    }]
}

/// The calibration rows from which on a class can be left out: `ceil(1 / alpha) - 1`.
///
/// ```
/// use qualm_confidence::conformal::rows_needed;
///
/// assert_eq!([0.5, 0.1, 0.05, 0.001].map(rows_needed), [1, 9, 19, 999]);
/// ```
#[must_use]
pub fn rows_needed(alpha: f64) -> u64 {
    // The division may round either way: 1 / (n + 1) <= alpha decides.
    let mut rows = (1.0 / alpha).ceil() as u64;
    while rows > 0 && 1.0 / rows as f64 <= alpha {
        rows -= 1;
    }
    rows
}

fn checked(
    probabilities: &[f64],
    classes: usize,
    labels: Option<&[usize]>,
) -> Result<(), ConfidenceError> {
    let scores = crate::recalibrate::Scores::from_probabilities(probabilities, classes)?;
    labels.map_or(Ok(()), |labels| scores.check_labels(labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Probabilities of `classes` classes and labels drawn from something like them.
    fn made(rows: usize, classes: usize, seed: u64) -> (Vec<f64>, Vec<usize>) {
        let mut stream = Stream::new(seed, 7);
        let (mut all, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            let logits: Vec<f64> = (0..classes).map(|_| 2.0 * stream.normal()).collect();
            let softmax = |sharpness: f64| {
                let e: Vec<f64> = logits.iter().map(|z| (sharpness * z).exp()).collect();
                let sum: f64 = e.iter().sum();
                e.into_iter().map(|e| e / sum).collect::<Vec<f64>>()
            };
            // What is stated is surer than what is true.
            let truth = softmax(0.6);
            let (draw, mut below) = (stream.unit(), 0.0);
            let label = truth.iter().position(|p| {
                below += p;
                draw < below
            });
            labels.push(label.unwrap_or(classes - 1));
            all.extend(softmax(1.0));
        }
        (all, labels)
    }

    /// 200 draws of n = 1,000 rows and as many new ones, alpha = .1: mean coverage .900 +- .004.
    #[test]
    fn coverage_is_what_is_promised() {
        let scores = [Score::Lac, Score::Aps, Score::Raps { lambda: 0.1, k: 2 }];
        let mut covered = [0.0; 3];
        for draw in 0..200 {
            let (rows, labels) = made(1_000, 5, 2 * draw);
            let (new, new_labels) = made(1_000, 5, 2 * draw + 1);
            let options = Options {
                seed: draw,
                ..Options::default()
            };
            for (covered, score) in covered.iter_mut().zip(scores) {
                let fitted = Conformal::fit(score, &rows, 5, &labels, &options).unwrap();
                let sets = fitted.sets(&new, 5).unwrap();
                let coverage = sets.coverage(new_labels.iter().copied().enumerate());
                *covered += coverage.unwrap().coverage.value / 200.0;
            }
        }
        println!("mean coverage of LAC, APS, RAPS: {covered:.4?}");
        for coverage in covered {
            assert!((coverage - 0.9).abs() <= 0.004, "{covered:?}");
        }
    }

    #[test]
    fn each_class_is_covered_where_the_promise_is_made_to_each() {
        let options = Options {
            by_class: true,
            ..Options::default()
        };
        // A quarter of the rows is of class 4, whatever the model says.
        let unlike = |seed| {
            let (rows, mut labels) = made(4_000, 5, seed);
            let mut stream = Stream::new(seed, 9);
            for label in &mut labels {
                if stream.unit() < 0.25 {
                    *label = 4;
                }
            }
            (rows, labels)
        };
        let ((rows, labels), (new, new_labels)) = (unlike(1), unlike(2));
        let coverage = |options: &Options, class: usize| {
            let fitted = Conformal::fit(Score::Lac, &rows, 5, &labels, options).unwrap();
            let of_class = new_labels.iter().copied().enumerate();
            let of_class = of_class.filter(|(_, label)| *label == class);
            fitted
                .sets(&new, 5)
                .unwrap()
                .coverage(of_class)
                .unwrap()
                .coverage
        };
        for class in 0..5 {
            let found = coverage(&options, class);
            assert!(
                found.hi >= 0.895 && found.value > 0.87,
                "{class}: {found:?}"
            );
        }
        assert!(coverage(&Options::default(), 4).value < 0.87);
    }

    #[test]
    fn too_few_rows_say_so_and_leave_no_class_out() {
        let (rows, labels) = made(9, 3, 1);
        let fit = |rows_used: usize, options: &Options| {
            let rows = &rows[..3 * rows_used];
            Conformal::fit(Score::Lac, rows, 3, &labels[..rows_used], options).unwrap()
        };
        let options = Options::default();
        assert!(fit(9, &options).notes().is_empty());
        let small = fit(8, &options);
        assert_eq!(
            small.notes(),
            ["8 rows are too few, and every set holds all classes: 90 % takes 9"]
        );
        assert_eq!(small.sets(&rows, 3).unwrap().row(0), Some(&[0, 1, 2][..]));
        let by_class = Options {
            by_class: true,
            ..options
        };
        assert!(fit(9, &by_class).notes()[0].contains("takes 9 rows of each class"));
    }

    #[test]
    fn empty_sets_can_be_filled_and_chance_can_be_left_out() {
        // 19 sure rows: a row in doubt has no class within the threshold.
        let rows = [0.9, 0.1].repeat(19);
        let empty = Options::default();
        let filled = Options {
            at_least_one: true,
            ..empty.clone()
        };
        let set = |score, options: &Options, row: &[f64]| {
            let fitted = Conformal::fit(score, &rows, 2, &[0; 19], options).unwrap();
            fitted.sets(row, 2).unwrap().row(0).unwrap().to_vec()
        };
        assert!(set(Score::Lac, &empty, &[0.4, 0.6]).is_empty());
        assert_eq!(set(Score::Lac, &filled, &[0.4, 0.6]), [1]);
        let certain = Options {
            randomised: false,
            ..empty
        };
        // Threshold .9, and the most probable class of a row alone has .6, both together 1.
        assert_eq!(set(Score::Aps, &certain, &[0.4, 0.6]), [1]);
    }

    #[test]
    fn what_cannot_be_promised_is_refused() {
        let rows = [0.5, 0.5];
        for alpha in [0.0, 1.0, f64::NAN] {
            let options = Options {
                alpha,
                ..Options::default()
            };
            assert!(Conformal::fit(Score::Lac, &rows, 2, &[0], &options).is_err());
        }
        let fitted = Conformal::fit(Score::Lac, &rows, 2, &[0], &Options::default()).unwrap();
        let told = fitted.sets(&[0.2, 0.3, 0.5], 3).unwrap_err().to_string();
        assert!(told.starts_with("rows have 3 classes, but"), "{told}");
        assert!(fitted.sets(&[2.0, -1.0], 2).is_err());
    }
}
