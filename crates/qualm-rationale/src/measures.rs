//! What evidence is worth, text by text.

use std::ops::Range;

use crate::model::Unit;

/// Which units of a text touch any of these parts of it, in bytes.
pub fn touched(units: &[Range<usize>], parts: &[Range<usize>]) -> Vec<bool> {
    let touches = |unit: &Range<usize>| {
        let shares = |part: &Range<usize>| part.start < unit.end && unit.start < part.end;
        parts.iter().any(shares)
    };
    units.iter().map(touches).collect()
}

/// A text's units with what was selected of them and what people gave as evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// What was selected.
    pub chosen: Vec<bool>,
    /// What people gave.
    pub gold: Vec<bool>,
}

impl Marked {
    /// Over all units of a text, those beyond the longest that a model takes among them.
    pub fn of(text: &str, unit: Unit, chosen: &[Range<usize>], gold: &[Range<usize>]) -> Self {
        let units = unit.spans(text);
        Self {
            chosen: touched(&units, chosen),
            gold: touched(&units, gold),
        }
    }

    fn both(&self) -> usize {
        let pairs = self.chosen.iter().zip(&self.gold);
        pairs.filter(|(chosen, gold)| **chosen && **gold).count()
    }

    /// `2 tp / (2 tp + fp + fn)`: what GR averages over texts. 0 where both are empty.
    ///
    /// ```
    /// use qualm_rationale::measures::Marked;
    /// let marked = Marked {
    ///     chosen: vec![true, true, false, false],
    ///     gold: vec![false, true, true, true],
    /// };
    /// assert!((marked.f1() - 0.4).abs() < 1e-12); // 2 of 2 + 3
    /// ```
    pub fn f1(&self) -> f64 {
        let parts = count(&self.chosen) + count(&self.gold);
        2.0 * self.both() as f64 / parts.max(1) as f64
    }

    /// What [`Marked::f1`] is on average where as many units are selected at random: of n units, k
    /// of them selected and g of them gold, `k g / n` are expected to be both.
    ///
    /// ```
    /// use qualm_rationale::measures::Marked;
    /// let marked = Marked {
    ///     chosen: vec![true, true, false, false],
    ///     gold: vec![false, true, true, true],
    /// };
    /// assert!((marked.random_f1() - 0.6).abs() < 1e-12); // 2 * 1.5 of 2 + 3
    /// ```
    pub fn random_f1(&self) -> f64 {
        let (k, g) = (count(&self.chosen) as f64, count(&self.gold) as f64);
        2.0 * k * g / (self.gold.len().max(1) as f64 * f64::max(k + g, 1.0))
    }

    /// Whether something that people gave is among what was selected.
    pub fn includes_gold(&self) -> bool {
        self.both() > 0
    }
}

/// The share of an inserted part's units that was selected: what AR averages over texts. Of one
/// inserted sentence, where sentences are units, 0 or 1. `None` where no unit touches it, because it
/// stands beyond the longest text that a model takes.
///
/// ```
/// use qualm_rationale::measures::capture;
/// let units = [0..3, 4..7, 8..11];
/// assert_eq!(capture(&units, &[true, true, false], &(4..11)), Some(0.5));
/// assert_eq!(capture(&units, &[true, true, false], &(12..15)), None);
/// ```
pub fn capture(units: &[Range<usize>], chosen: &[bool], inserted: &Range<usize>) -> Option<f64> {
    let inside = touched(units, std::slice::from_ref(inserted));
    let total = count(&inside);
    let taken = inside.iter().zip(chosen).filter(|(i, c)| **i && **c);
    (total > 0).then(|| taken.count() as f64 / total as f64)
}

fn count(marks: &[bool]) -> usize {
    marks.iter().filter(|mark| **mark).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use qualm_stats::Stream;

    #[test]
    fn units_are_marked_where_they_touch() {
        let text = "It broke. So sad.";
        let marked = Marked::of(text, Unit::Token, &[3..8], &[4..5, 10..12]);
        assert_eq!(marked.chosen, [false, true, false, false, false, false]);
        assert_eq!(marked.gold, [false, true, false, true, false, false]);
        let marked = Marked::of(text, Unit::Sentence, &[0..9], &[10..12]);
        assert!(!marked.includes_gold() && marked.f1() == 0.0);
    }

    #[test]
    fn chance_is_the_mean_over_all_selections() {
        let gold = [true, false, true, false, false, true, false];
        let mut stream = Stream::new(4, 0);
        let (mut sum, draws) = (0.0, 40_000);
        let mut marked = Marked {
            chosen: vec![true, true, false, false, false, false, false],
            gold: gold.to_vec(),
        };
        let want = marked.random_f1();
        assert!((want - 2.0 * 2.0 * 3.0 / 7.0 / 5.0).abs() < 1e-12);
        for _ in 0..draws {
            stream.shuffle(&mut marked.chosen);
            sum += marked.f1();
        }
        assert!((sum / f64::from(draws) - want).abs() < 0.005);
    }

    #[test]
    fn nothing_selected_and_nothing_given_is_no_division() {
        let none = Marked {
            chosen: vec![],
            gold: vec![],
        };
        assert_eq!((none.f1(), none.random_f1()), (0.0, 0.0));
    }
}
