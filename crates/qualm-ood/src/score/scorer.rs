use std::sync::Arc;

use qualm_data::Head;
use qualm_linalg::{GraphSearch, Nearest, Neighbour, Rows, add, largest, sum_of_exponentials};
use rayon::prelude::*;

use super::norms::Norms;
use super::perturbed::{Perturbed, PerturbedRow};
use super::plan::{
    GraphPlan, LogitPlan, LogitSlot, NeighbourSlot, Plan, SearchPlan, SearchSlot, Stack, columns,
};
use super::probabilities::Probabilities;
use super::relations::Relations;
use super::row::{LogitRow, Row};
use crate::detector::{Detector, leaves};
use crate::statistics::Bank;
use crate::view::{PerView, View, normalise_rows};

/// Rows scored at once: enough that packing the stacked matrices does not show
/// (`bench/README.md`), few enough that the products stay in the cache for what reads them next.
pub const TILE_ROWS: usize = 2048;

/// Rows that one task of the row-wise work takes.
const TASK: usize = 32;

/// Rows to be scored: features `N x D`, stored logits `N x C`, each empty where there are none.
///
/// ```
/// use qualm_ood::TileRows;
/// let (width, logits) = (3, [2.0, 0.0, 1.0, 0.5, 1.0, 0.0]);
/// let tile = TileRows { features: &[], logits: &logits, rows: logits.len() / width };
/// assert_eq!(tile.rows, 2);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TileRows<'a> {
    /// Row-major `N x D`.
    pub features: &'a [f32],
    /// Row-major `N x C`.
    pub logits: &'a [f32],
    /// N.
    pub rows: usize,
}

/// Runs the plan of several detectors over tiles of rows, with buffers that are kept from tile to
/// tile.
///
/// ```
/// use qualm_data::{MemorySet, Source};
/// use qualm_ood::{FitInput, FitOptions, TileRows, fit};
/// let train = MemorySet::new("train").with_logits(vec![2.0, 0.0, 0.5, 1.0], 2)?;
/// let input = FitInput { train: &train, head: None };
/// let bundle = fit(input, &["maxlogit".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// let mut scorer = bundle.scorer("requests", train.schema())?;
/// for logits in [[4.0, -1.0], [0.0, 3.0]] {
///     scorer.measure(TileRows { features: &[], logits: &logits, rows: 1 });
/// }
/// assert_eq!((scorer.score(0, 0), scorer.predicted(0)), (-3.0, Some(1)));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug)]
pub struct Scorer<'a> {
    detectors: Vec<&'a dyn Detector>,
    /// What is measured: of a detector that combines others, these.
    leaves: Vec<&'a dyn Detector>,
    plan: Plan,
    unit: Vec<f32>,
    mapped: PerView<Vec<f32>>,
    /// Of each of the plan's norms.
    norms: Vec<Norms>,
    /// Of each of the plan's perturbed heads.
    perturbed: Vec<Perturbed>,
    head: Option<&'a Head>,
    /// Reshaped logits, an array for each of the plan's shapings.
    shaped: Vec<Vec<f32>>,
    /// Features on their way into a head.
    scratch: Vec<f32>,
    probabilities: Probabilities,
    /// Of each of the plan's.
    relations: Vec<Relations>,
    /// Searches of each bank.
    searches: Vec<Vec<Nearest>>,
    /// Searches of each of the plan's graphs.
    walks: Vec<GraphSearch>,
    products: Vec<f32>,
    parts: Vec<f64>,
    predicted: Vec<u32>,
    zero_rows: usize,
}

