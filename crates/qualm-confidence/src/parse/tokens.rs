//! Text into words, numbers and signs, in one pass.

use super::roles::{self, Roles};
use super::spelling::{contraction, join, numeral};
use super::vocabulary::{Vocabulary, WordId};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    Percent,
    Slash,
    Colon,
    Equals,
    Dash,
    Comma,
    Semicolon,
    /// The end of a sentence.
    Stop,
    Newline,
    Open,
    Close,
    Less,
    Greater,
    Approximately,
    PlusMinus,
    Plus,
    Other,
}

/// A piece of text that the grammar looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) word: WordId,
    pub(super) roles: Roles,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) number: f64,
    /// A number with a decimal point, which tells "1.0" from "1".
    pub(super) point: bool,
    /// A number in letters.
    pub(super) spelled: bool,
    /// A word that begins with a capital letter.
    pub(super) capital: bool,
}

impl Token {
    pub(super) fn is(&self, role: Roles) -> bool {
        self.roles & role != 0
    }

    fn sign(kind: Kind, start: usize, end: usize) -> Token {
        Token {
            kind,
            word: Vocabulary::UNKNOWN,
            roles: 0,
            start,
            end,
            number: 0.0,
            point: false,
            spelled: false,
            capital: false,
        }
    }
}

