use std::str::FromStr;

use crate::OodError;
use crate::recipe::{Place, Recipe};

/// The pieces of a text between the characters `at_char` that stand outside all parentheses.
pub(crate) fn split_outside(text: &str, at_char: char) -> Result<Vec<&str>, &'static str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0usize, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => {
                depth = depth
                    .checked_sub(1)
                    .ok_or("a parenthesis closes that was not opened")?
            }
            c if c == at_char && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    if depth > 0 {
        return Err("a parenthesis is not closed");
    }
    Ok(parts)
}

/// The parameters of one method, taken one by one; what is left at the end is unknown.
#[derive(Debug)]
pub(crate) struct Arguments<'a> {
    text: &'a str,
    pairs: Vec<Argument<'a>>,
    taken: Vec<&'a str>,
}

/// One argument as it stands, with its key, and its value where it has one.
#[derive(Debug)]
struct Argument<'a> {
    whole: &'a str,
    key: &'a str,
    value: Option<&'a str>,
}

impl<'a> Argument<'a> {
    fn parse(whole: &'a str) -> Self {
        // What stands in parentheses belongs to another method.
        let open = whole.find('(').unwrap_or(whole.len());
        let (key, value) = match whole[..open].find('=') {
            Some(at) => (&whole[..at], Some(whole[at + 1..].trim())),
            None => (whole, None),
        };
        let key = key.trim();
        Self { whole, key, value }
    }
}

impl<'a> Arguments<'a> {
    /// The arguments that stand between the parentheses of `text`.
    pub(crate) fn parse(text: &'a str, arguments: &'a str) -> Result<Self, OodError> {
        let arguments =
            split_outside(arguments, ',').map_err(|problem| OodError::recipe(text, problem))?;
        let arguments = arguments.into_iter().map(str::trim);
        Ok(Self {
            text,
            pairs: arguments
                .filter(|a| !a.is_empty())
                .map(Argument::parse)
                .collect(),
            taken: Vec::new(),
        })
    }

    /// Takes the value of `key` as text.
    pub(crate) fn take(&mut self, key: &str) -> Option<&'a str> {
        let at = self.pairs.iter().position(|pair| pair.key == key)?;
        let pair = self.pairs.remove(at);
        self.taken.push(pair.key);
        // A bare word switches something on: mahalanobis(normalize).
        Some(pair.value.unwrap_or("true"))
    }

    /// Takes all that is left as methods, which are not made of others themselves.
    pub(crate) fn take_methods(&mut self) -> Result<Vec<Recipe>, OodError> {
        let mut methods = Vec::with_capacity(self.pairs.len());
        for pair in std::mem::take(&mut self.pairs) {
            if self.taken.contains(&pair.key) {
                return Err(self.twice(pair.key));
            }
            methods.push(Recipe::parse(pair.whole, Place::Inside)?);
        }
        Ok(methods)
    }

    /// The error of this text.
    pub(crate) fn error(&self, problem: impl Into<String>) -> OodError {
        OodError::recipe(self.text, problem)
    }

    fn twice(&self, key: &str) -> OodError {
        self.error(format!("`{key}` is given twice"))
    }

    /// Takes the value of `key` as a `T` that fulfils `allowed`, or `default` where it is not
    /// given; `what` names what is allowed, e.g. "a whole number from 1".
    pub(crate) fn take_or<T: FromStr>(
        &mut self,
        key: &str,
        default: T,
        what: &str,
        allowed: impl Fn(&T) -> bool,
    ) -> Result<T, OodError> {
        match self.take(key) {
            None => Ok(default),
            Some(value) => value
                .parse()
                .ok()
                .filter(allowed)
                .ok_or_else(|| self.wrong(key, value, what)),
        }
    }

    /// The error for a value that is not allowed.
    pub(crate) fn wrong(&self, key: &str, value: &str, what: &str) -> OodError {
        OodError::recipe(
            self.text,
            format!("`{key}={value}` is not allowed; {key} is {what}"),
        )
    }

    /// Refuses what is left.
    pub(crate) fn finish(self, parameters: &str) -> Result<(), OodError> {
        match self.pairs.first() {
            None => Ok(()),
            Some(Argument { key, .. }) if self.taken.contains(key) => Err(self.twice(key)),
            Some(Argument { key, .. }) if parameters.is_empty() => Err(OodError::recipe(
                self.text,
                format!("it has no parameter `{key}`, nor any other"),
            )),
            Some(Argument { key, .. }) => Err(OodError::recipe(
                self.text,
                format!("there is no parameter `{key}`; there are {parameters}"),
            )),
        }
    }
}
