/// Value and slope of a function along a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe {
    pub(crate) value: f64,
    pub(crate) slope: f64,
}

/// What to do after a probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Found {
    /// The step is good.
    Step,
    /// Probe this step next.
    Try(f64),
    /// There is no good step to be found.
    Nothing,
}

/// The share of the first slope that a step must gain: Nocedal and Wright's c1.
const DECREASE: f64 = 1e-4;
/// The share of the first slope that may be left: Nocedal and Wright's c2 for quasi-Newton steps.
const SLOPE_LEFT: f64 = 0.9;
/// Values that differ by less than this share are the same but for rounding.
const ROUNDING: f64 = 1e-12;
/// More probes than any but a hopeless line needs: each at least takes off a tenth of the
/// interval or doubles the step.
const MOST_PROBES: u32 = 30;

/// A search for a step along a line that satisfies the strong Wolfe conditions (Nocedal and
/// Wright, "Numerical Optimization" (2006), eq. 3.7).
///
/// The function is convex, so its slope only grows along the line and brackets the minimum by its
/// sign. Slopes keep their digits near the minimum, where values no longer differ; therefore
/// slopes alone choose the next probe, and a value counts as decreased while rounding could
/// explain why it is not (the approximate Wolfe conditions of Hager and Zhang, SIAM J. Optim. 16
/// (2005), eq. 4.1, rest on the same thought).
pub(crate) struct Line {
    start: Probe,
    /// The longest step known to be too short, with its slope.
    short: (f64, f64),
    /// The shortest step known to be too long; its slope where that is finite.
    long: Option<(f64, Option<f64>)>,
    probes: u32,
}

impl Line {
    /// A line on which the step 0 has given `start`.
    pub(crate) fn new(start: Probe) -> Self {
        Self {
            start,
            short: (0.0, start.slope),
            long: None,
            probes: 0,
        }
    }

    /// Judges what `step` has given.
    pub(crate) fn judge(&mut self, step: f64, probe: Probe) -> Found {
        // A slope that is not negative, or NaN, leads nowhere.
        if !(self.start.slope < 0.0 && self.start.slope.is_finite()) {
            return Found::Nothing;
        }
        let Probe { value, slope } = self.start;
        let finite = probe.value.is_finite() && probe.slope.is_finite();
        let decreased = probe.value <= value + DECREASE * step * slope + ROUNDING * value.abs();
        if finite && decreased && probe.slope.abs() <= SLOPE_LEFT * -slope {
            return Found::Step;
        }
        if finite && decreased && probe.slope < 0.0 {
            self.short = (step, probe.slope);
        } else {
            self.long = Some((step, finite.then_some(probe.slope)));
        }
        self.probes += 1;
        let next = self.next();
        let moved = next > self.short.0 && self.long.is_none_or(|(long, _)| next < long);
        if self.probes == MOST_PROBES || !moved || !next.is_finite() {
            return Found::Nothing;
        }
        Found::Try(next)
    }

    /// Where a straight line through the known slopes is 0, kept away from steps already known.
    fn next(&self) -> f64 {
        let (short, slope) = self.short;
        match self.long {
            None => {
                // Through the slopes at 0 and at `short`, which are both negative.
                let zero = short * self.start.slope / (self.start.slope - slope);
                if zero.is_finite() {
                    zero.clamp(2.0 * short, 10.0 * short)
                } else {
                    10.0 * short
                }
            }
            Some((long, None)) => short + 0.1 * (long - short),
            Some((long, Some(steeper))) => {
                let width = long - short;
                let zero = short - slope * width / (steeper - slope);
                if zero.is_finite() {
                    zero.clamp(short + 0.1 * width, long - 0.1 * width)
                } else {
                    short + 0.5 * width
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(f: impl Fn(f64) -> Probe, first: f64) -> Option<(f64, u32)> {
        let mut line = Line::new(f(0.0));
        let mut step = first;
        loop {
            match line.judge(step, f(step)) {
                Found::Step => return Some((step, line.probes + 1)),
                Found::Nothing => return None,
                Found::Try(next) => step = next,
            }
        }
    }

    /// `(x - 100)^2 / 2`.
    fn parabola(x: f64) -> Probe {
        Probe {
            value: 0.5 * (x - 100.0) * (x - 100.0),
            slope: x - 100.0,
        }
    }

    #[test]
    fn steps_far_too_short_and_far_too_long_are_mended_quickly() {
        for first in [1e-6, 1.0, 1e3, 1e9] {
            let (step, probes) = search(parabola, first).unwrap();
            assert!((parabola(step).slope).abs() <= 90.0);
            assert!(probes <= 12, "{probes} probes from {first}");
        }
        assert_eq!(search(parabola, 50.0), Some((50.0, 1)));
    }

    #[test]
    fn infinite_values_are_backed_out_of() {
        let f = |x: f64| {
            if x > 1e-3 {
                Probe {
                    value: f64::INFINITY,
                    slope: f64::NAN,
                }
            } else {
                Probe {
                    value: (x - 1e-4) * (x - 1e-4),
                    slope: 2.0 * (x - 1e-4),
                }
            }
        };
        let (step, _) = search(f, 1.0).unwrap();
        assert!(step < 2e-4);
    }

    #[test]
    fn lines_that_lead_nowhere_end() {
        // Uphill, without a lower end, and NaN everywhere.
        let uphill = |x: f64| Probe {
            value: x,
            slope: 1.0,
        };
        assert_eq!(search(uphill, 1.0), None);
        let endless = |x: f64| Probe {
            value: -x,
            slope: -1.0,
        };
        assert_eq!(search(endless, 1.0), None);
        let nowhere = |x: f64| Probe {
            value: if x == 0.0 { 0.0 } else { f64::NAN },
            slope: -1.0,
        };
        assert_eq!(search(nowhere, 1.0), None);
    }
}
