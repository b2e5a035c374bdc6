//! Which statement governs a text, and whether it depends on an event.

use super::numbers;
use super::parser::Parser;
use super::resolve::{self, Context};
use super::result::{Conditional, Cue, Flag, Flags, Parsed, Rule, Span};
use super::roles;
use super::scan::{Claim, Found, Source};
use super::tables;
use super::tokens::{Kind, Token};
use crate::Status;

/// Labelled numbers govern before labelled words, these before numbers in a frame of belief, these before a number that is the whole
/// reply, a refusal before words, and words before "I don't know". Within a rank the statement of
/// the whole answer or the first guess governs, else the lowest.
pub(super) fn choose<'p>(parser: &'p Parser, found: Found) -> Parsed<'p> {
    let claims = &found.claims;
    let cues: Vec<Cue<'p>> = claims
        .iter()
        .map(|claim| cue(parser, &found.tokens, claim))
        .collect();
    if found.refusal.is_none() || claims.iter().any(|claim| rank(claim) < WORDS) {
        for claim in claims.iter().filter(|claim| claim.event) {
            if let Some(conditional) = conditional(parser, &found, claim) {
                return Parsed {
                    cue: Cue {
                        status: Status::Conditional,
                        value: None,
                        lo: None,
                        hi: None,
                        ..conditional.p
                    },
                    conditional: Some(conditional),
                    cues,
                };
            }
        }
    }
    let plain = |cue| Parsed {
        cue,
        conditional: None,
        cues: Vec::new(),
    };
    let best = claims.iter().map(rank).min();
    let parsed = match (best, found.refusal, found.unknown) {
        (Some(best), refusal, _) if best < WORDS || refusal.is_none() => {
            match governing(claims, best) {
                Some((index, several)) if claims[index].ends.is_some() || best < WORDS => {
                    let mut cue = cues[index];
                    if several {
                        cue.flags.add(Flag::Several);
                    }
                    plain(cue)
                }
                // Words that the lexicon does not hold are reported without a value.
                Some((index, _)) => match found.unknown {
                    Some(range) => plain(refusal_cue(&found.tokens, range)),
                    None => plain(cues[index]),
                },
                None => plain(absent()),
            }
        }
        (_, Some(range), _) | (None, None, Some(range)) => plain(refusal_cue(&found.tokens, range)),
        _ => plain(absent()),
    };
    Parsed { cues, ..parsed }
}

const WORDS: u8 = 4;

fn rank(claim: &Claim) -> u8 {
    match claim.rule {
        Rule::Label => 0,
        Rule::Level | Rule::LabelWords => 1,
        Rule::BeliefFrame => 2,
        Rule::WholeReply => 3,
        Rule::Hedge | Rule::Refusal => WORDS,
    }
}

/// The claim that governs those of a rank, and whether others of it differ.
fn governing(claims: &[Claim], best: u8) -> Option<(usize, bool)> {
    let of_rank = || claims.iter().enumerate().filter(|(_, c)| rank(c) == best);
    let overall = of_rank().any(|(_, claim)| claim.overall);
    let guessed = of_rank().any(|(_, claim)| claim.guess > 0);
    let first = of_rank().map(|(_, claim)| claim.guess).min();
    let candidates = || {
        of_rank().filter(|(_, claim)| {
            (!overall || claim.overall) && (!guessed || Some(claim.guess) == first)
        })
    };
    let valued = candidates().any(|(_, claim)| claim.ends.is_some());
    let lowest = candidates()
        .filter(|(_, claim)| !valued || claim.ends.is_some())
        .min_by(|(_, a), (_, b)| middle(a).total_cmp(&middle(b)))?;
    let differ =
        of_rank().any(|(_, claim)| (claim.ends, claim.status) != (lowest.1.ends, lowest.1.status));
    Some((lowest.0, differ))
}

fn middle(claim: &Claim) -> f64 {
    let middle = claim.ends.map(|(lo, hi)| centre(lo, hi));
    claim.median.or(middle).unwrap_or(0.0)
}

/// The middle of an interval, without the last digits that adding shares leaves.
fn centre(lo: f64, hi: f64) -> f64 {
    (((lo + hi) / 2.0 * 1e12).round() / 1e12).clamp(lo, hi)
}

fn absent() -> Cue<'static> {
    Cue {
        status: Status::Absent,
        value: None,
        lo: None,
        hi: None,
        span: None,
        rule: None,
        lexicon: None,
        term: None,
        flags: Flags::default(),
    }
}

fn refusal_cue(tokens: &[Token], (from, to): (usize, usize)) -> Cue<'static> {
    Cue {
        status: Status::Refusal,
        span: Some(span(tokens, from, to)),
        rule: Some(Rule::Refusal),
        ..absent()
    }
}

fn span(tokens: &[Token], from: usize, to: usize) -> Span {
    let start = tokens.get(from).map_or(0, |token| token.start);
    let end = tokens
        .get(to.saturating_sub(1))
        .map_or(start, |token| token.end);
    Span(start, end.max(start))
}

fn cue<'p>(parser: &'p Parser, tokens: &[Token], claim: &Claim) -> Cue<'p> {
    let (lexicon, term) = match claim.source {
        Source::Entry(entry) => (Some(parser.lexicon().name()), parser.term(entry)),
        Source::Level(level) => (Some("levels"), tables::LEVELS.get(level).map(|row| row.0)),
        Source::Unlisted => (Some(parser.lexicon().name()), None),
        Source::Number => (None, None),
    };
    Cue {
        status: claim.status,
        value: claim.ends.map(|_| middle(claim)),
        lo: claim.ends.map(|(lo, _)| lo),
        hi: claim.ends.map(|(_, hi)| hi),
        span: Some(span(tokens, claim.from, claim.to)),
        rule: Some(claim.rule),
        lexicon,
        term,
        flags: claim.flags,
    }
}

