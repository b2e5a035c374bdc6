use std::ops::Range;
use std::sync::Arc;

use qualm_data::Head;

use crate::detector::{AffineMap, Detector, Inputs};
use crate::statistics::Bank;
use crate::view::{PerView, View};

/// What scoring computes of each tile: the union of the detectors' inputs, each distinct one
/// once. All linear maps of a view are stacked into one matrix, so that a tile costs one matrix
/// product a view, whatever the number of methods.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) dim: usize,
    pub(super) stacks: PerView<Stack>,
    pub(super) logits: LogitPlan,
    pub(super) searches: Vec<Search>,
    pub(super) detectors: Vec<DetectorPlan>,
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
    pub(super) matrix: Vec<f32>,
    pub(super) offset: Vec<f32>,
    members: Vec<(Arc<AffineMap>, usize)>,
}

/// Where one map of a detector stands in its view's stack.
#[derive(Debug, Clone)]
pub(crate) struct MapSlot {
    pub(super) view: View,
    pub(super) range: Range<usize>,
}

/// One bank, searched once for the largest `k` that a detector asks for.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) bank: Arc<Bank>,
    pub(super) k: usize,
}

/// What one detector takes from the plan.
#[derive(Debug)]
pub(super) struct DetectorPlan {
    pub(super) slots: Vec<MapSlot>,
    /// Search and k.
    pub(super) neighbours: Option<(usize, usize)>,
    pub(super) logits: bool,
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
    ) -> Self {
        let mut plan = Self {
            dim,
            stacks: PerView::default(),
            logits: LogitPlan::None,
            searches: Vec::new(),
            detectors: Vec::new(),
            parts: 0,
        };
        let all: Vec<(Inputs, usize)> = detectors
            .into_iter()
            .map(|d| (d.inputs(), d.parts().len()))
            .collect();
        if all.iter().any(|(inputs, _)| inputs.logits) {
            plan.logits = match (head, classes) {
                (Some(head), _) if dim > 0 => {
                    let raw = &mut plan.stacks.raw;
                    raw.matrix.extend_from_slice(head.weight());
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
            let neighbours = inputs.neighbours.map(|input| {
                let found = plan
                    .searches
                    .iter()
                    .position(|s| Arc::ptr_eq(&s.bank, &input.bank));
                let at = found.unwrap_or_else(|| {
                    plan.searches.push(Search {
                        bank: Arc::clone(&input.bank),
                        k: 0,
                    });
                    plan.searches.len() - 1
                });
                plan.searches[at].k = plan.searches[at].k.max(input.k);
                (at, input.k)
            });
            let range = plan.parts..plan.parts + parts;
            plan.parts = range.end;
            plan.detectors.push(DetectorPlan {
                slots,
                neighbours,
                logits: inputs.logits,
                parts: range,
            });
        }
        plan
    }

    /// Whether rows of unit length are needed.
    pub(super) fn needs_unit(&self) -> bool {
        !self.searches.is_empty() || !self.stacks.unit.offset.is_empty()
    }

    /// Floating-point operations of the matrix products of one row.
    pub(crate) fn operations_per_row(&self) -> f64 {
        let maps = self.stacks.raw.offset.len() + self.stacks.unit.offset.len();
        let bank: usize = self.searches.iter().map(|search| search.bank.len()).sum();
        2.0 * self.dim as f64 * (maps + bank) as f64
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
                self.matrix.extend_from_slice(&map.matrix);
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
