//! Virtual-logit Matching.

use std::borrow::Cow;
use std::sync::Arc;

use super::dimension::Dimension;
use super::residual::{check_residual, load_residual, residual_map, save_residual};
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{AffineMap, Detector, Inputs, LogitInput};
use crate::fit::{FitContext, Origin};
use crate::lower::{Function, Graph, Lowering, Pairing, residual_norm};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::tensors::{TensorReader, TensorWriter};
use crate::view::{PerView, View};

pub(crate) const ENTRY: Entry = Entry {
    word: "vim",
    formula: "alpha ||R^T (x - u)|| - logsumexp(l)",
    paper: "Wang et al., CVPR 2022",
    inputs: "features and a head",
    parameters: "dim=auto|rule|N|0.99 (explained variance), score=energy|prob",
    parse: Parse::Method(|arguments| {
        let dim = Dimension::take(arguments)?;
        let form = match arguments.take("score") {
            None | Some("energy") => Form::Energy,
            Some("prob") => Form::Probability,
            Some(other) => return Err(arguments.wrong("score", other, "`energy` or `prob`")),
        };
        Ok(Box::new(Vim { dim, form }))
    }),
};

/// Virtual-logit Matching (Wang et al., "ViM: Out-of-distribution with virtual-logit matching",
/// CVPR 2022), as in the paper's section 4 and its authors' code.
///
/// With head `W, b`, logits `l = W x + b` and fitting rows `x_1 .. x_n`:
///
/// 1. origin `u = -W^+ b`, where the features say nothing about the class (equation 5);
/// 2. `R`: all but the `d` leading eigenvectors of `sum (x_i - u)(x_i - u)^T / n` (section 4.1);
/// 3. virtual logit `l_0(x) = alpha ||R^T (x - u)||`, with
///    `alpha = sum_i max_c l_c(x_i) / sum_i ||R^T (x_i - u)||` (equations 6 and 7);
/// 4. outlier score `l_0 - log sum_c exp(l_c)`; with `score=prob` the softmax probability of the
///    virtual logit, `exp(l_0) / (exp(l_0) + sum_c exp(l_c))` (equation 8), which ranks alike.
///
/// `dim=rule` is the authors' d: 1000 where D >= 2048, 512 where D >= 768, else D / 2. The default
/// `dim=auto` takes d from the spectrum of the fitting rows, see [`Dimension`]: better than the
/// rule on every set of `docs/results.md`. OpenOOD uses `d = 256` (`vim(dim=256)` here), oodeel
/// 99 % of the variance, counted one eigenvector less than `vim(dim=0.99)`, about the mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vim {
    dim: Dimension,
    form: Form,
}

/// Which of two scores with one ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Energy,
    Probability,
}

impl Method for Vim {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            logits: true,
            head: true,
            moments: PerView::only(View::Raw),
            part_means: true,
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        if context.head.is_some_and(|head| head.classes() < 2) {
            return Err(context.error(
                "a head with one class has no logits to match a virtual one with; use residual",
            ));
        }
        let (map, size) = residual_map(self.dim, Origin::Head, context)?;
        Ok(Box::new(VimDetector {
            map,
            size,
            alpha: f64::NAN,
            form: self.form,
        }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let (map, size) = load_residual(tensors)?;
        let alpha = tensors.scalar_of_second_pass("alpha")?;
        Ok(Box::new(VimDetector {
            map,
            size,
            alpha,
            form: self.form,
        }))
    }
}

#[derive(Debug)]
struct VimDetector {
    map: Arc<AffineMap>,
    /// Root mean square distance of the fitting rows from the origin.
    size: f64,
    /// NaN until the second pass.
    alpha: f64,
    form: Form,
}

const RESIDUAL: usize = 0;
const LOG_SUM_EXP: usize = 1;
const MAX_LOGIT: usize = 2;

impl Detector for VimDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: Some(LogitInput::Plain),
            maps: vec![Arc::clone(&self.map)],
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec!["residual norm", "log-sum-exp", "largest logit"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let logits = row.logits();
        parts[RESIDUAL] = qualm_linalg::norm(row.map(0));
        parts[LOG_SUM_EXP] = logits.log_sum_exp;
        parts[MAX_LOGIT] = f64::from(logits.max);
    }

    fn score(&self, parts: &[f64]) -> f64 {
        let score = self.alpha * parts[RESIDUAL] - parts[LOG_SUM_EXP];
        match self.form {
            Form::Energy => score,
            Form::Probability => 1.0 / (1.0 + (-score).exp()),
        }
    }

    fn terms(&self, parts: &[f64]) -> Vec<(Cow<'static, str>, f64)> {
        vec![
            ("virtual logit".into(), self.alpha * parts[RESIDUAL]),
            (
                "minus energy of the real logits".into(),
                -parts[LOG_SUM_EXP],
            ),
        ]
    }

    fn set_part_means(&mut self, means: &[f64]) -> Result<(), String> {
        check_residual(means[RESIDUAL], self.size)?;
        self.alpha = means[MAX_LOGIT] / means[RESIDUAL];
        if self.alpha > 0.0 {
            return Ok(());
        }
        Err(format!(
            "the mean largest logit of the fitting rows is {:.3}, but a virtual logit needs it above 0; \
             check that features and head belong together (`qualm check`)",
            means[MAX_LOGIT]
        ))
    }

