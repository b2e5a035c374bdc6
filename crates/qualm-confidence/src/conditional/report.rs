//! What was found in a file of beliefs, for people.

use qualm_report::{Cell, Column, Report, Table, Tone, Verdict};

use super::coherence::VIOLATION;
use super::examine::{Examined, ExaminedBelief, ExaminedSet};
use super::nearest::COHERENT;

/// Beliefs that the table of coherence shows, the worst first.
const BELIEFS_SHOWN: usize = 20;

/// Sets whose bets are shown, the furthest first.
const SETS_SHOWN: usize = 10;

/// The report of what was found.
#[must_use]
pub fn report(found: &Examined) -> Report {
    let unresolved: usize = found
        .sources
        .iter()
        .map(|source| source.scores.beliefs - source.scores.resolved())
        .sum();
    let mut report = Report::new("Conditional beliefs").summary(format!(
        "Conditional beliefs: {}, unresolved and not scored: {unresolved}; sets of statements: {}.",
        found.beliefs.len(),
        found.sets.len()
    ));
    if let Some(first) = found.unread.first() {
        report = report.push(Verdict::new(
            Tone::Note,
            format!(
                "Texts without a conditional belief, left out: {}, the first in line {first}.",
                found.unread.len()
            ),
        ));
    }
    if !found.beliefs.is_empty() {
        report = report.push(scores(found)).push(coherence(&found.beliefs));
        if let Some(verdict) = violations(&found.beliefs) {
            report = report.push(verdict);
        }
    }
    let mut sets: Vec<&ExaminedSet> = found.sets.iter().collect();
    sets.sort_by(|a, b| b.distance.total_cmp(&a.distance));
    if sets.len() > 1 {
        report = report.push(distances(&sets));
    }
    for set in sets.into_iter().take(SETS_SHOWN) {
        report = report.push(verdict(set)).push(bets(set));
    }
    report
}

fn maybe(value: Option<f64>, decimals: u8) -> Cell {
    value.map_or(Cell::Missing, |value| Cell::number(value, decimals))
}

fn scores(found: &Examined) -> Table {
    let mut table = Table::new([
        Column::text("source"),
        Column::number("beliefs"),
        Column::number("if"),
        Column::number("else"),
        Column::number("called off"),
        Column::number("unknown"),
        Column::number("Brier"),
        Column::number("log score"),
    ])
    .title("Scores of the branch that came about");
    let mut ruled_out = 0;
    for source in &found.sources {
        let scores = &source.scores;
        ruled_out += scores.ruled_out;
        let count = |count: usize| Cell::number(count as f64, 0);
        table = table.row([
            Cell::text(source.source.as_deref().unwrap_or("-")),
            count(scores.beliefs),
            count(scores.resolved_if),
            count(scores.resolved_else),
            count(scores.called_off),
            count(scores.unknown),
            maybe(scores.brier, 4),
            if scores.ruled_out > 0 {
                Cell::text("infinite")
            } else {
                maybe(scores.log_score, 4)
            },
        ]);
    }
    let mut note = "Lower is better; a constant .5 has a Brier score of .25 and a log score of \
                    .693. Called off: nothing was said of the branch that came about."
        .to_owned();
    if ruled_out > 0 {
        note += &format!(" {ruled_out} beliefs gave no chance to what happened.");
    }
    table.note(note)
}