/// Tokens between a claim and its "if" at most: "a 60 % chance of rain in the hills if".
const REACH: usize = 12;

/// The conditional belief that `claim` is a branch of.
fn conditional<'p>(parser: &'p Parser, found: &Found, claim: &Claim) -> Option<Conditional<'p>> {
    let tokens = &found.tokens;
    let is = |at: usize, role| tokens.get(at).is_some_and(|token: &Token| token.is(role));
    let ends = |token: &Token| matches!(token.kind, Kind::Stop | Kind::Newline);
    let p = cue(parser, tokens, claim);
    // "if E, claim": the sentence begins with the event.
    if let Some(first) = claim.sentence {
        let first = first + usize::from(is(first, roles::BUT));
        if is(first, roles::IF) || is(first, roles::GIVEN) && is(first + 1, roles::THAT) {
            let comma = (first..claim.from)
                .find(|&at| tokens[at].kind == Kind::Comma || is(at, roles::THEN))?;
            if is_guess(tokens, first) || comma <= first + 1 {
                return None;
            }
            let start = first + 1 + usize::from(is(first + 1, roles::THAT));
            return Some(Conditional {
                p,
                p_else: otherwise(parser, found, claim.to),
                given: span(tokens, start, comma),
                unless: false,
            });
        }
    }
    // "claim if E".
    let joint = (claim.to..(claim.to + REACH).min(tokens.len()))
        .take_while(|&at| {
            let clause = ends(&tokens[at]) || matches!(tokens[at].kind, Kind::Semicolon);
            // Claims stand in the order of their tokens.
            let other = found.claims.binary_search_by_key(&at, |other| other.from);
            !clause && other.is_err()
        })
        .find(|&at| {
            is(at, roles::IF | roles::UNLESS) && !found.is_within_a_phrase(at)
                || is(at, roles::GIVEN) && at > 0 && !is(at - 1, roles::COPULA)
        })?;
    if is_guess(tokens, joint) || is(joint + 1, roles::NOT) && !is(joint, roles::UNLESS) {
        return None;
    }
    let start = joint + 1 + usize::from(is(joint + 1, roles::THAT));
    let stop = event_end(found, start);
    if stop <= start {
        return None;
    }
    Some(Conditional {
        p,
        p_else: otherwise(parser, found, stop),
        given: span(tokens, start, stop),
        unless: is(joint, roles::UNLESS),
    })
}

/// Where the event that begins at `start` ends: at a comma, or before another branch, as in "if it
/// rains and 25 % if not".
fn event_end(found: &Found, start: usize) -> usize {
    let tokens = &found.tokens;
    let is = |at: usize, role| tokens[at].is(role);
    let parts = |at: usize| {
        use Kind::{Comma, Newline, Semicolon, Stop};
        matches!(tokens[at].kind, Comma | Semicolon | Stop | Newline)
    };
    let branch = |at: usize| {
        is(at, roles::IF | roles::UNLESS | roles::OTHERWISE)
            || found.claims.binary_search_by_key(&at, |c| c.from).is_ok()
    };
    let Some(stop) = (start..tokens.len()).find(|&at| parts(at) || branch(at)) else {
        return tokens.len();
    };
    if parts(stop) {
        return stop;
    }
    // A share just before "if not" is of the other branch, as are the words that lead to it.
    let share = |at: &usize| {
        let value = numbers::value(tokens, *at);
        value.is_some_and(|value| value.is_share() && value.end == stop)
    };
    let near = |end: usize| end.saturating_sub(4).max(start)..end;
    let end = near(stop).find(share).unwrap_or(stop);
    near(end)
        .rev()
        .find(|&at| is(at, roles::BUT))
        .unwrap_or(end)
}

/// Whether the event at an "if" is the writer's own memory: "if I recall", "if memory serves".
fn is_guess(tokens: &[Token], joint: usize) -> bool {
    tokens
        .get(joint + 1)
        .is_some_and(|token| token.is(roles::I))
        || tokens
            .get(joint + 2)
            .is_some_and(|token| token.is(roles::WRONG | roles::RIGHT | roles::MEMORY))
        || tokens
            .get(joint + 1)
            .is_some_and(|token| token.is(roles::MEMORY))
}

/// The belief where the event does not happen, behind `from`: "25 % if not", "otherwise 25 %".
fn otherwise<'p>(parser: &'p Parser, found: &Found, from: usize) -> Option<Cue<'p>> {
    let tokens = &found.tokens;
    let end = (from + 2 * REACH).min(tokens.len());
    let is = |at: usize, role| tokens.get(at).is_some_and(|token: &Token| token.is(role));
    let marked = (from..end).any(|at| {
        is(at, roles::OTHERWISE)
            || is(at, roles::IF) && (at..(at + 8).min(end)).any(|word| is(word, roles::NOT))
    });
    if !marked {
        return None;
    }
    if let Some(claim) = found.claims.iter().find(|c| c.from >= from && c.from < end) {
        return Some(cue(parser, tokens, claim));
    }
    // Behind a first branch a number needs no further word of belief.
    let at = (from..end).find(|&at| tokens[at].kind == Kind::Number)?;
    let value = numbers::value(tokens, at)?;
    if !value.is_share() {
        return None;
    }
    let reading = resolve::resolve(&value, &Context::default());
    let (lo, hi) = reading.ends?;
    Some(Cue {
        status: reading.status,
        value: Some(centre(lo, hi)),
        lo: Some(lo),
        hi: Some(hi),
        span: Some(span(tokens, at, value.end)),
        rule: Some(Rule::BeliefFrame),
        ..absent()
    })
}
