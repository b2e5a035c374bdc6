use qualm_data::{Head, Source};

use super::admit::{admit, check_some, left_out};
use super::context::{FitContext, Gathered};
use super::pass1::{Pass1, Tally};
use super::pass2::{Pass2, Splits};
use super::{RulerRows, Split, pass1, pass2};
use crate::bundle::{Bundle, FittedDetector, Settings, Shape};
use crate::detector::Detector;
use crate::extent::Extent;
use crate::method::Needs;
use crate::score::{Plan, Scorer};
use crate::statistics::SumBy;
use crate::weights::Weights;
use crate::{OodError, Recipe};

/// What is fitted on.
///
/// ```
/// use qualm_data::{Head, MemorySet};
/// use qualm_ood::{FitInput, FitOptions, Recipe, fit};
/// let train = MemorySet::new("train").with_features(vec![2.0, 0.0, 0.5, 1.0], 2)?;
/// let head = Head::new(vec![1.0, 0.0, 0.0, 1.0], vec![0.0, 0.0], 2)?;
/// let recipes = Recipe::parse_list("energy")?;
/// let fit = |head| {
///     let input = FitInput { train: &train, head };
///     fit(input, &recipes, &FitOptions::default(), &mut |_| {})
/// };
/// assert!(fit(Some(&head)).is_ok());
/// assert!(fit(None).is_err(), "there are no stored logits either");
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Clone, Copy)]
pub struct FitInput<'a> {
    /// The fitting rows; rows with a negative label are passed over.
    pub train: &'a dyn Source,
    /// The classifier's last layer, where there is one.
    pub head: Option<&'a Head>,
}

/// How to fit.
///
/// ```
/// use qualm_ood::{FitOptions, Split};
/// let options = FitOptions { split: Split::of(0.2), ..FitOptions::default() };
/// assert_eq!((options.split.fraction, options.memory), (0.2, 8_000_000_000));
/// assert_eq!(FitOptions::default().split, Split::none());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FitOptions {
    /// Rows held back as reference.
    pub split: Split,
    /// Rows that `combined` measures its components against.
    pub ruler: RulerRows,
    /// In which numbers the bundle holds its matrices.
    pub weights: Weights,
    /// Bytes that statistics may take; a method that needs more is refused with the figure.
    pub memory: u64,
}

impl Default for FitOptions {
    /// Nothing held back, a third of nothing as ruler, 8 GB.
    fn default() -> Self {
        Self {
            split: Split::none(),
            ruler: RulerRows::default(),
            weights: Weights::default(),
            memory: 8_000_000_000,
        }
    }
}

impl FitOptions {
    /// How many of `rows` rows are held back, about.
    pub(super) fn held_back_of(&self, rows: u64) -> u64 {
        (rows as f64 * self.split.fraction).ceil() as u64
    }

    /// What a bundle of methods with these needs keeps.
    pub(super) fn settings(&self, needs: &Needs) -> Settings {
        Settings {
            split: self.split,
            ruler: self.ruler.share(needs),
            weights: self.weights,
        }
    }
}

/// What fitting gives.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{FitInput, FitOptions, fit};
/// let train = MemorySet::new("train").with_logits(vec![2.0, 0.0, 0.5, 1.0], 2)?;
/// let input = FitInput { train: &train, head: None };
/// let recipes = ["msp".parse()?, "energy".parse()?];
/// let fitted = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?;
/// assert_eq!((fitted.bundle.detectors().len(), fitted.passes), (2, 1));
/// assert!(fitted.warnings.is_empty());
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug)]
pub struct Fitted {
    /// The detectors.
    pub bundle: Bundle,
    /// What a person should know about this fit, a sentence each.
    pub warnings: Vec<String>,
    /// Passes taken over the fitting rows: one where nothing needs a second.
    pub passes: usize,
}

