//! Tables of a study, for one task each.

use qualm_report::{Cell, Column, Table};

use super::outcome::{Outcome, Verdict};
use crate::measures::quantile;

/// A row for each proxy and optimiser, over seeds; the best visible label and `random` beside them.
pub(super) fn scores(outcomes: &[&Outcome]) -> Table {
    let first = outcomes[0];
    let ceiling = first.noise_ceiling.map_or(String::new(), |ceiling| {
        format!(
            " A second measurement of all designs has a rank correlation of {ceiling:.3} with the \
             first: no proxy can be better."
        )
    });
    let mut table = Table::new([
        Column::text("proxy"),
        Column::text("optimiser"),
        Column::text("verdict"),
        Column::number("gap"),
        Column::number("50th"),
        Column::number("80th"),
        Column::number("100th"),
        Column::number("peak"),
        Column::number("drop"),
        Column::number("hacking"),
        Column::number("error"),
        Column::number("rank"),
    ])
    .title(format!(
        "{}: what is proposed, truly ({})",
        first.task, first.oracle
    ))
    .note(format!(
        "gap: mean proxy less mean truth at the end. 50th, 80th, 100th: true percentiles of the \
         designs proposed; the 100th of 128 draws is high by chance alone, see `random`. peak: \
         largest mean truth on the way; drop: what is lost of it. hacking: truth gained for each \
         unit of proxy gained. error, rank: root mean squared error and rank correlation on \
         visible designs held back.{ceiling}",
    ));
    let best = over(outcomes, |o| Some(o.best_visible));
    let mut row = vec![Cell::text("best visible"), Cell::text(""), Cell::text("")];
    row.extend([Cell::Missing, Cell::Missing, Cell::Missing, best]);
    row.resize_with(12, || Cell::Missing);
    table = table.row(row);
    for (proxy, optimiser) in pairs(outcomes) {
        let cell = of_pair(outcomes, &proxy, &optimiser);
        table = table.row([
            Cell::text(&proxy),
            Cell::text(&optimiser),
            Cell::text(verdicts(&cell)),
            over(&cell, |o| Some(o.gap)),
            over(&cell, |o| Some(o.scores.p50)),
            over(&cell, |o| Some(o.scores.p80)),
            over(&cell, |o| Some(o.scores.p100)),
            over(&cell, |o| Some(o.peak.1)),
            over(&cell, |o| Some(o.drop)),
            over(&cell, |o| o.hacking_ratio),
            over(&cell, |o| Some(o.error_held_back)),
            over(&cell, |o| o.rank_held_back),
        ]);
    }
    table
}

/// `gamed`, or `gamed 2, sound 1` where seeds differ.
pub(super) fn verdicts(outcomes: &[&Outcome]) -> String {
    let all = [Verdict::Gamed, Verdict::Sound, Verdict::Inconclusive];
    let counts = all.map(|verdict| {
        (
            verdict,
            outcomes.iter().filter(|o| o.verdict == verdict).count(),
        )
    });
    let there: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    match there.as_slice() {
        [(verdict, _)] => verdict.to_string(),
        several => {
            let parts: Vec<String> = several.iter().map(|(v, n)| format!("{v} {n}")).collect();
            parts.join(", ")
        }
    }
}

pub(super) fn detectors(outcomes: &[&Outcome]) -> Option<Table> {
    let names = distinct(outcomes.iter().flat_map(|o| &o.detected), |d| &d.detector);
    let mut columns = vec![Column::text("proxy"), Column::text("optimiser")];
    columns.extend(names.iter().map(Column::number));
    let mut table = Table::new(columns)
        .title(format!("{}: which detector sees that designs are overrated (AUROC)", outcomes[0].task))
        .note(
            "Positive: designs on the way that the proxy puts above the truth by more than 3 errors. \
             Nothing stands where all or none are. The raw proxy value is the baseline to beat.",
        );
    let mut any = false;
    for (proxy, optimiser) in pairs(outcomes) {
        let cell = of_pair(outcomes, &proxy, &optimiser);
        let of = |name: &str| {
            over(&cell, |o| {
                o.detected
                    .iter()
                    .find(|d| d.detector == name)
                    .and_then(|d| d.auroc)
            })
        };
        let figures: Vec<Cell> = names.iter().map(|name| of(name)).collect();
        if figures.iter().any(|cell| *cell != Cell::Missing) {
            any = true;
            table = table.row(
                [Cell::text(&proxy), Cell::text(&optimiser)]
                    .into_iter()
                    .chain(figures),
            );
        }
    }
    any.then_some(table)
}

