use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use qualm_confidence::arithmetic::{
    Answers, Family, Format, Graded, Group, Line, MOST_SHOTS, Profile, SUITE_VERSION, Share, Suite,
    write_lines,
};
use qualm_data::AtomicFile;
use qualm_report::{Cell, Column, Report, Table};
use qualm_stats::random::DEFAULT_SEED;
use serde::Serialize;

use crate::{Ended, console, outputs};

/// How `confidence gen` begins its help.
const EXAMPLE: &str = "\
Example, with equations that a small language model can do:
  qualm confidence gen --profile tiny --format number -o suite.jsonl";

#[derive(Debug, Args)]
#[command(
    before_help = EXAMPLE,
    after_help = "\
Each line of the suite holds a question, the prompt that asks it, an answer that
is right, what makes any answer right, and the group to tell results by. A model
answers by going on from the prompt up to the line break, and states its
confidence by going on from prompt, a space, its answer and follow_up.

Answers are JSON lines with id and answer. With --answers they are graded, and
prompts ask for the confidence in them; a line's target is what a calibrated
model would say, from the accuracy of its sub-task."
)]
pub(crate) struct Arguments {
    /// 196 sub-tasks asked in words, or nine of equations
    #[arg(long, value_enum, default_value_t = Suites::Full)]
    profile: Suites,

    /// Questions of every sub-task
    #[arg(
        long,
        default_value_t = 100,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    per_subtask: u32,

    /// Seed of all that is drawn
    #[arg(long, default_value_t = DEFAULT_SEED, value_name = "N")]
    seed: u64,

    /// How confidence is asked for
    #[arg(long, value_enum, default_value_t = Formats::Answer)]
    format: Formats,

