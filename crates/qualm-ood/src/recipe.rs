use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::OodError;
use crate::catalogue::{CATALOGUE, Entry, Parse};
use crate::method::Method;
use crate::methods::shaped::Shaped;

/// A method with its parameters under a name, as text: `vim`, `vim(dim=256)`,
/// `near=knn(k=5)`. Without a name of its own it goes by its method's word.
///
/// ```
/// use qualm_ood::Recipe;
/// let recipes = Recipe::parse_list("vim, near=knn(k=5), far=knn(k=200)")?;
/// let names: Vec<&str> = recipes.iter().map(Recipe::name).collect();
/// assert_eq!(names, ["vim", "near", "far"]);
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Recipe {
    name: String,
    text: String,
    method: Arc<dyn Method>,
    optional: bool,
}

impl Recipe {
    /// Recipes separated by commas; commas inside parentheses separate parameters. The word `all`
    /// stands for every method with its defaults, less those that cannot be fitted to the rows.
    ///
    /// # Errors
    /// When a text is not understood or two recipes have one name.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, OodError> {
        let mut recipes = Vec::new();
        for part in split_outside(text, ',').map_err(|problem| OodError::recipe(text, problem))? {
            if part.trim() == "all" {
                recipes.extend(Self::all()?);
            } else {
                recipes.push(part.parse::<Self>()?);
            }
        }
        for (index, recipe) in recipes.iter().enumerate() {
            if recipes[..index]
                .iter()
                .any(|other| other.name == recipe.name)
            {
                return Err(OodError::recipe(
                    text,
                    format!(
                        "two methods go by the name `{0}`; tell them apart as in a={0},b={0}",
                        recipe.name
                    ),
                ));
            }
        }
        Ok(recipes)
    }

    /// Every method of the catalogue with its defaults; a fit leaves those out that it cannot fit.
    fn all() -> Result<Vec<Self>, OodError> {
        CATALOGUE
            .iter()
            .map(|entry| {
                let recipe: Self = entry.word.parse()?;
                Ok(Self {
                    optional: true,
                    ..recipe
                })
            })
            .collect()
    }

    /// Whether a fit leaves this method out, with a warning, where it cannot be fitted.
    pub(crate) fn is_optional(&self) -> bool {
        self.optional
    }

    /// The name that columns and reports use.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The method as text, without the name.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The method.
    pub(crate) fn method(&self) -> &dyn Method {
        &*self.method
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.text)
    }
}

impl FromStr for Recipe {
    type Err = OodError;

    fn from_str(text: &str) -> Result<Self, OodError> {
        let text = text.trim();
        let fail = |problem: String| OodError::recipe(text, problem);
        let open = text.find('(').unwrap_or(text.len());
        let (name, call) = match text[..open].split_once('=') {
            Some((name, _)) => (Some(name.trim()), text[name.len() + 1..].trim()),
            None => (None, text),
        };
        let (own_name, method) = method(text, call)?;
        let name = name.unwrap_or(&own_name);
        let plain = |c: char| c.is_ascii_alphanumeric() || "_+-".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            return Err(fail(format!(
                "`{name}` is no name: letters, digits, `_`, `+` and `-` are allowed"
            )));
        }
        Ok(Self {
            name: name.to_owned(),
            text: call.to_owned(),
            method: Arc::from(method),
            optional: false,
        })
    }
}

/// The method that `call` names, with the name it goes by: one word with its arguments, or a shaper
/// and a score joined by `+`.
fn method(text: &str, call: &str) -> Result<(String, Box<dyn Method>), OodError> {
    let fail = |problem: String| OodError::recipe(text, problem);
    let word = call.split('(').next().unwrap_or(call).trim();
    let is_whole = CATALOGUE.iter().any(|entry| entry.word == word);
    let parts = split_outside(call, '+').map_err(|problem| fail(problem.to_owned()))?;
    let (first, second) = match parts[..] {
        // A word may hold a plus itself: mahalanobis++, gen+residual.
        _ if is_whole && !call.contains(")+") => (call, None),
        [only] => (only, None),
        [shaper, score] => (shaper, Some(score)),
        _ => {
            return Err(fail(
                "one shaper and one score can be joined, as in react+gen".to_owned(),
            ));
        }
    };
    let (entry, mut arguments) = called(text, first)?;
    let shaper = match entry.parse {
        Parse::Method(parse) => {
            if second.is_some() {
                return Err(fail(format!(
                    "`{}` is no shaper; before `+` stands one of {}",
                    entry.word,
                    words(Entry::is_shaper)
                )));
            }
            let method = parse(&mut arguments)?;
            arguments.finish(entry.parameters)?;
            return Ok((entry.word.to_owned(), method));
        }
        Parse::Shaper(parse) => parse(&mut arguments)?,
    };
    arguments.finish(entry.parameters)?;
    let (score_entry, mut arguments) = called(text, second.unwrap_or("energy"))?;
    let score = match score_entry.parse {
        Parse::Method(parse) => parse(&mut arguments)?,
        Parse::Shaper(_) => {
            return Err(fail(
                "behind `+` stands a score of the logits, as in react+gen".to_owned(),
            ));
        }
    };
    arguments.finish(score_entry.parameters)?;
    let shaped = Shaped::new(first.trim().to_owned(), shaper, score).ok_or_else(|| {
        fail(format!(
            "`{}` cannot stand behind a shaper: it looks at more than logits, or is fitted to them",
            score_entry.word
        ))
    })?;
    let name = match second {
        Some(_) => format!("{}+{}", entry.word, score_entry.word),
        None => entry.word.to_owned(),
    };
    Ok((name, Box::new(shaped)))
}