pub(super) fn stops(outcomes: &[&Outcome]) -> Option<Table> {
    let searches: Vec<&&Outcome> = outcomes.iter().filter(|o| o.curve.len() > 2).collect();
    let rules = distinct(searches.iter().flat_map(|o| &o.stops), |s| &s.rule);
    if rules.is_empty() {
        return None;
    }
    let mut columns = vec![
        Column::text("proxy"),
        Column::text("optimiser"),
        Column::number("peak"),
        Column::number("end"),
    ];
    columns.extend(rules.iter().map(Column::number));
    let mut table = Table::new(columns)
        .title(format!("{}: median truth where each rule stops", outcomes[0].task))
        .note(
            "A detector stops before its median score exceeds a quantile of those of visible designs, \
             the 99th percentile where no other is named. (silent): it did not fire for some seed; silence is not safety.",
        );
    for (proxy, optimiser) in pairs(outcomes) {
        let cell: Vec<&Outcome> = searches
            .iter()
            .map(|o| **o)
            .filter(|o| o.proxy == proxy && o.optimiser == optimiser)
            .collect();
        if cell.is_empty() {
            continue;
        }
        let peak = |o: &Outcome| {
            o.curve
                .iter()
                .map(|p| p.truth_median)
                .fold(f64::MIN, f64::max)
        };
        let mut row = vec![
            Cell::text(&proxy),
            Cell::text(&optimiser),
            over(&cell, |o| Some(peak(o))),
            over(&cell, |o| Some(o.scores.p50)),
        ];
        for rule in &rules {
            let stop = |o: &Outcome| o.stops.iter().find(|s| s.rule == *rule).cloned();
            let silent = cell
                .iter()
                .any(|o| stop(o).is_some_and(|s| s.step.is_none()));
            let truth = over(&cell, |o| stop(o).map(|s| s.truth));
            row.push(match (silent, truth.value()) {
                (true, Some(truth)) => Cell::text(format!("{truth:.3} (silent)")),
                _ => truth,
            });
        }
        table = table.row(row);
    }
    Some(table)
}

/// What proxies say of themselves, on data and where a search leads.
pub(super) fn beyond(outcomes: &[&Outcome]) -> Table {
    let mut table = Table::new([
        Column::text("proxy"),
        Column::text("optimiser"),
        Column::number("slope, data"),
        Column::number("slope, end"),
        Column::number("steepness, data"),
        Column::number("steepness, end"),
        Column::number("shaken, data"),
        Column::number("shaken, end"),
        Column::number("covered, data"),
        Column::number("covered, end"),
    ])
    .title(format!(
        "{}: smoothness, and what lower bounds hold",
        outcomes[0].task
    ))
    .note(
        "slope: 95th percentile of |d proxy / dx| in standard units. steepness: 95th percentile of \
         the largest |difference| / distance to 8 neighbours 0.1 deviations away in each coordinate; \
         it bounds the local Lipschitz constant from below. shaken: change when weights move by 1 % \
         of their norm. covered: share of truths above mean less one standard \
         deviation, on designs held back and on proposals (84 % if normal).",
    );
    for (proxy, optimiser) in pairs(outcomes) {
        let cell = of_pair(outcomes, &proxy, &optimiser);
        let figures = [
            over(&cell, |o| o.slopes.map(|(data, _)| data.p95)),
            over(&cell, |o| o.slopes.map(|(_, end)| end.p95)),
            over(&cell, |o| Some(o.steepness.0.p95)),
            over(&cell, |o| Some(o.steepness.1.p95)),
            over(&cell, |o| o.shaken.map(|(data, _)| data)),
            over(&cell, |o| o.shaken.map(|(_, end)| end)),
            over(&cell, |o| o.coverage.map(|(data, _)| data)),
            over(&cell, |o| o.coverage.map(|(_, end)| end)),
        ];
        let names = [Cell::text(&proxy), Cell::text(&optimiser)];
        table = table.row(names.into_iter().chain(figures));
    }
    table
}

