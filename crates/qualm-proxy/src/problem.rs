use qualm_linalg::Rows;
use qualm_stats::Stream;

use crate::data::Data;
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::task::{Cut, Task};
use crate::truth::Truth;

/// What a design beyond the bounds of its space is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outside {
    /// The nearest design within.
    #[default]
    Clip,
    /// A design that cannot be built.
    Infeasible,
}

impl std::fmt::Display for Outside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Clip => "clip",
            Self::Infeasible => "infeasible",
        })
    }
}

/// A task cut in two: what may be learned from, and the judge of what is proposed.
///
/// A tenth of the visible designs is held back: no proxy is trained on them and no search starts
/// from them, so that the proxy's error on designs like those it knows can be measured.
#[derive(Debug)]
pub struct Problem<'a> {
    data: Data,
    held_back: HeldBack,
    visible: usize,
    best_visible: f64,
    judge: Judge<'a>,
}

/// Visible designs that no proxy has seen, in the standard units of the others.
#[derive(Debug)]
pub struct HeldBack {
    x: Vec<f64>,
    y: Vec<f64>,
    width: usize,
}

impl HeldBack {
    /// Coordinates.
    pub fn x(&self) -> Rows<'_, f64> {
        Rows::new(&self.x, self.width)
    }

    /// Labels.
    pub fn y(&self) -> &[f64] {
        &self.y
    }
}

/// One in so many visible designs is held back.
const HELD_BACK: usize = 10;
/// Two of these are held back.
const FEWEST_VISIBLE: usize = 20;

/// Tells the truth about proposals. Only a study holds one.
#[derive(Debug, Clone)]
pub struct Judge<'a> {
    task: &'a dyn Task,
    outside: Outside,
    low: f64,
    high: f64,
}

/// The truth about one proposal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// Normalised: 0 and 1 are the least and the largest label of the whole data. What is
    /// infeasible counts as 0.
    pub score: f64,
    /// Whether it can be built.
    pub feasible: bool,
}

impl<'a> Problem<'a> {
    /// Draws the task's data by the seed and hides what its cut hides.
    ///
    /// # Errors
    /// When the data cannot be read, or too little of it is visible.
    pub fn new(task: &'a dyn Task, outside: Outside, seed: u64) -> Result<Self, ProxyError> {
        let all = task.labelled(seed)?;
        let (low, high) = all.range();
        let judge = Judge {
            task,
            outside,
            low,
            high,
        };
        let mut places = visible(all.labels(), task.cut(), seed);
        let best = places
            .iter()
            .map(|&at| all.labels()[at])
            .fold(f64::NEG_INFINITY, f64::max);
        let count = places.len();
        if count < FEWEST_VISIBLE {
            return Err(ProxyError::TooFewRows {
                origin: all.origin().into(),
                rows: count,
                needed: FEWEST_VISIBLE,
                purpose: "to be visible: a tenth of them is held back",
            });
        }
        Stream::new(seed, HELD_BACK_STREAM).shuffle(&mut places);
        let (held, kept) = places.split_at_mut(count / HELD_BACK);
        kept.sort_unstable();
        let data = Data::new(task.space(), all.pick(kept)?)?;
        let y = held
            .iter()
            .map(|&at| data.standard_label(all.labels()[at]))
            .collect();
        let held_back = HeldBack {
            x: data.coordinates_of(&all.designs().pick(held)),
            y,
            width: data.width(),
        };
        Ok(Self {
            data,
            held_back,
            visible: count,
            best_visible: judge.normalise(best),
            judge,
        })
    }

    /// Visible designs, with those held back.
    pub fn visible(&self) -> usize {
        self.visible
    }

    /// The best label among them, normalised.
    pub fn best_visible(&self) -> f64 {
        self.best_visible
    }

    /// Visible designs that no proxy has seen.
    pub fn held_back(&self) -> &HeldBack {
        &self.held_back
    }

    /// A length of labels in normalised units, from standard ones.
    pub fn normalised_length(&self, y: f64) -> f64 {
        self.data.label_length_of(y) / (self.judge.high - self.judge.low)
    }

    /// What may be learned from.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Who knows better.
    pub fn judge(&self) -> &Judge<'a> {
        &self.judge
    }

    /// A proxy's value in normalised units, from standard ones.
    pub fn normalised(&self, y: f64) -> f64 {
        self.judge.normalise(self.data.label_of(y))
    }

    /// The truth about rows of coordinates in standard units.
    ///
    /// # Errors
    /// When a user's oracle fails.
    pub fn truth(&self, x: Rows<'_, f64>) -> Result<Vec<Judged>, ProxyError> {
        self.judge.judge(self.data.designs_of(x))
    }
}

impl Judge<'_> {
    /// The truth about designs.
    ///
    /// # Errors
    /// When a user's oracle fails.
    pub fn judge(&self, designs: Designs) -> Result<Vec<Judged>, ProxyError> {
        let space = self.task.space();
        let width = designs.width();
        let mut values = designs.values().to_vec();
        let within: Vec<bool> = values
            .chunks_exact_mut(width)
            .map(|design| {
                let within = space.contains(design);
                space.clip(design);
                within || self.outside == Outside::Clip
            })
            .collect();
        let truths = self.task.evaluate(&Designs::new(values, width))?;
        let judged = truths
            .into_iter()
            .zip(within)
            .map(|(truth, within)| match truth {
                Truth::Value(value) if within => Judged {
                    score: self.normalise(value),
                    feasible: true,
                },
                _ => Judged {
                    score: 0.0,
                    feasible: false,
                },
            });
        Ok(judged.collect())
    }

    /// What designs beyond the bounds are taken for.
    pub fn outside(&self) -> Outside {
        self.outside
    }

    /// A label in normalised units.
    pub fn normalise(&self, label: f64) -> f64 {
        (label - self.low) / (self.high - self.low)
    }
}

/// Places whose label lies within the cut's percentiles.
///
/// The p-th percentile of n labels is taken between the order statistics around place p(n-1)/100,
/// as NumPy does.
fn visible(labels: &[f64], cut: Cut, seed: u64) -> Vec<usize> {
    let mut sorted = labels.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let percentile = |p: f64| {
        let place = p / 100.0 * (sorted.len() - 1) as f64;
        let below = sorted[place.floor() as usize];
        below + (sorted[place.ceil() as usize] - below) * place.fract()
    };
    let within = percentile(cut.from)..=percentile(cut.to);
    let mut places: Vec<usize> = (0..labels.len())
        .filter(|&at| within.contains(&labels[at]))
        .collect();
    if let Some(at_most) = cut.at_most.filter(|&most| most < places.len()) {
        Stream::new(seed, CUT_STREAM).shuffle(&mut places);
        places.truncate(at_most);
        places.sort_unstable();
    }
    places
}

/// Streams of a seed are numbered by what they are for; tasks and learners use small numbers.
const CUT_STREAM: u64 = 1 << 32;
const HELD_BACK_STREAM: u64 = CUT_STREAM + 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_half_is_visible() {
        let labels = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!(visible(&labels, Cut::LOWER_HALF, 0), [1, 3, 4]);
        let middle = Cut {
            from: 25.0,
            to: 75.0,
            at_most: None,
        };
        assert_eq!(visible(&labels, middle, 0), [2, 3, 4]);
        let two = Cut {
            at_most: Some(2),
            ..Cut::LOWER_HALF
        };
        assert_eq!(visible(&labels, two, 1).len(), 2);
        assert_eq!(visible(&labels, two, 1), visible(&labels, two, 1));
    }
}
