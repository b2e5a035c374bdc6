//! Numbers with their units: percentages, decimals, fractions, odds, ranges, scales.

use super::roles;
use super::scale::Scale;
use super::tokens::{Kind, Token};

/// What a number is written as.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Form {
    /// One number, perhaps in percent.
    Plain,
    /// "85/100", "8 out of 10", "two thirds".
    Fraction(f64),
    /// "one in ten".
    OneIn(f64),
    /// "3 to 1"; what says whether it is for or against stands elsewhere.
    Odds(f64),
    /// "50/50".
    Even,
    /// "70 to 80 %".
    Range(f64),
    /// "80 % ± 5".
    Around(f64),
}

/// A number as written, before a scale gives it its meaning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    pub(super) form: Form,
    pub(super) first: f64,
    pub(super) percent: bool,
    pub(super) point: bool,
    pub(super) spelled: bool,
    /// The token after it.
    pub(super) end: usize,
}

impl Value {
    /// Whether it says by itself that it is a share of one: by its unit, its fraction or its
    /// decimals.
    pub(super) fn is_share(&self) -> bool {
        match self.form {
            Form::Plain | Form::Around(_) => {
                self.percent || self.point && (0.0..=1.0).contains(&self.first)
            }
            Form::Range(second) => self.percent || self.point && second <= 1.0,
            Form::Fraction(_) | Form::OneIn(_) | Form::Even => true,
            Form::Odds(_) => false,
        }
    }
}

fn kind(tokens: &[Token], at: usize) -> Option<Kind> {
    tokens.get(at).map(|token| token.kind)
}

fn has(tokens: &[Token], at: usize, role: roles::Roles) -> bool {
    tokens.get(at).is_some_and(|token| token.is(role))
}

fn number(tokens: &[Token], at: usize) -> Option<f64> {
    let token = tokens.get(at)?;
    (token.kind == Kind::Number).then_some(token.number)
}

/// The value whose first number is the token `at`.
pub(super) fn value(tokens: &[Token], at: usize) -> Option<Value> {
    let token = tokens.get(at)?;
    let first = number(tokens, at)?;
    let mut next = at + 1;
    let mut percent = false;
    if kind(tokens, next) == Some(Kind::Percent) {
        percent = true;
        next += 1;
    }
    let plain = Value {
        form: Form::Plain,
        first,
        percent,
        point: token.point,
        spelled: token.spelled,
        end: next,
    };
    let with = |form, percent, point, end| Value {
        form,
        percent,
        point: plain.point || point,
        end,
        ..plain
    };
    let sign = kind(tokens, next);
    let after = number(tokens, next + 1);
    if sign == Some(Kind::Slash)
        && let Some(second) = after
    {
        // A date has two strokes.
        if kind(tokens, next + 2) == Some(Kind::Slash) {
            return None;
        }
        let form = if first == 50.0 && second == 50.0 {
            Form::Even
        } else {
            Form::Fraction(second)
        };
        return Some(with(form, false, false, next + 2));
    }
    let out = if has(tokens, next, roles::TIMES) {
        next + 1
    } else {
        next
    };
    if has(tokens, out, roles::OUT)
        && has(tokens, out + 1, roles::OF)
        && let Some(second) = number(tokens, out + 2)
    {
        return Some(with(Form::Fraction(second), false, false, out + 3));
    }
    if !percent
        && has(tokens, next, roles::IN)
        && let Some(second) = after
    {
        return Some(with(Form::OneIn(second), false, false, next + 2));
    }
    let parts = PARTS.iter().find(|(role, _)| has(tokens, next, *role));
    if token.spelled
        && let Some(&(_, parts)) = parts
    {
        return Some(with(Form::Fraction(parts), false, false, next + 1));
    }
    if token.spelled && first == 50.0 && number(tokens, next) == Some(50.0) {
        return Some(with(Form::Even, false, false, next + 1));
    }
    let joins = sign == Some(Kind::Dash)
        || has(tokens, next, roles::TO)
        || has(tokens, at.wrapping_sub(1), roles::BETWEEN) && has(tokens, next, roles::AND);
    if joins && let Some(second) = after {
        let unit = kind(tokens, next + 2) == Some(Kind::Percent);
        let end = next + 2 + usize::from(unit);
        let point = tokens[next + 1].point;
        let form = if first == 50.0 && second == 50.0 && !unit {
            Form::Even
        } else if !percent && !unit && (second < first || second == 1.0 && first == 1.0) {
            Form::Odds(second)
        } else {
            Form::Range(second)
        };
        return Some(with(form, percent || unit, point, end));
    }
    if sign == Some(Kind::Colon)
        && !percent
        && let Some(second) = after
    {
        // Not a time of day.
        let minutes = second >= 10.0 || kind(tokens, next + 2) == Some(Kind::Colon);
        return (!minutes).then(|| with(Form::Odds(second), false, false, next + 2));
    }
    if sign == Some(Kind::PlusMinus)
        && let Some(second) = after
    {
        let unit = kind(tokens, next + 2) == Some(Kind::Percent);
        let end = next + 2 + usize::from(unit);
        return Some(with(Form::Around(second), percent || unit, false, end));
    }
    Some(plain)
}

