//! One pass over the tokens of a text that collects every statement of confidence.

use super::frames::Label;
use super::parser::{Meaning, Parser, Phrase};
use super::phrases;
use super::result::{Flag, Flags, Rule};
use super::roles;
use super::scale::Scale;
use super::tokens::{Kind, Token};
use crate::Status;

/// A statement, by tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) status: Status,
    /// Low end and high end.
    pub(super) ends: Option<(f64, f64)>,
    /// The value of a phrase, which need not be the middle of its interval.
    pub(super) median: Option<f64>,
    pub(super) rule: Rule,
    pub(super) source: Source,
    pub(super) flags: Flags,
    /// Its label is of the whole answer.
    pub(super) overall: bool,
    /// Its label numbers it: the first guess counts.
    pub(super) guess: u8,
    /// An "if" may follow it.
    pub(super) event: bool,
    /// The first token of its sentence, where it is the sentence's first claim.
    pub(super) sentence: Option<usize>,
}

/// Where the words of a statement have their value from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Number,
    /// An entry of the lexicon.
    Entry(usize),
    /// One of five classes.
    Level(usize),
    /// Nowhere.
    Unlisted,
}

/// What one pass finds.
pub(super) struct Found {
    pub(super) tokens: Vec<Token>,
    pub(super) claims: Vec<Claim>,
    /// A refusal to state a confidence.
    pub(super) refusal: Option<(usize, usize)>,
    /// The answer is said not to be known.
    pub(super) unknown: Option<(usize, usize)>,
    /// Each "if" that ends a phrase and begins no event: "I wonder if".
    taken: Vec<usize>,
}

impl Found {
    /// Whether the "if" at a token belongs to the phrase before it.
    pub(super) fn is_within_a_phrase(&self, at: usize) -> bool {
        self.taken.binary_search(&at).is_ok()
    }
}

pub(super) struct Scan<'a> {
    pub(super) parser: &'a Parser,
    pub(super) tokens: &'a [Token],
    pub(super) claims: Vec<Claim>,
    refusal: Option<(usize, usize)>,
    unknown: Option<(usize, usize)>,
    taken: Vec<usize>,
    /// The last label of this sentence.
    pub(super) label: Option<Label>,
    /// A scale that was stated before its label.
    pub(super) scale: Option<Scale>,
    /// Whether all tokens so far may stand before a number that is the whole reply.
    pub(super) lead: bool,
    /// A second branch has begun: "if not", "otherwise".
    branched: bool,
    /// The first token of this sentence.
    pub(super) sentence: usize,
    claimed: bool,
    /// The end of the last claim, behind which looks back end.
    pub(super) floor: usize,
}

pub(super) fn scan(parser: &Parser, text: &str) -> Found {
    let tokens = super::tokens::tokens(text, parser.vocabulary());
    let mut scan = Scan {
        parser,
        tokens: &tokens,
        claims: Vec::new(),
        refusal: None,
        unknown: None,
        taken: Vec::new(),
        label: None,
        scale: None,
        lead: true,
        branched: false,
        sentence: 0,
        claimed: false,
        floor: 0,
    };
    let mut at = 0;
    while at < tokens.len() {
        at = scan.step(at).max(at + 1);
    }
    let (claims, refusal, unknown) = (scan.claims, scan.refusal, scan.unknown);
    let taken = scan.taken;
    Found {
        tokens,
        claims,
        refusal,
        unknown,
        taken,
    }
}

