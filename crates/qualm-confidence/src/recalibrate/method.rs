//! What can be fitted, written as text.

use std::fmt;
use std::str::FromStr;

use super::bbq::Bbq;
use super::beta::Beta;
use super::data::{Answers, Fitted, Scores};
use super::dirichlet::Dirichlet;
use super::histogram::Histogram;
use super::isotonic;
use super::matrix::Matrix;
use super::platt::Platt;
use super::temperature::Temperature;
use super::vector::Vector;
use super::venn_abers::VennAbers;
use super::{OfClasses, OfConfidence};
use crate::ConfidenceError;

/// A way to repair confidence, with its parameters: `temperature`, `matrix(l2=0.1)`.
///
/// ```
/// use qualm_confidence::recalibrate::{Answers, Method};
///
/// let method: Method = "histogram(bins=2)".parse()?;
/// let answers = Answers::new(&[0.9, 0.8, 0.9, 0.1], &[true, true, false, false])?;
/// let fitted = method.fit_confidence(&answers)?;
/// assert_eq!(fitted.recalibrator.apply(&[0.95])?, [2.0 / 3.0]);
/// # Ok::<(), qualm_confidence::ConfidenceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// [`Temperature`], of a confidence or of all classes.
    Temperature,
    /// [`Vector`] scaling, of all classes.
    Vector {
        /// Strength of the penalty, default 5.
        l2: f64,
    },
    /// [`Matrix`] scaling, of all classes.
    Matrix {
        /// Strength of the penalty, default 5.
        l2: f64,
    },
    /// [`Dirichlet`] calibration, of all classes.
    Dirichlet {
        /// Strength of the penalty, default 5.
        l2: f64,
    },
    /// [`Platt`] scaling, of a confidence.
    Platt,
    /// [`Beta`] calibration, of a confidence.
    Beta,
    /// [`isotonic()`](super::isotonic()) regression, of a confidence.
    Isotonic,
    /// [`centred`](super::centred) isotonic regression, of a confidence.
    CentredIsotonic,
    /// [`VennAbers`] prediction, of a confidence.
    VennAbers,
    /// [`Histogram`] binning, of a confidence.
    Histogram {
        /// Number of bins, default 10.
        bins: usize,
    },
    /// [`Bbq`], of a confidence.
    Bbq,
}

/// Strength of penalties unless said otherwise: logits move by 1 / sqrt(5), about .45, before data
/// say so.
const L2: f64 = 5.0;
/// Bins of a histogram unless said otherwise.
const BINS: usize = 10;

impl Method {
    /// All methods with their defaults.
    pub const ALL: [Method; 11] = [
        Method::Temperature,
        Method::Platt,
        Method::Beta,
        Method::Isotonic,
        Method::CentredIsotonic,
        Method::VennAbers,
        Method::Histogram { bins: BINS },
        Method::Bbq,
        Method::Vector { l2: L2 },
        Method::Matrix { l2: L2 },
        Method::Dirichlet { l2: L2 },
    ];

    /// Its name, without parameters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Method::Temperature => "temperature",
            Method::Vector { .. } => "vector",
            Method::Matrix { .. } => "matrix",
            Method::Dirichlet { .. } => "dirichlet",
            Method::Platt => "platt",
            Method::Beta => "beta",
            Method::Isotonic => "isotonic",
            Method::CentredIsotonic => "centred-isotonic",
            Method::VennAbers => "venn-abers",
            Method::Histogram { .. } => "histogram",
            Method::Bbq => "bbq",
        }
    }

    /// Whether it can be fitted to one confidence an answer.
    #[must_use]
    pub fn takes_confidence(self) -> bool {
        !matches!(
            self,
            Method::Vector { .. } | Method::Matrix { .. } | Method::Dirichlet { .. }
        )
    }

    /// Whether it can be fitted to a score of each class.
    #[must_use]
    pub fn takes_classes(self) -> bool {
        self == Method::Temperature || !self.takes_confidence()
    }

    /// Fits it to one confidence an answer.
    ///
    /// # Errors
    /// When it needs a score of each class, or cannot be fitted to these answers.
    pub fn fit_confidence(
        self,
        answers: &Answers,
    ) -> Result<Fitted<OfConfidence>, ConfidenceError> {
        Ok(match self {
            Method::Temperature => {
                let (scores, labels) = answers.as_classes();
                Temperature::fit(&scores, &labels)?.map(OfConfidence::Temperature)
            }
            Method::Platt => Platt::fit(answers).map(OfConfidence::Platt),
            Method::Beta => Beta::fit(answers).map(OfConfidence::Beta),
            Method::Isotonic => isotonic::isotonic(answers)?.map(OfConfidence::Isotonic),
            Method::CentredIsotonic => {
                isotonic::centred(answers)?.map(OfConfidence::CentredIsotonic)
            }
            Method::VennAbers => VennAbers::fit(answers).map(OfConfidence::VennAbers),
            Method::Histogram { bins } => {
                Histogram::fit(answers, bins)?.map(OfConfidence::Histogram)
            }
            Method::Bbq => Bbq::fit(answers).map(OfConfidence::Bbq),
            Method::Vector { .. } | Method::Matrix { .. } | Method::Dirichlet { .. } => {
                return Err(self.not_for("one confidence an answer", Method::takes_confidence));
            }
        })
    }

    /// Fits it to a score of each class.
    ///
    /// # Errors
    /// When it needs one confidence an answer, or cannot be fitted to these rows.
    pub fn fit_classes(
        self,
        scores: &Scores,
        labels: &[usize],
    ) -> Result<Fitted<OfClasses>, ConfidenceError> {
        Ok(match self {
            Method::Temperature => Temperature::fit(scores, labels)?.map(OfClasses::Temperature),
            Method::Vector { l2 } => Vector::fit(scores, labels, l2)?.map(OfClasses::Vector),
            Method::Matrix { l2 } => Matrix::fit(scores, labels, l2)?.map(OfClasses::Matrix),
            Method::Dirichlet { l2 } => {
                Dirichlet::fit(scores, labels, l2)?.map(OfClasses::Dirichlet)
            }
            _ => return Err(self.not_for("probabilities of classes", Method::takes_classes)),
        })
    }

    fn not_for(self, given: &str, takes: impl Fn(Method) -> bool) -> ConfidenceError {
        let others = Method::ALL.into_iter().filter(|&method| takes(method));
        let names: Vec<&str> = others.map(Method::name).collect();
        ConfidenceError::Values(format!(
            "{} cannot be fitted to {given}; use one of {}",
            self.name(),
            names.join(", ")
        ))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())?;
        match self {
            Method::Vector { l2 } | Method::Matrix { l2 } | Method::Dirichlet { l2 } => {
                write!(formatter, "(l2={l2})")
            }
            Method::Histogram { bins } => write!(formatter, "(bins={bins})"),
            _ => Ok(()),
        }
    }
}

