//! Long extractions, which go on where they were interrupted: a file for each part of the inputs,
//! with a record beside it of what it was made from.

use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

use qualm_data::{AtomicFile, DataError, Format, Precision, Source, write_features};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::extraction::{Extraction, Work};
use super::inputs::{InputFile, Inputs};

/// Inputs of a part: seconds to a minute of work that an interruption may cost.
const INPUTS_OF_A_PART: usize = 1024;

/// The record of the whole run.
const RUN: &str = "run.json";

/// What stands when an extraction in parts is done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartsDone {
    /// Rows in all parts.
    pub rows: u64,
    /// Inputs whose rows an earlier run had left.
    pub stood: u64,
    /// Files that were passed over, each with what is wrong with it.
    pub skipped: Vec<String>,
}

/// What a part was made from, and what came of it.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    inputs: String,
    rows: u64,
    skipped: Vec<String>,
}

impl Extraction {
    /// Inputs of each part; whole batches, so that parts change no batch.
    pub fn inputs_of_a_part(&self) -> usize {
        INPUTS_OF_A_PART.next_multiple_of(self.batch())
    }

    /// Runs the model over all inputs into the files `part-N.safetensors` of a folder, which is
    /// then a feature set ([`qualm_data::FeatureSet::open`]). Parts of an earlier run are kept
    /// where they were made from the same bytes of the same inputs.
    ///
    /// # Errors
    /// Those of the model and of its inputs; when the folder holds parts of another model, or of
    /// one that was run in another way.
    pub fn into_parts(&self, folder: &Path) -> Result<PartsDone, DataError> {
        fs::create_dir_all(folder).map_err(|error| DataError::io(folder, "create", error))?;
        self.check_run(folder)?;
        let inputs = self.schema().rows as usize;
        let mut done = PartsDone::default();
        let size = self.inputs_of_a_part();
        for (number, from) in (0..inputs).step_by(size).enumerate() {
            let range = from..inputs.min(from + size);
            let record = folder.join(format!("part-{number}.json"));
            let file = folder.join(format!("part-{number}.safetensors"));
            let hash = self.hash_of_inputs(range.clone())?;
            let standing: Option<Record> = read_json(&record);
            let standing = standing
                .filter(|record| record.inputs == hash && (file.is_file() || record.rows == 0));
            let record = match standing {
                Some(standing) => {
                    self.report(range.len() as u64);
                    done.stood += range.len() as u64;
                    standing
                }
                None => self.write_part(range, &file, &record, hash)?,
            };
            done.rows += record.rows;
            done.skipped.extend(record.skipped);
        }
        if done.rows == 0 {
            return Err(DataError::malformed(
                self.name(),
                "none of the inputs could be read",
            ));
        }
        // Fewer inputs than the last time leave parts behind.
        for number in inputs.div_ceil(size).. {
            let record = folder.join(format!("part-{number}.json"));
            if !record.exists() {
                break;
            }
            remove(&folder.join(format!("part-{number}.safetensors")))?;
            remove(&record)?;
        }
        Ok(done)
    }

    fn write_part(
        &self,
        range: Range<usize>,
        file: &Path,
        record: &Path,
        inputs: String,
    ) -> Result<Record, DataError> {
        // A record beside a file that is being replaced would speak of the new one.
        remove(record)?;
        remove(file)?;
        let part = self.part(range.clone());
        // A part may lose all its rows, which no file holds.
        let rows = match write_features(&part, file, Format::Safetensors, Precision::default()) {
            Ok(()) => (range.len() - part.skipped().len()) as u64,
            Err(_) if part.skipped().len() == range.len() => 0,
            Err(error) => return Err(error),
        };
        if rows == 0 {
            remove(file)?;
        }
        let made = Record {
            inputs,
            rows,
            skipped: part.skipped(),
        };
        save_json(record, &made)?;
        Ok(made)
    }

    /// Refuses a folder of another run.
    fn check_run(&self, folder: &Path) -> Result<(), DataError> {
        let path = folder.join(RUN);
        let run = self.hash_of_run();
        match read_json::<String>(&path) {
            Some(found) if found == run => Ok(()),
            None if !path.exists() => save_json(&path, &run),
            _ => Err(DataError::malformed(
                folder.display().to_string(),
                "the folder holds parts of another model, or of one that was run in another way; remove it, or write elsewhere",
            )),
        }
    }

    /// Everything that rows depend on, the inputs aside.
    fn hash_of_run(&self) -> String {
        let mut hash = Hash::default();
        hash.part(env!("CARGO_PKG_VERSION"));
        hash.part(format!("{} {}", self.batch(), self.options.skip_bad));
        match &*self.work {
            Work::Rows {
                session, inputs, ..
            } => {
                hash.part(session.identity());
                match inputs.as_ref() {
                    Inputs::Pictures { preparation, .. } => hash.part(format!("{preparation:?}")),
                    Inputs::Bytes { form, .. } => hash.part(format!("{form:?}")),
                    Inputs::Tensor(_) => hash.part("tensor"),
                }
            }
            Work::Texts {
                session, tokenizer, ..
            } => {
                hash.part(session.identity());
                hash.part(tokenizer.identity());
            }
        }
        hash.end()
    }

    fn hash_of_inputs(&self, range: Range<usize>) -> Result<String, DataError> {
        let mut hash = Hash::default();
        match &*self.work {
            Work::Texts { texts, .. } => {
                for row in range {
                    hash.part(&texts.texts()[row]);
                    hash.part(texts.ids().map_or("", |ids| &ids[row]));
                    hash.part(format!("{:?}", texts.labels().map(|labels| labels[row])));
                }
            }
            Work::Rows { inputs, .. } => match inputs.as_ref() {
                Inputs::Tensor(file) => {
                    let mut reader = file.reader()?;
                    reader.skip(range.start as u64)?;
                    let mut numbers = Vec::new();
                    for _ in range {
                        numbers.clear();
                        reader.read(1, &mut numbers)?;
                        numbers.iter().for_each(|x| hash.0.update(x.to_le_bytes()));
                    }
                }
                Inputs::Pictures { files, .. } => {
                    for file in &files[range] {
                        // What cannot be read now is judged where it is decoded.
                        hash.file(file, &fs::read(&file.path).unwrap_or_default());
                    }
                }
                Inputs::Bytes { files, form } => {
                    for file in &files[range] {
                        let numbers = form.of_file(&file.path).unwrap_or_default();
                        let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
                        hash.file(file, &bytes);
                    }
                }
            },
        }
        Ok(hash.end())
    }
}

/// SHA-256 of parts, each with its length before it, so that no part runs into the next.
#[derive(Default)]
struct Hash(Sha256);

impl Hash {
    fn part(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn file(&mut self, file: &InputFile, bytes: &[u8]) {
        self.part(&file.id);
        self.part(format!("{:?}", file.label));
        self.part(bytes);
    }

    fn end(self) -> String {
        let bytes = self.0.finalize();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A record, where it is there and whole.
fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn save_json(path: &Path, value: &impl Serialize) -> Result<(), DataError> {
    AtomicFile::save(path, |to| {
        serde_json::to_writer(&mut *to, value)?;
        to.write_all(b"\n")
    })
}

fn remove(path: &Path) -> Result<(), DataError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(DataError::io(path, "remove", error))
        }
        _ => Ok(()),
    }
}
