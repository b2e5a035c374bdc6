use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use qualm_data::{Chunk, DataError, KeyColumn, RowReader, Schema, Source};
use rayon::prelude::*;

use super::inputs::{Inputs, PictureFile};
use super::session::{Outputs, Session};
use crate::OnnxError;
use crate::picture::Preparation;

/// How a model is run over its inputs.
#[derive(Debug, Clone, Copy)]
pub struct ExtractOptions {
    /// Rows at once; a model with a fixed batch takes that instead.
    pub batch: usize,
    /// Pass over pictures that cannot be read, and count them.
    pub skip_bad: bool,
}

impl Default for ExtractOptions {
    fn default() -> Self {
        Self {
            batch: 16,
            skip_bad: false,
        }
    }
}

/// What a model says of its inputs, as a feature set: features, logits, and for pictures ids and
/// labels. The model runs while the set is read, once a pass; the next batches are decoded
/// meanwhile.
pub struct Extraction<'s> {
    name: String,
    session: &'s Session,
    inputs: Arc<Inputs>,
    options: ExtractOptions,
    /// Shape of a row.
    shape: Vec<usize>,
    schema: Schema,
    skipped: Arc<Mutex<Vec<String>>>,
    progress: Option<Box<dyn Fn(u64) + Send + Sync + 's>>,
}

impl<'s> Extraction<'s> {
    /// Checks that the inputs are what the model takes; `name` is how errors call them.
    ///
    /// # Errors
    /// [`OnnxError::Run`] when shapes do not fit.
    pub fn new(
        name: &str,
        session: &'s Session,
        inputs: Inputs,
        options: ExtractOptions,
    ) -> Result<Self, OnnxError> {
        let (rows, shape, labels, ids) = match &inputs {
            Inputs::Pictures { files, preparation } => {
                let Preparation { width, height, .. } = *preparation;
                let shape = match preparation.channels {
                    crate::Channels::First => vec![3, height, width],
                    crate::Channels::Last => vec![height, width, 3],
                };
                let labels = files.iter().all(|file| file.label.is_some());
                (files.len() as u64, shape, labels, true)
            }
            Inputs::Tensor(file) => {
                let [rows, row @ ..] = file.shape() else {
                    return Err(OnnxError::run(name, "the tensor has no rows"));
                };
                let shape = row.iter().map(|&axis| axis as usize).collect();
                (*rows, shape, false, false)
            }
        };
        if let Some(axes) = &session.input().shape {
            let row = axes.get(1..).unwrap_or_default();
            let fits = row.len() == shape.len()
                && row.iter().zip(&shape).all(|(axis, &length)| {
                    axis.length().is_none_or(|known| known == length as u64)
                });
            if !fits {
                return Err(OnnxError::run(
                    name,
                    format!(
                        "rows of shape {shape:?} do not fit the model's input, {}; convert them first",
                        session.input()
                    ),
                ));
            }
        }
        let (dim, classes) = session.widths();
        Ok(Self {
            name: name.to_owned(),
            session,
            inputs: Arc::new(inputs),
            options,
            shape,
            schema: Schema {
                rows,
                dim: Some(dim),
                classes: Some(classes),
                labels,
                groups: false,
                ids,
            },
            skipped: Arc::default(),
            progress: None,
        })
    }

    /// Calls `report` with the number of rows after each batch.
    #[must_use]
    pub fn on_progress(mut self, report: impl Fn(u64) + Send + Sync + 's) -> Self {
        self.progress = Some(Box::new(report));
        self
    }

    /// The pictures that were passed over so far, each with what is wrong with it.
    pub fn skipped(&self) -> Vec<String> {
        let skipped = self.skipped.lock();
        skipped.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Source for Extraction<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reader(&self) -> Result<Box<dyn RowReader + '_>, DataError> {
        // Two batches wait at most: enough to keep the model busy.
        let (send, batches) = sync_channel(2);
        let batch = self
            .session
            .fixed_batch()
            .unwrap_or(self.options.batch)
            .max(1);
        let (inputs, skip_bad) = (Arc::clone(&self.inputs), self.options.skip_bad);
        let skipped = Arc::clone(&self.skipped);
        skipped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        std::thread::Builder::new()
            .name("decode".to_owned())
            .spawn(move || {
                let made = prepare(&inputs, batch, skip_bad, &skipped, &mut |batch| {
                    // Nobody listens once the reader is gone.
                    send.send(Ok(batch)).is_ok()
                });
                if let Err(error) = made {
                    let _ = send.send(Err(error));
                }
            })
            .map_err(|source| DataError::io(&self.name, "start a thread", source))?;
        Ok(Box::new(Pass {
            extraction: self,
            batches,
            held: Held::default(),
            done: 0,
        }))
    }
}

