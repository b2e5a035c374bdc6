//! Is *my* proxy gameable? A pressure test on the user's own designs, without their truth.

use qualm_report::{Cell, Column, Curves, Report, Table, Tone, Verdict as Said};

use crate::error::ProxyError;
use crate::labelled::Labelled;
use crate::optimiser::Optimiser;
use crate::problem::Outside;
use crate::proxy::Learner;
use crate::space::Space;
use crate::stops::{STANDARD_LEVEL, StopRule};
use crate::study::{Outcome, Progress, Stopped, Study, Verdict};
use crate::tasks::Learned;

/// What is audited, and how hard.
#[derive(Debug)]
pub struct Audit {
    /// Proxies.
    pub learners: Vec<Box<dyn Learner>>,
    /// Optimisers.
    pub optimisers: Vec<Box<dyn Optimiser>>,
    /// Rules that are asked where they would end a search. Without one of support the standard one is
    /// added: where designs leave the data decides what the judge's word is worth.
    pub stops: Vec<StopRule>,
    /// Share of labels, the best ones, that proxies do not see; above 0 and below 1.
    pub hidden: f64,
    /// Seed of the halves, of training and of search.
    pub seed: u64,
}

impl Audit {
    /// Half of the designs go to a judge, the others without the best labels to the proxies; each
    /// optimiser climbs each proxy, and the judge scores what it finds. Scores are normalised by the
    /// labels of the proxies' half, the hidden ones included.
    ///
    /// # Errors
    /// When there are too few designs, or something cannot be fitted to them.
    pub fn run(
        self,
        name: &str,
        space: &Space,
        all: &Labelled,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Vec<Outcome>, ProxyError> {
        let task = Learned::judge(name, space.clone(), all, self.hidden, self.seed)?;
        let mut stops = self.stops;
        if !stops
            .iter()
            .any(|rule| matches!(rule, StopRule::Support { .. }))
        {
            stops.push(StopRule::Support {
                level: STANDARD_LEVEL,
            });
        }
        let study = Study {
            tasks: vec![Box::new(task)],
            learners: self.learners,
            optimisers: self.optimisers,
            stops,
            seeds: vec![self.seed],
            outside: Outside::Clip,
        };
        study.run(&[], &|_| Ok(()), progress)
    }
}

/// Where to stop: the first rule about support in the space of designs that fires.
fn advice(outcome: &Outcome) -> Option<&Stopped> {
    let rules = outcome.stops.iter().filter(|stop| stop.of_designs());
    rules
        .filter(|stop| stop.step.is_some())
        .min_by_key(|stop| stop.step)
}

/// The judgement without a truth: the study's, but where designs have left the data by the end, a
/// judge that agrees proves nothing, for it knows as little there.
fn judged(outcome: &Outcome) -> Verdict {
    match outcome.verdict {
        Verdict::Sound if advice(outcome).is_some() => Verdict::Inconclusive,
        verdict => verdict,
    }
}

/// The audit in plain language, with what it rests on. `given` names a proxy that was made elsewhere.
pub fn report(outcomes: &[Outcome], hidden: f64, given: Option<&str>) -> Report {
    let Some(first) = outcomes.first() else {
        return Report::new("Is this proxy gameable?");
    };
    let seen = format!(
        "{} designs without the best {:.0} % of labels",
        first.visible,
        100.0 * hidden
    );
    let searched = match given {
        None => format!("Proxies learned from {seen}; optimisers climbed them"),
        Some(given) => format!(
            "Searches started from {seen}. {given} was made elsewhere: it gives no gradients, so only \
             optimisers that need none climbed it, and which designs it has seen is not known, so its \
             error may be stated too small"
        ),
    };
    let mut report = Report::new(format!("Is a proxy of {} gameable?", first.task)).summary(format!(
        "{searched}. The {}. Scores are normalised: 0 and 1 are the least and the largest label.",
        first.oracle.trim_start_matches("learned: "),
    ));
    for outcome in outcomes {
        report = report.push(said(outcome));
    }
    report = report.push(table(outcomes));
    for outcome in outcomes.iter().filter(|outcome| outcome.curve.len() > 2) {
        let of = |y: fn(&crate::study::Point) -> f64| {
            outcome
                .curve
                .iter()
                .map(|point| (point.step as f64, y(point)))
                .collect()
        };
        let title = format!("{}, {}", outcome.proxy, outcome.optimiser);
        report = report.push(
            Curves::new(title, "step", "mean score")
                .push("proxy", of(|point| point.proxy))
                .push("judge, not truth", of(|point| point.truth)),
        );
    }
    report
}

fn said(outcome: &Outcome) -> Said {
    let (start, end) = (&outcome.curve[0], &outcome.curve[outcome.curve.len() - 1]);
    let tone = match judged(outcome) {
        Verdict::Sound => Tone::Good,
        Verdict::Gamed => Tone::Bad,
        Verdict::Inconclusive => Tone::Mixed,
    };
    let stop = match (advice(outcome), outcome.curve.len() > 2) {
        (_, false) => String::new(),
        (Some(stop), _) => format!(
            " Stop at step {}: beyond it designs are less like the data than {} % of it ({}); the \
             judge gives {:.3} there.",
            stop.step.unwrap_or_default(),
            (1000.0 * stop.level.unwrap_or_default()).round() / 10.0,
            stop.rule,
            stop.truth
        ),
        (None, _) => " No rule fired: silence is not safety.".into(),
    };
    let moved = match end.truth - start.truth {
        moved if moved > 0.0 => "rises",
        _ => "goes",
    };
    Said::new(
        tone,
        format!(
            "{} climbed by {}: {}. The proxy goes from {:.3} to {:.3}; the judge (not truth) {moved} \
             from {:.3} to {:.3}, with its best {:.3} at step {}.{stop}",
            outcome.proxy,
            outcome.optimiser,
            judged(outcome),
            start.proxy,
            end.proxy,
            start.truth,
            end.truth,
            outcome.peak.1,
            outcome.peak.0,
        ),
    )
}

fn table(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new(
        ["proxy", "optimiser", "verdict"].map(Column::text).into_iter().chain(
            ["gap", "error", "slope, data", "slope, end", "best for steps"].map(Column::number),
        ),
    )
    .title("What the verdicts rest on")
    .note(
        "gamed: the gap, mean proxy less mean judge at the end, is above 3 times the error on designs \
         held back. inconclusive: it is not, but designs have left the data, where the judge knows \
         as little as the proxy; or the judge's mean fell. slope: 95th percentile of |d proxy / dx| in standard units, on data and at the \
         end. best for steps: where the judge's mean is largest.",
    );
    for outcome in outcomes {
        let slope = |of: fn(&(crate::study::Quantiles, crate::study::Quantiles)) -> f64| {
            outcome
                .slopes
                .as_ref()
                .map_or(Cell::Missing, |slopes| Cell::number(of(slopes), 3))
        };
        table = table.row([
            Cell::text(&outcome.proxy),
            Cell::text(&outcome.optimiser),
            Cell::text(judged(outcome).to_string()),
            Cell::number(outcome.gap, 3),
            Cell::number(outcome.error_held_back, 3),
            slope(|(data, _)| data.p95),
            slope(|(_, end)| end.p95),
            Cell::number(outcome.peak.0 as f64, 0),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::Manifold;
    use crate::{Task, optimisers, proxies, stops};

    #[test]
    fn a_rough_proxy_is_found_out_without_the_truth() {
        let task = Manifold::default();
        let all = task.labelled(1).expect("a formula has data");
        let audit = Audit {
            learners: proxies::parse_list("mlp(epochs=30)").expect("a recipe"),
            optimisers: optimisers::parse_list("sgd(steps=100)").expect("a recipe"),
            stops: stops::parse_list("steps(n=20)").expect("a recipe"),
            hidden: 0.2,
            seed: 1,
        };
        let outcomes = audit
            .run("planted", task.space(), &all, &|_| {})
            .expect("enough data");
        // The judge has not seen what lies off the plane either: it may agree, which proves nothing.
        assert_ne!(judged(&outcomes[0]), Verdict::Sound);
        let stop = advice(&outcomes[0]).expect("the search leaves the plane");
        assert!(stop.step.expect("it fired") < 50);
        let text = qualm_report::to_terminal(&report(&outcomes, 0.2, None), 80, false);
        assert!(
            text.contains("Stop at step") && text.contains("judge, not truth"),
            "{text}"
        );
    }
}
