use std::ops::Range;
use std::sync::Arc;

use qualm_data::Head;

use super::probabilities;
use crate::detector::{
    AffineMap, Detector, GraphInput, Inputs, LogitInput, NeighbourInput, NormInput, PerturbedInput,
    RelationInput, leaves,
};
use crate::shaping::{Change, Shaping};
use crate::statistics::Bank;
use crate::view::{PerView, View};
use crate::weights::{Matrix, Weights};

/// What scoring computes of each tile: the union of the detectors' inputs, each distinct one
/// once. All linear maps of a view are stacked into one matrix, so that a tile costs one matrix
/// product a view, whatever the number of methods.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) dim: usize,
    /// Of the head; zero where there is none.
    head_classes: usize,
    pub(super) stacks: PerView<Stack>,
    /// Maps of which only norms are kept.
    pub(super) norms: Vec<NormInput>,
    /// Heads that are perturbed.
    pub(super) perturbed: Vec<PerturbedInput>,
    pub(super) logits: LogitPlan,
    /// Logits that are reshaped.
    pub(super) shapings: Vec<Arc<Shaping>>,
    pub(super) banks: Vec<BankPlan>,
    /// Searches of graphs instead of whole banks.
    pub(super) graphs: Vec<GraphPlan>,
    /// Matrices of width C that probabilities are multiplied with.
    pub(super) probability_maps: Vec<Arc<[f32]>>,
    /// Sums over all rows of a bank.
    pub(super) relations: Vec<RelationInput>,
    /// What each detector takes; one that combines others is planned as these.
    pub(super) leaves: Vec<DetectorPlan>,
    /// The leaves of each detector.
    pub(super) detectors: Vec<Range<usize>>,
    /// Numbers a row over all detectors.
    pub(super) parts: usize,
}

/// Where logits come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LogitPlan {
    /// No detector looks at logits.
    None,
    /// From the features, through the head: the first rows of the raw stack.
    Head { classes: usize },
    /// Stored with the rows.
    Stored { classes: usize },
}

/// Maps of one view, one below the other.
#[derive(Debug, Default)]
pub(super) struct Stack {
    /// Row-major; empty once the plan stands.
    rows: Vec<f32>,
    /// The same numbers, to multiply with.
    pub(super) matrix: Matrix,
    pub(super) offset: Vec<f32>,
    members: Vec<(Arc<AffineMap>, usize)>,
}

/// Where one map of a detector stands in its view's stack.
#[derive(Debug, Clone)]
pub(crate) struct MapSlot {
    pub(super) view: View,
    pub(super) range: Range<usize>,
}

/// One bank, whose products with a row serve all searches.
#[derive(Debug)]
pub(super) struct BankPlan {
    pub(super) bank: Arc<Bank>,
    pub(super) searches: Vec<SearchPlan>,
}

/// Neighbours by one weighting, searched once for the largest `k` that a detector asks for.
#[derive(Debug)]
pub(super) struct SearchPlan {
    pub(super) k: usize,
    pub(super) weights: Option<Arc<[f32]>>,
}

/// One search of a graph. Only equal ones are shared, so that what a detector finds does not depend
/// on the others.
#[derive(Debug)]
pub(super) struct GraphPlan {
    pub(super) bank: Arc<Bank>,
    pub(super) input: GraphInput,
    pub(super) k: usize,
}

/// Where a detector's logits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogitSlot {
    Plain,
    /// Of the plan's shapings.
    Shaped(usize),
}

/// Where a detector's neighbours are.
#[derive(Debug, Clone, Copy)]
pub(super) struct NeighbourSlot {
    pub(super) of: SearchSlot,
    pub(super) k: usize,
}

/// Of the plan's searches.
#[derive(Debug, Clone, Copy)]
pub(super) enum SearchSlot {
    Bank { bank: usize, search: usize },
    Graph(usize),
}

/// What one detector takes from the plan.
#[derive(Debug)]
pub(super) struct DetectorPlan {
    pub(super) slots: Vec<MapSlot>,
    /// Of the plan's norms.
    pub(super) norms: Option<usize>,
    /// Of the plan's perturbed heads.
    pub(super) perturbed: Option<usize>,
    pub(super) neighbours: Option<NeighbourSlot>,
    /// Of the plan's maps of probabilities.
    pub(super) probability_map: Option<usize>,
    /// Of the plan's relations.
    pub(super) relation: Option<usize>,
    pub(super) logits: Option<LogitSlot>,
    pub(super) features: bool,
    pub(super) parts: Range<usize>,
}