/// Inputs of one run of the model.
#[derive(Default)]
struct Batch {
    rows: usize,
    numbers: Vec<f32>,
    ids: Vec<String>,
    labels: Vec<i64>,
}

/// Reads, decodes and prepares batches until the inputs or `take` end.
fn prepare(
    inputs: &Inputs,
    batch: usize,
    skip_bad: bool,
    skipped: &Mutex<Vec<String>>,
    take: &mut dyn FnMut(Batch) -> bool,
) -> Result<(), DataError> {
    match inputs {
        Inputs::Tensor(file) => {
            let mut reader = file.reader()?;
            loop {
                let mut next = Batch::default();
                next.rows = reader.read(batch, &mut next.numbers)?;
                if next.rows == 0 || !take(next) {
                    return Ok(());
                }
            }
        }
        Inputs::Pictures { files, preparation } => {
            for files in files.chunks(batch) {
                let pictures: Vec<_> = files
                    .par_iter()
                    .map(|file| read_picture(file, preparation))
                    .collect();
                let mut next = Batch::default();
                for (file, picture) in files.iter().zip(pictures) {
                    match picture {
                        Ok(numbers) => {
                            next.rows += 1;
                            next.numbers.extend(numbers);
                            next.ids.push(file.id.clone());
                            next.labels.extend(file.label);
                        }
                        Err(error) if skip_bad => {
                            let mut skipped =
                                skipped.lock().unwrap_or_else(PoisonError::into_inner);
                            skipped.push(error.to_string());
                        }
                        Err(error) => return Err(error),
                    }
                }
                if next.rows > 0 && !take(next) {
                    return Ok(());
                }
            }
            Ok(())
        }
    }
}

fn read_picture(file: &PictureFile, preparation: &Preparation) -> Result<Vec<f32>, DataError> {
    let bytes =
        std::fs::read(&file.path).map_err(|error| DataError::io(&file.path, "read", error))?;
    // Decoders of other people meet files of other people.
    let prepared = std::panic::catch_unwind(|| preparation.of_file(&bytes))
        .unwrap_or_else(|_| Err("makes its decoder give up".to_owned()));
    prepared.map_err(|problem| {
        DataError::malformed(
            file.path.display().to_string(),
            format!("the picture {problem}; remove it, or pass over such files with --skip-bad"),
        )
    })
}

/// Rows that the model has answered and nobody has read yet.
#[derive(Default)]
struct Held {
    outputs: Outputs,
    ids: Vec<String>,
    labels: Vec<i64>,
    rows: usize,
    taken: usize,
}

struct Pass<'e> {
    extraction: &'e Extraction<'e>,
    batches: Receiver<Result<Batch, DataError>>,
    held: Held,
    done: u64,
}

impl Pass<'_> {
    /// Runs the next batch; says whether there was one.
    fn advance(&mut self) -> Result<bool, DataError> {
        let Ok(batch) = self.batches.recv() else {
            return Ok(false);
        };
        let batch = batch?;
        let Extraction {
            session,
            shape,
            progress,
            ..
        } = self.extraction;
        let outputs =
            session
                .run(batch.numbers, batch.rows, shape)
                .map_err(|error| match error {
                    OnnxError::Data(error) => error,
                    error => DataError::Shape(error.to_string()),
                })?;
        if let Some(report) = progress {
            report(batch.rows as u64);
        }
        self.held = Held {
            outputs,
            ids: batch.ids,
            labels: batch.labels,
            rows: batch.rows,
            taken: 0,
        };
        Ok(true)
    }
}

impl RowReader for Pass<'_> {
    fn read(&mut self, chunk: &mut Chunk, max_rows: usize) -> Result<(), DataError> {
        chunk.clear(self.done);
        let schema = &self.extraction.schema;
        let (dim, classes) = self.extraction.session.widths();
        if schema.ids {
            chunk.ids = KeyColumn::Text(Vec::new());
        }
        while chunk.rows < max_rows {
            if self.held.taken == self.held.rows && !self.advance()? {
                break;
            }
            let held = &self.held;
            let from = held.taken;
            let to = held.rows.min(from + max_rows - chunk.rows);
            let Outputs { features, logits } = &held.outputs;
            chunk
                .features
                .to_fill()
                .extend_from_slice(&features[from * dim..to * dim]);
            chunk
                .logits
                .to_fill()
                .extend_from_slice(&logits[from * classes..to * classes]);
            if schema.labels {
                chunk.labels.extend_from_slice(&held.labels[from..to]);
            }
            if let (true, KeyColumn::Text(ids)) = (schema.ids, &mut chunk.ids) {
                ids.extend_from_slice(&held.ids[from..to]);
            }
            chunk.rows += to - from;
            self.held.taken = to;
        }
        self.done += chunk.rows as u64;
        Ok(())
    }
}
