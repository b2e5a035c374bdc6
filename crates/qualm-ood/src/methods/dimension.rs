//! The dimension of the principal space, for ViM and Residual.

use crate::OodError;
use crate::recipe::Arguments;

/// How many leading eigenvectors of the second moment span the principal space.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Dimension {
    /// Those whose eigenvalues stand above the edge of a spectrum of noise.
    ///
    /// Independent noise of variance `s` in D dimensions gives n rows a second moment whose
    /// eigenvalues fill the interval up to `s (1 + sqrt(D / n))^2` (Marchenko & Pastur 1967). `s`
    /// is estimated so that the median of the law falls on the median eigenvalue, as Gavish &
    /// Donoho do (2014, "The optimal hard threshold for singular values is 4 / sqrt(3)", section
    /// III.E). Where the rows span less than D dimensions, that rank takes the place of D. Uses the
    /// fitting rows alone.
    NoiseEdge,
    /// The rule of ViM's authors: 1000 where D >= 2048, 512 where D >= 768, else D / 2.
    Rule,
    /// That many.
    Exactly(usize),
    /// The fewest whose eigenvalues add up to this share of all.
    ExplainedVariance(f64),
}

impl Dimension {
    pub(crate) fn take(arguments: &mut Arguments<'_>) -> Result<Self, OodError> {
        let what = "`auto`, `rule`, a whole number from 1, or a share of variance between 0 and 1";
        let value = match arguments.take("dim") {
            None | Some("auto") => return Ok(Self::NoiseEdge),
            Some("rule") => return Ok(Self::Rule),
            Some(value) => value,
        };
        if let Ok(dim) = value.parse::<usize>() {
            if dim > 0 {
                return Ok(Self::Exactly(dim));
            }
        } else if let Ok(share) = value.parse::<f64>()
            && share > 0.0
            && share < 1.0
        {
            return Ok(Self::ExplainedVariance(share));
        }
        Err(arguments.wrong("dim", value, what))
    }

    /// The dimension for features of width `width`, whose second moment over `rows` rows has these
    /// eigenvalues, largest first, of which `rank` stand above rounding.
    pub(crate) fn resolve(
        self,
        width: usize,
        eigenvalues: &[f64],
        rank: usize,
        rows: f64,
    ) -> usize {
        match self {
            Self::NoiseEdge => noise_edge(width, eigenvalues, rank, rows),
            Self::Rule if width >= 2048 => 1000,
            Self::Rule if width >= 768 => 512,
            Self::Rule => width / 2,
            Self::Exactly(dim) => dim,
            Self::ExplainedVariance(share) => {
                let total: f64 = eigenvalues.iter().map(|v| v.max(0.0)).sum();
                let mut sum = 0.0;
                let reached = |value: &f64| {
                    sum += value.max(0.0);
                    sum >= share * total
                };
                eigenvalues
                    .iter()
                    .position(reached)
                    .map_or(width, |at| at + 1)
            }
        }
    }
}

fn noise_edge(width: usize, eigenvalues: &[f64], rank: usize, rows: f64) -> usize {
    // Fewer rows than dimensions leave as many eigenvalues as rows: the law of the transpose.
    let dimensions = if (rank as f64) < rows { rank } else { width } as f64;
    let aspect = (dimensions / rows).min(rows / dimensions);
    let spectrum = &eigenvalues[..eigenvalues.len().min(dimensions.min(rows) as usize)];
    if spectrum.is_empty() || aspect <= 0.0 {
        return 1;
    }
    let middle = spectrum.len() / 2;
    let median = match spectrum.len() % 2 {
        1 => spectrum[middle],
        _ => (spectrum[middle - 1] + spectrum[middle]) / 2.0,
    };
    let edge = median / marchenko_pastur_median(aspect) * (1.0 + aspect.sqrt()).powi(2);
    spectrum
        .iter()
        .take_while(|value| **value > edge)
        .count()
        .max(1)
}

/// Median of the law of Marchenko and Pastur with variance one and this ratio of dimensions to
/// rows, above 0 and at most 1.
fn marchenko_pastur_median(aspect: f64) -> f64 {
    const STEPS: usize = 4096;
    // With x = 1 + a + 2 sqrt(a) cos(t) the density is sin(t)^2 / x, up to a factor.
    let point = |step: usize| {
        let angle = (step as f64 + 0.5) * std::f64::consts::PI / STEPS as f64;
        let x = 1.0 + aspect + 2.0 * aspect.sqrt() * angle.cos();
        (x, angle.sin().powi(2) / x)
    };
    let total: f64 = (0..STEPS).map(|step| point(step).1).sum();
    let mut sum = 0.0;
    for step in 0..STEPS {
        let (x, weight) = point(step);
        sum += weight;
        if sum >= total / 2.0 {
            return x;
        }
    }
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_and_explained_variance() {
        let resolve = |dim: Dimension, width| dim.resolve(width, &[], 0, 1.0);
        assert_eq!(resolve(Dimension::Rule, 2048), 1000);
        assert_eq!(resolve(Dimension::Rule, 1280), 512);
        assert_eq!(resolve(Dimension::Rule, 96), 48);
        let values = [6.0, 3.0, 1.0, -1e-20];
        let explained = |share| Dimension::ExplainedVariance(share).resolve(4, &values, 3, 9.0);
        assert_eq!(
            (explained(0.6), explained(0.61), explained(0.999)),
            (1, 2, 3)
        );
    }

    #[test]
    fn the_median_of_the_law() {
        // Without noise of its own a spectrum is one point; at aspect one the median is 0.6528
        // (the 4 / sqrt(3) of Gavish & Donoho over its coefficient 2.858, squared).
        assert!((marchenko_pastur_median(1e-9) - 1.0).abs() < 1e-3);
        let want = (4.0 / 3f64.sqrt() / 2.858).powi(2);
        assert!((marchenko_pastur_median(1.0) - want).abs() < 2e-3);
    }

    #[test]
    fn signal_stands_above_the_edge_and_noise_below() {
        // 2000 rows of unit noise in 40 dimensions, three of which carry variance 4, 5 and 6 more.
        let mut stream = qualm_stats::Stream::new(7, 0);
        let (rows, dim) = (2000, 40);
        let numbers: Vec<f64> = (0..rows * dim)
            .map(|at| stream.normal() * [5f64, 6.0, 7.0].get(at % dim).map_or(1.0, |v| v.sqrt()))
            .collect();
        let mut gram = vec![0.0; qualm_linalg::packed_len(dim)];
        for row in numbers.chunks(dim) {
            for i in 0..dim {
                for j in 0..=i {
                    gram[qualm_linalg::packed_len(i) + j] += row[i] * row[j] / rows as f64;
                }
            }
        }
        let values = qualm_linalg::symmetric_eigen(&gram, dim).values;
        assert_eq!(
            Dimension::NoiseEdge.resolve(dim, &values, dim, rows as f64),
            3
        );
    }
}
