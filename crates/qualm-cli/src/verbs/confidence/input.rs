//! Records from files, as all verbs of confidence take them.

use std::path::{Path, PathBuf};

use clap::Args;
use qualm_confidence::records::{Columns, RecordReader, Records};

/// What FILE stands for, at the end of the help of each verb that takes records.
pub(crate) const RECORDS: &str = "\
FILE: records as JSON lines (.jsonl), one an answer, or a table (.csv) with
--columns. A line of JSON has an id, correct (true or false) or answer and gold,
a list confidence of {\"kind\", \"value\"} with values from 0 to 1, and where
wanted shift {\"split\", \"tags\"}, source, model, probs and label. Kinds:
verbal_number, verbal_word, answer_logprob, answer_logprob_mean, p_true, p_ik,
consistency, classifier. More: docs/confidence.md";

/// Files of records and how to read them.
#[derive(Debug, Args)]
pub(crate) struct Input {
    /// Records: .jsonl files, or .csv files with --columns
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// What the columns of .csv files hold: FIELD=COLUMN,... with the fields id, correct, answer,
    /// gold, label, probs (probs=p* takes all that begin with p), split, source, model,
    /// prompt_id, tag.NAME or a kind of confidence; COLUMN/100 divides
    #[arg(long, value_name = "FIELD=COLUMN,...")]
    pub(crate) columns: Option<Columns>,

    /// Stop at the first line that cannot be read
    #[arg(long)]
    pub(crate) strict: bool,
}

impl Input {
    /// Reads all files.
    pub(crate) fn read(&self) -> anyhow::Result<Records> {
        self.read_others(&self.files)
    }

    /// Reads other files in the same way.
    pub(crate) fn read_others(&self, files: &[PathBuf]) -> anyhow::Result<Records> {
        let mut reader = RecordReader::default();
        for file in files {
            match (extension(file), &self.columns) {
                ("csv", Some(columns)) => reader.csv(file, columns)?,
                ("csv", None) => anyhow::bail!(
                    "{}: say with --columns which column holds what",
                    file.display()
                ),
                _ => reader.jsonl(file)?,
            }
        }
        let records = reader.finish();
        if !self.strict {
            return Ok(records);
        }
        Ok(Records {
            records: records.strict()?,
            bad: Vec::new(),
        })
    }
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|ext| ext.to_str()).unwrap_or("")
}
