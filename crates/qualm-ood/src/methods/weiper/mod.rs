//! Densities of a row's features and of its logits under perturbed heads.

mod density;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use qualm_stats::random::DEFAULT_SEED;

use self::density::{Density, Form};
use crate::OodError;
use crate::bins::Bins;
use crate::catalogue::{Entry, Parse};
use crate::detector::{Detector, Inputs, PerturbedInput};
use crate::fit::FitContext;
use crate::lower::{Graph, Lowering};
use crate::method::{Method, Needs};
use crate::perturbation::{Perturbation, PerturbedHeads};
use crate::recipe::Arguments;
use crate::score::Row;
use crate::statistics::ExtremesOf;
use crate::tensors::{TensorReader, TensorWriter};

pub(crate) const ENTRY: Entry = Entry {
    word: "weiper",
    formula: "KL(f, mean f) + lambda1 KL(g, mean g) - lambda2 m; f bins of x, g of perturbed l",
    paper: "Granz et al., NeurIPS 2024",
    inputs: "features and a head; costs r products with the head a row",
    parameters: "r=100, delta=1.8, bins=100, smooth=4, smooth_perturbed=15, lambda1=2.5, \
                 lambda2=0.1, seed=2022",
    parse: Parse::Method(|arguments| Ok(Box::new(WeiPer::take(arguments)?))),
};

/// WeiPer+KLD (Granz et al., "WeiPer: OOD detection using weight perturbations of class
/// projections", NeurIPS 2024), by its authors' code.
///
/// With features `x`, head `W, b`, and `r` heads whose rows are `w_c + delta ||w_c|| n_jc` for
/// random `n_jc` of length one ([`Perturbation`]), with logits `l_j(x)`:
///
/// 1. `f(x)`: which share of the `D` features lies in each of `bins` bins of equal width, from the
///    smallest to the largest feature of the fitting rows; `g(x)` likewise of the `r C` logits of
///    all `l_j`. What lies outside is in no bin, but counts in the whole.
/// 2. `m(x)`: the mean over `j` of the largest softmax probability of `l_j`.
/// 3. `K(f, f*)`, where `f*` is the mean of `f` over the fitting rows: `f` is averaged over
///    `smooth` neighbouring bins (the outermost stand for those beyond; of an even number one more
///    lies above); 0.01 is added to every bin of both, which are then scaled to sum to one, `q` and
///    `p`; and `K = sum (p - q) log(p / q)`, the divergence in both directions. `K(g, g*)`
///    likewise with `smooth_perturbed` and 0.025.
/// 4. outlier score `K(f, f*) + lambda1 K(g, g*) - lambda2 m`.
///
/// A row costs `r` products with the head when it is scored and in each pass of a fit, the first of
/// which finds `g`'s range: a hundred times what its logits cost, by default. The heads take
/// `4 r C D` bytes (0.8 GB for 1000 classes of width 2048). Of every row held back, `bins` numbers
/// for each of `f` and `g` are kept while fitting.
///
/// The defaults are those of the authors' configuration, found on CIFAR-10. They list others that
/// they tuned against outliers: CIFAR-100 `delta=2.4, smooth_perturbed=40, lambda1=0.1, lambda2=1`;
/// ImageNet with a ResNet-50 `delta=2.4, smooth=40, lambda2=0.25`, with a ViT-B/16
/// `delta=2, bins=80, smooth=40`.
///
/// Their code draws new heads for every batch, since it hands the first ones on under a name that
/// nothing reads: range, means and scores belong to different heads, and a score depends on its
/// batch. Here all come from one draw. Their means weigh batches alike, however short, and their
/// largest bin ends at the largest number rounded to `f32`, which thereby may fall out; here it is
/// in. OpenOOD lists results of the method and (December 2025) holds no
/// code of it.
#[derive(Debug, Clone, Copy)]
struct WeiPer {
    perturbation: Perturbation,
    bins: usize,
    /// Of features and of perturbed logits.
    forms: [Form; 2],
    lambda: [f64; 2],
}

impl WeiPer {
    fn take(arguments: &mut Arguments<'_>) -> Result<Self, OodError> {
        let above = |number: &f64| *number > 0.0 && number.is_finite();
        let from = |number: &f64| *number >= 0.0 && number.is_finite();
        let few = |limit: usize| move |number: &usize| (1..=limit).contains(number);
        // The bounds keep what a damaged bundle can ask for in proportion to its head.
        let thousand = "a whole number from 1 to 1000";
        let perturbation = Perturbation {
            heads: arguments.take_or("r", 100, thousand, few(1000))?,
            delta: arguments.take_or("delta", 1.8, "a number above 0", above)?,
            seed: arguments.take_or("seed", DEFAULT_SEED, "a whole number from 0", |_| true)?,
        };
        let bins = arguments.take_or("bins", 100, "a whole number from 2 to 1000", |bins| {
            (2..=1000).contains(bins)
        })?;
        let mut form = |key, default: usize, epsilon| -> Result<Form, OodError> {
            let what = "a whole number from 1 to the number of bins";
            let smooth = arguments.take_or(key, default.min(bins), what, few(bins))?;
            Ok(Form { smooth, epsilon })
        };
        let forms = [
            form("smooth", 4, 0.01)?,
            form("smooth_perturbed", 15, 0.025)?,
        ];
        let mut lambda = |key, default| arguments.take_or(key, default, "a number from 0", from);
        Ok(Self {
            perturbation,
            bins,
            forms,
            lambda: [lambda("lambda1", 2.5)?, lambda("lambda2", 0.1)?],
        })
    }

