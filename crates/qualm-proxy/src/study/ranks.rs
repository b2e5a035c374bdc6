//! Do proxies differ over tasks and seeds?

use qualm_report::{Cell, Column, Table};
use qualm_stats::{friedman, wilcoxon};

use super::outcome::Outcome;

/// Mean ranks of proxies by the median truth that an optimiser reached with them, over all tasks
/// and seeds as blocks, with Friedman's test, and Wilcoxon's against the best. Nothing where fewer
/// than two proxies or blocks are complete.
pub(super) fn ranks(outcomes: &[Outcome], optimiser: &str) -> Option<Table> {
    let of: Vec<&Outcome> = outcomes
        .iter()
        .filter(|o| o.optimiser == optimiser)
        .collect();
    let mut proxies: Vec<&str> = Vec::new();
    let mut places: Vec<(&str, u64)> = Vec::new();
    for outcome in &of {
        if !proxies.contains(&outcome.proxy.as_str()) {
            proxies.push(&outcome.proxy);
        }
        if !places.contains(&(outcome.task.as_str(), outcome.seed)) {
            places.push((&outcome.task, outcome.seed));
        }
    }
    let block = |(task, seed): &(&str, u64)| -> Option<Vec<f64>> {
        let found = |proxy: &&str| {
            let mut all = of.iter();
            all.find(|o| (o.task.as_str(), o.seed, o.proxy.as_str()) == (*task, *seed, *proxy))
        };
        proxies
            .iter()
            .map(|proxy| found(proxy).map(|o| o.scores.p50))
            .collect()
    };
    let blocks: Vec<Vec<f64>> = places.iter().filter_map(block).collect();
    let found = friedman(&blocks)?;
    let best =
        (0..proxies.len()).max_by(|&a, &b| found.mean_ranks[a].total_cmp(&found.mean_ranks[b]))?;
    let mut table = Table::new([
        Column::text("proxy"),
        Column::number("mean rank"),
        Column::number("Wilcoxon p"),
    ])
    .title(format!("{optimiser}: proxies over {} tasks and seeds", blocks.len()))
    .note(format!(
        "Ranks of the median truth, {} is best. Friedman: chi-squared {:.2}, p = {:.3}. Wilcoxon: \
         signed ranks against the best mean rank, two-sided, exact, not corrected for the number of \
         proxies. Seeds of one task are not independent tasks: read p with that in mind.",
        proxies.len(),
        found.statistic,
        found.p_value,
    ));
    for (at, proxy) in proxies.iter().enumerate() {
        let differences: Vec<f64> = blocks.iter().map(|block| block[at] - block[best]).collect();
        let p = wilcoxon(&differences).filter(|_| at != best);
        table = table.row([
            Cell::text(*proxy),
            Cell::number(found.mean_ranks[at], 2),
            p.map_or(Cell::Missing, Cell::PValue),
        ]);
    }
    Some(table)
}
