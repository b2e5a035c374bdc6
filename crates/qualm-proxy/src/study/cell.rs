use qualm_linalg::Rows;
use qualm_stats::{Ranking, spearman};

use super::outcome::{Detected, GAMED, Outcome, Point, Scores, Stopped, Verdict};
use super::smoothness::Smoothness;
use super::stops::{Seen, Watched};
use crate::detectors::{Detectors, narrow};
use crate::error::ProxyError;
use crate::measures::{
    BestOfN, Law, apart, best_of_n, divergence, fit_best_of_n, fit_search, mean, moved, quantile,
};
use crate::optimiser::{Optimiser, Step, Trajectory};
use crate::problem::{Judged, Problem};
use crate::proxy::Proxy;
use crate::stops::{self, StopRule};
use crate::task::Task;
use crate::truth::Oracle;

/// Steps of a way whose truth is asked for where it is dear: of a command, or a simulation.
const ASKED_WHERE_DEAR: usize = 11;
/// Steps whose designs detectors are asked about.
const LOOKED_AT: usize = 20;

/// A fitted proxy with what is measured of it once for all optimisers.
#[derive(Debug)]
pub(super) struct Fitted<'a> {
    task: &'a dyn Task,
    problem: &'a Problem<'a>,
    proxy: Box<dyn Proxy>,
    name: String,
    stops: &'a [StopRule],
    seed: u64,
    error: f64,
    rank: Option<f64>,
    covered: Option<f64>,
    of_x: Option<Detectors>,
    of_features: Option<Detectors>,
    /// On visible designs.
    smoothness: Smoothness,
    /// Of visible designs, by each detector.
    scores: Scored,
}

/// What the proxy's own doubts are called among the scores.
const SPREAD: &str = "spread";

/// Scores of rows, by the name of each detector.
type Scored = Vec<(String, Vec<f64>)>;

impl<'a> Fitted<'a> {
    pub(super) fn new(
        task: &'a dyn Task,
        problem: &'a Problem<'a>,
        proxy: Box<dyn Proxy>,
        name: String,
        stops: &'a [StopRule],
        seed: u64,
    ) -> Result<Self, ProxyError> {
        let data = problem.data();
        let held = problem.held_back();
        let said = proxy.predict(held.x());
        failed(proxy.as_ref())?;
        let errors = said.iter().zip(held.y()).map(|(p, y)| (p - y) * (p - y));
        let error = (errors.sum::<f64>() / said.len() as f64).sqrt();
        let covered = proxy.spread(held.x()).map(|spread| {
            let above = said
                .iter()
                .zip(&spread)
                .zip(held.y())
                .filter(|((p, s), y)| **y >= *p - *s);
            above.count() as f64 / said.len() as f64
        });
        // Rows that span no volume have no detectors; the report then has none either.
        let of_x = Detectors::fit(task.name(), &narrow(data.x()), data.width()).ok();
        let of_features = proxy.features(data.x()).and_then(|features| {
            Detectors::fit(task.name(), &features.values, features.width).ok()
        });
        let smoothness = Smoothness::at(proxy.as_ref(), data.x(), seed);
        let mut fitted = Self {
            task,
            problem,
            name,
            stops,
            seed,
            error: problem.normalised_length(error),
            rank: spearman(&said, held.y()).ok(),
            covered,
            of_x,
            of_features,
            proxy,
            smoothness,
            scores: Vec::new(),
        };
        fitted.scores = fitted.scored(data.x())?;
        Ok(fitted)
    }

