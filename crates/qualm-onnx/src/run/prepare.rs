//! Inputs as a model is given them, batch by batch.

use std::ops::Range;

use std::sync::{Mutex, PoisonError};

use qualm_data::DataError;
use qualm_text::{Texts, TokenBatch, Tokenizer};
use rayon::prelude::*;

use super::inputs::{InputFile, Inputs};
use crate::bytes::ByteForm;
use crate::picture::Preparation;

/// Batches of texts that are cut into tokens at once: among so many, texts of like length are put
/// together.
const BATCHES_OF_TEXTS: usize = 64;

/// What a model is given at once, in the order of the rows when all batches of a window are done.
#[derive(Default)]
pub(super) struct Window {
    pub(super) rows: usize,
    pub(super) batches: Vec<Batch>,
    pub(super) ids: Vec<String>,
    pub(super) labels: Vec<i64>,
}

/// Inputs of one run of the model.
pub(super) enum Batch {
    /// Rows of numbers, in their order.
    Numbers(usize, Vec<f32>),
    /// Texts, which say themselves where they stand in their window.
    Tokens(TokenBatch),
}

/// Where windows go; says whether more are wanted.
pub(super) type Take<'t> = dyn FnMut(Window) -> bool + 't;

/// Reads and prepares pictures, bytes or rows `range` until they or `take` end. Files that cannot
/// be read go to `skipped`, where there is one.
pub(super) fn prepare(
    inputs: &Inputs,
    range: Range<usize>,
    batch: usize,
    skipped: Option<&Mutex<Vec<String>>>,
    take: &mut Take<'_>,
) -> Result<(), DataError> {
    match inputs {
        Inputs::Tensor(file) => {
            let mut reader = file.reader()?;
            reader.skip(range.start as u64)?;
            let mut left = range.len();
            while left > 0 {
                let mut numbers = Vec::new();
                let rows = reader.read(batch.min(left), &mut numbers)?;
                left -= rows;
                let window = Window {
                    rows,
                    batches: vec![Batch::Numbers(rows, numbers)],
                    ..Window::default()
                };
                if rows == 0 || !take(window) {
                    break;
                }
            }
            Ok(())
        }
        Inputs::Pictures { files, preparation } => {
            let read = |file: &InputFile| read_picture(file, preparation);
            files_of(&files[range], batch, skipped, &read, take)
        }
        Inputs::Bytes { files, form } => {
            let read = |file: &InputFile| read_bytes(file, *form);
            files_of(&files[range], batch, skipped, &read, take)
        }
    }
}

/// Cuts texts `range` into tokens until they or `take` end.
pub(super) fn prepare_texts(
    texts: &Texts,
    tokenizer: &Tokenizer,
    range: Range<usize>,
    batch: usize,
    take: &mut Take<'_>,
) -> Result<(), DataError> {
    let at_once = batch * BATCHES_OF_TEXTS;
    for from in range.clone().step_by(at_once) {
        let rows = from..range.end.min(from + at_once);
        let tokens = tokenizer.encode(&texts.texts()[rows.clone()], true)?;
        let batches = TokenBatch::of(&tokens, batch, tokenizer.padding());
        let column = |ids: &[String]| ids[rows.clone()].to_vec();
        let window = Window {
            rows: rows.len(),
            batches: batches.into_iter().map(Batch::Tokens).collect(),
            ids: texts.ids().map(column).unwrap_or_default(),
            labels: texts
                .labels()
                .map(|labels| labels[rows.clone()].to_vec())
                .unwrap_or_default(),
        };
        if !take(window) {
            break;
        }
    }
    Ok(())
}

fn files_of(
    files: &[InputFile],
    batch: usize,
    skipped: Option<&Mutex<Vec<String>>>,
    read: &(dyn Fn(&InputFile) -> Result<Vec<f32>, DataError> + Sync),
    take: &mut Take<'_>,
) -> Result<(), DataError> {
    for files in files.chunks(batch) {
        let rows: Vec<_> = files.par_iter().map(read).collect();
        let mut window = Window::default();
        let mut numbers = Vec::new();
        for (file, row) in files.iter().zip(rows) {
            match (row, skipped) {
                (Ok(row), _) => {
                    window.rows += 1;
                    numbers.extend(row);
                    window.ids.push(file.id.clone());
                    window.labels.extend(file.label);
                }
                (Err(error), Some(skipped)) => {
                    let mut skipped = skipped.lock().unwrap_or_else(PoisonError::into_inner);
                    skipped.push(error.to_string());
                }
                (Err(error), None) => return Err(error),
            }
        }
        window.batches = vec![Batch::Numbers(window.rows, numbers)];
        if window.rows > 0 && !take(window) {
            break;
        }
    }
    Ok(())
}

fn read_picture(file: &InputFile, preparation: &Preparation) -> Result<Vec<f32>, DataError> {
    let bytes =
        std::fs::read(&file.path).map_err(|error| DataError::io(&file.path, "read", error))?;
    // Decoders of other people meet files of other people.
    let prepared = qualm_data::contained(|| preparation.of_file(&bytes))
        .unwrap_or_else(|| Err("makes its decoder give up".to_owned()));
    prepared.map_err(|problem| {
        DataError::malformed(
            file.path.display().to_string(),
            format!("the picture {problem}; remove it, or pass over such files with --skip-bad"),
        )
    })
}

fn read_bytes(file: &InputFile, form: ByteForm) -> Result<Vec<f32>, DataError> {
    form.of_file(&file.path).map_err(|problem| {
        DataError::malformed(
            file.path.display().to_string(),
            format!("the file {problem}; remove it, or pass over such files with --skip-bad"),
        )
    })
}
