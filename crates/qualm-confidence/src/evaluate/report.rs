//! An evaluation for people.

use qualm_report::{Block, Cell, Column, Curves, Histograms, Report, Table, Tone, Verdict};
use qualm_stats::Interval;

use super::{Evaluation, Found, KindResult, Measure, Settings};
use crate::records::BadLine;

/// More results than this have no plots: no one looks at fifty diagrams.
const MOST_PLOTS: usize = 24;

/// The bad lines that a report shows.
const BAD_LINES_SHOWN: usize = 10;

/// The report of an evaluation: tables by kind and group, then diagrams (in HTML).
#[must_use]
pub fn report(evaluation: &Evaluation, bad: &[BadLine], settings: &Settings) -> Report {
    let mut report = Report::new("Is stated confidence honest?").summary(format!(
        "{} records; {} of them are not graded and measured nowhere; {} lines could not be read.",
        evaluation.records,
        evaluation.ungraded,
        bad.len()
    ));
    if !bad.is_empty() {
        report = report.push(bad_lines(bad));
    }
    let results = &evaluation.results;
    for result in results {
        report = report.push(verdict(result));
    }
    report = report.push(honesty(results)).push(scores(results));
    report = report.push(ranking(results)).push(errors(results));
    report.blocks.extend(absent(results).map(Block::from));
    report.blocks.extend(statuses(results).map(Block::from));
    report.blocks.extend(classes(evaluation).map(Block::from));
    if results.len() <= MOST_PLOTS {
        for result in results {
            report.blocks.extend(plots(result));
        }
    }
    report.push(Block::Settings(vec![
        ("bins".into(), settings.bins.to_string()),
        ("resamples".into(), settings.bootstrap.resamples.to_string()),
        (
            "intervals".into(),
            format!("{} %", 100.0 * settings.bootstrap.level),
        ),
        ("seed".into(), settings.bootstrap.seed.to_string()),
        ("version".into(), env!("CARGO_PKG_VERSION").into()),
    ]))
}

fn name(result: &KindResult) -> String {
    format!("{}, {}", result.kind, result.group)
}

/// What tells the results of a table apart, in one column: where a table is cut to the width of a
/// terminal, each part begins with it.
fn short(results: &[KindResult], result: &KindResult) -> String {
    let one_kind = results.iter().all(|other| other.kind == result.kind);
    let one_group = results.iter().all(|other| other.group == result.group);
    match (one_kind, one_group) {
        (true, false) => result.group.clone(),
        (false, true) => result.kind.to_string(),
        _ => name(result),
    }
}

fn bad_lines(bad: &[BadLine]) -> Table {
    let columns = [
        Column::text("file"),
        Column::number("line"),
        Column::text("reason"),
    ];
    let mut table = Table::new(columns).title("Lines that could not be read");
    for bad in bad.iter().take(BAD_LINES_SHOWN) {
        table = table.row([
            Cell::text(bad.path.display().to_string()),
            Cell::number(bad.line as f64, 0),
            Cell::text(&bad.reason),
        ]);
    }
    match bad.len().checked_sub(BAD_LINES_SHOWN) {
        None | Some(0) => table,
        Some(more) => table.note(format!("And {more} more.")),
    }
}

/// Says in words what the intervals allow to be said.
fn verdict(result: &KindResult) -> Verdict {
    let name = name(result);
    let Some(found) = &result.found else {
        return Verdict::new(
            Tone::Note,
            format!("{name}: no record of {} states a value.", result.records),
        );
    };
    let (Some(stated), Some(accuracy)) = (
        found.measure(Measure::Confidence),
        found.measure(Measure::Accuracy),
    ) else {
        return Verdict::new(Tone::Note, format!("{name}: nothing to measure."));
    };
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let gap = if stated.value < accuracy.lo {
        "states less than it is right"
    } else if stated.value > accuracy.hi {
        "states more than it is right"
    } else {
        "states about as much as it is right"
    };
    let (tone, ranking) = match found.measure(Measure::Auroc) {
        None => (
            Tone::Note,
            "all answers are alike in correctness".to_owned(),
        ),
        Some(auroc) if auroc.lo > 0.5 => (
            Tone::Good,
            format!("tells right from wrong (AUROC {:.3})", auroc.value),
        ),
        Some(auroc) if auroc.hi < 0.5 => (
            Tone::Bad,
            format!("is surer of wrong answers (AUROC {:.3})", auroc.value),
        ),
        Some(auroc) => (
            Tone::Bad,
            format!(
                "tells right from wrong no better than chance (AUROC {:.3})",
                auroc.value
            ),
        ),
    };
    let honest = (accuracy.lo..=accuracy.hi).contains(&stated.value);
    let tone = if tone == Tone::Good && !honest {
        Tone::Mixed
    } else {
        tone
    };
    Verdict::new(
        tone,
        format!(
            "{name}: {gap} ({} against {}) and {ranking}.",
            percent(stated.value),
            percent(accuracy.value)
        ),
    )
}

