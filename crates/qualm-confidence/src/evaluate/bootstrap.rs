//! What would the measures be on other records of this kind?

use std::collections::{HashMap, HashSet};

use qualm_stats::{Bootstrap, Interval, Stream};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::measure::{self, Measure, Values};
use crate::measures::{Levels, Tally};

/// Records of one kind of confidence in one group: what is stated, what is right, what belongs
/// together.
#[derive(Debug, Clone, Default)]
pub(super) struct Stated<'a> {
    pub(super) confidences: Vec<f64>,
    pub(super) correct: Vec<bool>,
    /// The source of each record; a record without one stands for itself.
    pub(super) sources: Vec<Option<&'a str>>,
}

/// A measure with the interval that resampling gives it; `None` where it is not defined.
pub(super) type Estimates = [Option<Interval>; Measure::ALL.len()];

/// All measures with percentile intervals. Sources are drawn with replacement, as many as there
/// are, each with all of its records; draws in which a measure is not defined are left out of its
/// interval. Without at least two sources there is nothing to draw from, and intervals have no
/// width. The plug-in calibration errors grow under resampling (a draw has fewer distinct
/// records), so their intervals lie high; the debiased error is there for that.
pub(super) fn estimates(
    levels: &Levels,
    stated: &Stated<'_>,
    bins: usize,
    bootstrap: Bootstrap,
) -> Estimates {
    let values = measure::all(levels, bins);
    let sources = Sources::of(levels, stated);
    if sources.count() < 2 || bootstrap.resamples < 2 {
        return values.map(|value| {
            value.map(|value| Interval {
                value,
                lo: value,
                hi: value,
            })
        });
    }
    let draws: Vec<Values> = (0..bootstrap.resamples)
        .into_par_iter()
        .map_init(
            || levels.clone(),
            |levels, draw| {
                sources.draw(&mut Stream::new(bootstrap.seed, draw as u64), levels);
                measure::all(levels, bins)
            },
        )
        .collect();
    let tail = (1.0 - bootstrap.level) / 2.0;
    let mut column = Vec::with_capacity(draws.len());
    std::array::from_fn(|measure| {
        let value = values[measure]?;
        column.clear();
        column.extend(draws.iter().filter_map(|draw| draw[measure]));
        column.sort_unstable_by(f64::total_cmp);
        Some(Interval {
            value,
            lo: quantile(&column, tail).unwrap_or(value),
            hi: quantile(&column, 1.0 - tail).unwrap_or(value),
        })
    })
}

/// Hyndman and Fan's type 7, NumPy's default; `None` of an empty list.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)?) as f64;
    let below = sorted[place as usize];
    let above = sorted[(place as usize + 1).min(sorted.len() - 1)];
    Some(below + (above - below) * place.fract())
}

/// The number of sources, records without one each for themselves.
pub(super) fn sources(stated: &Stated<'_>) -> usize {
    let named: HashSet<&str> = stated.sources.iter().flatten().copied().collect();
    named.len() + stated.sources.iter().filter(|s| s.is_none()).count()
}

/// The records of each source as places among the levels, one source after the other.
struct Sources {
    ends: Vec<usize>,
    records: Vec<(u32, Tally)>,
}

impl Sources {
    fn of(levels: &Levels, stated: &Stated<'_>) -> Sources {
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut count = 0;
        let mut fresh = || {
            count += 1;
            count - 1
        };
        let sources: Vec<usize> = stated
            .sources
            .iter()
            .map(|source| match source {
                Some(name) => *numbers.entry(name).or_insert_with(&mut fresh),
                None => fresh(),
            })
            .collect();
        let places = levels.places(&stated.confidences);
        let mut rows: Vec<usize> = (0..sources.len()).collect();
        rows.sort_by_key(|&row| sources[row]);
        let mut ends = Vec::with_capacity(count);
        let mut records = Vec::with_capacity(rows.len());
        for (done, &row) in rows.iter().enumerate() {
            if done > 0 && sources[rows[done - 1]] != sources[row] {
                ends.push(done);
            }
            let hits = f64::from(u8::from(stated.correct[row]));
            records.push((places[row], Tally { records: 1.0, hits }));
        }
        ends.push(records.len());
        Sources { ends, records }
    }