/// Fits all `recipes` in at most two passes over the rows. `progress` is called with the number of
/// rows that were read since its last call; a fit reads each row at most twice.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{FitInput, FitOptions, Recipe, fit};
/// let rows: Vec<f32> = (0..400).map(|i| ((i * 37) % 101) as f32).collect();
/// let train = MemorySet::new("train").with_features(rows, 4)?;
/// let recipes = Recipe::parse_list("knn(k=3),residual(dim=2,origin=mean)")?;
/// let input = FitInput { train: &train, head: None };
/// let fitted = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?;
/// assert_eq!(fitted.passes, 2);
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
///
/// # Errors
/// When the rows lack what a method needs, a row is not finite, or a method cannot be fitted.
pub fn fit(
    input: FitInput<'_>,
    recipes: &[Recipe],
    options: &FitOptions,
    progress: &mut dyn FnMut(u64),
) -> Result<Fitted, OodError> {
    let admitted = admit(input.train, input.head, recipes, options)?;
    let (shape, recipes) = (admitted.shape, &admitted.recipes);
    let needs = Needs::of(recipes);
    let extent = Extent::whole(input.train);
    let first = pass1::run(&extent, &admitted, input.head, options, progress)?;
    let settings = options.settings(&needs);
    let mut solved = solve(first, input.head, recipes, shape, settings)?;
    let mut passes = 1;
    if needs.second_pass() || options.split.fraction > 0.0 {
        let second = second_pass(&solved, &extent, progress)?;
        solved.complete(second)?;
        passes = 2;
    }
    let mut warnings = admitted.warnings;
    warnings.append(&mut solved.warnings);
    check_some(solved.bundle.detectors().len(), &warnings)?;
    Ok(Fitted {
        bundle: solved.bundle,
        warnings,
        passes,
    })
}

/// Detectors after the first pass, with what the second must tell them.
#[derive(Debug)]
pub(super) struct Solved {
    pub(super) bundle: Bundle,
    pub(super) warnings: Vec<String>,
}

/// Solves every recipe from the first pass.
pub(super) fn solve(
    first: Pass1,
    head: Option<&Head>,
    recipes: &[Recipe],
    shape: Shape,
    settings: Settings,
) -> Result<Solved, OodError> {
    let tally = first.tally;
    let needs = Needs::of(recipes);
    let bank = needs
        .bank
        .map(|need| first.bank.finish(shape.dim.unwrap_or(0), need.rows));
    let moments = first.forest.finish().unwrap_or_default();
    if tally.fitted == 0 {
        return Err(OodError::fit(
            recipes.first().map_or("fit", Recipe::name),
            "every row is held back or labelled as out of distribution; none is left to fit on",
        ));
    }
    let extremes = needs.extremes.into_iter().zip(first.extremes).collect();
    let gathered = Gathered::new(moments, bank, first.activations, extremes, first.heads);
    let mut warnings = warnings(&gathered, &tally, shape);
    let mut detectors = Vec::with_capacity(recipes.len());
    for recipe in recipes {
        let context = FitContext::new(recipe.name(), head, &gathered);
        match recipe.method().solve(&context) {
            Ok(detector) => detectors.push(FittedDetector {
                recipe: recipe.clone(),
                detector,
            }),
            Err(error) => warnings.push(left_out(recipe, error)?),
        }
    }
    check_some(detectors.len(), &warnings)?;
    warnings.extend(gathered.into_warnings());
    let bundle = Bundle::new(shape, head.cloned(), detectors, settings, tally);
    Ok(Solved { bundle, warnings })
}

/// What looks wrong with these rows, a sentence each, once a fit.
fn warnings(gathered: &Gathered, tally: &Tally, shape: Shape) -> Vec<String> {
    let mut warnings = Vec::new();
    let moments = &gathered.moments.moments;
    if let (Some(dim), Some(_)) = (shape.dim, moments.raw.as_ref().or(moments.unit.as_ref()))
        && tally.fitted < dim as u64
    {
        warnings.push(format!(
            "fewer fitting rows ({}) than dimensions ({dim}): covariances are singular and small \
             eigenvalues unreliable",
            tally.fitted
        ));
    }
    if let Some(moment) = &moments.raw {
        let constant = moment.constant_columns();
        if let Some(first) = constant.first() {
            warnings.push(format!(
                "{} of {} columns are constant over the fitting rows (the first is column {first})",
                constant.len(),
                moment.dim()
            ));
        }
    }
    let mut by_label = gathered.moments.sums.iter();
    if let Some((_, sums)) = by_label.find(|(kind, _)| kind.by == SumBy::Label) {
        let empty: Vec<usize> = (0..sums.classes())
            .filter(|&c| sums.counts[c] == 0)
            .collect();
        if let Some(first) = empty.first() {
            warnings.push(format!(
                "{} of {} classes have no fitting row (the first is class {first}); they are left out",
                empty.len(),
                sums.classes()
            ));
        }
    }
    if tally.zero_rows > 0 {
        warnings.push(format!(
            "{} fitting rows are zero and have no direction; they stand at distance one from all",
            tally.zero_rows
        ));
    }
    warnings
}

