use qualm_linalg::Rows;

use crate::code::Code;
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::Labelled;
use crate::space::Space;

/// Designs that a proxy needs at least.
const FEWEST: usize = 16;

/// What an optimiser may know: the visible designs, their labels, and one normalisation of both.
///
/// Coordinates ([`Code`]) and labels have mean 0 and standard deviation 1 over the visible designs.
/// This is the one place that knows means and deviations; proxies and optimisers see standard
/// units alone, and only [`Data::designs_of`] and [`Data::label_of`] lead back. A coordinate that
/// does not vary has deviation 1: it stays what it is.
#[derive(Debug, Clone)]
pub struct Data {
    visible: Labelled,
    code: Code,
    x: Vec<f64>,
    y: Vec<f64>,
    means: Vec<f64>,
    deviations: Vec<f64>,
    label_mean: f64,
    label_deviation: f64,
}

impl Data {
    /// Standardises labelled designs of a space.
    ///
    /// # Errors
    /// When there are fewer than 16.
    pub fn new(space: &Space, visible: Labelled) -> Result<Self, ProxyError> {
        let rows = visible.designs().len();
        if rows < FEWEST {
            return Err(ProxyError::TooFewRows {
                origin: visible.origin().into(),
                rows,
                needed: FEWEST,
                purpose: "to fit a proxy",
            });
        }
        let code = Code::new(space);
        let mut x = code.encode(visible.designs());
        let width = code.width();
        let (means, deviations): (Vec<f64>, Vec<f64>) = (0..width)
            .map(|at| moments(x.iter().skip(at).step_by(width).copied()))
            .unzip();
        for row in x.chunks_exact_mut(width) {
            for ((value, mean), deviation) in row.iter_mut().zip(&means).zip(&deviations) {
                *value = (*value - mean) / deviation;
            }
        }
        let (label_mean, label_deviation) = moments(visible.labels().iter().copied());
        let y = visible.labels().iter();
        let y = y
            .map(|label| (label - label_mean) / label_deviation)
            .collect();
        Ok(Self {
            visible,
            code,
            x,
            y,
            means,
            deviations,
            label_mean,
            label_deviation,
        })
    }

    /// File or task.
    pub fn origin(&self) -> &str {
        self.visible.origin()
    }

    /// The visible designs with their labels, as they are.
    pub fn visible(&self) -> &Labelled {
        &self.visible
    }

    /// Number of visible designs.
    pub fn len(&self) -> usize {
        self.y.len()
    }

    /// Whether there are none; there are always some.
    pub fn is_empty(&self) -> bool {
        self.y.is_empty()
    }

    /// Coordinates a design, d.
    pub fn width(&self) -> usize {
        self.means.len()
    }

    /// Coordinates that belong to each variable.
    pub fn variable_spans(&self) -> Vec<std::ops::Range<usize>> {
        self.code.spans()
    }

    /// Coordinates of the visible designs in standard units, n x d.
    pub fn x(&self) -> Rows<'_, f64> {
        Rows::new(&self.x, self.width())
    }

    /// Labels of the visible designs in standard units.
    pub fn y(&self) -> &[f64] {
        &self.y
    }

    /// Places of the `count` best designs, the best first, earlier ones before their equals.
    pub fn best(&self, count: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.len()).collect();
        places.sort_by(|&a, &b| self.y[b].total_cmp(&self.y[a]));
        places.truncate(count);
        places
    }

    /// Coordinates in standard units of designs.
    pub fn coordinates_of(&self, designs: &Designs) -> Vec<f64> {
        let mut x = self.code.encode(designs);
        for (at, value) in x.iter_mut().enumerate() {
            let at = at % self.width();
            *value = (*value - self.means[at]) / self.deviations[at];
        }
        x
    }

    /// The designs at rows of coordinates in standard units.
    pub fn designs_of(&self, x: Rows<'_, f64>) -> Designs {
        let back = |(at, value): (usize, &f64)| {
            let at = at % self.width();
            value * self.deviations[at] + self.means[at]
        };
        let raw: Vec<f64> = x.data().iter().enumerate().map(back).collect();
        self.code.decode(&raw)
    }

    /// A label in standard units.
    pub fn standard_label(&self, label: f64) -> f64 {
        (label - self.label_mean) / self.label_deviation
    }

    /// The label that a value in standard units stands for.
    pub fn label_of(&self, y: f64) -> f64 {
        y * self.label_deviation + self.label_mean
    }

    /// A length of labels, such as a spread, out of standard units.
    pub fn label_length_of(&self, y: f64) -> f64 {
        y * self.label_deviation
    }
}

/// Mean and standard deviation over all; of a constant itself and 1, for rounding may leave anything
/// of the sum of many.
fn moments(mut values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let all = values.clone();
    let count = all.clone().count() as f64;
    if let Some(first) = values
        .next()
        .filter(|first| values.all(|value| value == *first))
    {
        return (first, 1.0);
    }
    let mean = all.clone().sum::<f64>() / count;
    let variance = all
        .map(|value| (value - mean) * (value - mean))
        .sum::<f64>()
        / count;
    (mean, variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labelled::Merge;

    fn data() -> Data {
        let values = (0..16).flat_map(|i| [f64::from(i), 7.0]).collect();
        let labels = (0..16).map(|i| f64::from(i) * 10.0).collect();
        let visible = Labelled::new("t", Designs::new(values, 2), labels, Merge::Refuse);
        let space = Space::continuous(&[(0.0, 15.0), (7.0, 7.0)]);
        Data::new(&space, visible.expect("sixteen differ")).expect("sixteen are enough")
    }

    #[test]
    fn standard_units_lead_back() {
        let data = data();
        assert_eq!(
            data.designs_of(data.x()).rows().data(),
            data.visible().designs().values()
        );
        assert!((data.y().iter().map(|y| y * y).sum::<f64>() / 16.0 - 1.0).abs() < 1e-12);
        assert!((data.label_of(data.y()[3]) - 30.0).abs() < 1e-12);
        assert_eq!(data.x().row(5)[1], 0.0);
        assert_eq!(data.best(2), [15, 14]);
    }

    #[test]
    fn a_constant_is_none_of_what_rounding_leaves() {
        assert_eq!(moments(std::iter::repeat_n(0.1, 4_500)), (0.1, 1.0));
        assert_eq!(moments([1.0, 3.0].into_iter()), (2.0, 1.0));
        let (mean, deviation) = moments([1.0, 1.0, 1.0, 5.0].into_iter());
        assert_eq!((mean, deviation), (2.0, 3f64.sqrt()));
    }

    #[test]
    fn fifteen_are_too_few() {
        let designs = Designs::new((0..15).map(f64::from).collect(), 1);
        let labels = (0..15).map(f64::from).collect();
        let visible = Labelled::new("t", designs, labels, Merge::Refuse).expect("labels differ");
        let error = Data::new(&Space::continuous(&[(0.0, 15.0)]), visible).unwrap_err();
        assert!(error.to_string().contains("15 designs are too few"));
    }
}
