use std::collections::BTreeMap;

/// The largest numbers of each class. Which ones are kept does not depend on the order in which
/// they come, so blocks and shards merge in any.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tails {
    /// Largest first.
    pub(crate) classes: BTreeMap<usize, Vec<f64>>,
}

impl Tails {
    /// Takes in a number of class `class`, of which `keep` are kept.
    pub(crate) fn add(&mut self, class: usize, number: f64, keep: usize) {
        let largest = self.classes.entry(class).or_default();
        let at = largest.partition_point(|other| other.total_cmp(&number).is_ge());
        if at < keep {
            largest.insert(at, number);
            largest.truncate(keep);
        }
    }

    /// Takes in the largest of other rows.
    pub(crate) fn merge(&mut self, other: Self, keep: usize) {
        for (class, numbers) in other.classes {
            for number in numbers {
                self.add(class, number, keep);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tails;

    #[test]
    fn any_order_keeps_the_largest_of_each_class() {
        let numbers = [(0, 3.0), (0, 1.0), (2, 5.0), (0, 2.0), (0, 3.0)];
        let of = |numbers: &[(usize, f64)]| {
            let mut tails = Tails::default();
            numbers
                .iter()
                .for_each(|&(class, x)| tails.add(class, x, 3));
            tails
        };
        let whole = of(&numbers);
        assert_eq!(whole.classes[&0], [3.0, 3.0, 2.0]);
        assert_eq!(whole.classes[&2], [5.0]);
        for cut in 0..numbers.len() {
            let mut merged = of(&numbers[cut..]);
            merged.merge(of(&numbers[..cut]), 3);
            assert_eq!(merged, whole);
        }
    }
}
