use crate::OodError;
use crate::bins::Bins;
use crate::statistics::Extremes;
use crate::tensors::{TensorReader, TensorWriter};

/// How shares are smoothed before they are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// Bins averaged over, at least one.
    pub(super) smooth: usize,
    /// What is added to every bin, so that none is empty.
    pub(super) epsilon: f64,
}

/// Which share of a row's numbers lies in which bin, for the mean of the fitting rows.
#[derive(Debug)]
pub(super) struct Density {
    pub(super) bins: Bins,
    form: Form,
    /// Numbers a row.
    numbers: f64,
    /// Mean share of each bin; NaN until the second pass.
    shares: Vec<f64>,
    /// The shares with epsilon, scaled to sum to one, and their logarithms.
    typical: Vec<[f64; 2]>,
}

impl Density {
    /// That of rows of `numbers` numbers; without a mean yet.
    pub(super) fn new(bins: Bins, form: Form, numbers: usize) -> Self {
        Self {
            bins,
            form,
            numbers: numbers as f64,
            shares: vec![f64::NAN; bins.count],
            typical: Vec::new(),
        }
    }

    /// Completes it with the mean number in each bin.
    pub(super) fn set_mean(&mut self, counts: &[f64]) {
        self.set_shares(counts.iter().map(|count| count / self.numbers).collect());
    }

    fn set_shares(&mut self, shares: Vec<f64>) {
        let epsilon = self.form.epsilon;
        let sum: f64 = shares.iter().map(|share| share + epsilon).sum();
        let typical = shares.iter().map(|share| (share + epsilon) / sum);
        self.typical = typical.map(|p| [p, p.ln()]).collect();
        self.shares = shares;
    }

    /// `sum (p - q) log(p / q)`, for a row with these numbers in each bin.
    ///
    /// With `q = s / S`, where `S` is the sum of `s`, it is
    /// `sum p log(p / s) - (1 / S) sum s log(p / s)`, so that one walk over the bins is enough.
    pub(super) fn divergence(&self, counts: &[f64]) -> f64 {
        let Form { smooth, epsilon } = self.form;
        let last = counts.len().saturating_sub(1);
        let (below, above) = ((smooth - 1) / 2, smooth / 2);
        // Sums of whole numbers are exact, so that one may be carried from bin to bin.
        let count = |bin: usize| counts[bin.saturating_sub(below).min(last)];
        let mut window: f64 = (0..smooth).map(count).sum();
        let all = smooth as f64 * self.numbers;
        let (mut forth, mut back, mut sum) = (0.0, 0.0, 0.0);
        for (bin, [p, log_p]) in self.typical.iter().enumerate() {
            let s = window / all + epsilon;
            let ratio = log_p - s.ln();
            forth += p * ratio;
            back += s * ratio;
            sum += s;
            window += counts[(bin + above + 1).min(last)] - counts[bin.saturating_sub(below)];
        }
        forth - back / sum
    }

    /// Writes it under `name`.
    pub(super) fn save(&self, name: &str, tensors: &mut TensorWriter) {
        // The ends were `f32` before they were taken apart.
        let ends = self.bins.range().map(|end| end as f32);
        tensors.vector(&format!("{name}_range"), &ends);
        tensors.vector(&format!("{name}_shares"), &self.shares);
    }

    /// What was written under `name`.
    pub(super) fn load(
        name: &str,
        bins: usize,
        form: Form,
        numbers: usize,
        tensors: &TensorReader<'_>,
    ) -> Result<Self, OodError> {
        let (range, mean) = (format!("{name}_range"), format!("{name}_shares"));
        let ends = tensors.vector::<f32>(&range, 2)?;
        let ends = Extremes {
            low: ends[0],
            high: ends[1],
        };
        let bins = Bins::between(ends, bins)
            .ok_or_else(|| tensors.wrong(&range, "is no range of numbers"))?;
        let shares = tensors.vector_of_second_pass(&mean, bins.count)?;
        if shares.iter().any(|share| *share < 0.0) {
            return Err(tensors.wrong(&mean, "is negative"));
        }
        let mut density = Self::new(bins, form, numbers);
        density.set_shares(shares);
        Ok(density)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_divergence_both_ways_of_smoothed_shares() {
        let range = Extremes {
            low: 0.0,
            high: 1.0,
        };
        let (epsilon, numbers) = (0.1, 10);
        let counts = [4.0, 0.0, 0.0, 1.0, 3.0];
        // Windows of one; from the bin on; from one below to one above; from one below to two above.
        for (smooth, smoothed) in [
            (1, [4.0, 0.0, 0.0, 1.0, 3.0]),
            (2, [2.0, 0.0, 0.5, 2.0, 3.0]),
            (3, [8.0 / 3.0, 4.0 / 3.0, 1.0 / 3.0, 4.0 / 3.0, 7.0 / 3.0]),
            (4, [2.0, 1.25, 1.0, 1.75, 2.5]),
        ] {
            let bins = Bins::between(range, 5).unwrap();
            let mut density = Density::new(bins, Form { smooth, epsilon }, numbers);
            let mean = [1.0, 2.0, 3.0, 2.0, 0.0];
            density.set_mean(&mean);
            let scaled = |counts: [f64; 5]| {
                let some = counts.map(|count| count / 10.0 + epsilon);
                some.map(|share| share / some.iter().sum::<f64>())
            };
            let (p, q) = (scaled(mean), scaled(smoothed));
            let want: f64 = p.iter().zip(q).map(|(p, q)| (p - q) * (p / q).ln()).sum();
            let got = density.divergence(&counts);
            assert!((got - want).abs() < 1e-12, "{smooth}: {got} and {want}");
        }
    }
}