fn interval(found: &Found, measure: Measure) -> Cell {
    match found.measure(measure) {
        Some(Interval { value, lo, hi }) => Cell::interval(value, lo, hi, 3),
        None => Cell::Missing,
    }
}

fn number(found: &Found, measure: Measure) -> Cell {
    found
        .measure(measure)
        .map_or(Cell::Missing, |found| Cell::number(found.value, 4))
}

/// A table of results that have measures: the first column says which.
fn table(
    results: &[KindResult],
    columns: &[&str],
    row: impl Fn(&KindResult, &Found) -> Vec<Cell>,
) -> Table {
    let columns = columns.iter().map(|name| Column::number(*name));
    let mut table = Table::new(std::iter::once(Column::text("")).chain(columns));
    for result in results {
        if let Some(found) = &result.found {
            let name = Cell::text(short(results, result));
            table = table.row(std::iter::once(name).chain(row(result, found)));
        }
    }
    table
}

fn honesty(results: &[KindResult]) -> Table {
    let columns = [
        "records",
        "stated",
        "accuracy",
        "confidence",
        "ECE",
        "smooth ECE",
    ];
    table(results, &columns, |result, found| {
        vec![
            Cell::number(result.records as f64, 0),
            Cell::text(format!(
                "{:.1} %",
                100.0 * result.stated as f64 / result.records as f64
            )),
            interval(found, Measure::Accuracy),
            interval(found, Measure::Confidence),
            interval(found, Measure::Ece),
            interval(found, Measure::SmoothEce),
        ]
    })
    .title("Is it honest?")
    .note(
        "ECE over bins of equal width. Resampling makes plug-in calibration errors larger, so \
         their intervals lie high.",
    )
}

fn scores(results: &[KindResult]) -> Table {
    let columns = [
        "Brier",
        "MCB",
        "DSC",
        "UNC",
        "NLL",
        "constant's Brier",
        "NLL of it",
        "Brier of 0 %",
    ];
    table(results, &columns, |_, found| {
        vec![
            interval(found, Measure::Brier),
            number(found, Measure::Miscalibration),
            number(found, Measure::Discrimination),
            number(found, Measure::Uncertainty),
            number(found, Measure::Nll),
            Cell::number(found.constant.brier, 4),
            Cell::number(found.constant.nll, 4),
            Cell::number(found.always_zero.brier, 4),
        ]
    })
    .title("What is it worth?")
    .note(
        "Brier = MCB - DSC + UNC (CORP): miscalibration, discrimination, uncertainty. The \
         constant states the accuracy of the training split where one is named, its own otherwise.",
    )
}

fn ranking(results: &[KindResult]) -> Table {
    let columns = [
        "AUROC",
        "AUPRC right",
        "AUPRC wrong",
        "AURC",
        "E-AURC",
        "AUGRC",
        "acc. at 50 %",
        "at 80 %",
        "at 90 %",
    ];
    table(results, &columns, |_, found| {
        vec![
            interval(found, Measure::Auroc),
            number(found, Measure::AuprcRight),
            number(found, Measure::AuprcWrong),
            number(found, Measure::Aurc),
            number(found, Measure::ExcessAurc),
            number(found, Measure::Augrc),
            number(found, Measure::AccuracyAt50),
            number(found, Measure::AccuracyAt80),
            number(found, Measure::AccuracyAt90),
        ]
    })
    .title("Does it tell right from wrong?")
}

