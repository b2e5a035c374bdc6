use std::path::Path;

use qualm_data::Source;
use sha2::{Digest, Sha256};

use super::blocks::{BLOCK_ROWS, Extent};
use super::pass1::{Moments, Pass1};
use super::pass2::{HeldRows, PartSums, Pass2};
use super::run::{Solved, check_input, needs_of, second_pass, solve};
use super::{FitInput, FitOptions, pass1};
use crate::bundle::{Header, Kind, head_sha256, hex, read_head, write_head};
use crate::statistics::{ClassSums, Node, SecondMoment};
use crate::tensors::{TensorFile, TensorReader, TensorWriter};
use crate::view::View;
use crate::{Bundle, OodError, Recipe};

/// Which rows of a feature set a shard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shard {
    /// Part `index` (from 0) of `count` of the whole feature set, cut between blocks, so that the
    /// merged result has the bytes of one run.
    Part {
        /// From 0.
        index: u64,
        /// At least one.
        count: u64,
    },
    /// The feature set is itself a part: its first row has this global number.
    Starting(u64),
}

impl Shard {
    fn extent<'a>(&self, source: &'a dyn Source) -> Result<Extent<'a>, OodError> {
        let rows = source.schema().rows;
        match *self {
            Self::Starting(offset) if offset.checked_add(rows).is_none() => Err(OodError::rows(
                source.name(),
                format!("cannot start at row {offset}: row numbers end at 2^64"),
            )),
            Self::Starting(offset) => Ok(Extent {
                source,
                offset,
                rows: 0..rows,
            }),
            Self::Part { index, count } => {
                let blocks = rows.div_ceil(BLOCK_ROWS);
                let bound = |i: u64| {
                    // 128 bits: blocks times shards may exceed 64.
                    let block = u128::from(blocks) * u128::from(i) / u128::from(count.max(1));
                    (block as u64).saturating_mul(BLOCK_ROWS).min(rows)
                };
                let range = bound(index)..bound(index + 1);
                if range.is_empty() {
                    return Err(OodError::rows(
                        source.name(),
                        format!(
                            "shard {} of {count} holds no row: {rows} rows make {blocks} blocks of \
                             {BLOCK_ROWS}; use at most {blocks} shards",
                            index + 1
                        ),
                    ));
                }
                Ok(Extent {
                    source,
                    offset: 0,
                    rows: range,
                })
            }
        }
    }
}