impl Plan {
    /// The plan for `detectors`. `dim` is the width of the features (0 where rows have none),
    /// `classes` the width of stored logits, used where there is no head.
    pub(crate) fn new<'a>(
        detectors: impl IntoIterator<Item = &'a dyn Detector>,
        head: Option<&Head>,
        dim: usize,
        classes: Option<usize>,
        weights: Weights,
    ) -> Self {
        let mut plan = Self {
            dim,
            head_classes: head.map_or(0, Head::classes),
            stacks: PerView::default(),
            norms: Vec::new(),
            perturbed: Vec::new(),
            logits: LogitPlan::None,
            shapings: Vec::new(),
            banks: Vec::new(),
            graphs: Vec::new(),
            probability_maps: Vec::new(),
            relations: Vec::new(),
            leaves: Vec::new(),
            detectors: Vec::new(),
            parts: 0,
        };
        let mut all: Vec<(Inputs, usize)> = Vec::new();
        for detector in detectors {
            let start = all.len();
            let leaves = leaves(detector).into_iter();
            all.extend(leaves.map(|leaf| (leaf.inputs(), leaf.parts().len())));
            plan.detectors.push(start..all.len());
        }
        if all.iter().any(|(inputs, _)| inputs.classifiers_logits()) {
            plan.logits = match (head, classes) {
                (Some(head), _) if dim > 0 => {
                    let raw = &mut plan.stacks.raw;
                    raw.rows.extend_from_slice(head.weight());
                    raw.offset.extend_from_slice(head.bias());
                    LogitPlan::Head {
                        classes: head.classes(),
                    }
                }
                (_, classes) => LogitPlan::Stored {
                    classes: classes.unwrap_or(0),
                },
            };
        }
        for (inputs, parts) in all {
            let slots = inputs
                .maps
                .iter()
                .map(|map| plan.stacks.get_mut(map.view).slot(map))
                .collect();
            let norms = inputs.norms.map(|input| plan.norm_slot(input));
            let perturbed = inputs.perturbed.map(|input| plan.perturbed_slot(input));
            let neighbours = inputs.neighbours.map(|input| plan.neighbour_slot(input));
            let relation = inputs.relation.map(|input| {
                plan.relations.push(input);
                plan.relations.len() - 1
            });
            let maps = &mut plan.probability_maps;
            let probability_map = inputs
                .probability_map
                .map(|map| probabilities::slot(maps, map));
            let logits = inputs.logits.map(|input| match input {
                LogitInput::Plain => LogitSlot::Plain,
                LogitInput::Shaped(shaping) => LogitSlot::Shaped(plan.shaping_slot(shaping)),
            });
            let range = plan.parts..plan.parts + parts;
            plan.parts = range.end;
            plan.leaves.push(DetectorPlan {
                slots,
                norms,
                perturbed,
                neighbours,
                probability_map,
                relation,
                logits,
                features: inputs.features,
                parts: range,
            });
        }
        for stack in [&mut plan.stacks.raw, &mut plan.stacks.unit] {
            stack.matrix = Matrix::new(std::mem::take(&mut stack.rows), dim, weights);
        }
        plan
    }

    fn norm_slot(&mut self, input: NormInput) -> usize {
        let same = |other: &NormInput| Arc::ptr_eq(&other.map, &input.map);
        let found = self.norms.iter().position(same);
        found.unwrap_or_else(|| {
            self.norms.push(input);
            self.norms.len() - 1
        })
    }

    fn perturbed_slot(&mut self, input: PerturbedInput) -> usize {
        let same = |other: &PerturbedInput| {
            other.heads.perturbation == input.heads.perturbation && other.bins == input.bins
        };
        let found = self.perturbed.iter().position(same);
        found.unwrap_or_else(|| {
            self.perturbed.push(input);
            self.perturbed.len() - 1
        })
    }

    fn neighbour_slot(&mut self, input: NeighbourInput) -> NeighbourSlot {
        let k = input.k;
        let of = match input.graph.clone() {
            Some(graph) => SearchSlot::Graph(self.graph_slot(input, graph)),
            None => self.search_slot(input),
        };
        NeighbourSlot { of, k }
    }

    fn graph_slot(&mut self, input: NeighbourInput, graph: GraphInput) -> usize {
        let same = |other: &GraphPlan| {
            Arc::ptr_eq(&other.input.graph, &graph.graph)
                && (other.k, other.input.breadth) == (input.k, graph.breadth)
        };
        let found = self.graphs.iter().position(same);
        found.unwrap_or_else(|| {
            self.graphs.push(GraphPlan {
                bank: input.bank,
                input: graph,
                k: input.k,
            });
            self.graphs.len() - 1
        })
    }

    fn search_slot(&mut self, input: NeighbourInput) -> SearchSlot {
        let found = self
            .banks
            .iter()
            .position(|plan| Arc::ptr_eq(&plan.bank, &input.bank));
        let bank = found.unwrap_or_else(|| {
            self.banks.push(BankPlan {
                bank: input.bank,
                searches: Vec::new(),
            });
            self.banks.len() - 1
        });
        let searches = &mut self.banks[bank].searches;
        let found = searches
            .iter()
            .position(|other| match (&other.weights, &input.weights) {
                (None, None) => true,
                (Some(a), Some(b)) => Arc::ptr_eq(a, b),
                _ => false,
            });
        let search = found.unwrap_or_else(|| {
            searches.push(SearchPlan {
                k: 0,
                weights: input.weights,
            });
            searches.len() - 1
        });
        searches[search].k = searches[search].k.max(input.k);
        SearchSlot::Bank { bank, search }
    }

    fn shaping_slot(&mut self, shaping: Arc<Shaping>) -> usize {
        let found = self
            .shapings
            .iter()
            .position(|other| other.text == shaping.text);
        found.unwrap_or_else(|| {
            self.shapings.push(shaping);
            self.shapings.len() - 1
        })
    }

    /// Where the parts of a detector stand among those of a row.
    pub(super) fn parts_of(&self, detector: usize) -> Range<usize> {
        let own = &self.leaves[self.detectors[detector].clone()];
        let (first, last) = (own.first(), own.last());
        first.map_or(0, |leaf| leaf.parts.start)..last.map_or(0, |leaf| leaf.parts.end)
    }

    /// Whether rows of unit length are needed.
    pub(super) fn needs_unit(&self) -> bool {
        let of_unit = |input: &NormInput| input.map.view == View::Unit;
        !self.banks.is_empty()
            || !self.graphs.is_empty()
            || !self.relations.is_empty()
            || !self.stacks.unit.offset.is_empty()
            || self.norms.iter().any(of_unit)
    }

    /// Whether probabilities are needed.
    pub(super) fn needs_probabilities(&self) -> bool {
        !self.probability_maps.is_empty() || !self.relations.is_empty()
    }

    /// Floating-point operations of the matrix products of one row; walks through graphs take none.
    pub(crate) fn operations_per_row(&self) -> f64 {
        let norms: usize = self.norms.iter().map(|input| input.map.outputs()).sum();
        let heads = |input: &PerturbedInput| input.heads.perturbation.heads;
        let perturbed = self.head_classes * self.perturbed.iter().map(heads).sum::<usize>();
        let maps = self.stacks.raw.offset.len() + self.stacks.unit.offset.len() + norms + perturbed;
        let bank: usize = self.banks.iter().map(|plan| plan.bank.len()).sum();
        let shaped = |shaping: &&Arc<Shaping>| !matches!(shaping.change, Change::Logits(_));
        let shaped = self.head_classes * self.shapings.iter().filter(shaped).count();
        let of_probabilities: usize = self.probability_maps.iter().map(|map| map.len()).sum();
        let related = |input: &RelationInput| input.bank.rows.len() + input.probabilities.len();
        let relations: usize = self.relations.iter().map(related).sum();
        let others = of_probabilities + relations;
        2.0 * (self.dim as f64 * (maps + bank + shaped) as f64 + others as f64)
    }
}

impl Stack {
    fn slot(&mut self, map: &Arc<AffineMap>) -> MapSlot {
        let found = self
            .members
            .iter()
            .find(|(other, _)| Arc::ptr_eq(other, map));
        let start = match found {
            Some(&(_, start)) => start,
            None => {
                let start = self.offset.len();
                self.rows.extend_from_slice(&map.matrix);
                self.offset.extend_from_slice(&map.offset);
                self.members.push((Arc::clone(map), start));
                start
            }
        };
        MapSlot {
            view: map.view,
            range: start..start + map.outputs(),
        }
    }
}

/// Columns of the products with a stack: one without maps has an idle one, so that every row has
/// its slice.
pub(super) fn columns(stack: &Stack) -> usize {
    stack.offset.len().max(1)
}
