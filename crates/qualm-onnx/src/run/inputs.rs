use std::fs;
use std::path::{Path, PathBuf};

use qualm_data::{DataError, TensorFile};

use super::labels;
use crate::bytes::ByteForm;
use crate::picture::Preparation;

/// Folders within folders that are looked into.
const DEEPEST: usize = 16;

/// What a model is to be run on.
#[derive(Debug, Clone)]
pub enum Inputs {
    /// Picture files, and how they are prepared.
    Pictures {
        /// The files.
        files: Vec<InputFile>,
        /// The same for all.
        preparation: Preparation,
    },
    /// Files of any kind as rows of their bytes, and which of them.
    Bytes {
        /// The files.
        files: Vec<InputFile>,
        /// The same for all.
        form: ByteForm,
    },
    /// Rows of a tensor.
    Tensor(TensorFile),
}

/// A file of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called: its path below the folder that was given.
    pub id: String,
    /// Its class, where classes are known.
    pub label: Option<i64>,
}

impl InputFile {
    /// The pictures that `what` names: a file, a folder with all below it, or a glob; in the order
    /// of their names. Where every picture of a folder stands in a folder of its own, these
    /// folders are the classes, numbered in the order of their names.
    ///
    /// # Errors
    /// When there is no such file, or no picture.
    pub fn pictures(what: &str) -> Result<Vec<Self>, DataError> {
        Self::find(what, is_picture, "no .jpg, .jpeg, .png or .webp file")
    }

    /// All files that `what` names, of whatever kind; as [`InputFile::pictures`] otherwise.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn all(what: &str) -> Result<Vec<Self>, DataError> {
        Self::find(what, |_| true, "no file")
    }

    fn find(what: &str, wanted: fn(&Path) -> bool, nothing: &str) -> Result<Vec<Self>, DataError> {
        let path = Path::new(what);
        let mut files = Vec::new();
        if path.is_dir() {
            walk(path, path, 0, wanted, &mut files)?;
            files.sort_by(|a, b| a.id.cmp(&b.id));
            label_by_folder(&mut files);
        } else if path.exists() || !what.contains(['*', '?', '[']) {
            files.push(Self::lone(path));
        } else {
            let matches = glob::glob(what).map_err(|error| {
                DataError::malformed(what, format!("no valid pattern: {error}"))
            })?;
            for found in matches {
                let found = found.map_err(|error| {
                    DataError::io(error.path().to_owned(), "list", error.into())
                })?;
                if found.is_file() {
                    files.push(Self::lone(&found));
                }
            }
        }
        if files.is_empty() {
            return Err(DataError::malformed(
                what,
                format!("there is {nothing}; name a folder or a pattern that has some"),
            ));
        }
        Ok(files)
    }

    /// Takes labels from a CSV of lines `file,label`, where files go by their ids or names.
    ///
    /// # Errors
    /// When the CSV cannot be read, or a picture is not in it.
    pub fn label_by_csv(files: &mut [Self], csv: &Path) -> Result<(), DataError> {
        let labels = labels::read_csv(csv)?;
        for file in files {
            let name = file.path.file_name().map(|name| name.to_string_lossy());
            let label = labels
                .get(&file.id)
                .or_else(|| labels.get(name.as_deref()?));
            let label = label.ok_or_else(|| {
                DataError::malformed(
                    csv.display().to_string(),
                    format!("there is no label for `{}`; add a line for it", file.id),
                )
            })?;
            file.label = Some(*label);
        }
        Ok(())
    }

    fn lone(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            id: path.display().to_string(),
            label: None,
        }
    }
}

fn walk(
    root: &Path,
    folder: &Path,
    depth: usize,
    wanted: fn(&Path) -> bool,
    to: &mut Vec<InputFile>,
) -> Result<(), DataError> {
    let failed = |source| DataError::io(folder, "list", source);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            // A link may lead back up.
            if depth < DEEPEST {
                walk(root, &path, depth + 1, wanted, to)?;
            }
        } else if path.is_file() && wanted(&path) {
            let below = path.strip_prefix(root).unwrap_or(&path);
            let parts = below.iter().map(|part| part.to_string_lossy());
            to.push(InputFile {
                id: parts.collect::<Vec<_>>().join("/"),
                path,
                label: None,
            });
        }
    }
    Ok(())
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    matches!(extension.as_deref(), Some("jpg" | "jpeg" | "png" | "webp"))
}

fn label_by_folder(files: &mut [InputFile]) {
    let folder = |file: &InputFile| file.id.split_once('/').map(|(folder, _)| folder.to_owned());
    let Some(mut folders) = files.iter().map(folder).collect::<Option<Vec<_>>>() else {
        return;
    };
    folders.sort();
    folders.dedup();
    for file in files {
        let class = folder(file).and_then(|name| folders.binary_search(&name).ok());
        file.label = class.map(|class| class as i64);
    }
}
