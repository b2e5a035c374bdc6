//! Several detectors in one.

mod by;
mod ruler;

use std::borrow::Cow;
use std::ops::Range;

use self::by::By;
use self::ruler::Ruler;
use crate::catalogue::{Entry, Parse};
use crate::detector::{Compared, Detector, Inputs};
use crate::fit::FitContext;
use crate::lower::{Graph, Lowering, Pairing, Value};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::tensors::{TensorReader, TensorWriter};
use crate::{OodError, Recipe};

pub(crate) const ENTRY: Entry = Entry {
    word: "combined",
    formula: "-2 sum_i log p_i, p_i the p-value by the i-th of several methods",
    paper: "Fisher 1925; Wilson, PNAS 2019; Liu & Xie, JASA 2020; Edgington 1972",
    inputs: "what its methods take, and rows held back from fitting",
    parameters: "the methods (vim,msp), by=fisher|harmonic|cauchy|rank",
    parse: Parse::Composite(|arguments| {
        let by = match arguments.take("by") {
            None => By::Fisher,
            Some(name) => By::named(name).ok_or_else(|| {
                arguments.wrong("by", name, "`fisher`, `harmonic`, `cauchy` or `rank`")
            })?,
        };
        let mut methods = arguments.take_methods()?;
        if methods.is_empty() {
            methods = Recipe::parse_list(DEFAULT)?;
        }
        if methods.len() < 2 {
            return Err(
                arguments.error("it combines at least two methods, as in combined(vim,msp)")
            );
        }
        Ok(Box::new(Combined { methods, by }))
    }),
};

/// What is combined where nothing is named: what leaves the space of the features, and what the
/// classifier is unsure of.
const DEFAULT: &str = "vim,msp";

/// One score of several methods, by combining p-values of their scores.
///
/// The p-value of component `i` is conformal, `p_i = (1 + #{r in R_i: r >= s_i}) / (n + 1)`, where
/// `s_i` is the component's score of the row and `R_i`, the ruler, its scores of `n` rows that
/// nothing was fitted to ([`RulerRows`](crate::RulerRows)). Of `m` components, the outlier score is
///
/// - `by=fisher`, the default: `-2 sum_i log p_i` (Fisher, "Statistical methods for research
///   workers", 4th edition 1932, section 21.1);
/// - `by=harmonic`: one over the harmonic mean, `sum_i (1 / p_i) / m` (Wilson, "The harmonic mean
///   p-value for combining dependent tests", PNAS 2019, with equal weights);
/// - `by=cauchy`: `sum_i cot(pi p_i) / m`, the same as `sum_i tan((1/2 - p_i) pi) / m` (Liu & Xie,
///   "Cauchy combination test", JASA 2020, with equal weights);
/// - `by=rank`: minus the mean rank, `-sum_i p_i / m` (Edgington, "An additive method for combining
///   probability values from independent experiments", J. Psychology 1972).
///
/// The laws that these papers give for their sums are not used: they want independent parts
/// (Fisher, Edgington) or hold in the limit of small p-values (Wilson, Liu & Xie), and the scores of
/// two detectors of one row depend on each other. The combined score has a reference of its own,
/// like any other, of rows that are not the ruler's; given the ruler the score is a fixed function of
/// the row, so its p-value keeps its promise whatever the dependence. That dependence was what the
/// harmonic mean and the Cauchy sum were made to bear, at the price that the smallest p-value
/// nearly decides alone; where it costs nothing, the product adds up what all components see. Hence
/// the default. `harmonic` and `cauchy` are for components of which one alone sees an outlier,
/// `rank` for those of which none may decide.
///
/// A ruler of n rows cannot tell apart rows that all of it lies below: their p-values are
/// `1 / (n + 1)`. Therefore `p_i` is made strictly decreasing, along lines between the ruler's
/// scores and by a heavy tail above the largest ([`Ruler::place`]): an order and no probability,
/// which a score that is compared with a reference need not be. To the Cauchy rule, whose terms
/// go to minus infinity where `p_i` goes to one, `p_i` is at most `n / (n + 1)`.
///
/// Peers stop at the law of the sum: SciPy's `combine_pvalues(method="fisher")` gives the p-value
/// that independent parts would have.
#[derive(Debug)]
struct Combined {
    methods: Vec<Recipe>,
    by: By,
}

impl Method for Combined {
    fn needs(&self) -> Needs {
        Needs {
            ruler: true,
            ..Needs::of(&self.methods)
        }
    }

