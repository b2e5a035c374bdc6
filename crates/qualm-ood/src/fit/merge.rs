use std::path::{Path, PathBuf};

use super::blocks::BLOCK_ROWS;
use super::part_file;
use super::pass1::Pass1;
use super::pass2::Pass2;
use super::run::solve;
use super::sharded::{name, read, sha256};
use crate::bundle::{Header, Kind, read_head};
use crate::method::Needs;
use crate::tensors::TensorFile;
use crate::{Bundle, OodError};

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
            path: path.to_path_buf(),
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
    /// Its arrays are read when their turn comes: a part may be large, and there may be many.
    path: PathBuf,
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
        let bytes = read(&part.path)?;
        let mut file = TensorFile::parse(&part.name, &bytes)?;
        file.set_shape(header.shape);
        head = read_head(&file, header)?;
        let needs = Needs::of(&recipes);
        let mut pass = part_file::first(&file, &needs, header.shape.classes.unwrap_or(0))?;
        pass.tally = part.header.tally;
        all.merge(pass);
    }
    let settings = header.settings();
    let solved = solve(all, head.as_ref(), &recipes, header.shape, settings)?;
    solved.bundle.save_as(out, Kind::Plan)?;
    Ok(solved.warnings)
}

fn merge_second(plan: &Part, parts: &[Part], out: &Path) -> Result<(), OodError> {
    let bytes = read(&plan.path)?;
    let mut bundle = Bundle::from_file(&plan.name, &bytes, Kind::Plan)?;
    let hash = sha256(&bytes);
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
        let bytes = read(&part.path)?;
        let file = TensorFile::parse(&part.name, &bytes)?;
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
