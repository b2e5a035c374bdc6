use crate::lower::{Folding, Graph, Pairing, Value};

/// The scores of one component over rows that nothing was fitted to, sorted: what turns its score
/// of another row into a p-value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ruler {
    /// Ascending, at least one, all finite.
    scores: Vec<f64>,
    /// The unit in which scores above the largest are measured.
    unit: f64,
}

impl Ruler {
    /// Takes the scores in any order, or gives nothing where there is none or one is not finite.
    pub(super) fn new(mut scores: Vec<f64>) -> Option<Self> {
        scores.sort_unstable_by(f64::total_cmp);
        Self::of_sorted(scores)
    }

    /// The same of scores that must be sorted.
    pub(super) fn of_sorted(scores: Vec<f64>) -> Option<Self> {
        let (&first, &last) = (scores.first()?, scores.last()?);
        let sound = scores.iter().all(|score| score.is_finite()) && scores.is_sorted();
        // How far the upper half reaches; where all of it is one number, how far all do.
        let reaches = [last - scores[scores.len() / 2], last - first, 1.0];
        let unit = reaches.into_iter().find(|&reach| reach > 0.0)?;
        sound.then_some(Self { scores, unit })
    }

    /// Ascending.
    pub(super) fn scores(&self) -> &[f64] {
        &self.scores
    }

    /// `(1 + number of scores >= score) / (n + 1)`; NaN for NaN.
    pub(super) fn p_value(&self, score: f64) -> f64 {
        match score.is_nan() {
            true => f64::NAN,
            false => (1.0 + self.above(self.below(score))) / self.all(),
        }
    }

    /// The p-value made strictly decreasing from the smallest score on, so that few rows are tied:
    ///
    /// - between two scores `a < score <= b` it falls from the value at `a` to that at `b` along a
    ///   line, and so is never below the p-value;
    /// - above the largest score `r`, where the p-value stays at `1 / (n + 1)`, it goes on as
    ///   `2 / (n + 1) / (1 + (score - r) / unit)`, which is `1 / (n + 1)` one unit on. Nothing is
    ///   known of these scores but their order, so this is an order and no probability.
    pub(super) fn place(&self, score: f64) -> f64 {
        if score.is_nan() {
            return f64::NAN;
        }
        let below = self.below(score);
        match (below.checked_sub(1), self.scores.get(below)) {
            (None, _) => 1.0,
            (Some(a), Some(b)) => {
                let a = self.scores[a];
                (1.0 + self.above(below) + (b - score) / (b - a)) / self.all()
            }
            (Some(last), None) => {
                let beyond = (score - self.scores[last]) / self.unit;
                2.0 / self.all() / (1.0 + beyond)
            }
        }
    }

    /// The place of `score`, which is counted from `origin`, and what it lacks to be one, both to
    /// all digits.
    ///
    /// Each gap between neighbours of the ruler adds the share of it that lies above the score; the
    /// last two of the `n + 1` parts of the whole are those of the tail.
    pub(super) fn lower_place(&self, graph: &mut Graph, score: Value, origin: f64) -> [Value; 2] {
        let upper = self.scores[1..].iter();
        let steepness = |(b, a): (&f64, &f64)| ((b - a).recip()).min(f32::MAX.into());
        let gaps = upper.clone().zip(&self.scores);
        let last = self.scores[self.scores.len() - 1];
        let (zero, one, two) = (graph.number(0.0), graph.number(1.0), graph.number(2.0));
        let last = graph.number(last - origin);
        let beyond = graph.pair(score, Pairing::Sub, last);
        let beyond = graph.times(beyond, self.unit.recip());
        let beyond = graph.pair(beyond, Pairing::Max, zero);
        let beyond = graph.pair(one, Pairing::Add, beyond);
        let tail = graph.pair(two, Pairing::Div, beyond);
        let (mut place, mut lacking) = (tail, graph.pair(two, Pairing::Sub, tail));
        if self.scores.len() > 1 {
            let steepness = graph.row(gaps.clone().map(steepness));
            // Of equals, a score that is one of them lies below the gap that is none.
            let start = graph.row(gaps.map(|(b, a)| f64::from(u8::from(a == b))));
            let upper = graph.row(upper.map(|b| b - origin));
            let distance = graph.pair(upper, Pairing::Sub, score);
            let share = graph.pair(distance, Pairing::Mul, steepness);
            let share = graph.pair(share, Pairing::Add, start);
            let share = graph.pair(share, Pairing::Max, zero);
            let share = graph.pair(share, Pairing::Min, one);
            let rest = graph.pair(one, Pairing::Sub, share);
            let (shares, rests) = (
                graph.fold(Folding::Sum, share),
                graph.fold(Folding::Sum, rest),
            );
            place = graph.pair(place, Pairing::Add, shares);
            lacking = graph.pair(lacking, Pairing::Add, rests);
        }
        [place, lacking].map(|parts| graph.times(parts, self.all().recip()))
    }

