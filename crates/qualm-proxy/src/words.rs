use std::str::FromStr;

use crate::error::ProxyError;

/// A recipe taken apart: a word, and named parameters in parentheses, `mlp(noise=0.2)`.
#[derive(Debug)]
pub(crate) struct Words<'a> {
    text: &'a str,
    word: &'a str,
    pairs: Vec<(&'a str, &'a str)>,
}

impl<'a> Words<'a> {
    /// Takes one recipe apart. A parameter without a value is switched on: `roma(adapt)`.
    pub(crate) fn parse(text: &'a str) -> Result<Self, ProxyError> {
        let text = text.trim();
        let Some((word, rest)) = text.split_once('(') else {
            return Ok(Self {
                text,
                word: text,
                pairs: Vec::new(),
            });
        };
        let Some(inside) = rest.strip_suffix(')') else {
            return Err(problem(text, "a parenthesis is not closed"));
        };
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for part in inside
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (key, value) = part.split_once('=').unwrap_or((part, "yes"));
            let key = key.trim();
            if pairs.iter().any(|(other, _)| *other == key) {
                return Err(problem(text, format!("`{key}` is given twice")));
            }
            pairs.push((key, value.trim()));
        }
        Ok(Self {
            text,
            word: word.trim(),
            pairs,
        })
    }

    pub(crate) fn word(&self) -> &'a str {
        self.word
    }

    /// Takes the value of `key` as a `T` that fulfils `allowed`, or `default` where it is not
    /// given; `what` names what is allowed: "a whole number from 1".
    pub(crate) fn take_or<T: FromStr>(
        &mut self,
        key: &str,
        default: T,
        what: &str,
        allowed: impl Fn(&T) -> bool,
    ) -> Result<T, ProxyError> {
        let Some(at) = self.pairs.iter().position(|(name, _)| *name == key) else {
            return Ok(default);
        };
        let (_, value) = self.pairs.remove(at);
        value.parse().ok().filter(allowed).ok_or_else(|| {
            problem(
                self.text,
                format!("`{key}={value}` is not allowed; {key} is {what}"),
            )
        })
    }

    /// Takes a number above 0.
    pub(crate) fn positive(&mut self, key: &str, default: f64) -> Result<f64, ProxyError> {
        self.take_or(key, default, "a number above 0", |v: &f64| {
            v.is_finite() && *v > 0.0
        })
    }

    /// Takes a whole number from 1.
    pub(crate) fn count(&mut self, key: &str, default: usize) -> Result<usize, ProxyError> {
        self.take_or(key, default, "a whole number from 1", |v| *v > 0)
    }

    /// Takes `yes` or `no`.
    pub(crate) fn switch(&mut self, key: &str, default: bool) -> Result<bool, ProxyError> {
        let word = if default { "yes" } else { "no" };
        let said = self.take_or(key, word.to_owned(), "yes or no", |v| {
            v == "yes" || v == "no"
        })?;
        Ok(said == "yes")
    }

    /// Refuses what is left; `parameters` names what there is.
    pub(crate) fn finish(self, parameters: &str) -> Result<(), ProxyError> {
        match self.pairs.first() {
            None => Ok(()),
            Some((key, _)) if parameters.is_empty() => Err(problem(
                self.text,
                format!("it has no parameter `{key}`, nor any other"),
            )),
            Some((key, _)) => Err(problem(
                self.text,
                format!("there is no parameter `{key}`; there are {parameters}"),
            )),
        }
    }
}

/// What recipes can name: the entries of a catalogue.
pub(crate) trait Named {
    /// What such things are called: "proxy".
    const KIND: &'static str;
    /// The word that recipes use.
    fn word(&self) -> &'static str;
    /// Parameters with their defaults.
    fn parameters(&self) -> &'static str;
}

/// Makes what a list of recipes names, each once; `text_of` says what a made thing is called.
pub(crate) fn parse_list<E: Named, T>(
    list: &str,
    entries: &[E],
    make: impl Fn(&E, &mut Words<'_>) -> Result<T, ProxyError>,
    text_of: impl Fn(&T) -> String,
) -> Result<Vec<T>, ProxyError> {
    let mut made: Vec<T> = Vec::new();
    for text in split_list(list) {
        let mut words = Words::parse(text)?;
        let Some(entry) = entries.iter().find(|entry| entry.word() == words.word()) else {
            let known: Vec<&str> = entries.iter().map(Named::word).collect();
            let known = known.join(", ");
            return Err(problem(
                text,
                format!("there is no such {}; there are {known}", E::KIND),
            ));
        };
        let one = make(entry, &mut words)?;
        words.finish(entry.parameters())?;
        if made.iter().any(|other| text_of(other) == text_of(&one)) {
            return Err(problem(list, format!("`{}` is given twice", text_of(&one))));
        }
        made.push(one);
    }
    Ok(made)
}

/// A recipe in its shortest form.
pub(crate) fn recipe(word: &str, parameters: &[String]) -> String {
    match parameters {
        [] => word.into(),
        _ => format!("{word}({})", parameters.join(",")),
    }
}

/// Of parameters, each with its value and its default, those that differ.
pub(crate) fn changed(parameters: &[(&str, f64, f64)]) -> Vec<String> {
    let differ = parameters
        .iter()
        .filter(|(_, value, default)| value != default);
    differ
        .map(|(key, value, _)| format!("{key}={value}"))
        .collect()
}

/// Pieces of a list between commas that stand outside of parentheses, trimmed.
fn split_list(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0i32, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

pub(crate) fn problem(text: &str, problem: impl Into<String>) -> ProxyError {
    ProxyError::Words {
        text: text.into(),
        problem: problem.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_taken_one_by_one() {
        let mut words = Words::parse("mlp( noise = 0.2 , wide )").expect("it is well formed");
        assert_eq!(words.word(), "mlp");
        assert_eq!(words.positive("noise", 1.0).expect("a number"), 0.2);
        assert!(words.switch("wide", false).expect("a switch"));
        assert_eq!(words.count("of", 5).expect("the default"), 5);
        words.finish("noise, wide, of").expect("nothing is left");
    }

    #[test]
    fn errors_name_what_there_is() {
        let of = |text: &str| {
            let mut words = Words::parse(text)?;
            words.positive("noise", 0.1)?;
            words.finish("noise=0.1")
        };
        let said = |text: &str| of(text).unwrap_err().to_string();
        assert!(said("mlp(nois=1)").contains("there are noise=0.1"));
        assert!(said("mlp(noise=-1)").contains("noise is a number above 0"));
        assert!(said("mlp(noise=1").contains("not closed"));
        assert!(said("mlp(noise=1,noise=2)").contains("twice"));
    }

    #[test]
    fn lists_split_outside_parentheses() {
        assert_eq!(split_list("a(b=1,c=2), d"), ["a(b=1,c=2)", "d"]);
    }
}