impl Scan<'_> {
    pub(super) fn is(&self, at: usize, role: roles::Roles) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(role))
    }

    pub(super) fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// Reads what begins at token `at` and says which token is next.
    fn step(&mut self, at: usize) -> usize {
        let token = self.tokens[at];
        match token.kind {
            Kind::Stop => self.end_sentence(at),
            Kind::Newline => {
                // A value may stand in the line below its label.
                let waits = self.label.is_some_and(|label| at <= label.end + 1);
                if !waits {
                    self.end_sentence(at);
                }
            }
            Kind::Number => {
                if let Some(next) = self.number(at) {
                    return next;
                }
                self.lead = false;
            }
            Kind::Dash if self.is_sign(at) => {
                if let Some(next) = self.negative(at) {
                    return next;
                }
                self.lead = false;
            }
            Kind::Word => return self.word(at, &token),
            // Behind "If E," a number may be the whole of a branch.
            Kind::Comma => {
                self.lead = self.is(0, roles::IF) && self.claims.is_empty() && !self.branched;
            }
            _ => {}
        }
        at + 1
    }

    fn end_sentence(&mut self, at: usize) {
        self.label = None;
        self.scale = None;
        self.sentence = at + 1;
        self.claimed = false;
    }

    /// Whether a dash is the sign of the number behind it.
    fn is_sign(&self, at: usize) -> bool {
        let touches = |left: usize, right: usize| {
            matches!((self.tokens.get(left), self.tokens.get(right)),
                (Some(a), Some(b)) if a.end == b.start)
        };
        self.kind(at + 1) == Some(Kind::Number)
            && touches(at, at + 1)
            && !(at > 0 && touches(at - 1, at))
    }

    fn word(&mut self, at: usize, token: &Token) -> usize {
        let phrase = self.parser.phrase(&self.tokens[at..]);
        if let Some((length, phrase)) = phrase
            && let Some(next) = self.phrase(at, at + length, *phrase)
        {
            let ifs = (at + 1..at + length).filter(|&word| self.tokens[word].is(roles::IF));
            self.taken.extend(ifs);
            return next;
        }
        if token.is(roles::LABEL | roles::P)
            && let Some(label) = self.label_at(at)
        {
            self.lead = false;
            let next = label.end;
            self.label = Some(label);
            return next;
        }
        if token.is(roles::SCALE) {
            let from = at + 1 + usize::from(self.is(at + 1, roles::OF | roles::FROM));
            if let Some((scale, next)) = super::numbers::scale(self.tokens, from) {
                self.scale = Some(scale);
                self.lead = false;
                return next;
            }
        }
        let bound = roles::LEAST
            | roles::MOST
            | roles::THAN
            | roles::MORE
            | roles::LESS
            | roles::OVER
            | roles::UNDER
            | roles::UP
            | roles::TO
            | roles::AT
            | roles::BETWEEN
            | roles::FROM;
        self.lead &= token.is(roles::LEAD | roles::APPROXIMATE | bound);
        self.branched |= at > 0 && token.is(roles::IF | roles::OTHERWISE);
        at + 1
    }

    /// A phrase over tokens `at` to `end`; none where it does not count as one here.
    fn phrase(&mut self, at: usize, end: usize, phrase: Phrase) -> Option<usize> {
        // "maybe 60 %" is a whole reply, and "maybe" a statement too.
        let leads = end == at + 1 && self.is(at, roles::APPROXIMATE);
        let floor = self.floor;
        match phrase.meaning {
            Meaning::Excluded => {
                self.lead = false;
                // What an exclusion names is no label either.
                return Some(end);
            }
            Meaning::Refusal => {
                self.refusal.get_or_insert((at, end));
            }
            Meaning::RefusalToGive => {
                let object = (end..end + 9)
                    .take_while(|&word| self.kind(word) == Some(Kind::Word))
                    .find(|&word| self.is(word, roles::OBJECT))?;
                self.refusal.get_or_insert((at, object + 1));
                self.lead = false;
                return Some(object + 1);
            }
            Meaning::Unknown => {
                self.unknown.get_or_insert((at, end));
            }
            Meaning::NoValue => {
                if !self.labelled(at, at) {
                    return None;
                }
                self.refusal.get_or_insert((at, end));
            }
            Meaning::Hedge { entry, opposite } => {
                let labelled = self.holds(at, end, phrase.needs)?;
                let rule = if labelled {
                    Rule::LabelWords
                } else {
                    Rule::Hedge
                };
                let source = entry.map_or(Source::Unlisted, |e| Source::Entry(usize::from(e)));
                self.words(at, end, rule, source, opposite, phrase.needs);
            }
            Meaning::Level(level) => {
                self.holds(at, end, phrase.needs)?;
                self.words(
                    at,
                    end,
                    Rule::Level,
                    Source::Level(usize::from(level)),
                    false,
                    0,
                );
            }
        }
        self.lead &= leads;
        if leads {
            self.floor = floor;
        }
        Some(end)
    }

    /// Whether what a phrase needs holds around it, and then whether a label stands before it.
    fn holds(&self, at: usize, end: usize, needs: phrases::Needs) -> Option<bool> {
        let labelled = self.labelled(at, at);
        let own = needs & phrases::OWN == 0 || self.is_own(at);
        let label = needs & phrases::LABELLED == 0 || labelled;
        // A month has a capital letter within a sentence.
        let verb = needs & phrases::VERB == 0
            || !(at..end).any(|word| self.tokens[word].capital && self.is_month(word));
        (own && label && verb).then_some(labelled)
    }

    fn is_month(&self, at: usize) -> bool {
        at > self.sentence && self.tokens[at].word == self.parser.may()
    }

    fn words(
        &mut self,
        at: usize,
        end: usize,
        rule: Rule,
        source: Source,
        opposite: bool,
        needs: phrases::Needs,
    ) {
        let mut flags = Flags::default();
        let figures = match source {
            Source::Entry(entry) => self.parser.figures(entry),
            Source::Level(level) => Some(super::parser::level(level)),
            Source::Number | Source::Unlisted => None,
        };
        if source == Source::Unlisted {
            flags.add(Flag::Unlisted);
        }
        let negated = at > self.floor && self.is(at - 1, roles::NOT) && rule == Rule::Hedge;
        if negated {
            flags.add(Flag::Negated);
        }
        let wrong = self.says_wrong(end);
        let figures = figures.filter(|_| !negated);
        let turned = wrong.is_some() != opposite;
        if wrong.is_some() && figures.is_some() {
            flags.add(Flag::Reversed);
        }
        let turn = |x: f64| if turned { complement(x) } else { x };
        let figures = figures.map(|[value, lo, hi]| {
            let (lo, hi) = (turn(lo), turn(hi));
            [turn(value), lo.min(hi), lo.max(hi)]
        });
        self.claim(Claim {
            from: at,
            to: wrong.unwrap_or(end),
            status: if figures.is_some() {
                Status::Words
            } else {
                Status::Absent
            },
            ends: figures.map(|[_, lo, hi]| (lo, hi)),
            median: figures.map(|[value, ..]| value),
            rule,
            source,
            flags,
            overall: false,
            guess: 0,
            event: needs & phrases::EVENT != 0,
            sentence: None,
        });
    }

    pub(super) fn claim(&mut self, mut claim: Claim) {
        if !self.claimed {
            claim.sentence = Some(self.sentence);
        }
        if matches!(claim.rule, Rule::Label | Rule::Level | Rule::LabelWords)
            && let Some(label) = self.label
        {
            claim.overall = label.overall;
            claim.guess = label.guess;
        }
        self.claimed = true;
        self.floor = claim.to;
        self.claims.push(claim);
    }

    /// Whether words of confidence are the writer's own: not behind "she was", "experts are".
    pub(super) fn is_own(&self, at: usize) -> bool {
        let mut before = at;
        for _ in 0..2 {
            if before > 0 && self.is(before - 1, roles::APPROXIMATE) {
                before -= 1;
            }
        }
        let copula = before > 0 && self.is(before - 1, roles::COPULA);
        !copula || before < 2 || self.is(before - 2, roles::SELF)
    }

    /// Whether "that I am wrong" or the like follows at `at`, and then where it ends.
    pub(super) fn says_wrong(&self, at: usize) -> Option<usize> {
        let mut negated = false;
        for word in at..at + 10 {
            let token = self.tokens.get(word)?;
            if token.is(roles::WRONG) {
                return (!negated).then_some(word + 1);
            }
            if token.is(roles::RIGHT) {
                return negated.then_some(word + 1);
            }
            if token.is(roles::NOT) {
                negated = true;
            } else if !token.is(roles::ROAD) {
                return None;
            }
        }
        None
    }
}

/// 1 - x without the last digits that subtraction leaves.
pub(super) fn complement(x: f64) -> f64 {
    ((1.0 - x) * 1e12).round() / 1e12
}
