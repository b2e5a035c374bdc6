//! A filter and its price, for people.

use qualm_report::{Cell, Column, Report, Table, Tone, Verdict};
use serde::Serialize;

use super::{Blocks, Filter, Promise, ScoreTable, Share, percent};
use crate::ConfidenceError;

/// A filter and what it costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// The filter.
    #[serde(flatten)]
    pub filter: Filter,
    /// Good items blocked; nothing where there are none to count.
    pub price: Option<Share>,
    /// Items without a score, or of which nothing says what they are.
    pub left_out: usize,
}

/// Fits a filter to the bad items of a table and counts the good ones that it blocks.
///
/// # Errors
/// As [`Filter::fit`].
pub fn filter(
    table: &ScoreTable,
    blocks: Blocks,
    promise: Promise,
) -> Result<Outcome, ConfidenceError> {
    let filter = Filter::fit(&table.bad, blocks, promise)?;
    let price = match table.good.is_empty() {
        true => None,
        false => Some(filter.share_blocked(&table.good)?),
    };
    Ok(Outcome {
        filter,
        price,
        left_out: table.left_out,
    })
}

impl Outcome {
    /// The report: what is promised, the threshold, the price.
    #[must_use]
    pub fn report(&self) -> Report {
        let filter = &self.filter;
        let promise = filter.promise;
        let side = match filter.blocks {
            Blocks::High => "or above",
            Blocks::Low => "or below",
        };
        let kept = format!(
            "Block what scores {} {side}: with {} % confidence at most {} % of bad items like these \
             are missed.",
            filter.threshold,
            percent(1.0 - promise.delta),
            percent(promise.miss_rate)
        );
        let count = |count: u64| Cell::number(count as f64, 0);
        let mut table = Table::new([Column::text(""), Column::number("")])
            .row([
                Cell::text("threshold"),
                Cell::text(filter.threshold.to_string()),
            ])
            .row([Cell::text("bad items"), count(filter.items)])
            .row([
                Cell::text("misses allowed among them"),
                count(filter.misses_allowed),
            ])
            .row([Cell::text("misses among them"), count(filter.misses)]);
        let mut report =
            Report::new("A filter that keeps its promise").push(Verdict::new(Tone::Good, kept));
        match self.price {
            Some(price) => {
                let share = price.share;
                table = table
                    .row([Cell::text("good items"), count(price.items)])
                    .row([Cell::text("good items blocked"), count(price.blocked)])
                    .row([
                        Cell::text("share of good items blocked"),
                        Cell::interval(share.value, share.lo, share.hi, 4),
                    ])
                    .note("The share with its 95 % interval of Clopper and Pearson.");
                if price.blocked == price.items {
                    let text = "Every good item is blocked: the score does not tell bad from good \
                                well enough for this promise.";
                    report = report.push(Verdict::new(Tone::Bad, text));
                }
            }
            None => {
                let text = "There are no good items: what the filter costs is unknown.";
                report = report.push(Verdict::new(Tone::Note, text));
            }
        }
        if self.left_out > 0 {
            table = table.row([Cell::text("items left out"), count(self.left_out as u64)]);
        }
        report.push(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_says_what_is_promised_and_what_it_costs() {
        let promise = Promise {
            miss_rate: 0.1,
            delta: 0.05,
        };
        let mut table = ScoreTable {
            bad: (1..=100).map(f64::from).collect(),
            good: vec![0.0, 0.5, 1.0, 50.0],
            left_out: 2,
        };
        let outcome = filter(&table, Blocks::High, promise).unwrap();
        let page = qualm_report::to_markdown(&outcome.report());
        let kept = "Block what scores 5 or above: with 95 % confidence at most 10 % of bad items";
        assert!(page.contains(kept), "{page}");
        assert!(page.contains("0.2500"), "{page}");
        table.good = vec![60.0];
        let outcome = filter(&table, Blocks::High, promise).unwrap();
        assert!(qualm_report::to_markdown(&outcome.report()).contains("Every good item"));
        table.good.clear();
        let outcome = filter(&table, Blocks::Low, promise).unwrap();
        let page = qualm_report::to_markdown(&outcome.report());
        assert!(
            page.contains("no good items") && page.contains("96 or below"),
            "{page}"
        );
    }
}