impl<'a> Scorer<'a> {
    /// The scorer of `detectors` by their plan; `head` is the one that the plan was made with.
    pub(crate) fn new(
        detectors: Vec<&'a dyn Detector>,
        plan: Plan,
        head: Option<&'a Head>,
    ) -> Self {
        let nearest = |search: &SearchPlan| match &search.weights {
            None => Nearest::new(search.k),
            Some(weights) => Nearest::weighted(search.k, Arc::clone(weights)),
        };
        let searches = plan
            .banks
            .iter()
            .map(|plan| plan.searches.iter().map(nearest).collect())
            .collect();
        let walk = |plan: &GraphPlan| {
            GraphSearch::new(Arc::clone(&plan.input.graph), plan.k, plan.input.breadth)
        };
        let relations = plan
            .relations
            .iter()
            .map(|_| Relations::default())
            .collect();
        Self {
            shaped: vec![Vec::new(); plan.shapings.len()],
            norms: plan.norms.iter().map(|_| Norms::default()).collect(),
            perturbed: plan
                .perturbed
                .iter()
                .map(|_| Perturbed::default())
                .collect(),
            walks: plan.graphs.iter().map(walk).collect(),
            leaves: detectors.iter().flat_map(|&all| leaves(all)).collect(),
            detectors,
            plan,
            unit: Vec::new(),
            mapped: PerView::default(),
            head,
            scratch: Vec::new(),
            probabilities: Probabilities::default(),
            relations,
            searches,
            products: Vec::new(),
            parts: Vec::new(),
            predicted: Vec::new(),
            zero_rows: 0,
        }
    }

    /// Computes the parts of every detector for every row of a tile.
    pub fn measure(&mut self, tile: TileRows<'_>) {
        // Once into the thread pool for all that follows: each way in wakes a sleeping thread.
        rayon::scope(|_| self.measure_in_pool(tile));
    }

    fn measure_in_pool(&mut self, tile: TileRows<'_>) {
        if tile.rows == 0 {
            self.parts.clear();
            self.predicted.clear();
            return;
        }
        if self.plan.needs_unit() {
            self.zero_rows += normalise_rows(tile.features, self.plan.dim, &mut self.unit);
        }
        let dim = self.plan.dim;
        let stacks = &mut self.plan.stacks;
        map_rows(
            &mut self.mapped.raw,
            tile.rows,
            tile.features,
            &mut stacks.raw,
            dim,
        );
        map_rows(
            &mut self.mapped.unit,
            tile.rows,
            &self.unit,
            &mut stacks.unit,
            dim,
        );
        let stacks = &self.plan.stacks;
        for (norms, input) in self.norms.iter_mut().zip(&self.plan.norms) {
            let rows = match input.map.view {
                View::Raw => tile.features,
                View::Unit => &self.unit,
            };
            norms.compute(input, Rows::new(rows, dim));
        }
        for (searches, plan) in self.searches.iter_mut().zip(&self.plan.banks) {
            let bank = Rows::new(&plan.bank.rows, dim);
            let queries = Rows::new(&self.unit, dim);
            Nearest::search_all(searches, bank, queries, &mut self.products);
        }
        for (walk, plan) in self.walks.iter_mut().zip(&self.plan.graphs) {
            walk.search(Rows::new(&plan.bank.rows, dim), Rows::new(&self.unit, dim));
        }
        if self.plan.needs_probabilities() {
            self.probabilities
                .compute(&self.plan, tile, &self.mapped.raw);
        }
        for (relations, input) in self.relations.iter_mut().zip(&self.plan.relations) {
            let classes = input.probabilities.len() / input.bank.len().max(1);
            let probabilities = self.probabilities.rows(classes);
            relations.compute(input, Rows::new(&self.unit, dim), probabilities);
        }
        if let Some(head) = self.head {
            let features = || Rows::new(tile.features, dim);
            for (perturbed, input) in self.perturbed.iter_mut().zip(&self.plan.perturbed) {
                perturbed.compute(input, head, features());
            }
            let products = (&self.mapped.raw[..], columns(&stacks.raw));
            for (to, shaping) in self.shaped.iter_mut().zip(&self.plan.shapings) {
                shaping.logits(features(), head, products, &mut self.scratch, to);
            }
        }
        self.measure_rows(tile);
    }