    /// Lets an optimiser loose on the proxy, and judges what it did.
    pub(super) fn search(&self, optimiser: &dyn Optimiser) -> Result<Outcome, ProxyError> {
        let data = self.problem.data();
        let mut way = optimiser.run(data, self.proxy.as_ref(), self.seed)?;
        failed(self.proxy.as_ref())?;
        if let Some(step) = way.beyond() {
            return Err(ProxyError::Beyond {
                optimiser: optimiser.text(),
                proxy: self.name.clone(),
                step,
            });
        }
        if matches!(self.task.oracle(), Oracle::Command(_) | Oracle::Simulated) {
            way = way.thinned(ASKED_WHERE_DEAR);
        }
        let truths: Vec<Vec<Judged>> = way
            .steps()
            .iter()
            .map(|step| self.problem.truth(way.rows(step)))
            .collect::<Result<_, _>>()?;
        let ascends = optimiser.needs_gradient();
        let curve: Vec<Point> = way
            .steps()
            .iter()
            .zip(&truths)
            .map(|(step, truths)| self.point(&way, step, truths, ascends))
            .collect();
        let last = way.steps().len() - 1;
        let (first, end) = (&curve[0], &curve[last]);
        let best = curve.iter().fold(first, |best, point| {
            if point.truth > best.truth {
                point
            } else {
                best
            }
        });
        let proposals = way.rows(&way.steps()[last]);
        let (on_data, at_end) = (
            self.smoothness,
            Smoothness::at(self.proxy.as_ref(), proposals, self.seed),
        );
        let length = |shaken: f64| self.problem.normalised_length(shaken);
        let gain = end.proxy - first.proxy;
        let gap = end.proxy - end.truth;
        let pool = self.best_of_n(&way, &truths);
        let scored: Vec<Scored> = way
            .steps()
            .iter()
            .map(|step| self.scored(way.rows(step)))
            .collect::<Result<_, _>>()?;
        let scores = scores_of(&truths[last]);
        let liked = largest_at(&way.steps()[last].values);
        Ok(Outcome {
            task: self.task.name().into(),
            oracle: self.task.oracle().to_string(),
            noise_ceiling: self.task.noise_ceiling(),
            outside: self.problem.judge().outside().to_string(),
            proxy: self.name.clone(),
            optimiser: optimiser.text(),
            seed: self.seed,
            visible: self.problem.visible(),
            best_visible: self.problem.best_visible(),
            error_held_back: self.error,
            rank_held_back: self.rank,
            scores,
            gap,
            peak: (best.step, best.truth),
            drop: best.truth - end.truth,
            hacking_ratio: (gain > 0.0).then(|| (end.truth - first.truth) / gain),
            regret: scores.p100 - truths[last][liked].score,
            law: law_of(&pool, &curve, ascends),
            best_of_n: pool,
            detected: self.detected(&way, &truths, &scored),
            stop_rules: stops::text_of(self.stops),
            stops: self.stops(&way, &curve, &scored),
            coverage: self.coverage(&way, &truths),
            slopes: on_data.slopes.zip(at_end.slopes),
            steepness: (on_data.steepness, at_end.steepness),
            shaken: on_data.shaken.map(length).zip(at_end.shaken.map(length)),
            verdict: Verdict::of(gap, self.error, first.truth, end.truth),
            curve,
        })
    }

    fn point(&self, way: &Trajectory, step: &Step, truths: &[Judged], ascends: bool) -> Point {
        let proxy: Vec<f64> = step
            .values
            .iter()
            .map(|&v| self.problem.normalised(v))
            .collect();
        let truth: Vec<f64> = truths.iter().map(|judged| judged.score).collect();
        let rows = way.rows(step);
        let start = way.rows(&way.steps()[0]);
        // Only an ascent moves each design from where it was.
        let distance = match ascends {
            true => moved(rows, start),
            false => apart(rows, start),
        };
        Point {
            step: step.number,
            distance,
            proxy: mean(&proxy),
            proxy_median: quantile(&proxy, 0.5),
            truth: mean(&truth),
            truth_median: quantile(&truth, 0.5),
            infeasible: truths.iter().filter(|j| !j.feasible).count() as f64 / truths.len() as f64,
        }
    }

    /// From the first step where it is a pool that the last was chosen from.
    fn best_of_n(&self, way: &Trajectory, truths: &[Vec<Judged>]) -> Vec<BestOfN> {
        let (first, last) = (&way.steps()[0], &way.steps()[way.steps().len() - 1]);
        if first.values.len() <= last.values.len() {
            return Vec::new();
        }
        let proxy: Vec<f64> = first
            .values
            .iter()
            .map(|&v| self.problem.normalised(v))
            .collect();
        let truth: Vec<f64> = truths[0].iter().map(|judged| judged.score).collect();
        let sizes =
            std::iter::successors(Some(1), |n| Some(2 * n)).take_while(|&n| n <= proxy.len());
        sizes.map(|n| best_of_n(&proxy, &truth, n)).collect()
    }

