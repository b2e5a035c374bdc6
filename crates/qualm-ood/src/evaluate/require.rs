use std::fmt;

use serde::Serialize;

use super::result::Evaluation;
use crate::OodError;

/// A bound that a figure of an evaluation must keep, as text: `vim.auroc >= 0.9`,
/// `vim.textures.fpr95_id <= 0.3`. Names are those of [`Evaluation::figure`].
///
/// ```
/// use qualm_ood::{Relation, Requirement};
/// let required = Requirement::parse_list("vim.auroc >= 0.9, vim.false_alarms < 0.08")?;
/// assert_eq!(required[0].figure, "vim.auroc");
/// assert_eq!(required[1].relation, Relation::Below);
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Requirement {
    /// The name of the figure.
    pub figure: String,
    /// How it must stand to the bound.
    pub relation: Relation,
    /// The bound.
    pub bound: f64,
}

/// How a figure must stand to its bound.
///
/// ```
/// use qualm_ood::Relation;
/// assert!(Relation::AtLeast.holds(0.9, 0.9) && !Relation::Above.holds(0.9, 0.9));
/// assert_eq!(Relation::AtMost.to_string(), "<=");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Relation {
    /// `>=`
    #[serde(rename = ">=")]
    AtLeast,
    /// `<=`
    #[serde(rename = "<=")]
    AtMost,
    /// `>`
    #[serde(rename = ">")]
    Above,
    /// `<`
    #[serde(rename = "<")]
    Below,
}

impl Relation {
    /// The longer signs first: `>` is the beginning of `>=`.
    const ALL: [Self; 4] = [Self::AtLeast, Self::AtMost, Self::Above, Self::Below];

    /// Whether `value` stands in this relation to `bound`.
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::AtLeast => value >= bound,
            Self::AtMost => value <= bound,
            Self::Above => value > bound,
            Self::Below => value < bound,
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::Below => "<",
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.sign())
    }
}

impl Requirement {
    /// Requirements separated by commas.
    ///
    /// # Errors
    /// When one is not a name, a relation and a number.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, OodError> {
        text.split(',').map(Self::parse).collect()
    }

    fn parse(text: &str) -> Result<Self, OodError> {
        let text = text.trim();
        let fail = |problem: &str| OodError::evaluation(format!("requirement `{text}`"), problem);
        let (at, relation) = text
            .char_indices()
            .find_map(|(at, _)| {
                let starts = |relation: &Relation| text[at..].starts_with(relation.sign());
                Some((at, Relation::ALL.into_iter().find(starts)?))
            })
            .ok_or_else(|| fail("it has no relation; write it like vim.auroc >= 0.9"))?;
        let figure = text[..at].trim();
        if figure.is_empty() {
            return Err(fail("it names no figure; write it like vim.auroc >= 0.9"));
        }
        let bound = text[at + relation.sign().len()..].trim();
        let bound: f64 = bound
            .parse()
            .ok()
            .filter(|bound: &f64| bound.is_finite())
            .ok_or_else(|| {
                fail(&format!(
                    "`{bound}` is no number; write it like vim.auroc >= 0.9"
                ))
            })?;
        Ok(Self {
            figure: figure.to_owned(),
            relation,
            bound,
        })
    }

    /// Looks the figure up and says whether it keeps the bound.
    ///
    /// # Errors
    /// When there is no such figure; the message lists what there is.
    pub fn check(&self, evaluation: &Evaluation) -> Result<Checked, OodError> {
        let figure = evaluation.figure(&self.figure).ok_or_else(|| {
            OodError::evaluation(
                format!("requirement `{self}`"),
                format!("there is no such figure; {}", evaluation.known_figures()),
            )
        })?;
        Ok(Checked {
            requirement: self.clone(),
            value: figure.value,
            holds: self.relation.holds(figure.value, self.bound),
        })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.figure, self.relation, self.bound)
    }
}

/// A requirement and what became of it.
///
/// ```
/// use qualm_ood::{Checked, Requirement};
/// let requirement = Requirement::parse_list("vim.auroc >= 0.9")?.remove(0);
/// let checked = Checked { requirement, value: 0.875, holds: false };
/// assert_eq!(checked.to_string(), "vim.auroc >= 0.9 does not hold: vim.auroc is 0.875000");
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// What was required.
    pub requirement: Requirement,
    /// The figure.
    pub value: f64,
    /// Whether it keeps the bound.
    pub holds: bool,
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holds = if self.holds { "holds" } else { "does not hold" };
        let figure = &self.requirement.figure;
        write!(
            f,
            "{} {holds}: {figure} is {:.6}",
            self.requirement, self.value
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(String, Relation, f64)> {
        let required = Requirement::parse_list(text).unwrap().into_iter();
        required.map(|r| (r.figure, r.relation, r.bound)).collect()
    }

    #[test]
    fn names_relations_and_bounds() {
        assert_eq!(
            parsed("vim.auroc>=0.9, knn.my set.v2.fpr95_id < 3e-1"),
            [
                ("vim.auroc".to_owned(), Relation::AtLeast, 0.9),
                ("knn.my set.v2.fpr95_id".to_owned(), Relation::Below, 0.3),
            ]
        );
        assert_eq!(parsed("a.b > -1")[0].1, Relation::Above);
        assert_eq!(parsed("a.b <= 1")[0].1, Relation::AtMost);
    }

    #[test]
    fn what_is_wrong_is_said_with_an_example() {
        for (text, problem) in [
            ("vim.auroc", "no relation"),
            ("vim.auroc = 0.9", "no relation"),
            (">= 0.9", "names no figure"),
            ("vim.auroc >= high", "`high` is no number"),
            ("vim.auroc >= NaN", "`NaN` is no number"),
            ("vim.auroc >= 0.9,", "no relation"),
        ] {
            let error = Requirement::parse_list(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
            assert!(error.contains("write it like vim.auroc >= 0.9"), "{error}");
        }
    }
}