/// Runs the second pass with the detectors of the first.
pub(super) fn second_pass(
    solved: &Solved,
    extent: &Extent<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<Pass2, OodError> {
    let bundle = &solved.bundle;
    let detectors: Vec<&dyn Detector> = bundle
        .detectors()
        .iter()
        .map(|fitted| &*fitted.detector)
        .collect();
    let schema = extent.source.schema();
    let plan = Plan::new(
        detectors.iter().copied(),
        bundle.head(),
        schema.dim.unwrap_or(0),
        schema.classes,
        bundle.weights(),
    );
    let mut scorer = Scorer::new(detectors, plan, bundle.head());
    let tails = bundle.tails();
    let measured = bundle.needs().second_pass();
    let ruler = bundle.ruler_split();
    let splits = Splits {
        held: bundle.split(),
        ruler: ruler.as_ref(),
    };
    pass2::run(
        extent,
        &mut scorer,
        splits,
        measured.then_some(&tails),
        progress,
    )
}

impl Solved {
    /// Completes the detectors and the reference with the second pass.
    pub(super) fn complete(&mut self, second: Pass2) -> Result<(), OodError> {
        let warnings = self.bundle.complete(second)?;
        self.warnings.extend(warnings);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::MemorySet;

    use super::*;
    use crate::testing::numbers;

    /// Three rows of width five, of classes 0 and 2; column 1 is constant, row 2 is zero in all
    /// but that.
    fn odd_rows(constant: f32) -> MemorySet {
        let mut rows = numbers(15, 8);
        rows.chunks_mut(5).for_each(|row| row[1] = constant);
        rows[10..].fill(0.0);
        rows[11] = constant;
        MemorySet::new("odd")
            .with_features(rows, 5)
            .and_then(|set| set.with_labels(vec![0, 2, 2]))
            .unwrap()
    }

    fn warnings_of(recipes: &str, train: &MemorySet) -> Vec<String> {
        let input = FitInput { train, head: None };
        let recipes = Recipe::parse_list(recipes).unwrap();
        fit(input, &recipes, &FitOptions::default(), &mut |_| {})
            .unwrap()
            .warnings
    }

    #[test]
    fn each_oddity_is_warned_of_once_whatever_the_number_of_methods() {
        let methods = "a=mahalanobis(ridge=1),b=mahalanobis(ridge=2),c=knn(k=1),d=knn(k=2)";
        let warnings = warnings_of(methods, &odd_rows(0.0));
        let about = |what: &str| warnings.iter().filter(|w| w.contains(what)).count();
        assert_eq!(
            about("fewer fitting rows (3) than dimensions (5)"),
            1,
            "{warnings:?}"
        );
        assert_eq!(about("1 of 5 columns are constant"), 1, "{warnings:?}");
        assert_eq!(
            about("1 of 3 classes have no fitting row (the first is class 1)"),
            1
        );
        assert_eq!(about("1 fitting rows are zero"), 1, "{warnings:?}");
        assert_eq!(warnings.len(), 4, "{warnings:?}");
    }

    #[test]
    fn ordinary_rows_raise_no_warning() {
        let train = MemorySet::new("rows")
            .with_features(numbers(500, 9), 5)
            .unwrap();
        assert!(warnings_of("knn,residual(origin=mean)", &train).is_empty());
    }

    #[test]
    fn statistics_that_do_not_fit_are_refused_with_the_figure() {
        let train = MemorySet::new("rows")
            .with_features(numbers(500, 9), 5)
            .unwrap();
        let input = FitInput {
            train: &train,
            head: None,
        };
        let recipes = Recipe::parse_list("knn").unwrap();
        let options = FitOptions {
            memory: 1000,
            ..FitOptions::default()
        };
        let error = fit(input, &recipes, &options, &mut |_| {})
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("knn: ") && error.contains("7.2 kB"),
            "{error}"
        );
    }
}
