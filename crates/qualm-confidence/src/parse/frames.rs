//! What makes a number a confidence: a label, a word of belief, or being the whole reply.

use super::numbers::{self, Form, Value};
use super::resolve::{self, Context};
use super::result::{Flag, Rule};
use super::roles;
use super::scale::Scale;
use super::scan::{Claim, Scan, Source, complement};
use super::tokens::{self, Kind};
use crate::Status;

/// A word that names what follows as a confidence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    pub(super) at: usize,
    /// The token behind the label and its scale.
    pub(super) end: usize,
    scale: Option<Scale>,
    /// Its numbers are from 0 to 1.
    unit: bool,
    odds: bool,
    pub(super) overall: bool,
    pub(super) guess: u8,
    /// It may be joined to its value by "is", not by a colon alone.
    prose: bool,
    /// Within a tag, "<confidence>".
    tag: bool,
}

/// Tokens between a label and its value at most.
const GAP: usize = 16;

/// Tokens between a first branch and its other at most.
const REACH: usize = 24;

impl Scan<'_> {
    /// The label at token `at`.
    pub(super) fn label_at(&self, at: usize) -> Option<Label> {
        let token = self.tokens[at];
        let mut label = Label {
            at,
            end: at + 1,
            scale: None,
            unit: token.is(roles::UNIT_LABEL | roles::P),
            odds: token.is(roles::ODDS),
            overall: false,
            guess: 0,
            prose: true,
            tag: at > 0 && self.kind(at - 1) == Some(Kind::Less),
        };
        if token.is(roles::P) {
            return self.probability_sign(label);
        }
        let before = at.checked_sub(1);
        label.overall = (at.saturating_sub(3)..at).any(|word| self.is(word, roles::OVERALL));
        label.prose = before.is_none_or(|before| {
            let token = &self.tokens[before];
            token.is(roles::BEFORE_LABEL | roles::APPROXIMATE)
                || token.kind != Kind::Word
                || tokens::ends_clause(token)
        });
        // The tail of the label, and a scale in it: "level (0-100)".
        let mut next = at + 1;
        while next < at + 8 {
            if self.is(next, roles::PERCENTAGE) {
                label.scale = Some(Scale::PERCENT);
            } else if self.kind(next) == Some(Kind::Open) {
                if let Some((scale, end)) = self.scale_within(next + 1) {
                    label.scale = Some(scale);
                    label.end = end;
                    return Some(label);
                }
                break;
            } else if self.is(next, roles::SCALE) {
                let from = next + 1 + usize::from(self.is(next + 1, roles::OF | roles::FROM));
                if let Some((scale, end)) = numbers::scale(self.tokens, from) {
                    label.scale = Some(scale);
                    label.end = end;
                    return Some(label);
                }
            } else if !self.is(next, roles::TAIL) {
                break;
            }
            next += 1;
        }
        Some(label)
    }

    /// A scale in parentheses, whose first token is `at`, and the token behind them.
    fn scale_within(&self, at: usize) -> Option<(Scale, usize)> {
        let mut first = at;
        while first < at + 5
            && self.is(first, roles::TAIL | roles::SCALE | roles::AND)
            && !self.is(first, roles::OUT)
        {
            first += 1;
        }
        let (scale, end) = numbers::scale(self.tokens, first)?;
        (self.kind(end) == Some(Kind::Close)).then_some((scale, end + 1))
    }

    /// "P1:", "P(True) =": a capital P that is called as a function or numbered. A bare "p = 0.03"
    /// is a p-value.
    fn probability_sign(&self, mut label: Label) -> Option<Label> {
        let token = self.tokens[label.at];
        if !token.capital {
            return None;
        }
        if token.end - token.start == 2 {
            label.guess = self.parser.guess(token.word);
        } else if self.kind(label.end) == Some(Kind::Open) {
            let close =
                (label.end..label.end + 14).find(|&at| self.kind(at) == Some(Kind::Close))?;
            label.end = close + 1;
        } else if self.kind(label.end) != Some(Kind::Colon) {
            return None;
        }
        Some(label)
    }

    /// Whether a label governs what begins at `at`, its approximators at `back`.
    pub(super) fn labelled(&self, back: usize, at: usize) -> bool {
        self.label
            .is_some_and(|label| self.joined(&label, back, at, true))
    }

    /// `share`: what stands at `at` says by itself that it is a share, so that looser joints do.
    fn joined(&self, label: &Label, back: usize, at: usize, share: bool) -> bool {
        if back < label.end || at - label.at > GAP + 8 {
            return false;
        }
        let clear = |to: usize| {
            (label.end..to).all(|word| {
                let token = &self.tokens[word];
                token.is(roles::TAIL | roles::WRONG)
                    || matches!(
                        token.kind,
                        Kind::Open | Kind::Close | Kind::Newline | Kind::Colon
                    )
            })
        };
        // "Confidence 85%" and, below its label, "85%".
        if back == label.end {
            let scaled = label.scale.is_some() || self.scale.is_some();
            return scaled || share && label.prose && !label.odds;
        }
        let joint = &self.tokens[back - 1];
        match joint.kind {
            Kind::Colon | Kind::Equals | Kind::Newline => clear(back - 1),
            Kind::Dash => clear(back - 1) && joint.start > self.tokens[back - 2].end,
            Kind::Greater => label.tag && clear(back - 1),
            Kind::Word if joint.is(roles::LINK) && label.prose => {
                if clear(back - 1) {
                    return share || !joint.is(roles::OF);
                }
                // "The odds of winning are" tell of the world, not of the answer.
                let told = self.is(label.at, roles::CHANCE) && !self.is_belief(label);
                joint.is(roles::COPULA) && back - label.end <= GAP && !told && self.ends(at)
            }
            _ => false,
        }
    }

    /// Whether a label of chance in prose is of a belief: "that", "of being right", "of this".
    fn is_belief(&self, label: &Label) -> bool {
        let next = label.end;
        self.is(next, roles::THAT | roles::SELF)
            || self.is(next, roles::OF) && self.is(next + 1, roles::SELF | roles::COPULA)
    }

    /// Whether the value at `at` ends its clause, so that no verb of its own follows.
    fn ends(&self, at: usize) -> bool {
        let end = match numbers::value(self.tokens, at) {
            Some(value) if matches!(value.form, Form::Odds(_)) => {
                self.odds_side(value.end).map_or(value.end, |(_, end)| end)
            }
            Some(value) => value.end,
            None => at + 1,
        };
        match self.tokens.get(end) {
            None => true,
            Some(token) => {
                tokens::ends_clause(token)
                    || token.kind != Kind::Word
                    || token.is(roles::IF | roles::GIVEN | roles::UNLESS | roles::OTHERWISE)
            }
        }
    }

    /// A number at `at`, where it states a confidence; then the token behind the statement.
    pub(super) fn number(&mut self, at: usize) -> Option<usize> {
        let value = numbers::value(self.tokens, at)?;
        let lowest = self.floor;
        let mut back = self.skip_approximate(at, lowest);
        let bound = numbers::bound_before(self.tokens, back, lowest);
        if let Some((first, _)) = bound {
            back = self.skip_approximate(first, lowest);
        }
        if back > lowest && self.is(back - 1, roles::BETWEEN | roles::FROM) {
            back = self.skip_approximate(back - 1, lowest);
        }
        let (mut end, mut low) = (value.end, bound.map(|(_, low)| low));
        if let Some((next, is_low)) = numbers::bound_after(self.tokens, end) {
            (end, low) = (next, Some(is_low));
        }
        let label = self.label.filter(|label| {
            let share = value.is_share() || label.scale.is_some();
            // A tag's own sign is no bound.
            let back = if label.tag { at } else { back };
            self.joined(label, back, at, share)
        });
        let frame = self.frame(&value, end, back);
        let behind = frame.map_or(end, |frame| frame.end);
        let odds = match value.form {
            Form::Odds(_) => self.odds_side(behind),
            _ => None,
        };
        let behind = odds.map_or(behind, |(_, next)| next);
        let rule = if label.is_some() {
            Rule::Label
        } else if frame.is_some() || self.is_branch(back, end, &value) {
            Rule::BeliefFrame
        } else if self.is_whole(behind, &value) {
            Rule::WholeReply
        } else {
            return None;
        };
        let context = Context {
            scale: label
                .and_then(|l| l.scale)
                .or(self.scale)
                .or(self.parser.scale()),
            labelled: label.is_some(),
            unit: label.is_some_and(|label| label.unit),
            bound: low.filter(|_| !label.is_some_and(|l| l.tag)),
            odds: odds.map(|(side, _)| side),
        };
        let reading = resolve::resolve(&value, &context);
        // A large number that is the whole reply is an answer: a year, a count.
        let count = value.form == Form::Plain && !value.percent;
        if rule == Rule::WholeReply && reading.status == Status::OutOfRange && count {
            return None;
        }
        let mut flags = reading.flags;
        let mut ends = reading.ends;
        let mut status = reading.status;
        if back > self.floor && self.is(back - 1, roles::NOT) {
            flags.add(Flag::Negated);
            (status, ends) = (Status::Ambiguous, None);
        }
        let unlikely = frame.is_some_and(|frame| frame.unlikely);
        let wrong_before = label.is_some_and(|label| self.wrong_between(label.end, back));
        let wrong_behind = self.says_wrong(behind);
        if (unlikely != wrong_before) != wrong_behind.is_some() {
            ends = ends.map(|(lo, hi)| (complement(hi), complement(lo)));
            flags.add(Flag::Reversed);
        }
        let to = wrong_behind.unwrap_or(behind);
        self.claim(Claim {
            from: at.min(bound.map_or(at, |(first, _)| first)),
            to,
            status,
            ends,
            median: None,
            rule,
            source: Source::Number,
            flags,
            overall: false,
            guess: 0,
            event: true,
            sentence: None,
        });
        self.lead = false;
        Some(to)
    }

    /// A number below 0, which only a label makes a confidence, and none that could be right.
    pub(super) fn negative(&mut self, at: usize) -> Option<usize> {
        let label = self.label?;
        let value = numbers::value(self.tokens, at + 1)?;
        if value.form != Form::Plain || !self.joined(&label, at, at, true) {
            return None;
        }
        self.claim(Claim {
            from: at,
            to: value.end,
            status: Status::OutOfRange,
            ends: None,
            median: None,
            rule: Rule::Label,
            source: Source::Number,
            flags: super::result::Flags::default(),
            overall: false,
            guess: 0,
            event: false,
            sentence: None,
        });
        self.lead = false;
        Some(value.end)
    }

    fn skip_approximate(&self, at: usize, floor: usize) -> usize {
        let mut back = at;
        for _ in 0..5 {
            let skip = back > floor
                && (self.is(back - 1, roles::APPROXIMATE)
                    || matches!(self.kind(back - 1), Some(Kind::Approximately | Kind::Open)));
            if !skip {
                break;
            }
            back -= 1;
        }
        back
    }

    fn wrong_between(&self, from: usize, to: usize) -> bool {
        (from..to.min(from + GAP)).any(|word| self.is(word, roles::WRONG))
    }

    /// The word of belief behind a value that ends before `end`.
    fn frame(&self, value: &Value, end: usize, back: usize) -> Option<Frame> {
        let odds = matches!(value.form, Form::Odds(_));
        if !value.is_share() && !odds {
            // "10 likely candidates" is no belief.
            return None;
        }
        let mut next = end;
        while next < end + 4
            && (self.is(next, roles::DEGREE) || self.kind(next) == Some(Kind::Open))
        {
            next += 1;
        }
        if self.is(next, roles::ADJECTIVE) && !odds {
            let others = !self.is_own(back);
            let personal = self.is(next, roles::PERSONAL);
            if others && (personal || self.is(next + 1, roles::TO)) {
                return None;
            }
            return Some(Frame {
                end: next + 1,
                unlikely: self.is(next, roles::UNLIKELY),
            });
        }
        if !self.is(next, roles::NOUN) || odds && !self.is(next, roles::ODDS) {
            return None;
        }
        let statistic = self.is(next + 1, roles::STATISTIC);
        // "significant at the 95 % confidence level", "carriers have a 25 % chance".
        let test = back > 0 && self.is(back - 1, roles::AT) && self.is(next + 1, roles::TAIL);
        let owned = back > 1
            && self.is(back - 1, roles::POSSESS)
            && !self.is(back - 1, roles::WITH)
            && !self.is(back - 2, roles::I | roles::SELF);
        (!statistic && !test && !owned).then_some(Frame {
            end: next + 1,
            unlikely: false,
        })
    }

    /// Whether odds are on or against, and the token behind the word that says it.
    fn odds_side(&self, at: usize) -> Option<(bool, usize)> {
        let next = at + usize::from(self.is(at, roles::ODDS));
        if self.is(next, roles::AGAINST) {
            return Some((false, next + 1));
        }
        let side = next + usize::from(self.is(next, roles::IN));
        self.is(side, roles::ON).then_some((true, side + 1))
    }

    /// Whether a value that ends before `end` is the first branch of a conditional belief without a
    /// word of belief: "with 60 % if B, with 25 % if not", both branches; or, where texts are known
    /// to state beliefs, "60 % if B" and "if B, ... 60 %".
    fn is_branch(&self, back: usize, end: usize, value: &Value) -> bool {
        if !value.is_share() || !self.claims.is_empty() {
            return false;
        }
        let begins = self.is(end, roles::IF | roles::UNLESS | roles::GIVEN);
        if self.parser.hears_beliefs() {
            let event = self.sentence.max(back.saturating_sub(REACH))..back;
            let behind = self.is(self.sentence, roles::IF)
                && event
                    .into_iter()
                    .any(|at| self.kind(at) == Some(Kind::Comma))
                && self.tokens.get(end).is_none_or(tokens::ends_clause);
            return begins || behind;
        }
        let with = |at: usize| self.is(at, roles::WITH);
        let other = end + 1..end + REACH;
        begins
            && back > 0
            && with(back - 1)
            && other.clone().any(|at| {
                let value = numbers::value(self.tokens, at + 1);
                with(at) && value.is_some_and(|value| value.is_share())
            })
            && other
                .into_iter()
                .any(|at| self.is(at, roles::IF) && self.is(at + 1, roles::NOT))
    }

    /// Whether a value that ends before `end` is all that is said, but for what leads to it; or
    /// all of a first branch: "60 % if", "If it rains, 60 %;".
    fn is_whole(&self, end: usize, value: &Value) -> bool {
        // A bare "ten" is an answer.
        if !self.lead || value.spelled && !value.is_share() {
            return false;
        }
        let branch = self.is(end, roles::IF | roles::GIVEN | roles::UNLESS)
            || self.is(0, roles::IF) && self.tokens.get(end).is_none_or(tokens::ends_clause);
        let rest = &self.tokens[end.min(self.tokens.len())..];
        let trailing = |kind| matches!(kind, Kind::Stop | Kind::Newline | Kind::Close);
        value.is_share() && branch
            || rest.len() <= 4 && rest.iter().all(|token| trailing(token.kind))
    }
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    end: usize,
    unlikely: bool,
}
