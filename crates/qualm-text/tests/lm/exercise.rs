//! What the fuzz target and the test of hostile files do with arbitrary bytes.

use std::path::Path;

use qualm_text::lm::{Context, Generate, LanguageModel, LmError};

/// Opens bytes as a model, and lets one that opens answer.
pub(crate) fn model(folder: &Path, bytes: &[u8]) -> Result<LanguageModel, String> {
    let path = folder.join("model.gguf");
    std::fs::write(&path, bytes).expect("a folder of this program's own can be written to");
    let model = LanguageModel::open_gguf(&path).map_err(told)?;
    let prompt = model.prompt("a ab").map_err(told)?;
    let options = Generate {
        max_tokens: 3,
        ..Generate::default()
    };
    let answers = model.greedy(&Context::default(), &[prompt], &options);
    answers.map_err(told)?;
    Ok(model)
}

fn told(error: LmError) -> String {
    let error = error.to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}
