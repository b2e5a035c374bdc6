//! A classifier of texts of the user's own, as an ONNX model with its tokenizer.

use std::path::Path;

use qualm_onnx::{Model, RuntimeOptions, TextSession};
use qualm_rationale::model::softmax;
use qualm_rationale::{Input, RationaleError, Victim};
use qualm_text::Tokenizer;

/// Texts that the model is given at once.
const ROWS: usize = 16;

/// A model that gives logits of texts.
pub(crate) struct OnnxVictim {
    session: TextSession,
    tokenizer: Tokenizer,
    classes: usize,
}

impl OnnxVictim {
    /// Loads a model that tells so many classes apart, and the `tokenizer.json` that it was trained
    /// with.
    pub(crate) fn open(model: &Path, tokenizer: &Path, classes: usize) -> anyhow::Result<Self> {
        let tokenizer = Tokenizer::open(tokenizer, None)?;
        // One thread: attacks run side by side.
        let runtime = RuntimeOptions::with_threads(1);
        let session = TextSession::new(&Model::open(model)?, None, None, None, false, runtime)?;
        let known = session.head().map_or(0, |head| head.head.classes());
        if known != classes {
            anyhow::bail!(
                "{}: it tells {known} classes apart and the data have {classes}; give the data it was trained for",
                model.display()
            );
        }
        Ok(Self {
            session,
            tokenizer,
            classes,
        })
    }
}

impl Victim for OnnxVictim {
    fn classes(&self) -> usize {
        self.classes
    }

    fn probabilities(&self, inputs: &[Input<'_>]) -> Result<Vec<f64>, RationaleError> {
        let failed = |what: String| RationaleError::Victim {
            model: self.session.name().to_owned(),
            what,
        };
        if inputs.iter().any(|input| input.query.is_some()) {
            let what = "texts with a query are not put together here; give the model by --command";
            return Err(failed(what.to_owned()));
        }
        let texts: Vec<String> = inputs.iter().map(|input| input.text.to_owned()).collect();
        let tokens = self.tokenizer.encode(&texts, true)?;
        let padding = self.tokenizer.padding();
        let logits = self.session.logits(&tokens, ROWS, padding);
        let logits = logits.map_err(|error| failed(error.to_string()))?;
        let rows = logits.chunks_exact(self.classes);
        Ok(rows
            .flat_map(|row| {
                let logits: Vec<f64> = row.iter().copied().map(f64::from).collect();
                softmax(&logits)
            })
            .collect())
    }
}
