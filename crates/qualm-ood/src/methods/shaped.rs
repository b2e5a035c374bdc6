//! A score of the logits behind a shaper: `react(p=90)+gen`.

use std::borrow::Cow;
use std::sync::Arc;

use crate::OodError;
use crate::detector::{Detector, Inputs, LogitInput};
use crate::fit::FitContext;
use crate::lower::{Graph, Lowering};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::shaping::{Shaper, Shaping};
use crate::tensors::{TensorReader, TensorWriter};

/// Any score that looks at logits alone, of logits that a shaper changed first. Nothing is fitted
/// to the changed logits.
#[derive(Debug)]
pub(crate) struct Shaped {
    /// The shaper as text.
    text: String,
    shaper: Box<dyn Shaper>,
    score: Box<dyn Method>,
}

impl Shaped {
    /// The method, or nothing where `score` looks at more than logits or is fitted.
    pub(crate) fn new(
        text: String,
        shaper: Box<dyn Shaper>,
        score: Box<dyn Method>,
    ) -> Option<Self> {
        let logits_alone = Needs {
            logits: true,
            ..Needs::default()
        };
        (score.needs() == logits_alone).then_some(Self {
            text,
            shaper,
            score,
        })
    }
}

impl Method for Shaped {
    fn needs(&self) -> Needs {
        let own = Needs {
            features: true,
            logits: true,
            head: true,
            ..Needs::default()
        };
        own.or(self.shaper.needs())
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let change = self.shaper.solve(context)?;
        let text = self.text.clone();
        Ok(Box::new(ShapedDetector {
            shaping: Arc::new(Shaping { text, change }),
            score: self.score.solve(context)?,
        }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let change = self.shaper.load(tensors)?;
        let text = self.text.clone();
        Ok(Box::new(ShapedDetector {
            shaping: Arc::new(Shaping { text, change }),
            score: self.score.load(tensors)?,
        }))
    }
}

#[derive(Debug)]
struct ShapedDetector {
    shaping: Arc<Shaping>,
    score: Box<dyn Detector>,
}

impl Detector for ShapedDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: Some(LogitInput::Shaped(Arc::clone(&self.shaping))),
            ..self.score.inputs()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        self.score.parts()
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        self.score.measure(row, parts);
    }

    fn score(&self, parts: &[f64]) -> f64 {
        self.score.score(parts)
    }

    fn terms(&self, parts: &[f64]) -> Vec<(Cow<'static, str>, f64)> {
        self.score.terms(parts)
    }

    fn save(&self, tensors: &mut TensorWriter) {
        self.shaping.save(tensors);
        self.score.save(tensors);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let logits = self.shaping.lower(graph)?;
        graph.with_logits(logits, |graph| self.score.lower(graph))
    }

    fn origin(&self) -> f64 {
        self.score.origin()
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::{Head, MemorySet, Source};

    use crate::testing::numbers;
    use crate::{FitInput, FitOptions, Recipe, fit};

    #[test]
    fn the_classifiers_own_logits_are_computed_where_something_looks_at_them() {
        let train = MemorySet::new("rows").with_features(numbers(80, 1), 4);
        let train = train.unwrap();
        let head = Head::new(numbers(12, 2), numbers(3, 3), 4).unwrap();
        let products = |recipes: &str| {
            let input = FitInput {
                train: &train,
                head: Some(&head),
            };
            let recipes = Recipe::parse_list(recipes).unwrap();
            let fitted = fit(input, &recipes, &FitOptions::default(), &mut |_| {}).unwrap();
            let scorer = fitted.bundle.scorer("rows", train.schema()).unwrap();
            scorer.operations_per_row() / (2.0 * 4.0 * 3.0)
        };
        assert_eq!(products("react"), 1.0);
        assert_eq!(products("react,a=react+gen,dice"), 2.0);
        assert_eq!(products("react,msp"), 2.0);
        // What only scales logits shares them.
        assert_eq!(products("scale,lts,msp"), 1.0);
    }
}
