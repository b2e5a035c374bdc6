//! Axis ticks at round numbers: 1, 2 or 5 times a power of ten.

use crate::number::fixed;

/// Spans beyond these have no power of ten to count in.
const SPANS: std::ops::RangeInclusive<f64> = 1e-290..=1e290;

/// Numbers from here on are written with an exponent.
const LONG: f64 = 1e6;

/// More decimals than this are written with an exponent.
const MOST_DECIMALS: i32 = 6;

/// Round numbers along an axis, and how to write them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ticks {
    /// Ascending.
    pub(crate) values: Vec<f64>,
    /// The power of ten of the last digit that tells ticks apart.
    exponent: i32,
    /// Whether to write an exponent.
    scientific: bool,
}

/// A distance between ticks: `mantissa * 10^exponent`.
#[derive(Clone, Copy)]
struct Step {
    mantissa: f64,
    exponent: i32,
}

impl Step {
    /// The shortest round distance that cuts the span into at most `about`
    /// parts; `None` for a span that is empty, not finite or extreme.
    fn for_span(lo: f64, hi: f64, about: usize) -> Option<Self> {
        let span = hi - lo;
        if !SPANS.contains(&span) {
            return None;
        }
        let raw = span / about.max(1) as f64;
        let exponent = raw.log10().floor() as i32;
        let unit = Self {
            mantissa: 1.0,
            exponent,
        };
        let mantissa = [1.0, 2.0, 5.0]
            .into_iter()
            .find(|m| unit.times(*m) >= raw * (1.0 - 1e-12));
        Some(match mantissa {
            Some(mantissa) => Self { mantissa, exponent },
            None => Self {
                mantissa: 1.0,
                exponent: exponent + 1,
            },
        })
    }

    /// `count` steps. Dividing by a whole power of ten, rather than
    /// multiplying with its rounded inverse, gives 0.3 and not
    /// 0.30000000000000004.
    fn times(self, count: f64) -> f64 {
        let whole = count * self.mantissa;
        let value = if self.exponent >= 0 {
            whole * 10f64.powi(self.exponent)
        } else {
            whole / 10f64.powi(-self.exponent)
        };
        value + 0.0 // -0 becomes 0
    }

    fn length(self) -> f64 {
        self.times(1.0)
    }
}

impl Ticks {
    /// At most about `about` + 1 round numbers from `lo` to `hi`; the two
    /// ends themselves where no round numbers fit.
    pub(crate) fn within(lo: f64, hi: f64, about: usize) -> Self {
        let Some(step) = Step::for_span(lo, hi, about) else {
            return Self {
                values: if lo < hi { vec![lo, hi] } else { vec![lo] },
                exponent: 0,
                scientific: lo.abs().max(hi.abs()) >= LONG || hi.abs() < 1e-6,
            };
        };
        // A tick that rounding has put a hair outside still belongs.
        let slack = 1e-9;
        let first = (lo / step.length() - slack).ceil();
        let last = (hi / step.length() + slack).floor();
        let mut values: Vec<f64> = (0..=about + 1)
            .map(|i| first + i as f64)
            .take_while(|count| *count <= last)
            .map(|count| step.times(count))
            .collect();
        values.dedup();
        Self {
            values,
            exponent: step.exponent,
            scientific: lo.abs().max(hi.abs()) >= LONG || step.exponent < -MOST_DECIMALS,
        }
    }

    /// Ticks for the least range of round numbers that covers `lo` to `hi`,
    /// and that range.
    pub(crate) fn around(lo: f64, hi: f64, about: usize) -> (Self, f64, f64) {
        let (lo, hi) = match Step::for_span(lo, hi, about) {
            Some(step) => (
                step.times((lo / step.length() + 1e-9).floor()).min(lo),
                step.times((hi / step.length() - 1e-9).ceil()).max(hi),
            ),
            None => (lo, hi),
        };
        (Self::within(lo, hi, about + 2), lo, hi)
    }