/// The entry and the arguments of `word(arguments)`.
fn called<'a>(text: &'a str, call: &'a str) -> Result<(&'static Entry, Arguments<'a>), OodError> {
    let fail = |problem: String| OodError::recipe(text, problem);
    let (word, arguments) = match call.split_once('(') {
        None => (call.trim(), ""),
        Some((word, rest)) => match rest.trim_end().strip_suffix(')') {
            Some(arguments) => (word.trim(), arguments),
            None => return Err(fail("the closing parenthesis is missing".to_owned())),
        },
    };
    let entry = CATALOGUE
        .iter()
        .find(|entry| entry.word == word)
        .ok_or_else(|| {
            fail(format!(
                "there is no method `{word}`; there are {}",
                words(|_| true)
            ))
        })?;
    Ok((entry, Arguments::parse(text, arguments)?))
}

/// The words of the catalogue that are wanted.
fn words(wanted: impl Fn(&Entry) -> bool) -> String {
    let wanted = CATALOGUE.iter().filter(|entry| wanted(entry));
    wanted
        .map(|entry| entry.word)
        .collect::<Vec<_>>()
        .join(", ")
}

fn split_outside(text: &str, at_char: char) -> Result<Vec<&str>, &'static str> {
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
    pairs: Vec<(&'a str, &'a str)>,
}

impl<'a> Arguments<'a> {
    fn parse(text: &'a str, arguments: &'a str) -> Result<Self, OodError> {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for argument in arguments
            .split(',')
            .map(str::trim)
            .filter(|a| !a.is_empty())
        {
            // A bare word switches something on: mahalanobis(normalize).
            let (key, value) = argument.split_once('=').unwrap_or((argument, "true"));
            let (key, value) = (key.trim(), value.trim());
            if pairs.iter().any(|(other, _)| *other == key) {
                return Err(OodError::recipe(text, format!("`{key}` is given twice")));
            }
            pairs.push((key, value));
        }
        Ok(Self { text, pairs })
    }

    /// Takes the value of `key` as text.
    pub(crate) fn take(&mut self, key: &str) -> Option<&'a str> {
        let at = self.pairs.iter().position(|(other, _)| *other == key)?;
        Some(self.pairs.remove(at).1)
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

    fn finish(self, parameters: &str) -> Result<(), OodError> {
        match self.pairs.first() {
            None => Ok(()),
            Some((key, _)) if parameters.is_empty() => Err(OodError::recipe(
                self.text,
                format!("it has no parameter `{key}`, nor any other"),
            )),
            Some((key, _)) => Err(OodError::recipe(
                self.text,
                format!("there is no parameter `{key}`; there are {parameters}"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Recipe::parse_list(text).unwrap_err().to_string()
    }

    #[test]
    fn names_words_and_parameters() {
        let recipes =
            Recipe::parse_list("vim(dim=0.99, score=prob),m=mahalanobis(normalize)").unwrap();
        assert_eq!(recipes[0].to_string(), "vim=vim(dim=0.99, score=prob)");
        assert_eq!(recipes[1].name(), "m");
    }

    #[test]
    fn what_is_wrong_is_said_with_what_is_allowed() {
        assert!(problem("vmi").contains("there is no method `vmi`; there are vim"));
        assert!(problem("knn,knn(k=5)").contains("a=knn,b=knn"));
        assert!(problem("knn(k=0)").contains("a whole number from 1"));
        assert!(problem("knn(l=3)").contains("no parameter `l`; there are k"));
        assert!(problem("msp(l=3)").contains("no parameter `l`, nor any other"));
        assert!(problem("knn(k=3").contains("not closed"));
        assert!(problem("knn)k=3").contains("not opened"));
        assert!(problem("knn(k=3,k=4)").contains("twice"));
        assert!(problem("a b=knn").contains("is no name"));
    }
}