    fn components(&self) -> Vec<(&str, &dyn Method)> {
        let methods = self.methods.iter();
        methods.map(|all| (all.name(), all.method())).collect()
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let solve = |method: &Recipe| {
            let name = format!("{}: {}", context.name(), method.name());
            method.method().solve(&context.named(&name))
        };
        let detectors = self.methods.iter().map(solve);
        Ok(Box::new(
            self.detector(detectors.collect::<Result<_, _>>()?),
        ))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let methods = self.methods.iter().enumerate();
        let detectors = methods
            .map(|(index, all)| all.method().load(&tensors.within(&index.to_string())))
            .collect::<Result<Vec<_>, _>>()?;
        let mut combined = self.detector(detectors);
        if tensors.has(RULERS) {
            let rows = tensors.width(RULERS).unwrap_or(0);
            let scores = tensors.matrix::<f64>(RULERS, rows)?;
            let rulers = scores.chunks_exact(rows.max(1));
            let rulers: Option<Vec<Ruler>> = rulers
                .map(|scores| Ruler::of_sorted(scores.to_vec()))
                .collect();
            combined.rulers = rulers
                .filter(|rulers| rulers.len() == self.methods.len())
                .ok_or_else(|| {
                    tensors.wrong(RULERS, "is not one row of sorted, finite numbers a method")
                })?;
        }
        Ok(Box::new(combined))
    }
}

/// The array of the rulers, one row a component.
const RULERS: &str = "rulers";

impl Combined {
    fn detector(&self, detectors: Vec<Box<dyn Detector>>) -> CombinedDetector {
        let mut end = 0;
        let widths = detectors.iter().map(|detector| detector.parts().len());
        let places = widths.map(|width| {
            let start = end;
            end += width;
            start..end
        });
        CombinedDetector {
            places: places.collect(),
            names: self
                .methods
                .iter()
                .map(|all| all.name().to_owned())
                .collect(),
            detectors,
            rulers: Vec::new(),
            by: self.by,
        }
    }
}

#[derive(Debug)]
struct CombinedDetector {
    names: Vec<String>,
    detectors: Vec<Box<dyn Detector>>,
    /// Where the parts of each stand.
    places: Vec<Range<usize>>,
    /// One a component; none until rows were held back.
    rulers: Vec<Ruler>,
    by: By,
}

impl CombinedDetector {
    /// The outlier score of each component.
    fn scores(&self, parts: &[f64]) -> impl Iterator<Item = f64> {
        let components = self.detectors.iter().zip(&self.places);
        components.map(|(detector, own)| detector.score(&parts[own.clone()]))
    }

    /// What each component adds to the score.
    fn addends(&self, parts: &[f64]) -> impl Iterator<Item = f64> {
        let compared = self.scores(parts).zip(&self.rulers);
        compared.map(|(score, ruler)| {
            let count = self.rulers.len();
            self.by.term(ruler.place(score), ruler.largest(), count)
        })
    }
}

impl Detector for CombinedDetector {
    fn inputs(&self) -> Inputs {
        Inputs::default()
    }