    /// Every detector against designs on the way whose proxy value is above the truth by more than
    /// [`GAMED`] errors; the raw proxy value is the baseline that they must beat.
    fn detected(
        &self,
        way: &Trajectory,
        truths: &[Vec<Judged>],
        scored: &[Scored],
    ) -> Vec<Detected> {
        let every = way.steps().len().div_ceil(LOOKED_AT);
        let looked_at: Vec<usize> = (0..way.steps().len()).rev().step_by(every).collect();
        let gamed: Vec<bool> = looked_at
            .iter()
            .flat_map(|&at| way.steps()[at].values.iter().zip(&truths[at]))
            .map(|(&value, judged)| {
                self.problem.normalised(value) - judged.score > GAMED * self.error
            })
            .collect();
        let auroc = |scores: &[f64]| {
            let of = |wanted: bool| -> Vec<f64> {
                scores
                    .iter()
                    .zip(&gamed)
                    .filter(|(_, gamed)| **gamed == wanted)
                    // What ranking takes: infinities as the largest number.
                    .map(|(score, _)| score.clamp(f64::MIN, f64::MAX))
                    .collect()
            };
            Some(Ranking::new(&of(false), &of(true)).ok()?.auroc())
        };
        let of_detector = |at: usize| -> Vec<f64> {
            let all = looked_at.iter().flat_map(|&step| &scored[step][at].1);
            all.copied().collect()
        };
        let mut detected: Vec<Detected> = (0..self.scores.len())
            .map(|at| Detected {
                detector: self.scores[at].0.clone(),
                auroc: auroc(&of_detector(at)),
            })
            .collect();
        let values = looked_at.iter().flat_map(|&at| &way.steps()[at].values);
        detected.push(Detected {
            detector: "proxy value".into(),
            auroc: auroc(&values.copied().collect::<Vec<_>>()),
        });
        detected
    }

    /// Scores of rows by every detector there is, and the ensemble's spread.
    fn scored(&self, x: Rows<'_, f64>) -> Result<Scored, ProxyError> {
        let mut scores = Vec::new();
        let mut add = |of: &str, detectors: &Detectors, rows: &[f32]| -> Result<(), ProxyError> {
            let names = detectors
                .names()
                .into_iter()
                .map(|name| format!("{name} {of}"));
            scores.extend(names.zip(detectors.score(rows)?));
            Ok(())
        };
        if let Some(detectors) = &self.of_x {
            add("x", detectors, &narrow(x))?;
        }
        if let (Some(detectors), Some(features)) = (&self.of_features, self.proxy.features(x)) {
            add("features", detectors, &features.values)?;
        }
        if let Some(spread) = self.proxy.spread(x) {
            scores.push((SPREAD.into(), spread));
        }
        Ok(scores)
    }

    fn stops(&self, way: &Trajectory, curve: &[Point], scored: &[Scored]) -> Vec<Stopped> {
        let watched = self.scores.iter().enumerate();
        let (spread, detectors) = watched
            .map(|(at, (name, visible))| {
                let medians = scored.iter().map(|of_step| quantile(&of_step[at].1, 0.5));
                Watched {
                    name,
                    medians: medians.collect(),
                    visible,
                }
            })
            .partition::<Vec<_>, _>(|watched| watched.name == SPREAD);
        let medians = way.steps().iter().map(|step| quantile(&step.values, 0.5));
        let seen = Seen {
            numbers: curve.iter().map(|point| point.step).collect(),
            truths: curve.iter().map(|point| point.truth_median).collect(),
            medians: medians.collect(),
            detectors,
            spread: spread.into_iter().next(),
        };
        let rules = self.stops.iter();
        rules.flat_map(|&rule| seen.stopped_by(rule)).collect()
    }

    fn coverage(&self, way: &Trajectory, truths: &[Vec<Judged>]) -> Option<(f64, f64)> {
        let last = &way.steps()[way.steps().len() - 1];
        let spread = self.proxy.spread(way.rows(last))?;
        let covered = last
            .values
            .iter()
            .zip(spread)
            .zip(&truths[truths.len() - 1]);
        let covered =
            covered.filter(|((p, s), judged)| judged.score >= self.problem.normalised(**p - s));
        Some((
            self.covered?,
            covered.count() as f64 / last.values.len() as f64,
        ))
    }
}

fn failed(proxy: &dyn Proxy) -> Result<(), ProxyError> {
    proxy.failure().map_or(Ok(()), Err)
}

fn scores_of(truths: &[Judged]) -> Scores {
    let truths: Vec<f64> = truths.iter().map(|judged| judged.score).collect();
    Scores {
        p100: quantile(&truths, 1.0),
        p80: quantile(&truths, 0.8),
        p50: quantile(&truths, 0.5),
        mean: mean(&truths),
    }
}

/// From the best of n of a pool, or from an ascent; other searches have no distance that the law
/// speaks of.
fn law_of(pool: &[BestOfN], curve: &[Point], ascends: bool) -> Option<Law> {
    if let Some(one) = pool.first() {
        let points = pool
            .iter()
            .map(|best| (divergence(best.n).sqrt(), best.truth - one.truth));
        return fit_best_of_n(&points.collect::<Vec<_>>());
    }
    if !ascends {
        return None;
    }
    let points = curve
        .iter()
        .map(|point| (point.distance, point.truth - curve[0].truth));
    fit_search(&points.collect::<Vec<_>>())
}

fn largest_at(values: &[f64]) -> usize {
    (0..values.len()).fold(
        0,
        |best, at| if values[at] > values[best] { at } else { best },
    )
}
