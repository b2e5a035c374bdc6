use std::collections::BTreeMap;
use std::sync::Arc;

use qualm_data::Head;

use super::admit::Admitted;
use super::blocks::{BLOCK_ROWS, Sorted};
use super::class_watch::ClassWatch;
use super::gather::Gatherer;
use super::run::FitOptions;
use crate::OodError;
use crate::extent::Extent;
use crate::method::Needs;
use crate::perturbation::PerturbedHeads;
use crate::statistics::{
    BankRows, ClassScatters, ClassSums, Extremes, Forest, Histogram, Merge, SecondMoment, SumKind,
    TemperatureSums,
};
use crate::view::PerView;

/// What the first pass gathers: the union of the methods' needs, each statistic once.
#[derive(Debug, Default)]
pub(crate) struct Pass1 {
    pub(crate) forest: Forest<Moments>,
    /// Counts are whole numbers, which add up alike in any order: no tree is needed.
    pub(crate) activations: Option<Histogram>,
    /// In the order of the needs; these too merge in any order.
    pub(crate) extremes: Vec<Extremes>,
    /// Heads that were drawn on the way; what is merged from files has none.
    pub(crate) heads: Vec<Arc<PerturbedHeads>>,
    pub(crate) bank: BankRows,
    pub(crate) tally: Tally,
}

/// The sums of one node of the tree over blocks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moments {
    pub(crate) moments: PerView<Option<SecondMoment>>,
    pub(crate) scatters: PerView<Option<ClassScatters>>,
    pub(crate) sums: BTreeMap<SumKind, ClassSums>,
    pub(crate) temperature: Option<TemperatureSums>,
}

/// How many rows went where.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{FitInput, FitOptions, fit};
/// let train = MemorySet::new("train").with_logits(vec![2.0, 0.5, 3.0], 1)?;
/// let train = train.with_labels(vec![0, -1, 0])?;
/// let input = FitInput { train: &train, head: None };
/// let bundle = fit(input, &["maxlogit".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// let tally = bundle.tally();
/// assert_eq!((tally.fitted, tally.held_back, tally.outliers), (2, 0, 1));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    /// Rows fitted on.
    pub fitted: u64,
    /// Rows held back as reference.
    pub held_back: u64,
    /// Rows labelled as out of distribution.
    pub outliers: u64,
    /// Fitting rows that are zero and so have no direction.
    pub zero_rows: u64,
}

impl Tally {
    pub(crate) fn merge(&mut self, other: Self) {
        self.fitted += other.fitted;
        self.held_back += other.held_back;
        self.outliers += other.outliers;
        self.zero_rows += other.zero_rows;
    }
}

fn merge_options<T: Merge>(to: &mut Option<T>, from: Option<T>) {
    match (to.as_mut(), from) {
        (Some(to), Some(from)) => to.merge(from),
        (None, from) => *to = from,
        (_, None) => {}
    }
}

impl Merge for Moments {
    fn merge(&mut self, later: Self) {
        merge_options(&mut self.moments.raw, later.moments.raw);
        merge_options(&mut self.moments.unit, later.moments.unit);
        merge_options(&mut self.scatters.raw, later.scatters.raw);
        merge_options(&mut self.scatters.unit, later.scatters.unit);
        merge_options(&mut self.temperature, later.temperature);
        for (kind, sums) in later.sums {
            match self.sums.get_mut(&kind) {
                Some(own) => own.merge(sums),
                None => {
                    self.sums.insert(kind, sums);
                }
            }
        }
    }
}

impl Pass1 {
    /// Takes in the statistics of other rows.
    pub(crate) fn merge(&mut self, other: Self) {
        for node in other.forest.into_nodes() {
            self.forest.insert(node);
        }
        merge_options(&mut self.activations, other.activations);
        let len = self.extremes.len().max(other.extremes.len());
        self.extremes.resize(len, Extremes::default());
        for (own, other) in self.extremes.iter_mut().zip(other.extremes) {
            own.merge(other);
        }
        self.bank.merge(other.bank);
        self.tally.merge(other.tally);
    }
}

/// Runs the first pass.
pub(super) fn run(
    extent: &Extent<'_>,
    admitted: &Admitted,
    head: Option<&Head>,
    options: &FitOptions,
    progress: &mut dyn FnMut(u64),
) -> Result<Pass1, OodError> {
    let needs = Needs::of(&admitted.recipes);
    // C where head or stored logits tell it.
    let classes = admitted.shape.classes;
    let mut watch = ClassWatch::new(admitted, extent.source.schema().rows, options);
    let mut pass = Pass1 {
        activations: needs.activations.then(Histogram::default),
        extremes: vec![Extremes::default(); needs.extremes.len()],
        ..Pass1::default()
    };
    let dim = extent.source.schema().dim.unwrap_or(0);
    let mut gatherer = Gatherer::new(&needs, dim, head, classes);
    extent.for_each_block(BLOCK_ROWS, |chunk| {
        let sorted = Sorted::new(chunk, &options.split, classes, extent.source.name())?;
        pass.tally.merge(Tally {
            fitted: sorted.fit.len() as u64,
            held_back: sorted.held.len() as u64,
            outliers: sorted.outliers,
            zero_rows: 0,
        });
        if let Some(watch) = &mut watch {
            watch.see(chunk, &sorted)?;
        }
        gatherer.gather(chunk, &sorted, &mut pass);
        progress(chunk.rows as u64);
        Ok(())
    })?;
    pass.heads = gatherer.into_heads();
    Ok(pass)
}