/// Runs the first pass over one shard and writes its statistics to `out`.
///
/// # Errors
/// As for [`fit`](crate::fit), and when `out` cannot be written.
pub fn fit_shard_pass1(
    input: FitInput<'_>,
    recipes: &[Recipe],
    options: &FitOptions,
    shard: Shard,
    out: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<(), OodError> {
    let shape = check_input(input.train, input.head, recipes, options)?;
    let extent = shard.extent(input.train)?;
    let needs = needs_of(recipes);
    let pass = pass1::run(&extent, needs, &options.split, shape.classes, progress)?;
    let header = Header {
        rows: Some((
            extent.rows.start + extent.offset,
            extent.rows.end + extent.offset,
        )),
        head_sha256: input.head.map(head_sha256),
        methods: recipes
            .iter()
            .map(|r| (r.name().to_owned(), r.text().to_owned()))
            .collect(),
        ..Header::new(Kind::Pass1, shape, &options.split, pass.tally)
    };
    let mut tensors = TensorWriter::default();
    if let Some(head) = input.head {
        write_head(&mut tensors, head);
    }
    for (index, node) in pass.forest.nodes().iter().enumerate() {
        tensors.set_prefix(format!("node/{index}/"));
        save_node(&mut tensors, node);
    }
    if needs.bank {
        tensors.bank(&pass.bank.finish(shape.dim.unwrap_or(0)));
    }
    tensors.write(out, &header.to_text())
}

/// Runs the second pass over one shard with the detectors of `plan` and writes what it gives to
/// `out`. The shard must be one of those that the plan was merged from.
///
/// # Errors
/// As for [`fit`](crate::fit), when `plan` is no plan or belongs to other rows, and when `out`
/// cannot be written.
pub fn fit_shard_pass2(
    train: &dyn Source,
    plan: &Path,
    shard: Shard,
    out: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<(), OodError> {
    let bytes = read(plan)?;
    let bundle = Bundle::from_file(&name(plan), &bytes, Kind::Plan)?;
    bundle.check_rows(train.name(), train.schema())?;
    let extent = shard.extent(train)?;
    let solved = Solved {
        bundle,
        warnings: Vec::new(),
    };
    let pass = second_pass(&solved, &extent, progress)?;
    let header = Header {
        rows: Some((
            extent.rows.start + extent.offset,
            extent.rows.end + extent.offset,
        )),
        plan_sha256: Some(sha256(&bytes)),
        ..solved.bundle.header(Kind::Pass2)
    };
    let mut tensors = TensorWriter::default();
    for (index, node) in pass.sums.nodes().iter().enumerate() {
        tensors.set_prefix(format!("node/{index}/"));
        save_position(&mut tensors, node.first, node.level);
        tensors.vector("count", &[node.value.count]);
        tensors.vector("sums", &node.value.sums);
    }
    for (first, held) in &pass.held {
        tensors.set_prefix(format!("held/{first}/"));
        tensors.vector("parts", &held.parts);
        tensors.vector("predicted", &held.predicted);
    }
    tensors.write(out, &header.to_text())
}

/// What merging the parts of a fit gave.
#[derive(Debug)]
pub enum Merged {
    /// A plan, which the second pass takes.
    Plan {
        /// What a person should know about this fit.
        warnings: Vec<String>,
        /// Whether the result has the bytes of one run.
        exact: bool,
    },
    /// A bundle.
    Bundle {
        /// Whether the result has the bytes of one run.
        exact: bool,
    },
}

/// Merges parts of a first pass into a plan, or a plan and parts of a second pass into a bundle,
/// and writes it to `out`. The files may come in any order.
///
/// # Errors
/// When a file is damaged, the parts disagree in methods, head, seed or widths, rows overlap, or
/// the parts do not make a fit.
pub fn merge_parts(files: &[&Path], out: &Path) -> Result<Merged, OodError> {
    let mut parts = Vec::new();
    for path in files {
        let bytes = read(path)?;
        let header = Header::parse(
            &name(path),
            TensorFile::parse(&name(path), &bytes)?.metadata(),
        )?;
        parts.push(Part {
            name: name(path),
            bytes,
            header,
        });
    }
    let plan = parts.iter().position(|part| part.header.kind == Kind::Plan);
    let plan = plan.map(|at| parts.remove(at));
    parts.sort_by_key(|part| part.header.rows);
    let exact = check_rows(&parts)?;
    match plan {
        None => {
            let warnings = merge_first(&parts, out)?;
            Ok(Merged::Plan { warnings, exact })
        }
        Some(plan) => {
            merge_second(&plan, &parts, out)?;
            Ok(Merged::Bundle { exact })
        }
    }
}

/// A file to be merged.
struct Part {
    name: String,
    bytes: Vec<u8>,
    header: Header,
}

/// Refuses parts that disagree or overlap; tells whether all cuts lie between blocks.
fn check_rows(parts: &[Part]) -> Result<bool, OodError> {
    let Some(first) = parts.first() else {
        return Err(OodError::bundle(
            "merge",
            "there is no part to merge; give the files that `qualm fit --pass` wrote",
        ));
    };
    let mut exact = true;
    for pair in parts.windows(2) {
        let same = Header {
            rows: pair[1].header.rows,
            tally: pair[1].header.tally,
            made_by: pair[1].header.made_by.clone(),
            ..first.header.clone()
        };
        if same != pair[1].header {
            return Err(OodError::bundle(
                &pair[1].name,
                format!(
                    "belongs to another fit than {}: methods, head, seed, widths and pass must agree",
                    first.name
                ),
            ));
        }
        let (Some((_, end)), Some((start, _))) = (pair[0].header.rows, pair[1].header.rows) else {
            return Err(OodError::bundle(
                &pair[1].name,
                "does not say which rows it holds; it is damaged",
            ));
        };
        if start < end {
            return Err(OodError::bundle(
                &pair[1].name,
                format!(
                    "holds rows from {start} on, which {} holds too",
                    pair[0].name
                ),
            ));
        }
        if start > end {
            return Err(OodError::bundle(
                &pair[1].name,
                format!(
                    "starts at row {start}, but the part before ends at {end}; a part is missing"
                ),
            ));
        }
        exact &= start.is_multiple_of(BLOCK_ROWS);
    }
    Ok(exact)
}

fn merge_first(parts: &[Part], out: &Path) -> Result<Vec<String>, OodError> {
    let Some(first) = parts.first() else {
        return Ok(Vec::new());
    };
    let header = &first.header;
    header.expect(&first.name, Kind::Pass1)?;
    let recipes = header.recipes(&first.name)?;
    let mut all = Pass1::default();
    let mut head = None;
    for part in parts {
        let mut file = TensorFile::parse(&part.name, &part.bytes)?;
        file.set_dim(header.shape.dim.unwrap_or(0));
        head = read_head(&file, header)?;
        let mut pass = Pass1 {
            tally: part.header.tally,
            ..Pass1::default()
        };
        for index in 0.. {
            let reader = file.reader(format!("node/{index}/"));
            if !reader.has("position") {
                break;
            }
            pass.forest.insert(load_node(&reader)?);
        }
        if needs_of(&recipes).bank {
            let bank = file.reader("").bank()?;
            let bank = std::sync::Arc::unwrap_or_clone(bank);
            pass.bank.add(bank.rows, bank.row_numbers, bank.labels);
        }
        all.merge(pass);
    }
    let solved = solve(all, head.as_ref(), &recipes, header.shape, header.split())?;
    solved.bundle.save_as(out, Kind::Plan)?;
    Ok(solved.warnings)
}

fn merge_second(plan: &Part, parts: &[Part], out: &Path) -> Result<(), OodError> {
    let mut bundle = Bundle::from_file(&plan.name, &plan.bytes, Kind::Plan)?;
    let hash = sha256(&plan.bytes);
    let mut all = Pass2::default();
    for part in parts {
        part.header.expect(&part.name, Kind::Pass2)?;
        if part.header.plan_sha256.as_ref() != Some(&hash) {
            return Err(OodError::bundle(
                &part.name,
                format!(
                    "was not made with the plan {}; run the second pass with it",
                    plan.name
                ),
            ));
        }
        let file = TensorFile::parse(&part.name, &part.bytes)?;
        all.merge(load_pass2(&file, bundle.parts())?);
    }
    let measured: f64 = all.sums.nodes().iter().map(|node| node.value.count).sum();
    if bundle.needs().part_means && measured as u64 != bundle.tally().fitted {
        return Err(OodError::bundle(
            &plan.name,
            format!(
                "was made from {} fitting rows, but the second pass saw {measured}; a part is missing",
                bundle.tally().fitted
            ),
        ));
    }
    bundle.complete(all)?;
    bundle.save(out)
}

fn load_pass2(file: &TensorFile<'_>, width: usize) -> Result<Pass2, OodError> {
    let mut pass = Pass2::default();
    for index in 0.. {
        let reader = file.reader(format!("node/{index}/"));
        if !reader.has("position") {
            break;
        }
        let (first, level) = load_position(&reader)?;
        let sums = reader.any_vector::<f64>("sums")?;
        if !sums.is_empty() && sums.len() != width {
            return Err(reader.wrong("sums", "does not hold one number a part"));
        }
        let count = reader.vector::<f64>("count", 1)?[0];
        let value = PartSums { count, sums };
        pass.sums.insert(Node {
            first,
            level,
            value,
        });
    }
    for first in file.numbers_after("held/") {
        let reader = file.reader(format!("held/{first}/"));
        let held = HeldRows {
            parts: reader.any_vector("parts")?,
            predicted: reader.any_vector("predicted")?,
        };
        let rows = held.parts.len() / width.max(1);
        if held.parts.len() != rows * width
            || (!held.predicted.is_empty() && held.predicted.len() != rows)
        {
            return Err(reader.wrong("parts", "does not hold whole rows"));
        }
        pass.held.insert(first, held);
    }
    Ok(pass)
}

fn save_position(tensors: &mut TensorWriter, first: u64, level: u32) {
    tensors.vector("position", &[first, u64::from(level)]);
}

fn load_position(tensors: &TensorReader<'_>) -> Result<(u64, u32), OodError> {
    let position = tensors.vector::<u64>("position", 2)?;
    match (position[0], u32::try_from(position[1])) {
        (first, Ok(level)) if level < 52 && first < 1 << 52 && first.is_multiple_of(1 << level) => {
            Ok((first, level))
        }
        _ => Err(tensors.wrong("position", "is no place in a tree of blocks")),
    }
}

const VIEWS: [(View, &str); 2] = [(View::Raw, "raw"), (View::Unit, "unit")];

fn save_node(tensors: &mut TensorWriter, node: &Node<Moments>) {
    save_position(tensors, node.first, node.level);
    for (view, word) in VIEWS {
        if let Some(moment) = node.value.moments.get(view) {
            tensors.vector(&format!("{word}_count"), &[moment.count]);
            tensors.vector(&format!("{word}_mean"), &moment.mean);
            tensors.vector(&format!("{word}_scatter"), &moment.scatter);
        }
        if let Some(sums) = node.value.sums.get(view) {
            tensors.vector(&format!("{word}_class_counts"), &sums.counts);
            tensors.vector(&format!("{word}_class_sums"), &sums.sums);
        }
    }
}

fn load_node(tensors: &TensorReader<'_>) -> Result<Node<Moments>, OodError> {
    let (first, level) = load_position(tensors)?;
    let dim = tensors.dim();
    let mut value = Moments::default();
    for (view, word) in VIEWS {
        if tensors.has(&format!("{word}_count")) {
            *value.moments.get_mut(view) = Some(SecondMoment {
                count: tensors.vector::<f64>(&format!("{word}_count"), 1)?[0],
                mean: tensors.vector(&format!("{word}_mean"), dim)?,
                scatter: tensors
                    .vector(&format!("{word}_scatter"), qualm_linalg::packed_len(dim))?,
            });
        }
        if tensors.has(&format!("{word}_class_counts")) {
            let counts = tensors.any_vector::<u64>(&format!("{word}_class_counts"))?;
            let sums = tensors.vector(&format!("{word}_class_sums"), counts.len() * dim)?;
            *value.sums.get_mut(view) = Some(ClassSums::from_parts(counts, sums, dim));
        }
    }
    Ok(Node {
        first,
        level,
        value,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, OodError> {
    Ok(std::fs::read(path).map_err(|e| qualm_data::DataError::io(path, "read", e))?)
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
