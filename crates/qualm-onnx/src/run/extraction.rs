use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use qualm_data::{Chunk, DataError, KeyColumn, RowReader, Schema, Source};
use qualm_text::{Texts, Tokenizer};

use super::encoder::TextSession;
use super::inputs::Inputs;
use super::prepare::{Batch, Take, Window, prepare, prepare_texts};
use super::session::{Outputs, Session};
use crate::OnnxError;
use crate::picture::Preparation;

/// How a model is run over its inputs.
#[derive(Debug, Clone, Copy)]
pub struct ExtractOptions {
    /// Rows at once; a model with a fixed batch takes that instead.
    pub batch: usize,
    /// Pass over files that cannot be read, and count them.
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

/// A model and what it is run on.
pub(super) enum Work {
    /// Rows of numbers, each of this shape.
    Rows {
        session: Session,
        inputs: Box<Inputs>,
        shape: Vec<usize>,
    },
    /// Texts.
    Texts {
        session: Box<TextSession>,
        texts: Texts,
        tokenizer: Tokenizer,
    },
}

/// What a model says of its inputs, as a feature set: features, logits where the model has a head,
/// ids and labels where inputs have them. The model runs while the set is read, once a pass; the
/// next batches are decoded meanwhile.
#[derive(Clone)]
pub struct Extraction {
    pub(super) name: String,
    pub(super) work: Arc<Work>,
    pub(super) options: ExtractOptions,
    /// Which of the inputs.
    range: Range<usize>,
    schema: Schema,
    skipped: Arc<Mutex<Vec<String>>>,
    progress: Option<Arc<dyn Fn(u64) + Send + Sync>>,
}

impl Extraction {
    /// Checks that the inputs are what the model takes; `name` is how errors call them.
    ///
    /// # Errors
    /// [`OnnxError::Run`] when shapes do not fit.
    pub fn new(
        name: &str,
        session: &Session,
        inputs: Inputs,
        options: ExtractOptions,
    ) -> Result<Self, OnnxError> {
        let labelled = |files: &[super::InputFile]| files.iter().all(|file| file.label.is_some());
        let (rows, shape, labels, ids) = match &inputs {
            Inputs::Pictures { files, preparation } => {
                let Preparation { width, height, .. } = *preparation;
                let shape = match preparation.channels {
                    crate::Channels::First => vec![3, height, width],
                    crate::Channels::Last => vec![height, width, 3],
                };
                (files.len() as u64, shape, labelled(files), true)
            }
            Inputs::Bytes { files, form } => {
                let shape = vec![form.width()];
                (files.len() as u64, shape, labelled(files), true)
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
        let schema = Schema {
            rows,
            dim: Some(dim),
            classes: Some(classes),
            labels,
            groups: false,
            ids,
        };
        let work = Work::Rows {
            session: session.clone(),
            inputs: Box::new(inputs),
            shape,
        };
        Ok(Self::of(name, work, schema, options))
    }

    /// What a model says of texts.
    pub fn of_texts(
        session: TextSession,
        texts: Texts,
        tokenizer: Tokenizer,
        options: ExtractOptions,
    ) -> Self {
        let (dim, classes) = session.widths();
        let schema = Schema {
            rows: texts.texts().len() as u64,
            dim: Some(dim),
            classes,
            labels: texts.labels().is_some(),
            groups: false,
            ids: texts.ids().is_some(),
        };
        let name = texts.name().to_owned();
        let work = Work::Texts {
            session: Box::new(session),
            texts,
            tokenizer,
        };
        Self::of(&name, work, schema, options)
    }

    fn of(name: &str, work: Work, schema: Schema, options: ExtractOptions) -> Self {
        Self {
            name: name.to_owned(),
            work: Arc::new(work),
            options,
            range: 0..schema.rows as usize,
            schema,
            skipped: Arc::default(),
            progress: None,
        }
    }

    /// Calls `report` with the number of rows after each batch.
    #[must_use]
    pub fn on_progress(mut self, report: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    /// The files that were passed over in the last pass, each with what is wrong with it.
    pub fn skipped(&self) -> Vec<String> {
        let skipped = self.skipped.lock();
        skipped.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same over some of the inputs.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        Self {
            schema: Schema {
                rows: range.len() as u64,
                ..self.schema.clone()
            },
            range,
            skipped: Arc::default(),
            ..self.clone()
        }
    }

    pub(super) fn report(&self, rows: u64) {
        if let Some(report) = &self.progress {
            report(rows);
        }
    }

    /// Rows at once.
    pub(super) fn batch(&self) -> usize {
        let fixed = match &*self.work {
            Work::Rows { session, .. } => session.fixed_batch(),
            Work::Texts { .. } => None,
        };
        fixed.unwrap_or(self.options.batch).max(1)
    }
}

impl Source for Extraction {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reader(&self) -> Result<Box<dyn RowReader + '_>, DataError> {
        // Two windows wait at most: enough to keep the model busy.
        let (send, windows) = sync_channel(2);
        let (work, range, batch) = (Arc::clone(&self.work), self.range.clone(), self.batch());
        let skip_bad = self.options.skip_bad;
        let skipped = Arc::clone(&self.skipped);
        skipped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        std::thread::Builder::new()
            .name("decode".to_owned())
            .spawn(move || {
                // Nobody listens once the reader is gone.
                let take: &mut Take<'_> = &mut |window| send.send(Ok(window)).is_ok();
                let made = match &*work {
                    Work::Rows { inputs, .. } => {
                        prepare(inputs, range, batch, skip_bad.then_some(&*skipped), take)
                    }
                    Work::Texts {
                        texts, tokenizer, ..
                    } => prepare_texts(texts, tokenizer, range, batch, take),
                };
                if let Err(error) = made {
                    let _ = send.send(Err(error));
                }
            })
            .map_err(|source| DataError::io(&self.name, "start a thread", source))?;
        Ok(Box::new(Pass {
            extraction: self,
            windows,
            held: Held::default(),
            next: self.range.start as u64,
        }))
    }
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
    extraction: &'e Extraction,
    windows: Receiver<Result<Window, DataError>>,
    held: Held,
    /// Row that is read next, among all inputs.
    next: u64,
}

impl Pass<'_> {
    fn widths(&self) -> (usize, usize) {
        let schema = &self.extraction.schema;
        (schema.dim.unwrap_or(0), schema.classes.unwrap_or(0))
    }

    /// Runs the batches of the next window; says whether there was one.
    fn advance(&mut self) -> Result<bool, DataError> {
        let Ok(window) = self.windows.recv() else {
            return Ok(false);
        };
        let window = window?;
        let (dim, classes) = self.widths();
        let mut outputs = Outputs::default();
        for batch in window.batches {
            let rows = match (batch, &*self.extraction.work) {
                (Batch::Numbers(rows, numbers), Work::Rows { session, shape, .. }) => {
                    outputs = session.run(numbers, rows, shape).map_err(told)?;
                    rows
                }
                (Batch::Tokens(batch), Work::Texts { session, .. }) => {
                    let of_batch = session.run(&batch).map_err(told)?;
                    outputs.features.resize(window.rows * dim, 0.0);
                    outputs.logits.resize(window.rows * classes, 0.0);
                    to_places(
                        &of_batch.features,
                        dim,
                        &batch.places,
                        &mut outputs.features,
                    );
                    to_places(
                        &of_batch.logits,
                        classes,
                        &batch.places,
                        &mut outputs.logits,
                    );
                    batch.places.len()
                }
                _ => 0,
            };
            self.extraction.report(rows as u64);
        }
        self.held = Held {
            outputs,
            ids: window.ids,
            labels: window.labels,
            rows: window.rows,
            taken: 0,
        };
        Ok(true)
    }
}

fn told(error: OnnxError) -> DataError {
    match error {
        OnnxError::Data(error) => error,
        error => DataError::Shape(error.to_string()),
    }
}

/// Copies rows to where they stand in their window.
fn to_places(rows: &[f32], width: usize, places: &[usize], to: &mut [f32]) {
    if width > 0 {
        for (row, place) in rows.chunks(width).zip(places) {
            to[place * width..][..width].copy_from_slice(row);
        }
    }
}

impl RowReader for Pass<'_> {
    fn read(&mut self, chunk: &mut Chunk, max_rows: usize) -> Result<(), DataError> {
        chunk.clear(self.next);
        let schema = &self.extraction.schema;
        let (dim, classes) = self.widths();
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
        self.next += chunk.rows as u64;
        // A file of answers that no fit would take is better not written.
        chunk.check_finite(&self.extraction.name, schema)
    }
}
