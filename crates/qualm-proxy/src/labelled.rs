use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::designs::{Designs, key};
use crate::error::ProxyError;

/// What becomes of a design that has several labels which differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Merge {
    /// It is an error.
    #[default]
    Refuse,
    /// Their mean.
    Mean,
    /// Their median, the mean of the middle two of an even number.
    Median,
}

/// Distinct designs with one finite label each, which are not all the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    origin: String,
    designs: Designs,
    labels: Vec<f64>,
    merged: usize,
}

impl Labelled {
    /// Checks designs and labels; equal designs become one, in the place of the first.
    ///
    /// # Errors
    /// When a number is not finite, labels of one design differ and `merge` refuses that, or all
    /// labels are the same.
    ///
    /// # Panics
    /// When there is not one label a design.
    pub fn new(
        origin: impl Into<String>,
        designs: Designs,
        labels: Vec<f64>,
        merge: Merge,
    ) -> Result<Self, ProxyError> {
        let origin = origin.into();
        assert_eq!(designs.len(), labels.len(), "each design has a label");
        for (row, (design, &label)) in designs.iter().zip(&labels).enumerate() {
            let value = design
                .iter()
                .chain([&label])
                .find(|value| !value.is_finite());
            if let Some(&value) = value {
                let of_design = design.iter().position(|v| !v.is_finite());
                return Err(ProxyError::NotFinite {
                    origin,
                    row: row + 1,
                    column: of_design.map_or("the label".into(), |at| format!("value {}", at + 1)),
                    value,
                });
            }
        }
        let groups = equal_designs(&designs);
        if merge == Merge::Refuse {
            refuse_conflicts(&origin, &labels, &groups)?;
        }
        let merged = labels.len() - groups.len();
        let firsts: Vec<usize> = groups.iter().map(|group| group[0]).collect();
        let labels: Vec<f64> = groups
            .iter()
            .map(|group| one_label(group.iter().map(|&row| labels[row]).collect(), merge))
            .collect();
        match labels.first() {
            Some(&first) if labels.iter().all(|&label| label == first) => {
                Err(ProxyError::Constant {
                    origin,
                    rows: labels.len(),
                    value: first,
                })
            }
            _ => Ok(Self {
                origin,
                designs: designs.pick(&firsts),
                labels,
                merged,
            }),
        }
    }

    /// The file or task.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The designs.
    pub fn designs(&self) -> &Designs {
        &self.designs
    }

    /// The labels, higher is better.
    pub fn labels(&self) -> &[f64] {
        &self.labels
    }

    /// Rows that went into an earlier row of the same design.
    pub fn merged(&self) -> usize {
        self.merged
    }

    /// The least and the largest label.
    pub fn range(&self) -> (f64, f64) {
        let least = self.labels.iter().copied().fold(f64::INFINITY, f64::min);
        (
            least,
            self.labels
                .iter()
                .copied()
                .fold(f64::NEG_INFINITY, f64::max),
        )
    }

    /// The designs at these places alone.
    ///
    /// # Errors
    /// When their labels are all the same.
    pub fn pick(&self, places: &[usize]) -> Result<Self, ProxyError> {
        let labels = places.iter().map(|&at| self.labels[at]).collect();
        Self::new(
            self.origin.clone(),
            self.designs.pick(places),
            labels,
            Merge::Refuse,
        )
    }
}

/// Rows of each distinct design, in the order of their first.
fn equal_designs(designs: &Designs) -> Vec<Vec<usize>> {
    let mut places: HashMap<Vec<u64>, usize> = HashMap::with_capacity(designs.len());
    let mut groups: Vec<Vec<usize>> = Vec::with_capacity(designs.len());
    for (row, design) in designs.iter().enumerate() {
        match places.entry(key(design)) {
            Entry::Occupied(place) => groups[*place.get()].push(row),
            Entry::Vacant(place) => {
                place.insert(groups.len());
                groups.push(vec![row]);
            }
        }
    }
    groups
}

fn refuse_conflicts(origin: &str, labels: &[f64], groups: &[Vec<usize>]) -> Result<(), ProxyError> {
    for group in groups {
        let first = group[0];
        if let Some(&second) = group.iter().find(|&&row| labels[row] != labels[first]) {
            return Err(ProxyError::Conflict {
                origin: origin.into(),
                first: first + 1,
                second: second + 1,
                first_label: labels[first],
                second_label: labels[second],
            });
        }
    }
    Ok(())
}

fn one_label(mut labels: Vec<f64>, merge: Merge) -> f64 {
    let count = labels.len();
    match merge {
        Merge::Refuse => labels[0],
        Merge::Mean => labels.iter().sum::<f64>() / count as f64,
        Merge::Median => {
            labels.sort_unstable_by(f64::total_cmp);
            (labels[(count - 1) / 2] + labels[count / 2]) / 2.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twice(merge: Merge) -> Result<Labelled, ProxyError> {
        let designs = Designs::new(vec![0.0, 1.0, -0.0, 0.0], 1);
        Labelled::new("t", designs, vec![1.0, 5.0, 2.0, 6.0], merge)
    }

    #[test]
    fn conflicting_labels_are_refused_or_merged() {
        let error = twice(Merge::Refuse).unwrap_err().to_string();
        assert!(error.contains("rows 1 and 3"), "{error}");
        let mean = twice(Merge::Mean).expect("labels differ");
        assert_eq!((mean.labels(), mean.merged()), (&[3.0, 5.0][..], 2));
        assert_eq!(
            twice(Merge::Median).expect("labels differ").labels(),
            [2.0, 5.0]
        );
    }

    #[test]
    fn equal_labels_are_no_conflict() {
        let designs = Designs::new(vec![0.0, 0.0, 1.0], 1);
        let one = Labelled::new("t", designs, vec![1.0, 1.0, 2.0], Merge::Refuse).expect("agree");
        assert_eq!((one.designs().len(), one.merged()), (2, 1));
    }

    #[test]
    fn constants_and_nan_are_refused() {
        let designs = || Designs::new(vec![0.0, 1.0], 1);
        let constant = Labelled::new("t", designs(), vec![3.0, 3.0], Merge::Refuse);
        assert!(matches!(
            constant,
            Err(ProxyError::Constant { rows: 2, .. })
        ));
        let nan = Labelled::new("t", designs(), vec![3.0, f64::NAN], Merge::Refuse);
        assert!(matches!(nan, Err(ProxyError::NotFinite { row: 2, .. })));
    }
}
