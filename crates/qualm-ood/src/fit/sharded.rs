use std::path::Path;

use qualm_data::Source;
use sha2::{Digest, Sha256};

use super::admit::admit;
use super::blocks::BLOCK_ROWS;
use super::run::{Solved, second_pass};
use super::{FitInput, FitOptions, part_file, pass1};
use crate::bundle::{Header, Kind, head_sha256, hex};
use crate::extent::Extent;
use crate::method::Needs;
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
    let extent = shard.extent(input.train)?;
    first_pass_over(&extent, input, recipes, options, out, progress)
}

/// Runs the first pass over a part of the rows.
pub(super) fn first_pass_over(
    extent: &Extent<'_>,
    input: FitInput<'_>,
    recipes: &[Recipe],
    options: &FitOptions,
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
    let needs = Needs::of(recipes);
    let pass = pass1::run(extent, &admitted, input.head, options, progress)?;
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
        ..Header::new(Kind::Pass1, shape, options.settings(&needs), pass.tally)
    };
    let bank = needs
        .bank
        .map(|need| pass.bank.finish(shape.dim.unwrap_or(0), need.rows));
    let activations = pass.activations.as_ref();
    let tensors = part_file::of_first(
        input.head,
        &pass.forest,
        activations,
        &pass.extremes,
        bank.as_ref(),
    );
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
    second_pass_over(&shard.extent(train)?, plan, out, progress)
}

/// Runs the second pass over a part of the rows.
pub(super) fn second_pass_over(
    extent: &Extent<'_>,
    plan: &Path,
    out: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<(), OodError> {
    let bytes = read(plan)?;
    let bundle = Bundle::from_file(&name(plan), &bytes, Kind::Plan)?;
    bundle.check_rows(extent.source.name(), extent.source.schema())?;
    let solved = Solved {
        bundle,
        warnings: Vec::new(),
    };
    let pass = second_pass(&solved, extent, progress)?;
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

pub(super) fn read(path: &Path) -> Result<Vec<u8>, OodError> {
    Ok(std::fs::read(path).map_err(|e| qualm_data::DataError::io(path, "read", e))?)
}

pub(super) fn name(path: &Path) -> String {
    path.display().to_string()
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
