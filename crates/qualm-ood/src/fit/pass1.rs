use qualm_data::Chunk;
use qualm_linalg::Rows;

use super::Split;
use super::blocks::{BLOCK_ROWS, Sorted, select_rows};
use crate::OodError;
use crate::extent::Extent;
use crate::method::Needs;
use crate::statistics::{BankRows, ClassSums, Forest, Merge, MomentScratch, SecondMoment};
use crate::view::{PerView, View, normalise_rows};

/// What the first pass gathers: the union of the methods' needs, each statistic once.
#[derive(Debug, Default)]
pub(crate) struct Pass1 {
    pub(crate) forest: Forest<Moments>,
    pub(crate) bank: BankRows,
    pub(crate) tally: Tally,
}

/// The sums of one node of the tree over blocks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moments {
    pub(crate) moments: PerView<Option<SecondMoment>>,
    pub(crate) sums: PerView<Option<ClassSums>>,
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
        merge_options(&mut self.sums.raw, later.sums.raw);
        merge_options(&mut self.sums.unit, later.sums.unit);
    }
}

impl Pass1 {
    /// Takes in the statistics of other rows.
    pub(crate) fn merge(&mut self, other: Self) {
        for node in other.forest.into_nodes() {
            self.forest.insert(node);
        }
        self.bank.merge(other.bank);
        self.tally.merge(other.tally);
    }
}

/// Runs the first pass. `classes` is C where head or stored logits tell it.
pub(crate) fn run(
    extent: &Extent<'_>,
    needs: Needs,
    split: &Split,
    classes: Option<usize>,
    progress: &mut dyn FnMut(u64),
) -> Result<Pass1, OodError> {
    let mut pass = Pass1::default();
    let dim = extent.source.schema().dim.unwrap_or(0);
    let mut gatherer = Gatherer {
        needs,
        dim,
        scratch: needs.moments.any().then(|| MomentScratch::new(dim)),
        kept: Vec::new(),
        unit: Vec::new(),
    };
    extent.for_each_block(BLOCK_ROWS, |chunk| {
        let sorted = Sorted::new(chunk, split, classes, extent.source.name())?;
        gatherer.gather(chunk, &sorted, classes, &mut pass);
        progress(chunk.rows as u64);
        Ok(())
    })?;
    Ok(pass)
}

struct Gatherer {
    needs: Needs,
    dim: usize,
    scratch: Option<MomentScratch>,
    kept: Vec<f32>,
    unit: Vec<f32>,
}

impl Gatherer {
    fn gather(&mut self, chunk: &Chunk, sorted: &Sorted, classes: Option<usize>, pass: &mut Pass1) {
        pass.tally.merge(Tally {
            fitted: sorted.fit.len() as u64,
            held_back: sorted.held.len() as u64,
            outliers: sorted.outliers,
            zero_rows: 0,
        });
        let Self {
            needs,
            dim,
            scratch,
            kept,
            unit,
        } = self;
        let raw = select_rows(&chunk.features, chunk.rows, &sorted.fit, kept);
        if needs.bank || needs.moments.unit || needs.class_sums.unit {
            pass.tally.zero_rows += normalise_rows(raw, (*dim).max(1), unit) as u64;
        }
        let labels: Vec<i64> = match chunk.labels.is_empty() {
            true => Vec::new(),
            false => sorted.fit.iter().map(|&row| chunk.labels[row]).collect(),
        };
        let mut moments = Moments::default();
        for view in [View::Raw, View::Unit] {
            let rows = match view {
                View::Raw => raw,
                View::Unit => &unit[..],
            };
            if let (true, Some(scratch)) = (*needs.moments.get(view), scratch.as_mut()) {
                let moment = SecondMoment::of_block(Rows::new(rows, *dim), scratch);
                *moments.moments.get_mut(view) = Some(moment);
            }
            if *needs.class_sums.get(view) {
                let classes = classes
                    .unwrap_or_else(|| labels.iter().map(|&l| l as usize + 1).max().unwrap_or(0));
                let labels: Vec<usize> = labels.iter().map(|&label| label as usize).collect();
                let sums = ClassSums::of_block(rows, *dim, &labels, classes);
                *moments.sums.get_mut(view) = Some(sums);
            }
        }
        pass.forest
            .insert_block(chunk.first_row / BLOCK_ROWS, moments);
        if needs.bank {
            let numbers = sorted
                .fit
                .iter()
                .map(|&row| chunk.first_row + row as u64)
                .collect();
            pass.bank.add(unit.clone(), numbers, labels);
        }
    }
}