    /// What follows the products, row by row in parallel: offsets, the logits' maximum and
    /// log-sum-exp, and the detectors' parts.
    fn measure_rows(&mut self, tile: TileRows<'_>) {
        let Self {
            leaves,
            plan,
            unit,
            mapped,
            norms,
            perturbed,
            shaped,
            probabilities,
            relations,
            searches,
            walks,
            parts,
            predicted,
            ..
        } = self;
        let (probabilities, relations) = (&*probabilities, &relations[..]);
        let (unit, shaped) = (&unit[..], &shaped[..]);
        let (searches, walks) = (&searches[..], &walks[..]);
        let (norms, perturbed) = (&norms[..], &perturbed[..]);
        let width = plan.parts;
        let stacks = &plan.stacks;
        let raw_rows = mapped.raw.par_chunks_exact_mut(columns(&stacks.raw));
        let unit_rows = mapped.unit.par_chunks_exact_mut(columns(&stacks.unit));
        parts.resize(tile.rows * width, 0.0);
        predicted.resize(tile.rows, 0);
        predicted
            .par_iter_mut()
            .zip(parts.par_chunks_exact_mut(width))
            .zip(raw_rows.zip(unit_rows))
            .enumerate()
            .with_min_len(TASK)
            .for_each_init(
                Vec::new,
                |seen, (index, ((predicted, parts), (raw, unit_mapped)))| {
                    add(raw, &stacks.raw.offset);
                    add(unit_mapped, &stacks.unit.offset);
                    let logits = match plan.logits {
                        LogitPlan::None => None,
                        LogitPlan::Head { classes } => Some(LogitRow::new(&raw[..classes])),
                        LogitPlan::Stored { classes } => Some(LogitRow::new(
                            &tile.logits[index * classes..(index + 1) * classes],
                        )),
                    };
                    // Detectors that share reshaped logits share what is derived from them.
                    seen.clear();
                    seen.extend(shaped.iter().map(|logits| {
                        let classes = logits.len() / tile.rows;
                        LogitRow::new(&logits[index * classes..(index + 1) * classes])
                    }));
                    *predicted = logits.map_or(0, |logits| logits.predicted as u32);
                    let unit = if plan.needs_unit() {
                        &unit[index * plan.dim..(index + 1) * plan.dim]
                    } else {
                        &[]
                    };
                    for (leaf, taken) in leaves.iter().zip(&plan.leaves) {
                        let neighbours = taken
                            .neighbours
                            .map_or(&[][..], |slot| found(slot, searches, walks, index));
                        let row = Row {
                            mapped: PerView {
                                raw,
                                unit: unit_mapped,
                            },
                            slots: &taken.slots,
                            unit,
                            features: if taken.features {
                                &tile.features[index * plan.dim..(index + 1) * plan.dim]
                            } else {
                                &[]
                            },
                            logits: match taken.logits {
                                None => None,
                                Some(LogitSlot::Plain) => logits,
                                Some(LogitSlot::Shaped(shaping)) => Some(seen[shaping]),
                            },
                            norms: taken.norms.map_or(&[], |slot| norms[slot].of(index)),
                            perturbed: taken
                                .perturbed
                                .map_or(PerturbedRow::default(), |slot| perturbed[slot].of(index)),
                            neighbours,
                            relation: taken.relation.map_or(0.0, |slot| relations[slot].of(index)),
                            probability_products: taken
                                .probability_map
                                .map_or(&[], |map| probabilities.products(index, map)),
                        };
                        leaf.measure(&row, &mut parts[taken.parts.clone()]);
                    }
                },
            );
    }

    /// The parts of detector `detector` for row `row` of the last tile.
    pub fn parts(&self, row: usize, detector: usize) -> &[f64] {
        &self.all_parts(row)[self.plan.parts_of(detector)]
    }

    /// The parts of leaf `leaf`, counted over all detectors, for row `row` of the last tile.
    pub(crate) fn leaf_parts(&self, row: usize, leaf: usize) -> &[f64] {
        &self.all_parts(row)[self.plan.leaves[leaf].parts.clone()]
    }

