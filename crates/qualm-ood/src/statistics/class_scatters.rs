use std::collections::BTreeMap;

use qualm_linalg::Rows;

use super::{Merge, MomentScratch, SecondMoment};

/// Mean and scatter of the rows of each class on its own; classes without rows are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ClassScatters {
    pub(crate) classes: BTreeMap<usize, SecondMoment>,
}

impl ClassScatters {
    /// The statistic of one block of rows; rows of class `None` are left out.
    pub(crate) fn of_block(
        rows: Rows<'_, f32>,
        of_row: &[Option<usize>],
        scratch: &mut MomentScratch,
    ) -> Self {
        let mut members: BTreeMap<usize, Vec<f32>> = BTreeMap::new();
        for (row, class) in of_row.iter().enumerate() {
            if let Some(class) = class {
                members
                    .entry(*class)
                    .or_default()
                    .extend_from_slice(rows.row(row));
            }
        }
        let moment = |(class, rows_of_class): (usize, Vec<f32>)| {
            let rows = Rows::new(&rows_of_class, rows.width());
            (class, SecondMoment::of_block(rows, scratch))
        };
        Self {
            classes: members.into_iter().map(moment).collect(),
        }
    }
}

impl Merge for ClassScatters {
    fn merge(&mut self, later: Self) {
        for (class, moment) in later.classes {
            match self.classes.get_mut(&class) {
                Some(own) => own.merge(moment),
                None => {
                    self.classes.insert(class, moment);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_keep_to_themselves() {
        let mut scratch = MomentScratch::new(1);
        let mut of = |rows: &[f32], classes: &[Option<usize>]| {
            ClassScatters::of_block(Rows::new(rows, 1), classes, &mut scratch)
        };
        let mut all = of(&[1.0, 10.0, 3.0, 7.0], &[Some(0), Some(2), Some(0), None]);
        all.merge(of(&[14.0], &[Some(2)]));
        let of_class = |class: usize| {
            let moment = &all.classes[&class];
            (moment.count, moment.mean[0], moment.scatter[0])
        };
        assert_eq!(of_class(0), (2.0, 2.0, 2.0));
        assert_eq!(of_class(2), (2.0, 12.0, 8.0));
        assert_eq!(all.classes.len(), 2);
    }
}
