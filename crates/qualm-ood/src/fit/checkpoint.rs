use std::path::{Path, PathBuf};

use qualm_data::{AtomicFile, DataError};
use serde::{Deserialize, Serialize};

use super::blocks::BLOCK_ROWS;
use super::merge::{Merged, merge_parts};
use super::run::{FitInput, FitOptions, Fitted};
use super::sharded::{first_pass_over, second_pass_over};
use crate::bundle::head_sha256;
use crate::extent::Extent;
use crate::method::Needs;
use crate::weights::Weights;
use crate::{Bundle, OodError, Recipe};

/// Blocks of rows between two checkpoints: a quarter of a million rows.
const BLOCKS: u64 = 64;

/// What a folder of checkpoints belongs to.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Belongs {
    train: String,
    rows: u64,
    methods: Vec<(String, String)>,
    head_sha256: Option<String>,
    held_back: f64,
    seed: u64,
    ruler: f64,
    weights: Weights,
}

impl Belongs {
    fn to(input: &FitInput<'_>, recipes: &[Recipe], options: &FitOptions) -> Self {
        let method = |recipe: &Recipe| (recipe.name().to_owned(), recipe.text().to_owned());
        Self {
            train: input.train.name().to_owned(),
            rows: input.train.schema().rows,
            methods: recipes.iter().map(method).collect(),
            head_sha256: input.head.map(head_sha256),
            held_back: options.split.fraction,
            seed: options.split.seed,
            ruler: options.ruler.share(&Needs::of(recipes)),
            weights: options.weights,
        }
    }

    /// Writes this to `folder`, or checks that it is what stands there.
    fn claim(&self, folder: &Path) -> Result<(), OodError> {
        std::fs::create_dir_all(folder).map_err(|e| DataError::io(folder, "create", e))?;
        let path = folder.join("fit.json");
        match std::fs::read(&path) {
            Ok(bytes) if serde_json::from_slice::<Self>(&bytes).is_ok_and(|all| all == *self) => {
                Ok(())
            }
            Ok(_) => Err(OodError::bundle(
                folder.display().to_string(),
                "holds checkpoints of another fit; give another folder, or remove this one",
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
                let write = |file: &mut AtomicFile| std::io::Write::write_all(file, &bytes);
                Ok(AtomicFile::save(&path, write)?)
            }
            Err(error) => Err(DataError::io(&path, "read", error).into()),
        }
    }
}

/// Fits like [`fit`](crate::fit), to the same bytes, and keeps what is done in `folder`: when it is
/// called again after it was interrupted, it goes on from there. The rows must be the same ones;
/// their number, the feature set's name, methods, head and seed are checked, the rows' values are
/// not. The caller removes the folder.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{FitInput, FitOptions, Recipe, fit, fit_with_checkpoints};
/// # let folder = tempfile::tempdir().unwrap();
/// let rows: Vec<f32> = (0..400).map(|i| ((i * 37) % 101) as f32).collect();
/// let train = MemorySet::new("train").with_features(rows, 4)?;
/// let (input, recipes) = (FitInput { train: &train, head: None }, Recipe::parse_list("knn(k=3)")?);
/// let (options, folder) = (FitOptions::default(), folder.path().join("checkpoints"));
/// let fitted = fit_with_checkpoints(input, &recipes, &options, &folder, &mut |_| {})?;
/// let at_once = fit(input, &recipes, &options, &mut |_| {})?;
/// assert_eq!(fitted.bundle.to_bytes()?, at_once.bundle.to_bytes()?);
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
///
/// # Errors
/// As for [`fit`](crate::fit), when files cannot be written, and when the folder holds the
/// checkpoints of another fit.
pub fn fit_with_checkpoints(
    input: FitInput<'_>,
    recipes: &[Recipe],
    options: &FitOptions,
    folder: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Fitted, OodError> {
    Belongs::to(&input, recipes, options).claim(folder)?;
    let rows = input.train.schema().rows;
    // Whole subtrees of the tree over blocks, so that a part holds one node.
    let step = BLOCKS * BLOCK_ROWS;
    let extents: Vec<Extent<'_>> = (0..rows.div_ceil(step))
        .map(|index| Extent {
            rows: index * step..rows.min((index + 1) * step),
            ..Extent::whole(input.train)
        })
        .collect();
    let parts = |pass: u8| {
        let path = move |index| folder.join(format!("pass{pass}-{index}"));
        (0..extents.len()).map(path).collect::<Vec<PathBuf>>()
    };

    let firsts = parts(1);
    for (extent, part) in extents.iter().zip(&firsts) {
        if part.exists() {
            progress(extent.rows.end - extent.rows.start);
        } else {
            first_pass_over(extent, input, recipes, options, part, progress)?;
        }
    }
    let plan = folder.join("plan");
    let merged = merge_parts(
        &firsts.iter().map(PathBuf::as_path).collect::<Vec<_>>(),
        &plan,
    )?;
    let warnings = match merged {
        Merged::Plan { warnings, .. } => warnings,
        Merged::Bundle { .. } => Vec::new(),
    };
    let mut seconds = parts(2);
    for (extent, part) in extents.iter().zip(&seconds) {
        if part.exists() {
            progress(extent.rows.end - extent.rows.start);
        } else {
            second_pass_over(extent, &plan, part, progress)?;
        }
    }
    let bundle = folder.join("bundle");
    seconds.push(plan);
    merge_parts(
        &seconds.iter().map(PathBuf::as_path).collect::<Vec<_>>(),
        &bundle,
    )?;
    Ok(Fitted {
        bundle: Bundle::load(&bundle)?,
        warnings,
        passes: 2,
    })
}
