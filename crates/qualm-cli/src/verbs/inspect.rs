use std::path::Path;

use clap::Args;
use qualm_data::{DataError, Head, Inspection, LabelSummary, MatrixSummary, inspect};
use qualm_ood::{Bundle, OodError};
use qualm_report::{Block, Cell, Column, Report, Table, Tone, Verdict};
use serde_json::{Value, json};

use crate::cli::SETS;
use crate::{Ended, console};

#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  qualm inspect demo-data/train.npz",
    after_help = SETS
)]
pub(crate) struct Arguments {
    /// A feature set, a head, a bundle, or any file of arrays
    #[arg(value_name = "SET")]
    input: String,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let found = inspect(&arguments.input)?;
    // What has a weight is meant as a head.
    let arrays = || found.files.iter().flat_map(|file| &file.arrays);
    let head = (found.set.is_err() && arrays().any(|array| array.name == "weight"))
        .then(|| Head::open(&arguments.input));
    let bundle = (found.set.is_err() && arrays().any(|array| array.name.starts_with("detector/")))
        .then(|| Bundle::load(Path::new(&arguments.input)));
    let bundle = bundle.as_ref();
    let mut shown = data(&found, head.as_ref());
    shown["bundle"] = json!(
        bundle
            .and_then(|bundle| bundle.as_ref().ok())
            .map(bundle_data)
    );
    let shows = match bundle {
        Some(bundle) => bundle_report(files(&found, &arguments.input), bundle),
        None => report(&found, head.as_ref(), &arguments.input),
    };
    console::show(&shows, &shown, arguments.json)?;
    Ok(Ended::Well)
}

fn data(found: &Inspection, head: Option<&Result<Head, DataError>>) -> Value {
    let files = found.files.iter().map(|file| {
        let arrays = file.arrays.iter().map(|array| {
            json!({
                "name": array.name,
                "type": array.dtype.to_string(),
                "shape": array.shape,
                "bytes": array.bytes,
            })
        });
        json!({
            "name": file.name,
            "format": file.format.to_string(),
            "bytes": file.length,
            "arrays": arrays.collect::<Vec<_>>(),
        })
    });
    let set = found.set.as_ref().ok().map(|set| {
        let columns = set.columns.iter();
        json!({
            "rows": set.schema.rows,
            "arrays": columns
                .map(|column| (column.role.name(), column.array.as_str()))
                .collect::<std::collections::BTreeMap<_, _>>(),
            "labels": set.labels.as_ref().map(|labels| json!({
                "rows_by_label": labels.counts,
                "uncounted_rows": labels.uncounted_rows,
                "negative_rows": labels.negative_rows,
            })),
            "features": set.features.as_ref().map(matrix_data),
            "logits": set.logits.as_ref().map(matrix_data),
        })
    });
    let head = head.and_then(|head| head.as_ref().ok());
    json!({
        "files": files.collect::<Vec<_>>(),
        "set": set,
        "head": head.map(|head| json!({ "classes": head.classes(), "dim": head.dim() })),
    })
}

fn matrix_data(matrix: &MatrixSummary) -> Value {
    json!({
        "norms": matrix.norms.as_ref().map(|norms| json!({
            "min": norms.min,
            "mean": norms.mean,
            "max": norms.max,
        })),
        "zero_rows": matrix.zero_rows,
        "constant_columns": matrix.constant_columns,
        "not_finite_rows": matrix.not_finite_rows,
        "first_not_finite": matrix.first_not_finite,
    })
}

/// Labels that are listed one by one.
const LISTED: usize = 20;

/// The detectors of a bundle.
fn bundle_data(bundle: &Bundle) -> Value {
    let detectors = bundle.detectors().iter().map(|detector| {
        json!({
            "name": detector.name(),
            "method": detector.method(),
            "note": detector.note(),
        })
    });
    json!({
        "fitted_rows": bundle.tally().fitted,
        "reference_rows": bundle.reference().map_or(0, |reference| reference.len()),
        "detectors": detectors.collect::<Vec<_>>(),
    })
}

fn bundle_report(report: Report, bundle: &Result<Bundle, OodError>) -> Report {
    let bundle = match bundle {
        Ok(bundle) => bundle,
        Err(error) => {
            return report.push(Verdict::new(Tone::Bad, format!("No bundle: {error}.")));
        }
    };
    let columns = ["detector", "method", ""].map(Column::text);
    let mut table = Table::new(columns).title("Detectors");
    for detector in bundle.detectors() {
        table = table.row([
            Cell::text(detector.name()),
            Cell::text(detector.method()),
            Cell::text(detector.note().unwrap_or_default()),
        ]);
    }
    let verdict = format!(
        "A bundle: {} detectors, fitted on {} rows, with {} reference rows.",
        bundle.detectors().len(),
        bundle.tally().fitted,
        bundle.reference().map_or(0, |reference| reference.len())
    );
    report.push(table).push(Verdict::new(Tone::Good, verdict))
}

