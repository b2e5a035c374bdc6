use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use qualm_confidence::Status;
use qualm_confidence::parse::{Lexicon, Line, Lines, Parsed, Parser, Rule, Scale};
use qualm_data::AtomicFile;
use qualm_report::{Cell, Column, Report, Table};
use serde::Serialize;
use serde_json::Value;

use crate::{Ended, console};

/// How `confidence` and `confidence parse` begin their help.
pub(crate) const EXAMPLE: &str = "\
Example:
  printf '%s\\n' 'Confidence: 85%' 'It was probably Lima.' 'Lima.' |
    qualm confidence parse -";

#[derive(Debug, Args)]
#[command(
    before_help = EXAMPLE,
    after_help = "\
A lexicon is everyday, capphrase, probly, ipcc, us, uk, nato or efsa, or a .csv
file with the columns phrase, value, lo and hi (0 to 1), or value_percent,
lo_percent and hi_percent. What has no value is never given one: its status is
conditional, refusal, absent, ambiguous or out_of_range.
Spans count characters, the end not included."
)]
pub(crate) struct Arguments {
    /// Texts, one a line; or records, one JSON object a line, in a .jsonl file; - for standard
    /// input
    #[arg(value_name = "FILE")]
    input: PathBuf,

    /// The field of a record that holds the text; lines are then records whatever the file is
    /// called [default: raw_text in .jsonl files]
    #[arg(long, value_name = "NAME")]
    field: Option<String>,

    /// Where words have their intervals from
    #[arg(long, value_name = "LEXICON", default_value = Lexicon::NAMES[0])]
    lexicon: String,

    /// The scale of numbers whose unit and label do not say it, as in 0-1, 0-100 or 1-5
    #[arg(long, value_name = "SCALE")]
    scale: Option<Scale>,

    /// Where to write one JSON object a text
    #[arg(short, long, value_name = "FILE", conflicts_with = "json")]
    output: Option<PathBuf>,

    /// Print one JSON object a text
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let parser = parser(arguments)?;
    let lines = Lines::open(&arguments.input, arguments.field.as_deref())?;
    if arguments.json {
        let mut out = BufWriter::new(io::stdout().lock());
        for line in lines {
            write(&mut out, &parser, &line?).context("standard output")?;
        }
        out.flush().context("standard output")?;
        return Ok(Ended::Well);
    }
    let mut file = arguments
        .output
        .as_ref()
        .map(AtomicFile::create)
        .transpose()?;
    let mut counts = Counts::default();
    for line in lines {
        let line = line?;
        if let Some(file) = &mut file {
            write(file, &parser, &line).map_err(|source| file.error(source))?;
        }
        counts.add(&line, &parser.parse(&line.text));
    }
    if let Some(file) = file {
        file.commit()?;
    }
    console::show(&report(&counts, &parser, arguments), &Value::Null, false)?;
    Ok(Ended::Well)
}

fn parser(arguments: &Arguments) -> anyhow::Result<Parser> {
    let is_file = Path::new(&arguments.lexicon)
        .extension()
        .is_some_and(|extension| extension == "csv");
    let lexicon = if is_file {
        Lexicon::open(&arguments.lexicon)?
    } else {
        Lexicon::named(&arguments.lexicon)?
    };
    let parser = Parser::new(lexicon);
    Ok(match arguments.scale {
        Some(scale) => parser.with_scale(scale),
        None => parser,
    })
}

/// What a text was read as, with where it came from.
#[derive(Serialize)]
struct Row<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: &'a Option<Value>,
    #[serde(flatten)]
    parsed: Parsed<'a>,
}

fn write(out: &mut impl Write, parser: &Parser, line: &Line) -> io::Result<()> {
    let row = Row {
        line: line.line,
        id: &line.id,
        parsed: parser.parse(&line.text).in_characters(&line.text),
    };
    serde_json::to_writer(&mut *out, &row)?;
    out.write_all(b"\n")
}

/// Texts by status and rule, with the first of each.
#[derive(Default)]
struct Counts {
    texts: u64,
    of: BTreeMap<(usize, Option<Rule>), (u64, String)>,
}

/// Characters of an example that a report shows.
const SHOWN: usize = 48;

impl Counts {
    fn add(&mut self, line: &Line, parsed: &Parsed<'_>) {
        self.texts += 1;
        let status = Status::ALL.iter().position(|&s| s == parsed.cue.status);
        let key = (status.unwrap_or(Status::ALL.len()), parsed.cue.rule);
        let count = self
            .of
            .entry(key)
            .or_insert_with(|| (0, example(line, parsed)));
        count.0 += 1;
    }
}

/// The statement that was read, or the beginning of a text without one.
fn example(line: &Line, parsed: &Parsed<'_>) -> String {
    let told = parsed
        .cue
        .span
        .map_or(&*line.text, |span| span.of(&line.text));
    let mut shown: String = told.chars().take(SHOWN).collect();
    if told.chars().nth(SHOWN).is_some() {
        shown.push_str(" ...");
    }
    format!("{}: {shown}", line.line)
}

/// A status or a rule as JSON calls it.
fn name(of: impl Serialize) -> String {
    match serde_json::to_value(of) {
        Ok(Value::String(name)) => name,
        _ => String::new(),
    }
}

fn report(counts: &Counts, parser: &Parser, arguments: &Arguments) -> Report {
    let mut table = Table::new([
        Column::text("status"),
        Column::text("rule"),
        Column::number("texts"),
        Column::text("line: example"),
    ]);
    let mut valued = 0;
    for ((status, rule), (count, example)) in &counts.of {
        let status = Status::ALL.get(*status).copied();
        if status.is_some_and(Status::has_value) {
            valued += count;
        }
        table = table.row([
            Cell::text(name(status)),
            rule.map_or(Cell::Missing, |rule| Cell::text(name(rule))),
            Cell::number(*count as f64, 0),
            Cell::text(example.as_str()),
        ]);
    }
    let mut summary = format!(
        "{valued} of {} texts state a confidence; words have the intervals of the lexicon {}.",
        counts.texts,
        parser.lexicon().name()
    );
    if let Some(output) = &arguments.output {
        summary.push_str(&format!(" Wrote {}.", output.display()));
    }
    Report::new(format!(
        "Confidence stated in {}",
        arguments.input.display()
    ))
    .summary(summary)
    .push(table)
}
