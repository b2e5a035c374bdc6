//! What a number means, where its unit, its label and its scale say it.

use super::numbers::{Form, Value};
use super::result::{Flag, Flags};
use super::scale::Scale;
use crate::Status;

/// What stands around a number and helps to read it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Context {
    /// The scale that the label or the user states.
    pub(super) scale: Option<Scale>,
    /// A label names it a confidence.
    pub(super) labelled: bool,
    /// The label says that it is from 0 to 1, as "probability" does.
    pub(super) unit: bool,
    /// A bound: whether it is the low end.
    pub(super) bound: Option<bool>,
    /// Odds on (true) or against (false), where said.
    pub(super) odds: Option<bool>,
}

/// A reading: a status, and for a point or a range its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reading {
    pub(super) status: Status,
    pub(super) ends: Option<(f64, f64)>,
    pub(super) flags: Flags,
}

impl Reading {
    fn none(status: Status) -> Reading {
        Reading {
            status,
            ends: None,
            flags: Flags::default(),
        }
    }
}

pub(super) fn resolve(value: &Value, context: &Context) -> Reading {
    let mut flags = Flags::default();
    let mut one = |number: f64| single(number, value, context, &mut flags);
    let ends = match value.form {
        Form::Plain => one(value.first).map(|share| (share, share)),
        Form::Range(second) => one(value.first)
            .and_then(|first| Ok((first, one(second)?)))
            .map(|(first, second)| (first.min(second), first.max(second))),
        // The unit of a range of one percentage stands once.
        Form::Around(width) => one(value.first - width)
            .and_then(|lo| Ok((lo, one((value.first + width).min(most(value, context)))?))),
        Form::Fraction(whole) => fraction(value.first, whole, context).map(|s| (s, s)),
        Form::OneIn(whole) => share(value.first, whole).map(|s| (s, s)),
        Form::Even => Ok((0.5, 0.5)),
        Form::Odds(second) => odds(value.first, second, context.odds).map(|s| (s, s)),
    };
    match ends {
        Err(status) => Reading::none(status),
        Ok((lo, hi)) => {
            let (lo, hi) = match context.bound {
                Some(true) => (lo, 1.0),
                Some(false) => (0.0, hi),
                None => (lo, hi),
            };
            let point = lo == hi && context.bound.is_none();
            Reading {
                status: if point { Status::Point } else { Status::Range },
                ends: Some((lo, hi)),
                flags,
            }
        }
    }
}

fn most(value: &Value, context: &Context) -> f64 {
    match context.scale {
        _ if value.percent => 100.0,
        Some(scale) => scale.hi(),
        None if value.first > 1.0 => 100.0,
        None => 1.0,
    }
}

fn single(number: f64, value: &Value, context: &Context, flags: &mut Flags) -> Result<f64, Status> {
    if value.percent {
        return share(number, 100.0);
    }
    if let Some(scale) = context.scale {
        return scale.share(number).ok_or(Status::OutOfRange);
    }
    if number < 0.0 {
        return Err(Status::OutOfRange);
    }
    if number < 1.0 || number == 1.0 && (value.point || context.unit) {
        return Ok(number);
    }
    if number > 100.0 {
        return Err(Status::OutOfRange);
    }
    // A 7 may be of 10 or of 100, an 85 is of 100 and can be of nothing else that is common.
    if context.labelled && number > 10.0 && !value.spelled {
        flags.add(Flag::ScaleInferred);
        return Ok(number / 100.0);
    }
    Err(Status::Ambiguous)
}

fn share(part: f64, whole: f64) -> Result<f64, Status> {
    if whole > 0.0 && whole.is_finite() && (0.0..=whole).contains(&part) {
        Ok(part / whole)
    } else {
        Err(Status::OutOfRange)
    }
}

fn fraction(part: f64, whole: f64, context: &Context) -> Result<f64, Status> {
    match context.scale {
        // "4/5" on a scale from 1 to 5 is a mark on it.
        Some(scale) if scale.hi() == whole && !scale.starts_at_zero() => {
            scale.share(part).ok_or(Status::OutOfRange)
        }
        _ => share(part, whole),
    }
}

/// Odds a to b: on, a/(a+b); against, b/(a+b); bare, either, but for even odds.
fn odds(a: f64, b: f64, on: Option<bool>) -> Result<f64, Status> {
    let total = a + b;
    if total <= 0.0 || !total.is_finite() {
        return Err(Status::OutOfRange);
    }
    match on {
        Some(true) => Ok(a / total),
        Some(false) => Ok(b / total),
        None if a == b => Ok(0.5),
        None => Err(Status::Ambiguous),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(first: f64) -> Value {
        Value {
            form: Form::Plain,
            first,
            percent: false,
            point: false,
            spelled: false,
            end: 1,
        }
    }

    #[test]
    fn odds_are_for_or_against() {
        assert_eq!(odds(3.0, 1.0, Some(true)), Ok(0.75));
        assert_eq!(odds(3.0, 1.0, Some(false)), Ok(0.25));
        assert_eq!(odds(1.0, 1.0, None), Ok(0.5));
        assert_eq!(odds(3.0, 1.0, None), Err(Status::Ambiguous));
        assert_eq!(odds(0.0, 0.0, Some(true)), Err(Status::OutOfRange));
    }

    #[test]
    fn a_bare_one_is_ambiguous_until_something_says_its_scale() {
        let read = |context: Context| resolve(&plain(1.0), &context);
        assert_eq!(read(Context::default()).status, Status::Ambiguous);
        let unit = Context {
            unit: true,
            ..Context::default()
        };
        assert_eq!(read(unit).ends, Some((1.0, 1.0)));
        let scale = Context {
            scale: Scale::new(1.0, 5.0),
            ..Context::default()
        };
        assert_eq!(read(scale).ends, Some((0.0, 0.0)));
    }

    #[test]
    fn a_percentage_is_inferred_behind_a_label_alone() {
        let labelled = Context {
            labelled: true,
            ..Context::default()
        };
        let read = resolve(&plain(85.0), &labelled);
        assert_eq!(read.ends, Some((0.85, 0.85)));
        assert!(read.flags.has(Flag::ScaleInferred));
        assert_eq!(resolve(&plain(7.0), &labelled).status, Status::Ambiguous);
        assert_eq!(resolve(&plain(140.0), &labelled).status, Status::OutOfRange);
        let bare = resolve(&plain(85.0), &Context::default());
        assert_eq!(bare.status, Status::Ambiguous);
    }
}