    /// Examples before every question, drawn anew for each from the training
    /// group [default: 0, tiny: 6]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(..=MOST_SHOTS as i64)
    )]
    shots: Option<u16>,

    /// A model's answers, to grade and to ask about
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,

    /// Where to write JSON lines
    #[arg(
        short,
        long,
        value_name = "FILE",
        required_unless_present = "list",
        conflicts_with = "list"
    )]
    output: Option<PathBuf>,

    /// List families and their numbers of sub-tasks, and write nothing
    #[arg(long)]
    list: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Suites {
    /// CalibratedMath: 21 families, training and two shifts
    Full,
    /// Sums and differences of one or two digits; products as the shift
    Tiny,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Formats {
    /// Not at all: it is the probability of the answer
    Answer,
    /// Confidence: 61%
    Number,
    /// Confidence: medium (lowest, low, medium, high, highest)
    Words,
    /// Confidence: matt (john, sam, matt, dan, tom, from the lowest)
    Names,
    /// True/false: and the probability of True
    TrueFalse,
}

#[derive(Debug, Serialize)]
struct Listed {
    family: &'static str,
    group: &'static str,
    asks: &'static str,
    subtasks: usize,
}

#[derive(Debug, Serialize)]
struct Written {
    profile: &'static str,
    version: u32,
    seed: u64,
    shots: usize,
    groups: Vec<OfGroup>,
}

#[derive(Debug, Default, Serialize)]
struct OfGroup {
    group: &'static str,
    subtasks: usize,
    questions: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<Share>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let profile = match arguments.profile {
        Suites::Full => Profile::Full,
        Suites::Tiny => Profile::Tiny,
    };
    let Some(output) = &arguments.output else {
        list(profile, arguments.json)?;
        return Ok(Ended::Well);
    };
    let format = match arguments.format {
        Formats::Answer => Format::Answer,
        Formats::Number => Format::Number,
        Formats::Words => Format::Words,
        Formats::Names => Format::Names,
        Formats::TrueFalse => Format::TrueFalse,
    };
    let shots = match (arguments.shots, profile) {
        (Some(shots), _) => usize::from(shots),
        (None, Profile::Full) => 0,
        (None, Profile::Tiny) => 6,
    };
    let suite = Suite::new(profile, arguments.per_subtask as usize, arguments.seed)
        .asking(format, shots)?;
    outputs::check(output)?;
    let graded = match &arguments.answers {
        Some(path) => Some(Answers::read(path)?.grade(suite.questions())?),
        None => None,
    };
    let save = |lines: &mut dyn Iterator<Item = Line>| {
        AtomicFile::save(output, |file| write_lines(lines, file))
    };
    match &graded {
        Some(graded) => save(&mut suite.lines_about(graded)?.into_iter())?,
        None => save(&mut suite.lines())?,
    }
    let written = Written {
        profile: profile.name(),
        version: SUITE_VERSION,
        seed: arguments.seed,
        shots,
        groups: groups(profile, arguments.per_subtask as usize, graded.as_deref()),
    };
    console::show(&report(&written), &written, arguments.json)?;
    console::note(&format!("wrote {}", output.display()));
    Ok(Ended::Well)
}

fn list(profile: Profile, json: bool) -> anyhow::Result<()> {
    let mut counts: BTreeMap<Family, Listed> = BTreeMap::new();
    for subtask in profile.subtasks() {
        let listed = counts.entry(subtask.family()).or_insert_with(|| Listed {
            family: subtask.family().name(),
            group: subtask.group().name(),
            asks: subtask.asks(),
            subtasks: 0,
        });
        listed.subtasks += 1;
    }
    let listed: Vec<Listed> = counts.into_values().collect();
    let summary = format!(
        "{} sub-tasks of {} families. A sub-task is a family with operands of so many digits, \
         with or without commas between thousands; add-subtract is the group to train on.",
        listed.iter().map(|family| family.subtasks).sum::<usize>(),
        listed.len()
    );
    let report = Report::new("Arithmetic suite").summary(summary);
    let groups = listed.chunk_by(|one, next| one.group == next.group);
    let report = groups.fold(report, |report, families| {
        let columns = [
            Column::text("family"),
            Column::text("asks"),
            Column::number("sub-tasks"),
        ];
        let table = families.iter().fold(Table::new(columns), |table, family| {
            let [name, asks] = [family.family, family.asks].map(Cell::text);
            table.row([name, asks, Cell::number(family.subtasks as f64, 0)])
        });
        report.push(table.title(families[0].group))
    });
    console::show(&report, &listed, json)
}

/// What stands in the file, group by group.
fn groups(profile: Profile, per_subtask: usize, graded: Option<&[Graded]>) -> Vec<OfGroup> {
    let subtasks = profile.subtasks();
    let of = |group: Group| {
        let subtasks = subtasks.iter().filter(|s| s.group() == group).count();
        let answers = graded.map(|graded| {
            let mut share = Share::default();
            for answer in graded.iter().filter(|g| g.question.shift.split == group) {
                share.count(answer.correct);
            }
            share
        });
        OfGroup {
            group: group.name(),
            subtasks,
            questions: answers.map_or(subtasks * per_subtask, |share| share.of),
            answers,
        }
    };
    let groups = Group::ALL.into_iter().map(of);
    groups.filter(|group| group.subtasks > 0).collect()
}

fn report(written: &Written) -> Report {
    let graded = written.groups.iter().any(|group| group.answers.is_some());
    let mut columns = vec![
        Column::text("group"),
        Column::number("sub-tasks"),
        Column::number("questions"),
    ];
    if graded {
        columns.extend(["right", "accuracy"].map(Column::number));
    }
    let mut table = Table::new(columns);
    for group in &written.groups {
        let mut cells = vec![
            Cell::text(group.group),
            Cell::number(group.subtasks as f64, 0),
            Cell::number(group.questions as f64, 0),
        ];
        if let Some(share) = group.answers {
            cells.push(Cell::number(share.right as f64, 0));
            cells.push(match share.value() {
                Some(accuracy) => Cell::number(accuracy, 3),
                None => Cell::text(""),
            });
        }
        table = table.row(cells);
    }
    let summary = format!(
        "Profile {}, version {}, seed {}, {} examples before every question.",
        written.profile, written.version, written.seed, written.shots
    );
    Report::new("Arithmetic suite").summary(summary).push(table)
}