    fn parts(&self) -> Vec<&'static str> {
        self.detectors.iter().flat_map(|all| all.parts()).collect()
    }

    fn measure(&self, _: &Row<'_>, _: &mut [f64]) {}

    fn score(&self, parts: &[f64]) -> f64 {
        match self.lacks_ruler() {
            true => f64::NAN,
            false => self.addends(parts).sum(),
        }
    }

    fn terms(&self, parts: &[f64]) -> Vec<(Cow<'static, str>, f64)> {
        let names = self.names.iter().cloned().map(Cow::Owned);
        names.zip(self.addends(parts)).collect()
    }

    fn components(&self) -> &[Box<dyn Detector>] {
        &self.detectors
    }

    fn components_mut(&mut self) -> &mut [Box<dyn Detector>] {
        &mut self.detectors
    }

    fn compared(&self, parts: &[f64]) -> Vec<Compared> {
        let components = self.names.iter().zip(self.scores(parts)).zip(&self.rulers);
        components
            .map(|((name, score), ruler)| Compared {
                name: name.clone(),
                score,
                p_value: ruler.p_value(score),
            })
            .collect()
    }

    fn lacks_ruler(&self) -> bool {
        self.rulers.is_empty()
    }

    fn set_ruler(&mut self, rows: &[f64]) -> Result<(), String> {
        let width = self.places.last().map_or(0, |last| last.end).max(1);
        if rows.len() < width {
            return Err(
                "compares its parts on rows that none of them was fitted on, and there is \
                        none among so few; hold back more (--hold-back), or give more (--reference)"
                    .to_owned(),
            );
        }
        let mut scores = vec![Vec::with_capacity(rows.len() / width); self.detectors.len()];
        for row in rows.chunks_exact(width) {
            let each = scores.iter_mut().zip(self.scores(row));
            each.for_each(|(scores, score)| scores.push(score));
        }
        let rulers = scores.into_iter().zip(&self.names).map(|(scores, name)| {
            let not_finite =
                || format!("{name}: a score of the rows held back is not finite; check the rows");
            Ruler::new(scores).ok_or_else(not_finite)
        });
        self.rulers = rulers.collect::<Result<_, _>>()?;
        Ok(())
    }

    fn save(&self, tensors: &mut TensorWriter) {
        for (index, detector) in self.detectors.iter().enumerate() {
            tensors.within(&index.to_string(), |tensors| detector.save(tensors));
        }
        if let Some(first) = self.rulers.first() {
            let all = self.rulers.iter().flat_map(Ruler::scores).copied();
            tensors.matrix(RULERS, &all.collect::<Vec<f64>>(), first.scores().len());
        }
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let mut sum: Option<Value> = None;
        for ((detector, name), ruler) in self.detectors.iter().zip(&self.names).zip(&self.rulers) {
            let score = detector.lower(graph);
            let score = score.map_err(|reason| format!("of its `{name}` {reason}"))?;
            let place = ruler.lower_place(graph, score, detector.origin());
            let (largest, count) = (ruler.largest(), self.rulers.len());
            let term = self.by.lower_term(graph, place, largest, count);
            sum = Some(match sum {
                None => term,
                Some(sum) => graph.pair(sum, Pairing::Add, term),
            });
        }
        sum.ok_or_else(|| {
            "it lacks the rows that its parts are compared on; `qualm calibrate` gives it some"
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::maxlogit::MaxLogit;
    use crate::methods::msp::Msp;

    fn combined(by: By) -> CombinedDetector {
        let methods = Recipe::parse_list("maxlogit,msp").unwrap();
        let mut combined =
            Combined { methods, by }.detector(vec![Box::new(MaxLogit), Box::new(Msp)]);
        // The parts are largest logit and largest probability; scores are their negatives.
        let rows = [9.0, 0.9, 8.0, 0.5, 4.0, 0.7];
        combined.set_ruler(&rows).unwrap();
        combined
    }

    #[test]
    fn by_hand() {
        // Rulers (-9, -8, -4) and (-0.9, -0.7, -0.5). A row of logit 8 and probability 1/2 has
        // p-values 3/4 and 2/4; Fisher: -2 ln(3/8).
        let fisher = combined(By::Fisher);
        let row = [8.0, 0.5];
        assert!((fisher.score(&row) + 2.0 * (3f64 / 8.0).ln()).abs() < 1e-12);
        let harmonic = combined(By::Harmonic).score(&row);
        assert!((harmonic - (4.0 / 3.0 + 2.0) / 2.0).abs() < 1e-12);
        assert_eq!(combined(By::Rank).score(&row), -(0.75 + 0.5) / 2.0);
        // cot(3 pi / 4) = -1 and cot(pi / 2) = 0.
        assert!((combined(By::Cauchy).score(&row) + 0.5).abs() < 1e-12);
        let terms = fisher.terms(&row);
        assert_eq!((&*terms[0].0, &*terms[1].0), ("maxlogit", "msp"));
        let sum: f64 = terms.iter().map(|(_, term)| term).sum();
        assert!((sum - fisher.score(&row)).abs() < 1e-12);
        let p: Vec<f64> = fisher.compared(&row).iter().map(|c| c.p_value).collect();
        assert_eq!(p, [0.75, 0.5]);
    }

    #[test]
    fn rows_beyond_both_rulers_keep_their_order() {
        for by in [By::Rank, By::Harmonic, By::Cauchy, By::Fisher] {
            let combined = combined(by);
            let rows = [[1.0, 0.4], [-10.0, 0.3], [-1e6, 0.2], [-1e9, 0.1]];
            let scores = rows.map(|row| combined.score(&row));
            assert!(scores.is_sorted_by(|a, b| a < b), "{by:?}: {scores:?}");
        }
    }

    #[test]
    fn a_ruler_of_no_row_or_no_number_is_refused() {
        let mut combined = combined(By::Fisher);
        assert!(combined.set_ruler(&[]).unwrap_err().contains("--hold-back"));
        let error = combined.set_ruler(&[1.0, f64::INFINITY]).unwrap_err();
        assert!(error.starts_with("msp: "), "{error}");
    }
}