fn errors(results: &[KindResult]) -> Table {
    let columns = [
        "equal-mass ECE",
        "debiased",
        "RMSCE",
        "MCE",
        "MAD (paper)",
        "Spiegelhalter Z",
    ];
    table(results, &columns, |_, found| {
        vec![
            interval(found, Measure::EceEqualMass),
            interval(found, Measure::EceDebiased),
            number(found, Measure::Rmsce),
            number(found, Measure::Mce),
            number(found, Measure::MadPaper),
            number(found, Measure::SpiegelhalterZ),
        ]
    })
    .title("Other calibration errors")
    .note(
        "MAD counts every bin the same: with a few distinct confidences each is a bin of its \
         own, and a rare one weighs as much as a frequent one.",
    )
}

fn absent(results: &[KindResult]) -> Option<Table> {
    let range = |[lo, hi]: [f64; 2]| Cell::text(format!("{lo:.3} to {hi:.3}"));
    let columns = ["without value", "confidence", "Brier", "ECE", "AUROC"];
    let with: Vec<KindResult> = results
        .iter()
        .filter(|r| r.found.as_ref().is_some_and(|f| f.absent.is_some()))
        .cloned()
        .collect();
    let table = table(&with, &columns, |result, found| match &found.absent {
        None => Vec::new(),
        Some(bounds) => vec![
            Cell::number((result.records - result.stated) as f64, 0),
            range(bounds.confidence),
            range(bounds.brier),
            range(bounds.ece),
            bounds.auroc.map_or(Cell::Missing, range),
        ],
    });
    (!with.is_empty()).then(|| {
        table
            .title("What records without a value could do")
            .note("From the best to the worst that they could have stated; nothing is imputed.")
    })
}

fn statuses(results: &[KindResult]) -> Option<Table> {
    let columns = ["status", "records"].map(Column::text);
    let names = [Column::text("confidence"), Column::text("split")];
    let mut table = Table::new(names.into_iter().chain(columns)).title("What was stated");
    let points_alone =
        |result: &KindResult| result.statuses.keys().all(|status| *status == "point");
    if results.iter().all(points_alone) {
        return None;
    }
    for result in results {
        for (status, count) in &result.statuses {
            table = table.row([
                Cell::text(result.kind.name()),
                Cell::text(&result.group),
                Cell::text(*status),
                Cell::number(*count as f64, 0),
            ]);
        }
    }
    Some(table)
}

fn classes(evaluation: &Evaluation) -> Option<Table> {
    let columns = [
        "records",
        "classes",
        "class-wise ECE",
        "Brier, all classes",
        "NLL",
    ];
    let names = std::iter::once(Column::text("split"));
    let mut table = Table::new(names.chain(columns.map(Column::number)))
        .title("All classes")
        .note("The Brier score sums over classes: for two classes it is twice the binary one.");
    for (group, found) in &evaluation.classes {
        table = table.row([
            Cell::text(group),
            Cell::number(found.records as f64, 0),
            Cell::number(found.classes as f64, 0),
            Cell::number(found.class_wise_ece, 4),
            Cell::number(found.brier, 4),
            Cell::number(found.nll, 4),
        ]);
    }
    (!evaluation.classes.is_empty()).then_some(table)
}

/// Reliability, counts and risk against coverage, side by side.
fn plots(result: &KindResult) -> Option<Block> {
    let found = result.found.as_ref()?;
    let bins = found.reliability.iter();
    let isotonic = found.isotonic.iter().flat_map(|block| {
        let accuracy = block.tally.accuracy();
        [(block.lo, accuracy), (block.hi, accuracy)]
    });
    let reliability = Curves::new(
        format!("Reliability: {}", name(result)),
        "stated confidence",
        "share right",
    )
    .unit_square()
    .push(
        "bins",
        bins.clone().map(|p| (p.confidence, p.accuracy)).collect(),
    )
    .push("isotonic fit (CORP)", isotonic.collect())
    .band(
        "where 95 % of bins lie if confidence is honest",
        bins.map(|p| (p.confidence, p.band[0], p.band[1])).collect(),
    );
    let counts = Histograms::of(
        format!("Stated confidence: {}", name(result)),
        "stated confidence",
        20,
        [("right", found.right.as_slice()), ("wrong", &found.wrong)],
    );
    let risk = Curves::new(
        format!("Risk and coverage: {}", name(result)),
        "share answered, the surest first",
        "share wrong of these",
    )
    .push("risk", found.risk_coverage.clone());
    Some(Block::Columns(vec![
        reliability.into(),
        counts.into(),
        risk.into(),
    ]))
}
