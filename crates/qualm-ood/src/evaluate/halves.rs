use std::collections::BTreeMap;

use qualm_data::{Chunk, Key};
use qualm_stats::random::hash_bytes;

/// Cuts rows into two halves of nearly one size that no group is on both sides of.
///
/// Each row, or each group where rows have groups, gets a seeded number; in the order of these
/// numbers they go to the smaller half.
#[derive(Debug)]
pub(super) struct Halves {
    seed: u64,
    /// The number of the group of each row.
    units: Vec<u64>,
    grouped: bool,
}

impl Halves {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            units: Vec::new(),
            grouped: false,
        }
    }

    /// Takes in the next row.
    pub(super) fn push(&mut self, chunk: &Chunk, row: usize) {
        let group = chunk.groups.get(row);
        self.grouped |= group.is_some();
        let unit = match group {
            None => hash_bytes(self.seed, &(chunk.first_row + row as u64).to_le_bytes()),
            Some(Key::Int(group)) => hash_bytes(self.seed, &group.to_le_bytes()),
            Some(Key::Text(group)) => hash_bytes(self.seed, group.as_bytes()),
        };
        self.units.push(unit);
    }

    /// Whether rows have groups.
    pub(super) fn grouped(&self) -> bool {
        self.grouped
    }

    /// The half of each row, 0 or 1. The second is empty where all rows are of one group.
    pub(super) fn of_rows(&self) -> Vec<usize> {
        let mut sizes: BTreeMap<u64, usize> = BTreeMap::new();
        for &unit in &self.units {
            *sizes.entry(unit).or_default() += 1;
        }
        let mut filled = [0, 0];
        let halves: BTreeMap<u64, usize> = sizes
            .into_iter()
            .map(|(unit, size)| {
                let half = usize::from(filled[1] < filled[0]);
                filled[half] += size;
                (unit, half)
            })
            .collect();
        self.units.iter().map(|unit| halves[unit]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qualm_data::KeyColumn;

    fn cut(rows: usize, groups: KeyColumn, seed: u64) -> Vec<usize> {
        let chunk = Chunk {
            rows,
            groups,
            ..Chunk::default()
        };
        let mut halves = Halves::new(seed);
        (0..rows).for_each(|row| halves.push(&chunk, row));
        halves.of_rows()
    }

    #[test]
    fn rows_without_groups_are_cut_in_the_middle() {
        for rows in [2, 3, 100, 101] {
            let halves = cut(rows, KeyColumn::default(), 1);
            assert_eq!(halves.iter().sum::<usize>(), rows / 2);
        }
        let cuts = [1, 2].map(|seed| cut(100, KeyColumn::default(), seed));
        assert_ne!(cuts[0], cuts[1]);
    }

    #[test]
    fn a_group_is_never_cut() {
        let groups: Vec<String> = (0..90).map(|row| format!("group {}", row / 3)).collect();
        let halves = cut(90, KeyColumn::Text(groups), 1);
        assert!(halves.chunks(3).all(|rows| rows == [rows[0]; 3]));
        assert_eq!(halves.iter().sum::<usize>(), 45);
        assert_eq!(cut(3, KeyColumn::Int(vec![7; 3]), 1), [0; 3]);
    }
}