fn coherence(beliefs: &[ExaminedBelief]) -> Table {
    let conjunctions = beliefs
        .iter()
        .any(|belief| belief.coherence.conjunction_gap.is_some());
    let mut columns = vec![
        Column::text("belief"),
        Column::number("P(A)"),
        Column::number("implied"),
        Column::number("gap"),
        Column::number("statistic"),
    ];
    if conjunctions {
        columns.extend(["conjunction", "arbitrage"].map(Column::number));
    }
    let mut table = Table::new(columns).title("What the branches imply, and what was said");
    let mut worst: Vec<&ExaminedBelief> = beliefs.iter().collect();
    let badness = |belief: &ExaminedBelief| {
        let coherence = &belief.coherence;
        (
            coherence.statistic.unwrap_or(-1.0),
            coherence.arbitrage.unwrap_or(-1.0),
        )
    };
    worst.sort_by(|a, b| {
        let (a, b) = (badness(a), badness(b));
        b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    for belief in worst.iter().take(BELIEFS_SHOWN) {
        let (lo, hi) = belief.implied;
        let coherence = &belief.coherence;
        let statistic = maybe(coherence.statistic, 3);
        let mut row = vec![
            Cell::text(&belief.id),
            maybe(belief.p_event, 3),
            if lo == hi {
                Cell::number(lo, 3)
            } else {
                Cell::text(format!("{lo:.3} to {hi:.3}"))
            },
            maybe(coherence.gap, 3),
            if belief.violated == Some(true) {
                statistic.strong()
            } else {
                statistic
            },
        ];
        if conjunctions {
            row.push(maybe(coherence.conjunction_gap, 3));
            row.push(maybe(coherence.arbitrage, 4));
        }
        table = table.row(row);
    }
    let mut note = format!(
        "gap: |P(A) - P(A|B) P(B) - P(A|not B) (1 - P(B))|; statistic: the gap in units of its own \
         noise, a violation above {VIOLATION:.3}."
    );
    if conjunctions {
        note += " conjunction: P(A|B) P(B) - P(A and B); arbitrage: what these two prices give \
                 away for sure under a logarithmic rule.";
    }
    if beliefs.len() > BELIEFS_SHOWN {
        note += &format!(" {} more are not shown.", beliefs.len() - BELIEFS_SHOWN);
    }
    table.note(note)
}

fn violations(beliefs: &[ExaminedBelief]) -> Option<Verdict> {
    let checked = beliefs.iter().filter(|b| b.violated.is_some()).count();
    let violated = beliefs.iter().filter(|b| b.violated == Some(true)).count();
    (checked > 0).then(|| {
        Verdict::new(
            if violated == 0 { Tone::Good } else { Tone::Bad },
            format!(
                "Beliefs that contradict the law of total probability by more than noise: \
                 {violated} of {checked}."
            ),
        )
    })
}

fn distances(sets: &[&ExaminedSet]) -> Table {
    let mut table = Table::new([
        Column::text("set"),
        Column::number("statements"),
        Column::number("worlds"),
        Column::number("distance"),
    ])
    .title("Distance to the nearest coherent probability");
    for set in sets {
        table = table.row([
            Cell::text(&set.title),
            Cell::number(set.statements.len() as f64, 0),
            Cell::number(set.worlds as f64, 0),
            Cell::number(set.distance, 4),
        ]);
    }
    table.note(format!("Up to {COHERENT} is coherent."))
}

fn verdict(set: &ExaminedSet) -> Verdict {
    let title = &set.title;
    let count = set.statements.len();
    let Some(sure_loss) = set.sure_loss else {
        return Verdict::new(
            Tone::Good,
            format!("{title}: the {count} statements are coherent."),
        );
    };
    let off = if set.may_be_called_off {
        ", unless all conditions fail and all bets are called off"
    } else {
        ""
    };
    Verdict::new(
        Tone::Bad,
        format!(
            "{title}: the {count} statements are incoherent: bets at these prices lose at least \
             {sure_loss:.4} whatever happens{off}."
        ),
    )
}

fn bets(set: &ExaminedSet) -> Table {
    let mut table = Table::new([
        Column::text("statement"),
        Column::number("stated"),
        Column::number("nearest"),
        Column::number("tickets"),
    ])
    .title(set.title.clone());
    for statement in &set.statements {
        table = table.row([
            Cell::text(&statement.text),
            Cell::number(statement.p, 4),
            maybe(statement.nearest, 4),
            maybe(statement.stake, 4),
        ]);
    }
    match set.most_loss {
        None => table,
        Some(most) => table.note(format!(
            "nearest: what one of the nearest coherent probabilities says. tickets: bought at the \
             stated price (sold where negative); a ticket pays 1 if the event happens, and its price \
             is given back if the condition fails. The bets lose at most {most:.4}."
        )),
    }
}