/// The arrays of every file.
fn files(found: &Inspection, input: &str) -> Report {
    let files = found.files.len();
    let bytes: u64 = found.files.iter().map(|file| file.length).sum();
    let mut report = Report::new(input).summary(format!(
        "{files} {} of {bytes} bytes.",
        if files == 1 { "file" } else { "files" }
    ));
    for file in &found.files {
        let columns = [
            Column::text("array"),
            Column::text("type"),
            Column::text("shape"),
            Column::number("bytes"),
        ];
        let mut table = Table::new(columns).title(format!("{} ({})", file.name, file.format));
        for array in &file.arrays {
            let shape: Vec<String> = array.shape.iter().map(u64::to_string).collect();
            table = table.row([
                Cell::text(array.name.as_str()),
                Cell::text(array.dtype.to_string()),
                Cell::text(shape.join(" x ")),
                Cell::number(array.bytes as f64, 0),
            ]);
        }
        report = report.push(table);
    }
    report
}

fn report(found: &Inspection, head: Option<&Result<Head, DataError>>, input: &str) -> Report {
    let mut report = files(found, input);
    let set = match &found.set {
        Ok(set) => set,
        Err(error) => {
            return report.push(match head {
                Some(Ok(head)) => Verdict::new(
                    Tone::Good,
                    format!(
                        "A head: {} classes from features of width {}, all finite.",
                        head.classes(),
                        head.dim()
                    ),
                ),
                Some(Err(error)) => Verdict::new(Tone::Bad, format!("No head: {error}.")),
                None => Verdict::new(Tone::Note, format!("No feature set: {error}.")),
            });
        }
    };
    let mut columns = vec![format!("{} rows", set.schema.rows)];
    for column in &set.columns {
        columns.push(format!(
            "{} from `{}` ({})",
            column.role.name(),
            column.array,
            column.dtype
        ));
    }
    report = report.push(Block::Text(format!(
        "As a feature set: {}.",
        columns.join(", ")
    )));
    if let Some(labels) = &set.labels {
        report = report.push(label_table(labels));
    }
    for (name, matrix) in [("features", &set.features), ("logits", &set.logits)] {
        if let Some(matrix) = matrix {
            report = report
                .push(matrix_table(name, matrix))
                .push(finite(name, matrix));
        }
    }
    report
}

fn label_table(labels: &LabelSummary) -> Table {
    let distinct = labels.counts.len();
    let mut table = Table::new([Column::number("label"), Column::number("rows")]).title(format!(
        "{distinct} labels, {} rows out of distribution",
        labels.negative_rows
    ));
    for (label, count) in labels.counts.iter().take(LISTED) {
        table = table.row([
            Cell::number(*label as f64, 0),
            Cell::number(*count as f64, 0),
        ]);
    }
    if distinct > LISTED || labels.uncounted_rows > 0 {
        table = table.note(format!(
            "{} more labels are not listed; {} rows have labels beyond those that are counted.",
            distinct.saturating_sub(LISTED),
            labels.uncounted_rows
        ));
    }
    table
}

fn matrix_table(name: &str, matrix: &MatrixSummary) -> Table {
    let norm = |value: Option<f64>| value.map_or(Cell::Missing, |value| Cell::number(value, 4));
    let norms = matrix.norms.as_ref();
    Table::new([Column::text(name), Column::number("")])
        .row([Cell::text("smallest row norm"), norm(norms.map(|n| n.min))])
        .row([Cell::text("mean row norm"), norm(norms.map(|n| n.mean))])
        .row([Cell::text("largest row norm"), norm(norms.map(|n| n.max))])
        .row([
            Cell::text("zero rows"),
            Cell::number(matrix.zero_rows as f64, 0),
        ])
        .row([
            Cell::text("constant columns"),
            Cell::number(matrix.constant_columns.len() as f64, 0),
        ])
        .row([
            Cell::text("rows with NaN or infinity"),
            Cell::number(matrix.not_finite_rows as f64, 0),
        ])
}

fn finite(name: &str, matrix: &MatrixSummary) -> Verdict {
    if matrix.not_finite_rows == 0 {
        return Verdict::new(Tone::Good, format!("All {name} are finite."));
    }
    let rows: Vec<String> = matrix.first_not_finite.iter().map(u64::to_string).collect();
    Verdict::new(
        Tone::Bad,
        format!(
            "{} rows of {name} hold NaN or infinity, the first of them {}: remove them or mend the model.",
            matrix.not_finite_rows,
            rows.join(", ")
        ),
    )
}