    /// The parts of all detectors for row `row` of the last tile, one after the other.
    pub(crate) fn all_parts(&self, row: usize) -> &[f64] {
        &self.parts[row * self.plan.parts..(row + 1) * self.plan.parts]
    }

    /// The outlier score of detector `detector` for row `row` of the last tile.
    pub fn score(&self, row: usize, detector: usize) -> f64 {
        self.detectors[detector].score(self.parts(row, detector))
    }

    /// The class that the classifier predicts for row `row` of the last tile, where any detector
    /// looks at its own logits: those of changed features tell another class.
    pub fn predicted(&self, row: usize) -> Option<u32> {
        (self.plan.logits != LogitPlan::None).then(|| self.predicted[row])
    }

    /// The neighbours that detector `detector` asked for, for row `row` of the last tile.
    pub fn neighbours(&self, row: usize, detector: usize) -> &[Neighbour] {
        self.searched(row, detector).map_or(&[], |(_, found)| found)
    }

    /// The bank that detector `detector` looks for neighbours in, with those of row `row` of the
    /// last tile by their angle: the longest list, where it combines several.
    pub(crate) fn searched(&self, row: usize, detector: usize) -> Option<(&Bank, &[Neighbour])> {
        let leaves = self.plan.leaves[self.plan.detectors[detector].clone()].iter();
        let slots = leaves.filter_map(|leaf| leaf.neighbours);
        // Neighbours that are weighted are the nearest by something other than the angle.
        let by_angle = |slot: &NeighbourSlot| match slot.of {
            SearchSlot::Bank { bank, search } => {
                self.plan.banks[bank].searches[search].weights.is_none()
            }
            SearchSlot::Graph(_) => true,
        };
        let slots = slots.filter(by_angle);
        // Of equals the first.
        let slot = slots.reduce(|best, slot| if slot.k > best.k { slot } else { best })?;
        let bank = match slot.of {
            SearchSlot::Bank { bank, .. } => &*self.plan.banks[bank].bank,
            SearchSlot::Graph(walk) => &*self.plan.graphs[walk].bank,
        };
        Some((bank, found(slot, &self.searches, &self.walks, row)))
    }

    /// Rows so far that were zero where a direction was needed.
    pub fn zero_rows(&self) -> usize {
        self.zero_rows
    }

    /// Floating-point operations of the matrix products of one row.
    pub fn operations_per_row(&self) -> f64 {
        self.plan.operations_per_row()
    }
}

impl<'a> LogitRow<'a> {
    /// The logits of one row; `values` is not empty.
    pub(crate) fn new(values: &'a [f32]) -> Self {
        let (predicted, max) = largest(values).unwrap_or((0, f32::NEG_INFINITY));
        let mut row = Self {
            values,
            max,
            predicted,
            log_sum_exp: max.into(),
            excess: 0.0,
        };
        let others = row.others().into_iter();
        let rest: f64 = others.map(|others| sum_of_exponentials(others, max)).sum();
        // Beside an infinite logit there is no number, and none must be made up.
        row.excess = if max.is_finite() {
            rest.ln_1p()
        } else {
            f64::NAN
        };
        row.log_sum_exp += row.excess;
        row
    }
}

/// What was found for row `row` of a tile.
fn found<'a>(
    slot: NeighbourSlot,
    searches: &'a [Vec<Nearest>],
    walks: &'a [GraphSearch],
    row: usize,
) -> &'a [Neighbour] {
    let found = match slot.of {
        SearchSlot::Bank { bank, search } => searches[bank][search].of(row),
        SearchSlot::Graph(walk) => walks[walk].of(row),
    };
    &found[..slot.k.min(found.len())]
}

/// The products of `count` rows with a stack of matrices, without their offsets.
fn map_rows(mapped: &mut Vec<f32>, count: usize, rows: &[f32], stack: &mut Stack, dim: usize) {
    mapped.resize(count * columns(stack), 0.0);
    if !stack.offset.is_empty() {
        stack.matrix.multiply(mapped, Rows::new(rows, dim));
    }
}