/// What the words of fractions divide by.
const PARTS: [(roles::Roles, f64); 4] = [
    (roles::THIRDS, 3.0),
    (roles::QUARTERS, 4.0),
    (roles::FIFTHS, 5.0),
    (roles::TENTHS, 10.0),
];

/// A bound before a value: its first token and whether it is the low end.
pub(super) fn bound_before(tokens: &[Token], at: usize, floor: usize) -> Option<(usize, bool)> {
    let before = |back: usize| at.checked_sub(back).filter(|&found| found >= floor);
    let last = before(1)?;
    let is = |back: usize, role| before(back).is_some_and(|found| tokens[found].is(role));
    if is(1, roles::LEAST) && is(2, roles::AT) {
        return Some((last - 1, true));
    }
    if is(1, roles::MOST) && is(2, roles::AT) {
        return Some((last - 1, false));
    }
    if is(1, roles::THAN) && (is(2, roles::MORE) || is(2, roles::LESS)) {
        let negated = is(3, roles::NOT) || is(3, roles::NO);
        return Some((
            last - 1 - usize::from(negated),
            is(2, roles::MORE) != negated,
        ));
    }
    if is(1, roles::OF) && is(2, roles::OVER) {
        return Some((last - 1, true));
    }
    if is(1, roles::TO) && is(2, roles::UP) {
        return Some((last - 1, false));
    }
    if is(1, roles::OVER) || is(1, roles::LEAST) {
        return Some((last, true));
    }
    if is(1, roles::UNDER) || is(1, roles::MOST) {
        return Some((last, false));
    }
    let equals = tokens[last].kind == Kind::Equals;
    let sign = if equals { before(2)? } else { last };
    match tokens[sign].kind {
        Kind::Greater => Some((sign, true)),
        Kind::Less => Some((sign, false)),
        _ => None,
    }
}

/// A bound after a value: the token behind it and whether the value is the low end.
pub(super) fn bound_after(tokens: &[Token], at: usize) -> Option<(usize, bool)> {
    if kind(tokens, at) == Some(Kind::Plus) {
        return Some((at + 1, true));
    }
    if has(tokens, at, roles::OR) || has(tokens, at, roles::AND) {
        if has(tokens, at + 1, roles::MORE) || has(tokens, at + 1, roles::OVER) {
            return Some((at + 2, true));
        }
        if has(tokens, at + 1, roles::LESS) || has(tokens, at + 1, roles::UNDER) {
            return Some((at + 2, false));
        }
    }
    None
}

/// A scale that begins at `at`, "0-100", "1 to 5", "out of 10" or "%", and the token behind it.
pub(super) fn scale(tokens: &[Token], at: usize) -> Option<(Scale, usize)> {
    if kind(tokens, at) == Some(Kind::Percent) {
        return Some((Scale::PERCENT, at + 1));
    }
    if has(tokens, at, roles::OUT) && has(tokens, at + 1, roles::OF) {
        let hi = number(tokens, at + 2)?;
        return Some((Scale::new(0.0, hi)?, at + 3));
    }
    let lo = number(tokens, at)?;
    let unit = usize::from(kind(tokens, at + 1) == Some(Kind::Percent));
    let joint = at + 1 + unit;
    if kind(tokens, joint) != Some(Kind::Dash) && !has(tokens, joint, roles::TO) {
        return None;
    }
    let hi = number(tokens, joint + 1)?;
    let unit = usize::from(kind(tokens, joint + 2) == Some(Kind::Percent));
    Some((Scale::new(lo, hi)?, joint + 2 + unit))
}