    fn save(&self, tensors: &mut TensorWriter) {
        save_residual(&self.map, self.size, tensors);
        tensors.vector("alpha", &[self.alpha]);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let norm = residual_norm(graph, &self.map);
        let (virtual_logit, energy) = (graph.times(norm, self.alpha), graph.log_sum_exp(1.0));
        let score = graph.pair(virtual_logit, Pairing::Sub, energy);
        if self.form == Form::Energy {
            return Ok(score);
        }
        let (one, negative) = (graph.number(1.0), graph.neg(score));
        let exponential = graph.each(Function::Exp, negative);
        let all = graph.pair(one, Pairing::Add, exponential);
        Ok(graph.pair(one, Pairing::Div, all))
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use crate::testing::{fit_error, fit_scores, plane_rows};

    /// Features (x, y, z), head W = [[1, 0, 0], [-1, 0, 0]], b = (0, 0): u = 0. Fitting rows
    /// (+-2, 0, +-1) span x with second moment 4, z with 1, y with 0.
    const TRAIN: [f32; 12] = [
        2.0, 0.0, 1.0, 2.0, 0.0, -1.0, -2.0, 0.0, 1.0, -2.0, 0.0, -1.0,
    ];

    fn head() -> Head {
        Head::new(vec![1.0, 0.0, 0.0, -1.0, 0.0, 0.0], vec![0.0, 0.0], 3).unwrap()
    }

    #[test]
    fn by_hand() {
        // d = 1 leaves R = span(y, z). Every fitting row has residual 1 and largest logit 2, so
        // alpha = 2. Row (0, 3, 4): residual 5, virtual logit 10, logits (0, 0).
        let scores = fit_scores("vim(dim=1)", &TRAIN, 3, Some(head()), &[0.0, 3.0, 4.0]);
        assert!((scores[0] - (10.0 - 2f64.ln())).abs() < 1e-5, "{scores:?}");
        let prob = fit_scores(
            "vim(dim=1,score=prob)",
            &TRAIN,
            3,
            Some(head()),
            &[0.0, 3.0, 4.0],
        );
        let want = 10f64.exp() / (10f64.exp() + 2.0);
        assert!((prob[0] - want).abs() < 1e-7, "{prob:?}");
    }

    #[test]
    fn the_origin_is_where_the_logits_vanish() {
        // Bias (1, -1) moves u to (-1, 0, 0): rows (+-2, 0, +-1) shifted along x by -1 have the
        // second moment of the rows above.
        let head = Head::new(vec![1.0, 0.0, 0.0, -1.0, 0.0, 0.0], vec![1.0, -1.0], 3).unwrap();
        let train: Vec<f32> = TRAIN
            .chunks(3)
            .flat_map(|row| [row[0] - 1.0, row[1], row[2]])
            .collect();
        let scores = fit_scores("vim(dim=1)", &train, 3, Some(head), &[-1.0, 3.0, 4.0]);
        assert!((scores[0] - (10.0 - 2f64.ln())).abs() < 1e-5, "{scores:?}");
    }

    #[test]
    fn guards() {
        let error = |recipe: &str, head| fit_error(recipe, &TRAIN, 3, head);
        assert!(error("vim(dim=3)", Some(head())).contains("below 3"));
        assert!(error("vim(dim=2)", Some(head())).contains("span only 2 of 3"));
        assert!(error("vim(dim=1)", None).contains("head"));
        let one = Head::new(vec![1.0, 0.0, 0.0], vec![0.0], 3).unwrap();
        assert!(error("vim(dim=1)", Some(one)).contains("one class"));
        let negative = Head::new(vec![0.0; 6], vec![-1.0, -1.0], 3).unwrap();
        assert!(error("vim(dim=1)", Some(negative)).contains("above 0"));
    }

    /// Features of rank 60 in 512 dimensions, where peers give alpha near 1e5 and noise for
    /// scores.
    #[test]
    fn rank_deficient_features_are_refused() {
        let (rank, dim, rows) = (60, 512, 700);
        let mut train = vec![0f32; rows * dim];
        let base = crate::testing::numbers(rank * dim, 1);
        let mix = crate::testing::numbers(rows * rank, 2);
        for (to, mix) in train.chunks_mut(dim).zip(mix.chunks(rank)) {
            for (m, base) in mix.iter().zip(base.chunks(dim)) {
                to.iter_mut().zip(base).for_each(|(t, b)| *t += m * b);
            }
        }
        let weight = crate::testing::numbers(3 * dim, 3);
        let head = || Head::new(weight.clone(), vec![0.0; 3], dim).unwrap();
        let error = fit_error("vim(dim=256)", &train, dim, Some(head()));
        assert!(
            error.contains("span only") || error.contains("rounding noise"),
            "{error}"
        );
        assert!(!fit_scores("vim(dim=30)", &train, dim, Some(head()), &train[..dim])[0].is_nan());
        let plane = plane_rows(40, 3);
        assert!(
            fit_error("vim(dim=0.9999999)", &plane, 3, Some(self::head()))
                .contains("leaves no residual")
        );
    }
}
