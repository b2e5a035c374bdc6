use super::result::Evaluation;
use super::scores::Scores;

/// Rows that a person looks at first.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{EvaluationInput, EvaluationOptions, FitInput, FitOptions, evaluate, fit};
/// let rows = |sure: f32| MemorySet::new("rows").with_logits(vec![sure, 0.0, sure, 1.0], 2);
/// let (train, test, far) = (rows(3.0)?, rows(3.0)?, rows(0.5)?);
/// let input = FitInput { train: &train, head: None };
/// let bundle = fit(input, &["msp".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// let input = EvaluationInput { bundle: &bundle, train: None, test: &test, ood: vec![("far".into(), &far)] };
/// let evaluation = evaluate(&input, &EvaluationOptions::default(), &mut |_| {})?;
/// let [alarms, found, missed] = evaluation.extremes(1);
/// // Of the test rows, the second is less certain.
/// assert_eq!((alarms.rows[0].set, alarms.rows[0].row), (None, 1));
/// assert_eq!((found.rows[0].set, missed.rows[0].set), (Some(0), Some(0)));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Extremes {
    /// What these rows have in common.
    pub title: String,
    /// The rows, the most telling first.
    pub rows: Vec<Extreme>,
}

/// A row that stands at an end of the scores; see [`Extremes`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extreme {
    /// Which out-of-distribution set it is of; none where it is one of the test rows.
    pub set: Option<usize>,
    /// Its number in that set.
    pub row: u64,
    /// Its outlier score by the detector that the verdict is about.
    pub score: f64,
}

impl Evaluation {
    /// By the detector that the verdict is about: the `count` in-distribution rows with the highest
    /// scores, and the out-of-distribution rows, of all sets, with the highest and the lowest.
    pub fn extremes(&self, count: usize) -> [Extremes; 3] {
        let name = self.detectors.get(self.challenger);
        let name = name.map_or("", |detector| detector.name.as_str());
        let of = |set: Option<usize>, scores: &Scores| -> Vec<Extreme> {
            let column = scores.of(self.challenger).unwrap_or_default();
            let rows = scores.numbers().iter().zip(column);
            rows.map(|(&row, &score)| Extreme { set, row, score })
                .collect()
        };
        let outside = || {
            let sets = self.scores.sets.iter().enumerate();
            sets.flat_map(|(at, scores)| of(Some(at), scores)).collect()
        };
        let list = |title: &str, mut rows: Vec<Extreme>, sign: f64| {
            rows.sort_by(|a, b| (sign * b.score).total_cmp(&(sign * a.score)));
            rows.truncate(count);
            Extremes {
                title: title.replace("{}", name),
                rows,
            }
        };
        [
            list(
                "In-distribution inputs with the highest scores by {}",
                of(None, &self.scores.test),
                1.0,
            ),
            list(
                "Most suspicious: out-of-distribution inputs with the highest scores by {}",
                outside(),
                1.0,
            ),
            list(
                "Least suspicious: out-of-distribution inputs with the lowest scores by {}",
                outside(),
                -1.0,
            ),
        ]
    }
}
