use std::path::PathBuf;

use clap::Args;
use qualm_onnx::{HeadSearch, LinearHead, Model, ValueInfo};
use qualm_report::{Block, Cell, Column, Report, Table, Tone, Verdict};
use serde_json::{Value, json};

use crate::{Ended, console, outputs};

pub(crate) const EXAMPLE: &str = "\
Example:
  qualm model inspect demo-data/model.onnx --save-head found.npz";

#[derive(Debug, Args)]
#[command(
    before_help = EXAMPLE,
    after_help = "\
The head is the last linear layer on the way to an output: Gemm, MatMul or 1x1
Conv with constant weights, searched for backwards through Softmax, Reshape,
Cast and the like."
)]
pub(crate) struct Arguments {
    /// The model, an .onnx file
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    /// Take the linear layer of this node as the head
    #[arg(long, value_name = "NODE")]
    head: Option<String>,

    /// Write the head's weight and bias to an .npz or .safetensors file
    #[arg(long, value_name = "FILE")]
    save_head: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    if let Some(path) = &arguments.save_head {
        outputs::check(path)?;
    }
    let model = Model::open(&arguments.model)?;
    let search = HeadSearch::of(&model)?;
    let chosen = search.clone().choose(&model, arguments.head.as_deref());
    let head = match chosen {
        Ok(head) => Ok(head),
        // Without a head there is still much to show, unless the head is what was asked for.
        Err(error) if arguments.head.is_some() || arguments.save_head.is_some() => {
            return Err(error.into());
        }
        Err(error) => Err(error.to_string()),
    };
    if let (Some(path), Ok(head)) = (&arguments.save_head, &head) {
        head.head.save(path)?;
        console::note(&format!("wrote {}", path.display()));
    }
    console::show(
        &report(&model, &search, &head),
        &data(&model, &search, &head),
        arguments.json,
    )?;
    Ok(Ended::Well)
}

/// The operators of the standard have no name in the file.
fn domain(name: &str) -> &str {
    if name.is_empty() { "ai.onnx" } else { name }
}

fn data(model: &Model, search: &HeadSearch, head: &Result<LinearHead, String>) -> Value {
    let values = |values: &[ValueInfo]| -> Vec<Value> {
        let value = |value: &ValueInfo| {
            let shape = value.shape.as_ref().map(|axes| {
                let axes = axes.iter().map(|axis| match axis.length() {
                    Some(length) => json!(length),
                    None => json!(axis.to_string()),
                });
                axes.collect::<Vec<_>>()
            });
            json!({ "name": value.name, "type": value.element.to_string(), "shape": shape })
        };
        values.iter().map(value).collect()
    };
    let opsets = model.opsets().iter();
    json!({
        "file": model.name(),
        "bytes": model.len(),
        "ir_version": model.ir_version(),
        "producer": model.producer(),
        "opsets": opsets
            .map(|(name, version)| (domain(name), version))
            .collect::<std::collections::BTreeMap<_, _>>(),
        "inputs": values(model.inputs()),
        "outputs": values(model.outputs()),
        "operators": model.operators(),
        "parameters": model.parameters(),
        "external_files": model.external_files(),
        "head": head.as_ref().ok().map(head_data),
        "heads": search.heads.iter().map(head_data).collect::<Vec<_>>(),
        "no_head": head.as_ref().err(),
    })
}

fn head_data(head: &LinearHead) -> Value {
    json!({
        "node": head.node,
        "kind": head.kind.to_string(),
        "features": head.features,
        "logits": head.logits,
        "output": head.output,
        "classes": head.head.classes(),
        "dim": head.head.dim(),
    })
}

fn report(model: &Model, search: &HeadSearch, head: &Result<LinearHead, String>) -> Report {
    let opsets: Vec<String> = model
        .opsets()
        .iter()
        .map(|(name, version)| format!("{} {version}", domain(name)))
        .collect();
    let by = match model.producer() {
        "" => String::new(),
        producer => format!(", written by {producer}"),
    };
    let mut report = Report::new(model.name()).summary(format!(
        "{} bytes, {} parameters, operators of {}{by}.",
        model.len(),
        model.parameters(),
        opsets.join(" and ")
    ));
    report = report.push(values_table(model));
    let mut operators: Vec<(&str, usize)> = model.operators().into_iter().collect();
    operators.sort_by_key(|&(name, count)| (std::cmp::Reverse(count), name));
    let operators: Vec<String> = operators
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    report = report.push(Block::Text(format!("Nodes: {}.", operators.join(", "))));
    let external: Vec<&str> = model.external_files().into_iter().collect();
    if !external.is_empty() {
        report = report.push(Block::Text(format!(
            "Tensors in other files: {}.",
            external.join(", ")
        )));
    }
    match head {
        Ok(head) => report.push(head_table(head)).push(Verdict::new(
            Tone::Good,
            format!(
                "A linear head: {} classes from {} features.",
                head.head.classes(),
                head.head.dim()
            ),
        )),
        Err(problem) => {
            if !search.heads.is_empty() {
                report = report.push(candidates(search));
            }
            let tone = if search.heads.is_empty() {
                Tone::Bad
            } else {
                Tone::Mixed
            };
            report.push(Verdict::new(tone, format!("{problem}.")))
        }
    }
}

fn values_table(model: &Model) -> Table {
    let mut table = Table::new([
        Column::text(""),
        Column::text("tensor"),
        Column::text("type and shape"),
    ]);
    for (role, values) in [("input", model.inputs()), ("output", model.outputs())] {
        for value in values {
            table = table.row([
                Cell::text(role),
                Cell::text(value.name.as_str()),
                Cell::text(value.to_string()),
            ]);
        }
    }
    table
}

fn head_table(head: &LinearHead) -> Table {
    Table::new([Column::text("head"), Column::text("")])
        .row([Cell::text("node"), Cell::text(head.node.as_str())])
        .row([Cell::text("kind"), Cell::text(head.kind.to_string())])
        .row([
            Cell::text("features (enter it)"),
            Cell::text(head.features.as_str()),
        ])
        .row([
            Cell::text("logits (leave it)"),
            Cell::text(head.logits.as_str()),
        ])
}

fn candidates(search: &HeadSearch) -> Table {
    let mut table = Table::new([
        Column::text("node"),
        Column::text("kind"),
        Column::text("output"),
        Column::number("classes"),
        Column::number("features"),
    ])
    .title("Linear layers that may be the head");
    for head in &search.heads {
        table = table.row([
            Cell::text(head.node.as_str()),
            Cell::text(head.kind.to_string()),
            head.output.as_deref().map_or(Cell::Missing, Cell::text),
            Cell::number(head.head.classes() as f64, 0),
            Cell::number(head.head.dim() as f64, 0),
        ]);
    }
    table
}
