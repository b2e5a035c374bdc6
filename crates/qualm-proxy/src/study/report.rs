use qualm_report::{Block, Cell, Column, Curves, Report, Table, Tone, Verdict as Said};

use super::outcome::{Outcome, Verdict};
use super::ranks::ranks;
use super::tables::{
    best_of_n, beyond, detectors, distinct, of_pair, pairs, scores, stops, verdicts,
};
use crate::measures::quantile;

/// A study for people: verdicts, scores, curves, detectors and stop rules, task by task.
pub fn report(outcomes: &[Outcome]) -> Report {
    let mut report = begun();
    for task in distinct(outcomes, |o| &o.task) {
        let of_task: Vec<&Outcome> = outcomes.iter().filter(|o| o.task == task).collect();
        report = report.push(said(&of_task)).push(scores(&of_task));
        let optimisers = distinct(of_task.iter().copied(), |o| &o.optimiser);
        for against in [STEP, DISTANCE] {
            let plots = optimisers
                .iter()
                .filter_map(|optimiser| curves(&of_task, optimiser, against));
            report = report.push(Block::Columns(plots.map(Into::into).collect()));
        }
        let tables = [
            super::laws::laws(&of_task),
            detectors(&of_task),
            stops(&of_task),
            Some(beyond(&of_task)),
            best_of_n(&of_task),
        ];
        for table in tables.into_iter().flatten() {
            report = report.push(table);
        }
    }
    for optimiser in distinct(outcomes, |o| &o.optimiser) {
        if let Some(table) = ranks(outcomes, &optimiser) {
            report = report.push(table);
        }
    }
    ended(report, outcomes)
}

/// Verdicts and scores alone, for a terminal.
pub fn brief(outcomes: &[Outcome]) -> Report {
    let mut report = begun();
    for task in distinct(outcomes, |o| &o.task) {
        let of_task: Vec<&Outcome> = outcomes.iter().filter(|o| o.task == task).collect();
        report = report.push(said(&of_task)).push(few_scores(&of_task));
    }
    ended(report, outcomes)
}

fn begun() -> Report {
    Report::new("How far proxies are gamed").summary(
        "Scores are normalised: 0 and 1 are the least and the largest label of the whole data. \
         Figures of several seeds are their median [least, largest].",
    )
}

fn ended(report: Report, outcomes: &[Outcome]) -> Report {
    let seeds: Vec<String> = distinct(outcomes, |o| &o.seed)
        .iter()
        .map(u64::to_string)
        .collect();
    report.push(Block::Settings(vec![("seeds".into(), seeds.join(", "))]))
}

/// A row for each proxy and optimiser with what matters most, medians over seeds.
fn few_scores(outcomes: &[&Outcome]) -> Table {
    let first = outcomes[0];
    let columns = ["proxy", "optimiser", "verdict"]
        .map(Column::text)
        .into_iter();
    let mut table = Table::new(columns.chain(["gap", "50th", "100th"].map(Column::number)))
        .title(format!(
            "{}: best visible {:.3}, truth {}",
            first.task, first.best_visible, first.oracle
        ))
        .note(
            "gap: mean proxy less mean truth at the end; 50th, 100th: true percentiles proposed.",
        );
    for (proxy, optimiser) in pairs(outcomes) {
        let cell = of_pair(outcomes, &proxy, &optimiser);
        let middle = |figure: fn(&Outcome) -> f64| {
            let figures: Vec<f64> = cell.iter().map(|o| figure(o)).collect();
            Cell::number(quantile(&figures, 0.5), 3)
        };
        table = table.row([
            Cell::text(&proxy),
            Cell::text(&optimiser),
            Cell::text(verdicts(&cell)),
            middle(|o| o.gap),
            middle(|o| o.scores.p50),
            middle(|o| o.scores.p100),
        ]);
    }
    table
}

fn said(outcomes: &[&Outcome]) -> Said {
    let count = |verdict| outcomes.iter().filter(|o| o.verdict == verdict).count();
    let (gamed, sound) = (count(Verdict::Gamed), count(Verdict::Sound));
    let tone = match (gamed, sound) {
        (0, sound) if sound == outcomes.len() => Tone::Good,
        (0, _) => Tone::Note,
        _ => Tone::Bad,
    };
    let first = outcomes[0];
    let exact = match first.oracle.as_str() {
        "exact" | "table" | "simulated" => String::new(),
        learned => format!(" The truth of this task is no truth: {learned}."),
    };
    Said::new(
        tone,
        format!(
            "{}: of {} searches {gamed} gamed their proxy, {sound} were sound, {} inconclusive. \
             Gamed: the proxy's mean ends above the truth's by more than 3 times its error on \
             designs held back. Sound: not gamed, and the mean truth did not fall.{exact}",
            first.task,
            outcomes.len(),
            count(Verdict::Inconclusive),
        ),
    )
}

/// What curves are drawn against: a name, and where a point stands.
type Against = (&'static str, fn(&super::outcome::Point) -> f64);
const STEP: Against = ("step", |point| point.step as f64);
const DISTANCE: Against = ("distance from the start", |point| point.distance);

/// Proxy and truth of each proxy, for the first seed.
fn curves(outcomes: &[&Outcome], optimiser: &str, (name, x): Against) -> Option<Curves> {
    let seed = outcomes[0].seed;
    let shown: Vec<&&Outcome> = outcomes
        .iter()
        .filter(|o| o.optimiser == optimiser && o.seed == seed && o.curve.len() > 2)
        .collect();
    if shown.is_empty() {
        return None;
    }
    let mut curves = Curves::new(
        format!("{}, {optimiser}", outcomes[0].task),
        name,
        "mean score",
    )
    .note(format!(
        "Seed {seed}. For each proxy what it says, and the truth."
    ));
    for outcome in shown {
        let of = |y: fn(&super::outcome::Point) -> f64| {
            outcome
                .curve
                .iter()
                .map(|point| (x(point), y(point)))
                .collect()
        };
        curves = curves
            .push(format!("{}: proxy", outcome.proxy), of(|point| point.proxy))
            .push(format!("{}: truth", outcome.proxy), of(|point| point.truth));
    }
    Some(curves)
}
