//! The words that events and statements are written in.

use std::fmt;

/// One word or sign.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    Name(&'a str),
    Number(f64, &'a str),
    Not,
    And,
    Or,
    Open,
    Close,
    Bar,
    Equals,
    Percent,
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Token::Name(text) | Token::Number(_, text) => text,
            Token::Not => "not",
            Token::And => "and",
            Token::Or => "or",
            Token::Open => "(",
            Token::Close => ")",
            Token::Bar => "|",
            Token::Equals => "=",
            Token::Percent => "%",
        })
    }
}

/// The words of a text, read from left to right.
pub(super) struct Words<'a> {
    tokens: Vec<Token<'a>>,
    next: usize,
}

impl<'a> Words<'a> {
    pub(super) fn of(text: &'a str) -> Result<Words<'a>, String> {
        let mut tokens = Vec::new();
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let (token, length) = match first {
                '(' => (Token::Open, 1),
                ')' => (Token::Close, 1),
                '|' => (Token::Bar, 1),
                '=' => (Token::Equals, 1),
                '%' => (Token::Percent, 1),
                '"' => quoted(rest)?,
                '0'..='9' | '.' => number(rest)?,
                c if c.is_alphabetic() || c == '_' => word(rest),
                c => {
                    return Err(format!(
                        "`{c}` has no meaning here: use `not`, `and`, `or`, `|`, parentheses, and \
                         double quotes around names with other signs"
                    ));
                }
            };
            tokens.push(token);
            rest = rest[length..].trim_start();
        }
        Ok(Words { tokens, next: 0 })
    }

    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.next)
    }

    /// Reads this word if it is the next.
    pub(super) fn take(&mut self, token: &Token<'_>) -> bool {
        let found = self.peek() == Some(token);
        self.next += usize::from(found);
        found
    }

    /// Reads this word, which must be the next.
    pub(super) fn expect(&mut self, token: &Token<'_>) -> Result<(), String> {
        if self.take(token) {
            return Ok(());
        }
        Err(self.instead_of(&format!("`{token}`")))
    }

    /// Reads a name.
    pub(super) fn name(&mut self) -> Result<&'a str, String> {
        match self.peek() {
            Some(&Token::Name(name)) => {
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.instead_of("a name")),
        }
    }

    /// Reads a number.
    pub(super) fn number(&mut self) -> Result<f64, String> {
        match self.peek() {
            Some(&Token::Number(number, _)) => {
                self.next += 1;
                Ok(number)
            }
            _ => Err(self.instead_of("a number")),
        }
    }

    /// Refuses what is left over.
    pub(super) fn end(&self) -> Result<(), String> {
        match self.peek() {
            None => Ok(()),
            Some(token) => Err(format!(
                "`{token}` follows where it should end: a name of several words stands in double \
                 quotes"
            )),
        }
    }

    fn instead_of(&self, wanted: &str) -> String {
        match self.peek() {
            Some(token) => format!("`{token}` stands where {wanted} should"),
            None => format!("it ends where {wanted} should stand"),
        }
    }
}

fn quoted(text: &str) -> Result<(Token<'_>, usize), String> {
    let inside = &text[1..];
    let length = inside
        .find('"')
        .ok_or("a double quote is opened and not closed")?;
    let name = inside[..length].trim();
    if name.is_empty() {
        return Err("there is nothing between two double quotes".into());
    }
    Ok((Token::Name(name), length + 2))
}

fn number(text: &str) -> Result<(Token<'_>, usize), String> {
    let length = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
        .unwrap_or(text.len());
    let digits = &text[..length];
    // `1e3` and `inf` are numbers to the parser of floats, but not to people.
    let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    match digits.parse() {
        Ok(number) if plain => Ok((Token::Number(number, digits), length)),
        _ => Err(format!("`{digits}` is no number")),
    }
}

fn word(text: &str) -> (Token<'_>, usize) {
    let length = text
        .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')
        .unwrap_or(text.len());
    let word = &text[..length];
    let token = match word.to_ascii_lowercase().as_str() {
        "not" => Token::Not,
        "and" => Token::And,
        "or" => Token::Or,
        _ => Token::Name(word),
    };
    (token, length)
}