    fn count(&self) -> usize {
        self.ends.len()
    }

    fn draw(&self, stream: &mut Stream, levels: &mut Levels) {
        levels.clear();
        for _ in 0..self.count() {
            let source = stream.below(self.count());
            let start = if source == 0 {
                0
            } else {
                self.ends[source - 1]
            };
            for &(place, tally) in &self.records[start..self.ends[source]] {
                levels.add(place, tally);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bootstrap(resamples: usize) -> Bootstrap {
        Bootstrap {
            resamples,
            level: 0.95,
            seed: 7,
        }
    }

    fn sample(records: usize, per_source: usize, names: &[String]) -> (Levels, Stated<'_>) {
        let mut stream = Stream::new(3, 0);
        let mut stated = Stated::default();
        for source in 0..records / per_source {
            // What a source shares moves all of its records together.
            let shift = if stream.unit() < 0.5 { -0.3 } else { 0.3 };
            for _ in 0..per_source {
                let confidence = 0.2 + 0.6 * stream.unit();
                stated.confidences.push(confidence);
                stated
                    .correct
                    .push(stream.unit() < (confidence + shift).clamp(0.0, 1.0));
                stated.sources.push(names.get(source).map(String::as_str));
            }
        }
        let levels = Levels::new(&stated.confidences, &stated.correct).unwrap();
        (levels, stated)
    }

    #[test]
    fn records_of_one_source_are_drawn_together() {
        let names: Vec<String> = (0..40).map(|source| format!("s{source}")).collect();
        let (levels, clustered) = sample(2000, 50, &names);
        let single = Stated {
            sources: vec![None; 2000],
            ..clustered.clone()
        };
        let width = |stated| {
            let accuracy = estimates(&levels, stated, 10, bootstrap(400))[0].unwrap();
            accuracy.hi - accuracy.lo
        };
        // Fifty records that move together say hardly more than one.
        assert!(width(&clustered) > 3.0 * width(&single));
    }

    #[test]
    fn threads_do_not_change_intervals() {
        let (levels, stated) = sample(300, 1, &[]);
        let on = |threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(|| estimates(&levels, &stated, 10, bootstrap(50)))
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn one_source_has_no_width() {
        let names = ["s".to_owned()];
        let (levels, stated) = sample(20, 20, &names);
        let accuracy = estimates(&levels, &stated, 10, bootstrap(50))[0].unwrap();
        assert_eq!((accuracy.lo, accuracy.hi), (accuracy.value, accuracy.value));
    }

    #[test]
    fn intervals_hold_the_truth_about_as_often_as_they_say() {
        let held = (0..100)
            .filter(|&repetition| {
                let mut stream = Stream::new(11, repetition);
                let confidences: Vec<f64> = (0..150).map(|_| stream.unit()).collect();
                let correct: Vec<bool> = confidences.iter().map(|c| stream.unit() < *c).collect();
                let levels = Levels::new(&confidences, &correct).unwrap();
                let stated = Stated {
                    sources: vec![None; 150],
                    confidences,
                    correct,
                };
                let found = estimates(&levels, &stated, 10, bootstrap(100));
                // The Brier score of honest confidence, uniform on [0, 1], is 1/6.
                let brier = Measure::ALL
                    .iter()
                    .position(|m| *m == Measure::Brier)
                    .unwrap();
                let interval = found[brier].unwrap();
                interval.lo <= 1.0 / 6.0 && 1.0 / 6.0 <= interval.hi
            })
            .count();
        // 95 by the book, with a standard deviation of 2.2.
        assert!((86..=100).contains(&held), "{held} of 100");
    }
}
