//! Encoders of texts as ONNX models, written from the files in which they are published.
//!
//! BERT as published in safetensors (Devlin et al. 2019; MiniLM is such a model):
//! embeddings of token, type and position are added and normalised; each layer adds to its input
//! the attention softmax(Q K^T / sqrt(d) + mask) V, mapped, and normalises; then adds two linear
//! maps with GELU, x (1 + erf(x / sqrt 2)) / 2, between them, and normalises again. Exporters trace
//! a program to get there; the graph is short enough to be written down.

mod config;
mod graph;
mod weights;

use std::path::Path;

use crate::OnnxError;
use config::Config;
use graph::Graph;
use weights::Weights;

/// The bytes of an ONNX model of the encoder in a folder with `config.json` and
/// `model.safetensors`: from `input_ids`, `attention_mask` and `token_type_ids` (texts x tokens) to
/// `last_hidden_state` (texts x tokens x width). Operators of version 17, none of them custom.
///
/// # Errors
/// [`OnnxError::Malformed`] when the model is no BERT or its tensors are not those that
/// `config.json` says; [`OnnxError::Data`] when a file cannot be read or lacks a tensor.
///
/// ```no_run
/// let bytes = qualm_onnx::encoder_model("all-MiniLM-L6-v2".as_ref())?;
/// std::fs::write("minilm.onnx", bytes).unwrap();
/// # Ok::<(), qualm_onnx::OnnxError>(())
/// ```
pub fn encoder_model(folder: &Path) -> Result<Vec<u8>, OnnxError> {
    let config = Config::open(&folder.join("config.json"))?;
    let weights = Weights::open(
        &folder.join("model.safetensors"),
        "embeddings.word_embeddings.weight",
    )?;
    Graph::new(&config, &weights).write()
}
