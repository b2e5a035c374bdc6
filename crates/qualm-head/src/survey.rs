use qualm_data::{MemorySet, Source};

use crate::HeadError;
use crate::blocks::{Block, Blocks};

/// What the first pass learns about the rows with a label of 0 or above.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Survey {
    /// Rows of each class; every class has some.
    pub(crate) class_rows: Vec<u64>,
    /// Sum of `class_rows`.
    pub(crate) rows: u64,
    /// Rows with a negative label.
    pub(crate) left_out: u64,
    /// Of each feature.
    pub(crate) mean: Vec<f64>,
    /// Of each feature, divided by `rows`; exactly 0 for a constant feature.
    pub(crate) variance: Vec<f64>,
}

/// How many classes a label may ask for.
pub(crate) struct Room {
    /// Bytes allowed for classes and kept rows.
    pub(crate) allowed: u64,
    /// Bytes each class takes.
    pub(crate) per_class: u128,
}

impl Survey {
    /// Passes over all rows once; gives the rows back in memory where there is room for them.
    pub(crate) fn of(
        source: &dyn Source,
        room: &Room,
    ) -> Result<(Self, Option<MemorySet>), HeadError> {
        let origin = || source.name().to_owned();
        let dim = source
            .schema()
            .dim
            .filter(|&dim| dim > 0)
            .ok_or_else(|| HeadError::NoFeatures { origin: origin() })?;
        if !source.schema().labels {
            return Err(HeadError::NoLabels { origin: origin() });
        }
        let bytes_of_rows = u128::from(source.schema().rows) * (dim as u128 * 4 + 8);
        let allowed = u128::from(room.allowed);
        let keep = bytes_of_rows <= allowed;
        let (mut features, mut labels) = (Vec::new(), Vec::new());

        let mut survey = Self {
            class_rows: Vec::new(),
            rows: 0,
            left_out: 0,
            mean: vec![0.0; dim],
            variance: vec![0.0; dim],
        };
        let mut moments = Moments::new(dim);
        let mut blocks = Blocks::of(source)?;
        while let Some(block) = blocks.next()? {
            survey.count_labels(block, room, source.name())?;
            moments.set(block);
            survey.merge(&moments);
            if keep {
                features.extend_from_slice(&block.features);
                labels.extend_from_slice(&block.labels);
            }
        }
        let rows = survey.rows.max(1) as f64;
        survey.variance.iter_mut().for_each(|sum| *sum /= rows);
        survey.check_classes(source.name())?;
        let beside = room.per_class * survey.class_rows.len() as u128;
        let kept = (keep && bytes_of_rows + beside <= allowed)
            .then(|| {
                MemorySet::new(source.name())
                    .with_features(features, dim)?
                    .with_labels(labels)
            })
            .transpose()?;
        Ok((survey, kept))
    }

    fn count_labels(&mut self, block: &Block, room: &Room, origin: &str) -> Result<(), HeadError> {
        for (row, &label) in (block.first_row..).zip(&block.labels) {
            let Ok(class) = u64::try_from(label) else {
                self.left_out += 1;
                continue;
            };
            let classes = u128::from(class) + 1;
            if classes > self.class_rows.len() as u128 {
                let needed = classes.saturating_mul(room.per_class);
                if needed > u128::from(room.allowed) {
                    return Err(HeadError::TooLarge {
                        origin: origin.to_owned(),
                        row,
                        label,
                        classes,
                        dim: self.mean.len(),
                        needed,
                        allowed: room.allowed,
                    });
                }
                self.class_rows.resize(classes as usize, 0);
            }
            self.class_rows[class as usize] += 1;
        }
        Ok(())
    }

    /// Joins the moments of a block: Chan, Golub and LeVeque, "Algorithms for computing the
    /// sample variance" (1983), eq. 2.1. `variance` holds the sum of squares until the end.
    fn merge(&mut self, block: &Moments) {
        if block.rows == 0 {
            return;
        }
        let total = self.rows + block.rows;
        let share = block.rows as f64 / total as f64;
        let weight = self.rows as f64 * share;
        let own = self.mean.iter_mut().zip(&mut self.variance);
        for ((mean, squares), (other, more)) in own.zip(block.mean.iter().zip(&block.squares)) {
            let delta = other - *mean;
            *mean += delta * share;
            *squares += more + delta * delta * weight;
        }
        self.rows = total;
    }

    fn check_classes(&self, origin: &str) -> Result<(), HeadError> {
        /// Class numbers that a sentence can hold.
        const LISTED: usize = 5;
        let empty: Vec<usize> = (0..self.class_rows.len())
            .filter(|&class| self.class_rows[class] == 0)
            .collect();
        let classes = self.class_rows.len() - empty.len();
        if classes < 2 {
            return Err(HeadError::TooFewClasses {
                origin: origin.to_owned(),
                classes,
                rows: self.rows,
            });
        }
        if empty.is_empty() {
            return Ok(());
        }
        let listed: Vec<String> = empty.iter().take(LISTED).map(usize::to_string).collect();
        let more = match empty.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        Err(HeadError::EmptyClasses {
            origin: origin.to_owned(),
            largest: self.class_rows.len() as i64 - 1,
            missing: listed.join(", ") + &more,
        })
    }
}

