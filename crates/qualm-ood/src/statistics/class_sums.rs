use rayon::prelude::*;

use super::Merge;

/// Columns that one thread sums: fixed, so that the order of sums does not depend on threads.
const STRIPE: usize = 128;

/// Number of rows and sum of the features of each class.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClassSums {
    /// Rows of each class.
    pub(crate) counts: Vec<u64>,
    /// `C x D`, row-major.
    pub(crate) sums: Vec<f64>,
    dim: usize,
}

impl ClassSums {
    /// The statistic of rows of width `dim`, whose labels are below `classes`.
    pub(crate) fn of_block(rows: &[f32], dim: usize, labels: &[usize], classes: usize) -> Self {
        let mut counts = vec![0; classes];
        labels.iter().for_each(|&label| counts[label] += 1);
        let stripes: Vec<(usize, usize)> = (0..dim)
            .step_by(STRIPE)
            .map(|start| (start, (start + STRIPE).min(dim)))
            .collect();
        let sums_of_stripes: Vec<Vec<f64>> = stripes
            .par_iter()
            .map(|&(start, end)| {
                let width = end - start;
                let mut sums = vec![0f64; classes * width];
                for (row, &label) in rows.chunks_exact(dim).zip(labels) {
                    let to = &mut sums[label * width..(label + 1) * width];
                    to.iter_mut()
                        .zip(&row[start..end])
                        .for_each(|(s, &x)| *s += f64::from(x));
                }
                sums
            })
            .collect();
        let mut sums = vec![0.0; classes * dim];
        for (&(start, end), from) in stripes.iter().zip(&sums_of_stripes) {
            for (to, from) in sums
                .chunks_exact_mut(dim)
                .zip(from.chunks_exact(end - start))
            {
                to[start..end].copy_from_slice(from);
            }
        }
        Self { counts, sums, dim }
    }

    /// Sums from parts that were written before.
    pub(crate) fn from_parts(counts: Vec<u64>, sums: Vec<f64>, dim: usize) -> Self {
        Self { counts, sums, dim }
    }

    /// C.
    pub(crate) fn classes(&self) -> usize {
        self.counts.len()
    }

    /// Mean of class `class`, or nothing for a class without rows.
    pub(crate) fn mean(&self, class: usize) -> Option<Vec<f64>> {
        let count = self.counts[class];
        let sums = &self.sums[class * self.dim..(class + 1) * self.dim];
        (count > 0).then(|| sums.iter().map(|s| s / count as f64).collect())
    }
}

impl Merge for ClassSums {
    fn merge(&mut self, later: Self) {
        if later.classes() > self.classes() {
            self.counts.resize(later.classes(), 0);
            self.sums.resize(later.sums.len(), 0.0);
        }
        self.counts
            .iter_mut()
            .zip(&later.counts)
            .for_each(|(a, b)| *a += b);
        self.sums
            .iter_mut()
            .zip(&later.sums)
            .for_each(|(a, b)| *a += b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_by_hand_and_a_class_without_rows() {
        let mut sums = ClassSums::of_block(&[1.0, 2.0, 3.0, 4.0], 2, &[0, 0], 2);
        sums.merge(ClassSums::of_block(&[5.0, 6.0, 7.0, 8.0], 2, &[2, 0], 3));
        assert_eq!(sums.counts, [3, 0, 1]);
        assert_eq!(sums.mean(0), Some(vec![11.0 / 3.0, 14.0 / 3.0]));
        assert_eq!(sums.mean(1), None);
        assert_eq!(sums.mean(2), Some(vec![5.0, 6.0]));
    }
}