    /// `n / (n + 1)`, as far from one as the smallest p-value is from zero.
    pub(super) fn largest(&self) -> f64 {
        1.0 - 1.0 / self.all()
    }

    /// Scores below this one.
    fn below(&self, score: f64) -> usize {
        self.scores.partition_point(|&other| other < score)
    }

    /// Scores that are not among `below`.
    fn above(&self, below: usize) -> f64 {
        (self.scores.len() - below) as f64
    }

    fn all(&self) -> f64 {
        self.scores.len() as f64 + 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::Ruler;

    #[test]
    fn by_hand() {
        let ruler = Ruler::new(vec![4.0, 1.0, 2.0]).unwrap();
        let p = [0.5, 1.0, 2.0, 3.0, 4.0, 5.0].map(|score| ruler.p_value(score));
        assert_eq!(p, [1.0, 1.0, 0.75, 0.5, 0.5, 0.25]);
        // Halfway from 2 to 4: halfway from 3/4 to 2/4. The unit is 4 - 2: at 6 one of them, at 10
        // three.
        let places = [0.5, 2.0, 3.0, 4.0, 6.0, 10.0].map(|score| ruler.place(score));
        assert_eq!(places, [1.0, 0.75, 0.625, 0.5, 0.25, 0.125]);
        assert_eq!(ruler.largest(), 0.75);
        assert_eq!(ruler.place(f64::INFINITY), 0.0);
        assert!(ruler.place(f64::NAN).is_nan() && ruler.p_value(f64::NAN).is_nan());
    }

    #[test]
    fn ties_and_rulers_of_one_score() {
        let ruler = Ruler::new(vec![1.0, 2.0, 2.0, 2.0]).unwrap();
        // The upper half is one number, so the unit is 2 - 1.
        assert_eq!((ruler.place(2.0), ruler.place(3.0)), (0.8, 0.2));
        let one = Ruler::new(vec![7.0]).unwrap();
        assert_eq!([6.0, 7.0, 8.0].map(|s| one.place(s)), [1.0, 1.0, 0.5]);
    }

    #[test]
    fn what_is_no_ruler() {
        assert_eq!(Ruler::new(Vec::new()), None);
        assert_eq!(Ruler::new(vec![1.0, f64::NAN]), None);
        assert_eq!(Ruler::new(vec![1.0, f64::INFINITY]), None);
        assert_eq!(Ruler::of_sorted(vec![2.0, 1.0]), None);
    }

    #[test]
    fn a_larger_score_never_has_a_larger_place_nor_a_place_below_its_p_value() {
        let ruler = Ruler::new((0..50).map(|i| f64::from(i * i % 37)).collect()).unwrap();
        let scores: Vec<f64> = (-20..800).map(|i| f64::from(i) / 10.0).collect();
        let places: Vec<f64> = scores.iter().map(|&s| ruler.place(s)).collect();
        let from = scores.iter().position(|&s| s > 0.0).unwrap();
        assert!(places[from..].windows(2).all(|pair| pair[0] > pair[1]));
        let inside = scores.iter().zip(&places).filter(|(s, _)| **s <= 36.0);
        for (&score, &place) in inside {
            assert!(place >= ruler.p_value(score) - 1e-12, "{score}");
        }
    }
}
