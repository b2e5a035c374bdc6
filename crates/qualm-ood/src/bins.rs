use crate::statistics::Extremes;

/// Bins of equal width between two numbers; both ends belong to a bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bins {
    low: f64,
    high: f64,
    pub(crate) count: usize,
    /// Bins a unit.
    scale: f64,
}

impl Bins {
    /// `count` bins, at least one; nothing where the numbers have no width or are not finite.
    pub(crate) fn between(range: Extremes, count: usize) -> Option<Self> {
        let (low, high) = (f64::from(range.low), f64::from(range.high));
        let scale = count as f64 / (high - low);
        (low < high && scale.is_normal()).then_some(Self {
            low,
            high,
            count,
            scale,
        })
    }

    /// The numbers that these bins lie between.
    pub(crate) fn range(&self) -> [f64; 2] {
        [self.low, self.high]
    }

    /// The bin of a number; nothing where it lies outside.
    pub(crate) fn place(&self, x: f32) -> Option<usize> {
        let x = f64::from(x);
        let inside = self.low <= x && x <= self.high;
        inside.then(|| (((x - self.low) * self.scale) as usize).min(self.count - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_by_hand() {
        let range = |low, high| Extremes { low, high };
        let bins = Bins::between(range(-1.0, 3.0), 4).unwrap();
        let numbers = [-1.1, -1.0, -0.1, 0.0, 2.9, 3.0, 3.1, f32::NAN];
        let places = [
            None,
            Some(0),
            Some(0),
            Some(1),
            Some(3),
            Some(3),
            None,
            None,
        ];
        assert_eq!(numbers.map(|x| bins.place(x)), places);
        assert_eq!(bins.range(), [-1.0, 3.0]);
        assert_eq!(Bins::between(range(2.0, 2.0), 4), None);
        assert_eq!(Bins::between(range(0.0, f32::INFINITY), 4), None);
        assert_eq!(Bins::between(Extremes::default(), 4), None);
    }
}
