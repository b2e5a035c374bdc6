use std::path::Path;

use qualm_data::Source;
use sha2::{Digest, Sha256};

use super::admit::admit;
use super::blocks::BLOCK_ROWS;
use super::pass1::Pass1;
use super::pass2::Pass2;
use super::run::{Solved, second_pass, solve};
use super::{FitInput, FitOptions, part_file, pass1};
use crate::bundle::{Header, Kind, head_sha256, hex, read_head};
use crate::extent::Extent;
use crate::method::Needs;
use crate::tensors::TensorFile;
use crate::{Bundle, OodError, Recipe};

/// Which rows of a feature set a shard is.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{BLOCK_ROWS, FitInput, FitOptions, Recipe, Shard, fit_shard_pass1};
/// # let folder = tempfile::tempdir().unwrap();
/// let train = MemorySet::new("train").with_logits(vec![0.5; 2 * BLOCK_ROWS as usize], 1)?;
/// let (input, recipes) = (FitInput { train: &train, head: None }, Recipe::parse_list("energy")?);
/// let (second, out) = (Shard::Part { index: 1, count: 2 }, folder.path().join("second"));
/// let (options, mut rows) = (FitOptions::default(), 0);
/// fit_shard_pass1(input, &recipes, &options, second, &out, &mut |read| rows += read)?;
/// assert_eq!(rows, BLOCK_ROWS);
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
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
    /// How many of `rows` rows this part holds.
    pub(super) fn rows(&self, rows: u64) -> u64 {
        match *self {
            Self::Starting(_) => rows,
            Self::Part { index, count } => {
                part_bound(rows, index + 1, count) - part_bound(rows, index, count)
            }
        }
    }

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
                if count > blocks {
                    return Err(OodError::rows(
                        source.name(),
                        format!(
                            "{count} shards are too many: {rows} rows make {blocks} blocks of \
                             {BLOCK_ROWS}; use at most {blocks} shards",
                        ),
                    ));
                }
                Ok(Extent {
                    source,
                    offset: 0,
                    rows: part_bound(rows, index, count)..part_bound(rows, index + 1, count),
                })
            }
        }
    }
}

/// The row at which part `index` of `count` begins.
fn part_bound(rows: u64, index: u64, count: u64) -> u64 {
    // 128 bits: blocks times shards may exceed 64.
    let blocks = u128::from(rows.div_ceil(BLOCK_ROWS));
    let block = blocks * u128::from(index) / u128::from(count.max(1));
    (block as u64).saturating_mul(BLOCK_ROWS).min(rows)
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
    if recipes.iter().any(Recipe::is_optional) {
        return Err(OodError::recipe(
            "all",
            "shards must agree on the methods; name them one by one",
        ));
    }
    let admitted = admit(input.train, input.head, recipes, options)?;
    let (shape, recipes) = (admitted.shape, &admitted.recipes);
    let extent = shard.extent(input.train)?;
    let needs = Needs::of(recipes);
    let pass = pass1::run(
        &extent,
        needs,
        &options.split,
        input.head,
        shape.classes,
        progress,
    )?;
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
    let bank = needs
        .bank
        .map(|need| pass.bank.finish(shape.dim.unwrap_or(0), need.rows));
    let activations = pass.activations.as_ref();
    let tensors = part_file::of_first(input.head, &pass.forest, activations, bank.as_ref());
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
    let tensors = part_file::of_second(&pass);
    tensors.write(out, &header.to_text())
}

/// What merging the parts of a fit gave.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{BLOCK_ROWS, FitInput, FitOptions, Merged, Recipe, Shard};
/// use qualm_ood::{fit_shard_pass1, merge_parts};
/// # let folder = tempfile::tempdir().unwrap();
/// let train = MemorySet::new("train").with_logits(vec![0.5; 2 * BLOCK_ROWS as usize], 1)?;
/// let (input, recipes) = (FitInput { train: &train, head: None }, Recipe::parse_list("energy")?);
/// let [first, second, plan] = ["first", "second", "plan"].map(|name| folder.path().join(name));
/// for (index, out) in [(0, &first), (1, &second)] {
///     let shard = Shard::Part { index, count: 2 };
///     fit_shard_pass1(input, &recipes, &FitOptions::default(), shard, out, &mut |_| {})?;
/// }
/// let merged = merge_parts(&[&second, &first], &plan)?;
/// assert!(matches!(merged, Merged::Plan { exact: true, .. }));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
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
    if first.header.rows.is_some_and(|(start, _)| start > 0) {
        return Err(OodError::bundle(
            &first.name,
            "is the first part, but does not start at row 0; a part is missing",
        ));
    }
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
        file.set_shape(header.shape);
        head = read_head(&file, header)?;
        let needs = Needs::of(&recipes);
        let mut pass = part_file::first(&file, needs, header.shape.classes.unwrap_or(0))?;
        pass.tally = part.header.tally;
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
    let tails = bundle.tails();
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
        all.merge(part_file::second(&file, bundle.parts(), &tails)?, &tails);
    }
    let measured: f64 = all.sums.nodes().iter().map(|node| node.value.count).sum();
    if bundle.needs().second_pass() && measured as u64 != bundle.tally().fitted {
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

fn read(path: &Path) -> Result<Vec<u8>, OodError> {
    Ok(std::fs::read(path).map_err(|e| qualm_data::DataError::io(path, "read", e))?)
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