/// Cuts `text` into tokens. Quotation marks, asterisks and hyphens within words leave no token.
pub(super) fn tokens(text: &str, vocabulary: &Vocabulary) -> Vec<Token> {
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        vocabulary,
        // Most texts have a token in five bytes.
        tokens: Vec::with_capacity(text.len() / 5 + 4),
    };
    let mut at = 0;
    while at < text.len() {
        at = lexer.step(at);
    }
    lexer.tokens
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    vocabulary: &'a Vocabulary,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b' ')
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) -> usize {
        self.tokens.push(Token::sign(kind, start, end));
        end
    }

    /// Reads what begins at `at` and says where the next begins.
    fn step(&mut self, at: usize) -> usize {
        let byte = self.bytes[at];
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => self.word(at),
            b'0'..=b'9' => self.number(at),
            b'.' if self.byte(at + 1).is_ascii_digit() && !self.after_word(at) => self.number(at),
            b'\n' => self.push(Kind::Newline, at, at + 1),
            b'.' | b'!' | b'?' => {
                // A full stop within a name or an abbreviation ends no sentence.
                if byte != b'.' || !self.byte(at + 1).is_ascii_alphanumeric() {
                    return self.push(Kind::Stop, at, at + 1);
                }
                at + 1
            }
            b'%' => self.push(Kind::Percent, at, at + 1),
            b'/' => self.push(Kind::Slash, at, at + 1),
            b':' => self.push(Kind::Colon, at, at + 1),
            b'=' => self.push(Kind::Equals, at, at + 1),
            b',' => self.push(Kind::Comma, at, at + 1),
            b';' => self.push(Kind::Semicolon, at, at + 1),
            b'(' | b'[' => self.push(Kind::Open, at, at + 1),
            b')' | b']' => self.push(Kind::Close, at, at + 1),
            b'<' => self.push(Kind::Less, at, at + 1),
            b'>' => self.push(Kind::Greater, at, at + 1),
            b'~' => self.push(Kind::Approximately, at, at + 1),
            b'+' => self.push(Kind::Plus, at, at + 1),
            b'-' => {
                let joins = self.after_word(at) && self.byte(at + 1).is_ascii_alphabetic();
                if joins {
                    return at + 1;
                }
                self.push(Kind::Dash, at, at + 1)
            }
            b' ' | b'\t' | b'\r' | b'"' | b'\'' | b'*' | b'`' | b'_' | b'#' | b'|' | b'{'
            | b'}' => at + 1,
            0..=0x7f => self.push(Kind::Other, at, at + 1),
            _ => self.beyond_ascii(at),
        }
    }

    /// Whether a letter stands right before `at`.
    fn after_word(&self, at: usize) -> bool {
        at > 0 && self.bytes[at - 1].is_ascii_alphabetic()
    }

    fn beyond_ascii(&mut self, at: usize) -> usize {
        let Some(character) = self.text[at..].chars().next() else {
            return self.text.len();
        };
        let end = at + character.len_utf8();
        match character {
            '–' | '—' | '−' | '‐' | '‑' => self.push(Kind::Dash, at, end),
            '％' => self.push(Kind::Percent, at, end),
            '≈' => self.push(Kind::Approximately, at, end),
            '±' => self.push(Kind::PlusMinus, at, end),
            '≥' => {
                self.push(Kind::Greater, at, end);
                self.push(Kind::Equals, at, end)
            }
            '≤' => {
                self.push(Kind::Less, at, end);
                self.push(Kind::Equals, at, end)
            }
            '：' => self.push(Kind::Colon, at, end),
            '→' => self.push(Kind::Equals, at, end),
            '“' | '”' | '‘' | '’' | '«' | '»' => end,
            _ if character.is_whitespace() => end,
            _ if character.is_alphanumeric() => self.word(at),
            _ => self.push(Kind::Other, at, end),
        }
    }

    /// Where the word that begins at `start` ends: at a character that is neither letter, digit
    /// nor an apostrophe between letters.
    fn word_end(&self, start: usize) -> usize {
        let mut at = start;
        while at < self.bytes.len() {
            match self.bytes[at] {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => at += 1,
                b'\'' if self.byte(at + 1).is_ascii_alphabetic() => at += 1,
                0..=0x7f => break,
                _ => match self.text[at..].chars().next() {
                    Some('’') if self.byte(at + 3).is_ascii_alphabetic() => at += 3,
                    Some(c) if c.is_alphanumeric() => at += c.len_utf8(),
                    _ => break,
                },
            }
        }
        at
    }

    fn word(&mut self, start: usize) -> usize {
        let end = self.word_end(start);
        let mut letters = [0_u8; LONGEST];
        let mut length = 0;
        let mut at = start;
        // The grammar's words are ASCII and short; others are words that it does not know.
        while at < end && length < LONGEST {
            match self.bytes[at] {
                0xe2 => {
                    letters[length] = b'\'';
                    at += 3;
                }
                byte => {
                    letters[length] = byte.to_ascii_lowercase();
                    at += 1;
                }
            }
            length += 1;
        }
        let known = if at >= end { &letters[..length] } else { &[] };
        let capital = self.bytes[start].is_ascii_uppercase();
        if known == b"n"
            && self.byte(end) == b'/'
            && self.byte(end + 1).eq_ignore_ascii_case(&b'a')
            && !self.byte(end + 2).is_ascii_alphanumeric()
        {
            self.spell(b"n/a", start, end + 2, capital);
            return end + 2;
        }
        self.spell(known, start, end, capital);
        end
    }

    /// Puts down a word in lower case; contractions become two.
    fn spell(&mut self, letters: &[u8], start: usize, end: usize, capital: bool) {
        let one = |this: &mut Self, letters: &[u8], start, end, capital| {
            let (word, roles) = this.vocabulary.find(letters);
            this.add_word(word, roles, letters, start, end, capital);
        };
        if let Some((head, tail, cut)) = contraction(letters) {
            // The apostrophe may be three bytes long, so that cuts are counted from the end.
            let cut = end.saturating_sub(cut).max(start);
            let cut = if self.text.is_char_boundary(cut) {
                cut
            } else {
                end
            };
            one(self, head, start, cut, capital);
            one(self, tail, cut, end, false);
        } else {
            one(self, letters, start, end, capital);
        }
    }

    fn add_word(
        &mut self,
        word: WordId,
        roles: Roles,
        letters: &[u8],
        start: usize,
        end: usize,
        capital: bool,
    ) {
        let mut token = Token {
            word,
            roles,
            capital,
            ..Token::sign(Kind::Word, start, end)
        };
        if letters == b"percent" || letters == b"pct" {
            token.kind = Kind::Percent;
        } else if let Some(last) = self.tokens.last_mut()
            && letters == b"cent"
            && last.kind == Kind::Word
            && last.word == self.vocabulary.per
        {
            *last = Token::sign(Kind::Percent, last.start, end);
            return;
        } else if let Some(number) = numeral(letters) {
            token.kind = Kind::Number;
            token.spelled = true;
            token.number = number;
            if let Some(last) = self.tokens.last_mut()
                && last.kind == Kind::Number
                && last.spelled
                && let Some(together) = join(last.number, number)
            {
                last.number = together;
                last.end = end;
                last.word = word;
                return;
            }
        }
        self.tokens.push(token);
    }

    /// A number: digits with thousands commas, a decimal point or comma. What runs on in letters
    /// or further points is a word of its own kind: "10th", "1.2.3".
    fn number(&mut self, start: usize) -> usize {
        let mut at = start;
        let mut whole = 0.0_f64;
        while self.byte(at).is_ascii_digit() {
            whole = whole * 10.0 + f64::from(self.bytes[at] - b'0');
            at += 1;
            // Thousands: a comma and exactly three digits.
            if self.byte(at) == b','
                && (1..4).all(|ahead| self.byte(at + ahead).is_ascii_digit())
                && !self.byte(at + 4).is_ascii_digit()
                && whole >= 1.0
            {
                at += 1;
            }
        }
        let mut point = false;
        let decimal_comma = self.byte(at) == b','
            && self.byte(at + 1).is_ascii_digit()
            && (whole == 0.0 || self.percent_follows_decimals(at + 1));
        if (self.byte(at) == b'.' || decimal_comma) && self.byte(at + 1).is_ascii_digit() {
            point = true;
            at += 1;
            let decimals = at;
            while self.byte(at).is_ascii_digit() {
                at += 1;
            }
            // One division, so that 0.85 is the number that Rust reads from "0.85".
            let digits = at - decimals;
            whole = if digits <= 15 && whole < 1e6 {
                let fraction = self.bytes[decimals..at]
                    .iter()
                    .fold(0.0, |sum, digit| sum * 10.0 + f64::from(digit - b'0'));
                let power = 10_f64.powi(digits as i32);
                (whole * power + fraction) / power
            } else {
                self.text[start..at].parse().unwrap_or(whole)
            };
        }
        let runs_on = self.byte(at).is_ascii_alphabetic()
            || self.byte(at) == b'.' && self.byte(at + 1).is_ascii_digit();
        if runs_on {
            while self.byte(at).is_ascii_alphanumeric()
                || self.byte(at) == b'.' && self.byte(at + 1).is_ascii_alphanumeric()
            {
                at += 1;
            }
            return self.push(Kind::Word, start, at);
        }
        self.tokens.push(Token {
            number: whole,
            point,
            ..Token::sign(Kind::Number, start, at)
        });
        at
    }

    fn percent_follows_decimals(&self, from: usize) -> bool {
        let mut at = from;
        while at < from + 2 && self.byte(at).is_ascii_digit() {
            at += 1;
        }
        self.byte(at) == b'%' || self.byte(at) == b' ' && self.byte(at + 1) == b'%'
    }
}

/// Letters of the longest word that the grammar looks up, and more.
const LONGEST: usize = 24;

/// Whether a token ends a clause.
pub(super) fn ends_clause(token: &Token) -> bool {
    matches!(
        token.kind,
        Kind::Comma | Kind::Semicolon | Kind::Stop | Kind::Newline
    ) || token.is(roles::BUT)
}
