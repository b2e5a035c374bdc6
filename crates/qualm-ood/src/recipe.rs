use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::OodError;
pub(crate) use crate::arguments::Arguments;
use crate::arguments::split_outside;
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
    /// stands for every method with its defaults, less `combined`, which is made of others, and those
    /// that cannot be fitted to the rows.
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

    /// Every method of the catalogue with its defaults, but for those that are made of others, since
    /// the rows that these need are rows less in the reference of all; a fit leaves out those that
    /// it cannot fit.
    fn all() -> Result<Vec<Self>, OodError> {
        CATALOGUE
            .iter()
            .filter(|entry| !matches!(entry.parse, Parse::Composite(_)))
            .map(|entry| {
                let recipe: Self = entry.word.parse()?;
                Ok(Self {
                    optional: true,
                    ..recipe
                })
            })
            .collect()
    }

    /// Whether it compares its parts on rows that are held back from fitting
    /// ([`RulerRows`](crate::RulerRows)).
    ///
    /// ```
    /// use qualm_ood::Recipe;
    /// assert!("combined(vim,msp)".parse::<Recipe>()?.needs_ruler());
    /// assert!(!"vim".parse::<Recipe>()?.needs_ruler());
    /// # Ok::<(), qualm_ood::OodError>(())
    /// ```
    pub fn needs_ruler(&self) -> bool {
        self.method.needs().ruler
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
        Self::parse(text, Place::Alone)
    }
}

/// Where a recipe stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Alone,
    /// In the parentheses of a method that is made of others.
    Inside,
}

impl Recipe {
    /// The recipe that stands there.
    pub(crate) fn parse(text: &str, place: Place) -> Result<Self, OodError> {
        let text = text.trim();
        let fail = |problem: String| OodError::recipe(text, problem);
        let open = text.find('(').unwrap_or(text.len());
        let (name, call) = match text[..open].split_once('=') {
            Some((name, _)) => (Some(name.trim()), text[name.len() + 1..].trim()),
            None => (None, text),
        };
        let (own_name, method) = method(text, call, place)?;
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
fn method(text: &str, call: &str, place: Place) -> Result<(String, Box<dyn Method>), OodError> {
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
        // Before its arguments are looked at, which may hold the next: recursion ends here.
        Parse::Composite(_) if place == Place::Inside => {
            return Err(fail(format!(
                "`{}` cannot stand inside another; name all that it combines in one",
                entry.word
            )));
        }
        Parse::Method(parse) | Parse::Composite(parse) => {
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
        Parse::Shaper(_) | Parse::Composite(_) => {
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

    #[test]
    fn methods_stand_inside_one_that_combines_them() {
        let text = "combined(react(p=90)+gen, near=knn(k=5), knn(k=9), knn(k=9), by=cauchy)";
        let recipes = Recipe::parse_list(&format!("{text},msp")).unwrap();
        assert_eq!(recipes.len(), 2);
        assert_eq!((recipes[0].name(), recipes[0].text()), ("combined", text));
        let names: Vec<&str> = recipes[0]
            .method()
            .components()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["react+gen", "near", "knn", "knn"]);
        assert!(problem("combined(vim)").contains("at least two"));
        assert!(problem("combined(vim,msp,by=stouffer)").contains("`by=stouffer`"));
        assert!(problem("combined(vim,msp,by=rank,by=rank)").contains("twice"));
        assert!(problem("combined(vim,knn(k=0))").contains("a whole number from 1"));
        assert!(problem("combined(vim,c=combined(msp,gen))").contains("inside another"));
        assert!(problem("react+combined").contains("a score of the logits"));
        assert!(problem("combined(vim,msp)+gen").contains("no shaper"));
        let deep = "combined(".repeat(100_000) + &")".repeat(100_000);
        assert!(problem(&deep).contains("inside another"));
    }
}