    /// A tick as it is written on the axis.
    pub(crate) fn label(&self, value: f64) -> String {
        self.write(value, 0)
    }

    /// A number between ticks, with two digits more than they have.
    pub(crate) fn finer(&self, value: f64) -> String {
        self.write(value, 2)
    }

    fn write(&self, value: f64, more: i32) -> String {
        let text = if self.scientific && value == 0.0 {
            "0".into()
        } else if self.scientific {
            let leading = value.abs().log10().floor() as i32;
            let digits = (leading - self.exponent + more).clamp(0, 15) as usize;
            format!("{value:.digits$e}")
        } else {
            let decimals = (more - self.exponent).clamp(0, MOST_DECIMALS + 2);
            fixed(value, decimals as u8)
        };
        text.replace('-', "−")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(lo: f64, hi: f64, about: usize) -> Vec<String> {
        let ticks = Ticks::within(lo, hi, about);
        ticks.values.iter().map(|&v| ticks.label(v)).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(
            labels(0.0, 1.0, 5),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(labels(-3.2, 14.9, 5), ["0", "5", "10"]);
        assert_eq!(labels(-12.0, 9.0, 5), ["−10", "−5", "0", "5"]);
        assert_eq!(labels(0.61, 0.994, 4), ["0.7", "0.8", "0.9"]);
        assert_eq!(labels(0.0, 0.3, 3), ["0.0", "0.1", "0.2", "0.3"]);
    }

    #[test]
    fn values_are_the_nearest_floats_to_what_is_written() {
        assert_eq!(Ticks::within(0.0, 1.0, 10).values[3], 0.3);
        assert_eq!(Ticks::within(0.0, 0.007, 7).values[7], 0.007);
    }

    #[test]
    fn long_numbers_get_an_exponent() {
        assert_eq!(labels(0.0, 2e7, 4), ["0", "5e6", "1.0e7", "1.5e7", "2.0e7"]);
        assert_eq!(labels(0.0, 2e-9, 2), ["0", "1e−9", "2e−9"]);
    }

    #[test]
    fn the_range_around_data_ends_on_ticks() {
        let (ticks, lo, hi) = Ticks::around(0.612, 0.987, 5);
        assert_eq!((lo, hi), (0.6, 1.0));
        assert_eq!(ticks.values, [0.6, 0.7, 0.8, 0.9, 1.0]);
        let (_, lo, hi) = Ticks::around(0.0, 1.0, 5);
        assert_eq!((lo, hi), (0.0, 1.0));
    }

    #[test]
    fn an_empty_or_extreme_span_has_its_ends() {
        assert_eq!(Ticks::within(3.0, 3.0, 5).values, [3.0]);
        assert_eq!(
            Ticks::within(f64::MIN, f64::MAX, 5).values,
            [f64::MIN, f64::MAX]
        );
        assert_eq!(Ticks::within(0.0, 5e-324, 5).values, [0.0, 5e-324]);
    }

    #[test]
    fn between_ticks_there_are_more_digits() {
        assert_eq!(Ticks::within(0.0, 1.0, 5).finer(0.123_456), "0.123");
        assert_eq!(Ticks::within(0.0, 100.0, 5).finer(-12.34), "−12.3");
    }

    proptest! {
        #[test]
        fn ticks_ascend_inside_the_range(a in any::<f64>(), b in any::<f64>(), about in 1usize..12) {
            prop_assume!(a.is_finite() && b.is_finite());
            let (lo, hi) = (a.min(b), a.max(b));
            let ticks = Ticks::within(lo, hi, about);
            prop_assert!(ticks.values.len() <= about + 2);
            prop_assert!(ticks.values.is_sorted_by(|x, y| x < y));
            let (_, below, above) = Ticks::around(lo, hi, about);
            prop_assert!(below <= lo && hi <= above);
        }
    }
}