/// Mean and sum of squared deviations of each feature over the labelled rows of a block.
struct Moments {
    rows: u64,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl Moments {
    fn new(dim: usize) -> Self {
        Self {
            rows: 0,
            mean: vec![0.0; dim],
            squares: vec![0.0; dim],
        }
    }

    fn set(&mut self, block: &Block) {
        let dim = self.mean.len();
        let rows = || {
            let rows = block.features.chunks_exact(dim).zip(&block.labels);
            rows.filter(|(_, label)| **label >= 0).map(|(row, _)| row)
        };
        self.rows = rows().count() as u64;
        self.mean.fill(0.0);
        self.squares.fill(0.0);
        for row in rows() {
            for (sum, &x) in self.mean.iter_mut().zip(row) {
                *sum += f64::from(x);
            }
        }
        let count = self.rows.max(1) as f64;
        self.mean.iter_mut().for_each(|sum| *sum /= count);
        for row in rows() {
            for ((sum, mean), &x) in self.squares.iter_mut().zip(&self.mean).zip(row) {
                let deviation = f64::from(x) - mean;
                *sum += deviation * deviation;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room {
        allowed: 1 << 20,
        per_class: 100,
    };

    fn survey(features: Vec<f32>, dim: usize, labels: Vec<i64>) -> Result<Survey, HeadError> {
        let set = MemorySet::new("set")
            .with_features(features, dim)
            .and_then(|set| set.with_labels(labels))
            .unwrap();
        let (survey, kept) = Survey::of(&set, &ROOM)?;
        assert_eq!(kept.unwrap().rows().features, set.rows().features);
        Ok(survey)
    }

    #[test]
    fn rows_out_of_distribution_count_for_nothing() {
        let found = survey(vec![1.0, 7.0, 3.0, 7.0, 1e6, -1e6], 2, vec![0, 1, -1]).unwrap();
        assert_eq!((found.rows, found.left_out), (2, 1));
        assert_eq!(found.class_rows, [1, 1]);
        assert_eq!(found.mean, [2.0, 7.0]);
        assert_eq!(found.variance, [1.0, 0.0]);
    }

    #[test]
    fn moments_join_across_blocks_and_constants_stay_exact() {
        let rows = 3000;
        let features: Vec<f32> = (0..rows).flat_map(|i| [i as f32, 0.1]).collect();
        let labels = (0..rows).map(|i| i % 2).collect();
        let found = survey(features, 2, labels).unwrap();
        assert!((found.mean[0] - 1499.5).abs() < 1e-9);
        // The variance of 0..n is (n^2 - 1) / 12.
        assert!((found.variance[0] / ((9e6 - 1.0) / 12.0) - 1.0).abs() < 1e-12);
        assert_eq!((found.mean[1], found.variance[1]), (f64::from(0.1f32), 0.0));
    }

    #[test]
    fn classes_must_be_numbered_without_gaps() {
        let message = |labels: Vec<i64>| {
            survey(vec![0.0; labels.len()], 1, labels)
                .unwrap_err()
                .to_string()
        };
        assert!(message(vec![0, 2, 8]).contains("no row has label 1, 3, 4, 5, 6 (and 1 more);"));
        assert!(message(vec![1, 1]).contains("labels of 1 classes in 2 in-distribution rows"));
        assert!(message(vec![-1, -2]).contains("labels of 0 classes in 0"));
        assert!(message(Vec::new()).contains("labels of 0 classes in 0"));
    }

    #[test]
    fn rows_are_kept_only_beside_the_parameters() {
        let set = MemorySet::new("set")
            .with_features(vec![0.0; 2], 1)
            .and_then(|set| set.with_labels(vec![0, 1]))
            .unwrap();
        // Two rows of 12 bytes and two classes of 100.
        for (allowed, kept) in [(224, true), (223, false)] {
            let room = Room { allowed, ..ROOM };
            assert_eq!(Survey::of(&set, &room).unwrap().1.is_some(), kept);
        }
    }

    #[test]
    fn a_label_that_asks_for_too_much_is_named_before_memory_is_taken() {
        let error = survey(vec![0.0; 3], 1, vec![0, i64::MAX, 1]).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("row 1 has label 9223372036854775807"),
            "{message}"
        );
        assert!(message.contains("922337.2 PB"), "{message}");
        assert!(message.contains("1.0 MB are allowed"), "{message}");
    }
}
