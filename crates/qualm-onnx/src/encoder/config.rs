use std::path::Path;

use qualm_data::DataError;
use serde::Deserialize;

use crate::OnnxError;

/// What `config.json` says of an encoder.
#[derive(Debug, Deserialize)]
pub(super) struct Config {
    model_type: String,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) vocab_size: usize,
    pub(super) max_position_embeddings: usize,
    pub(super) type_vocab_size: usize,
    #[serde(default = "small")]
    pub(super) layer_norm_eps: f32,
    #[serde(default = "gelu")]
    pub(super) hidden_act: String,
    position_embedding_type: Option<String>,
}

fn small() -> f32 {
    1e-12
}

fn gelu() -> String {
    "gelu".to_owned()
}

/// Sizes beyond any encoder of texts.
const LARGEST: usize = 1 << 20;

impl Config {
    pub(super) fn open(path: &Path) -> Result<Self, OnnxError> {
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|error| DataError::io(path, "read", error))?;
        let config: Self = serde_json::from_str(&text).map_err(|error| {
            OnnxError::malformed(&name, format!("it describes no BERT encoder: {error}"))
        })?;
        match config.problem() {
            None => Ok(config),
            Some(problem) => Err(OnnxError::malformed(&name, problem)),
        }
    }

    fn problem(&self) -> Option<String> {
        let elsewhere = "export it as ONNX where it was trained";
        if self.model_type != "bert" {
            return Some(format!(
                "model_type `{}` is not written here, only `bert`; {elsewhere}",
                self.model_type
            ));
        }
        if !matches!(self.hidden_act.as_str(), "gelu" | "relu") {
            return Some(format!(
                "hidden_act `{}` is not written here, only `gelu` and `relu`; {elsewhere}",
                self.hidden_act
            ));
        }
        if let Some(kind) = &self.position_embedding_type
            && kind != "absolute"
        {
            return Some(format!(
                "position_embedding_type `{kind}` is not written here, only `absolute`; {elsewhere}"
            ));
        }
        let sizes = [
            self.hidden_size,
            self.num_hidden_layers,
            self.num_attention_heads,
            self.intermediate_size,
            self.vocab_size,
            self.max_position_embeddings,
            self.type_vocab_size,
        ];
        if sizes.iter().any(|&size| size == 0 || size > LARGEST)
            || self.num_hidden_layers > 1000
            || !self.hidden_size.is_multiple_of(self.num_attention_heads)
        {
            return Some("its sizes are those of no model; get another copy".to_owned());
        }
        None
    }
}