    fn of_heads(&self) -> ExtremesOf {
        ExtremesOf::Perturbed(self.perturbation)
    }

    fn detector(&self, heads: Arc<PerturbedHeads>, densities: [Density; 2]) -> WeiPerDetector {
        WeiPerDetector {
            heads,
            densities,
            lambda: self.lambda,
        }
    }
}

impl Method for WeiPer {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            logits: true,
            head: true,
            extremes: vec![ExtremesOf::Features, self.of_heads()],
            part_means: true,
            kept_parts: 2 * self.bins + 1,
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let head = context.required_head()?;
        let bins = |of, what: &str| {
            Bins::between(context.extremes(of)?, self.bins).ok_or_else(|| {
                context.error(format!(
                    "{what} of the fitting rows are all equal, or not finite, and have no density; \
                     check that features and head belong together (`qualm check`)"
                ))
            })
        };
        let features = bins(ExtremesOf::Features, "the features")?;
        let logits = bins(self.of_heads(), "the perturbed logits")?;
        let numbers = head.classes() * self.perturbation.heads;
        let densities = [
            Density::new(features, self.forms[0], head.dim()),
            Density::new(logits, self.forms[1], numbers),
        ];
        let heads = context.perturbed(self.perturbation);
        Ok(Box::new(self.detector(heads, densities)))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let numbers = tensors.classes().saturating_mul(self.perturbation.heads);
        let load = |which: usize, numbers| {
            let form = self.forms[which];
            Density::load(NAMES[which], self.bins, form, numbers, tensors)
        };
        let densities = [load(0, tensors.dim())?, load(1, numbers)?];
        let heads = Arc::new(PerturbedHeads::new(self.perturbation));
        Ok(Box::new(self.detector(heads, densities)))
    }
}

/// What the densities are called in a file.
const NAMES: [&str; 2] = ["features", "perturbed"];

#[derive(Debug)]
struct WeiPerDetector {
    heads: Arc<PerturbedHeads>,
    /// Of the features and of the perturbed logits.
    densities: [Density; 2],
    lambda: [f64; 2],
}

impl WeiPerDetector {
    /// The three terms of the score.
    fn sum_of(&self, parts: &[f64]) -> [f64; 3] {
        let [features, logits] = &self.densities;
        let (of_features, rest) = parts.split_at(features.bins.count);
        let (of_logits, certainty) = rest.split_at(logits.bins.count);
        [
            features.divergence(of_features),
            self.lambda[0] * logits.divergence(of_logits),
            -self.lambda[1] * certainty[0],
        ]
    }
}

impl Detector for WeiPerDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            features: true,
            perturbed: Some(PerturbedInput {
                heads: Arc::clone(&self.heads),
                bins: self.densities[1].bins,
            }),
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        let [features, logits] = self.densities.each_ref().map(|density| density.bins.count);
        let mut names = vec!["features in a bin"; features];
        names.extend(std::iter::repeat_n("perturbed logits in a bin", logits));
        names.push("mean largest probability of the perturbed heads");
        names
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let bins = &self.densities[0].bins;
        let perturbed = row.perturbed();
        let (features, rest) = parts.split_at_mut(bins.count);
        features.fill(0.0);
        let places = row.features().iter().filter_map(|&x| bins.place(x));
        places.for_each(|bin| features[bin] += 1.0);
        let (logits, certainty) = rest.split_at_mut(perturbed.counts.len());
        for (to, &count) in logits.iter_mut().zip(perturbed.counts) {
            *to = f64::from(count);
        }
        certainty[0] = perturbed.certainty;
    }

    fn score(&self, parts: &[f64]) -> f64 {
        self.sum_of(parts).iter().sum()
    }

    fn terms(&self, parts: &[f64]) -> Vec<(Cow<'static, str>, f64)> {
        let names = [
            "divergence of the features",
            "divergence of the perturbed logits",
            "minus their largest probability",
        ];
        names
            .map(Cow::from)
            .into_iter()
            .zip(self.sum_of(parts))
            .collect()
    }

    fn set_part_means(&mut self, means: &[f64]) -> Result<(), String> {
        let mut means = means;
        for density in &mut self.densities {
            let (own, rest) = means.split_at(density.bins.count);
            density.set_mean(own);
            means = rest;
        }
        Ok(())
    }

    fn save(&self, tensors: &mut TensorWriter) {
        for (density, name) in self.densities.iter().zip(NAMES) {
            density.save(name, tensors);
        }
    }

    fn lower(&self, _: &mut Graph) -> Lowering {
        Err("it counts the logits of many heads in bins, for which there is no operator".to_owned())
    }
}