impl FromStr for Method {
    type Err = ConfidenceError;

    fn from_str(text: &str) -> Result<Method, ConfidenceError> {
        let text = text.trim();
        let fail = |problem: String| Err(ConfidenceError::Values(format!("`{text}`: {problem}")));
        let (name, argument) = match text.split_once('(') {
            None => (text, None),
            Some((name, rest)) => match rest.strip_suffix(')') {
                Some(argument) => (name.trim(), Some(argument.trim())),
                None => return fail("the parenthesis is not closed".to_owned()),
            },
        };
        let Some(method) = Method::ALL.into_iter().find(|method| method.name() == name) else {
            let names = Method::ALL.map(Method::name).join(", ");
            return fail(format!(
                "there is no method `{name}`; the methods are {names}"
            ));
        };
        let Some(argument) = argument.filter(|argument| !argument.is_empty()) else {
            return Ok(method);
        };
        let (key, value) = match argument.split_once('=') {
            Some((key, value)) => (key.trim(), value.trim()),
            None => (argument, ""),
        };
        match method {
            Method::Vector { .. } | Method::Matrix { .. } | Method::Dirichlet { .. }
                if key == "l2" =>
            {
                match value.parse::<f64>() {
                    Ok(l2) if l2 > 0.0 && l2.is_finite() => Ok(match method {
                        Method::Vector { .. } => Method::Vector { l2 },
                        Method::Matrix { .. } => Method::Matrix { l2 },
                        _ => Method::Dirichlet { l2 },
                    }),
                    _ => fail(format!("l2 is `{value}`, but must be a number above 0")),
                }
            }
            Method::Histogram { .. } if key == "bins" => match value.parse() {
                Ok(bins) => Ok(Method::Histogram { bins }),
                Err(_) => fail(format!("bins is `{value}`, but must be a whole number")),
            },
            Method::Vector { .. } | Method::Matrix { .. } | Method::Dirichlet { .. } => fail(
                format!("`{key}` is no parameter; it takes l2, as in {method}"),
            ),
            Method::Histogram { .. } => fail(format!(
                "`{key}` is no parameter; it takes bins, as in {method}"
            )),
            _ => fail(format!("{name} takes no parameters")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_methods_are_the_same() {
        for method in Method::ALL {
            assert_eq!(method.to_string().parse::<Method>().unwrap(), method);
            assert_eq!(method.name().parse::<Method>().unwrap(), method);
        }
        assert_eq!(
            " matrix( l2 = 0.01 ) ".parse::<Method>().unwrap(),
            Method::Matrix { l2: 0.01 }
        );
        assert_eq!("platt()".parse::<Method>().unwrap(), Method::Platt);
    }

    #[test]
    fn what_is_wrong_with_a_text_is_told() {
        let told = |text: &str| text.parse::<Method>().unwrap_err().to_string();
        assert!(
            told("plat").starts_with("`plat`: there is no method `plat`; the methods are temp")
        );
        assert_eq!(
            told("matrix(l2=0)"),
            "`matrix(l2=0)`: l2 is `0`, but must be a number above 0"
        );
        assert!(told("matrix(bins=3)").contains("it takes l2, as in matrix(l2=5)"));
        assert!(told("histogram(l2=3)").contains("it takes bins"));
        assert!(told("histogram(bins=-1)").contains("must be a whole number"));
        assert!(told("beta(l2=1)").contains("takes no parameters"));
        assert!(told("beta(").contains("not closed"));
    }

    #[test]
    fn methods_for_something_else_are_named() {
        let answers = Answers::new(&[0.1, 0.9], &[false, true]).unwrap();
        let error = Method::Matrix { l2: 1.0 }
            .fit_confidence(&answers)
            .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("matrix cannot be fitted to one confidence")
        );
        let scores = Scores::from_logits(vec![0.0, 1.0], 2).unwrap();
        let error = Method::Platt.fit_classes(&scores, &[0]).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("use one of temperature, vector, matrix, dirichlet")
        );
        for method in Method::ALL {
            assert_eq!(
                method.takes_confidence(),
                method.fit_confidence(&answers).is_ok()
            );
            assert_eq!(
                method.takes_classes(),
                method.fit_classes(&scores, &[1]).is_ok()
            );
        }
    }
}