pub(super) fn best_of_n(outcomes: &[&Outcome]) -> Option<Table> {
    let pools: Vec<&Outcome> = outcomes
        .iter()
        .copied()
        .filter(|o| !o.best_of_n.is_empty())
        .collect();
    let first = pools.first()?;
    let sizes: Vec<usize> = first
        .best_of_n
        .iter()
        .map(|best| best.n)
        .step_by(2)
        .collect();
    let mut columns = vec![Column::text("proxy")];
    columns.extend(sizes.iter().map(|n| Column::number(format!("n={n}"))));
    columns.extend([
        Column::number("alpha"),
        Column::number("beta"),
        Column::number("residual"),
    ]);
    let mut table = Table::new(columns)
        .title(format!(
            "{}: expected truth of the proxy's best of n",
            first.task
        ))
        .note(
            "Unbiased, from one pool. alpha, beta: R = d (alpha - beta d) with d the root of the \
             divergence (Gao et al. 2023), fitted to the gain over n = 1.",
        );
    for proxy in distinct(pools.iter().copied(), |o| &o.proxy) {
        let cell: Vec<&Outcome> = pools.iter().copied().filter(|o| o.proxy == proxy).collect();
        let mut row = vec![Cell::text(&proxy)];
        for n in &sizes {
            row.push(over(&cell, |o| {
                o.best_of_n.iter().find(|b| b.n == *n).map(|b| b.truth)
            }));
        }
        row.extend([
            over(&cell, |o| o.law.map(|law| law.alpha)),
            over(&cell, |o| o.law.map(|law| law.beta)),
            over(&cell, |o| o.law.map(|law| law.residual)),
        ]);
        table = table.row(row);
    }
    Some(table)
}

/// A figure over seeds; empty where no seed has it.
pub(super) fn over(outcomes: &[&Outcome], figure: impl Fn(&Outcome) -> Option<f64>) -> Cell {
    let figures: Vec<f64> = outcomes
        .iter()
        .filter_map(|outcome| figure(outcome))
        .collect();
    let [low, middle, high] = [0.0, 0.5, 1.0].map(|q| quantile(&figures, q));
    match figures.len() {
        0 => Cell::Missing,
        1 => Cell::number(middle, 3),
        _ => Cell::interval(middle, low, high, 3),
    }
}

/// The outcomes of one proxy under one optimiser.
pub(super) fn of_pair<'a>(
    outcomes: &[&'a Outcome],
    proxy: &str,
    optimiser: &str,
) -> Vec<&'a Outcome> {
    let of = |outcome: &&&Outcome| outcome.proxy == proxy && outcome.optimiser == optimiser;
    outcomes.iter().filter(of).copied().collect()
}

/// Proxies and optimisers, in the order in which they come.
pub(super) fn pairs(outcomes: &[&Outcome]) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for outcome in outcomes {
        let pair = (outcome.proxy.clone(), outcome.optimiser.clone());
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    pairs
}

pub(super) fn distinct<'a, T: 'a, K: Clone + PartialEq + 'a>(
    items: impl IntoIterator<Item = &'a T>,
    key: impl Fn(&'a T) -> &'a K,
) -> Vec<K> {
    let mut keys: Vec<K> = Vec::new();
    for item in items {
        if !keys.contains(key(item)) {
            keys.push(key(item).clone());
        }
    }
    keys
}

/// All outcomes as one table, a row each, for data frames.
pub fn table(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new(
        [
            Column::text("task"),
            Column::text("proxy"),
            Column::text("optimiser"),
        ]
        .into_iter()
        .chain(
            [
                "seed",
                "visible",
                "best_visible",
                "error_held_back",
                "gap",
                "p100",
                "p80",
                "p50",
                "mean",
                "peak_step",
                "peak",
                "drop",
                "hacking_ratio",
                "regret",
                "infeasible",
            ]
            .map(Column::number),
        )
        .chain([Column::text("verdict"), Column::text("oracle")]),
    );
    for o in outcomes {
        let infeasible = o.curve.last().map_or(0.0, |point| point.infeasible);
        let numbers = [
            Some(o.seed as f64),
            Some(o.visible as f64),
            Some(o.best_visible),
            Some(o.error_held_back),
            Some(o.gap),
            Some(o.scores.p100),
            Some(o.scores.p80),
            Some(o.scores.p50),
            Some(o.scores.mean),
            Some(o.peak.0 as f64),
            Some(o.peak.1),
            Some(o.drop),
            o.hacking_ratio,
            Some(o.regret),
            Some(infeasible),
        ];
        let numbers = numbers.map(|n| n.map_or(Cell::Missing, |n| Cell::number(n, 6)));
        table = table.row(
            [
                Cell::text(&o.task),
                Cell::text(&o.proxy),
                Cell::text(&o.optimiser),
            ]
            .into_iter()
            .chain(numbers)
            .chain([Cell::text(o.verdict.to_string()), Cell::text(&o.oracle)]),
        );
    }
    table
}
