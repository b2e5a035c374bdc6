use super::gguf::Gguf;
use super::{LmError, Shape};

/// A model's matrices in `f32`, each with a row for each of its outputs.
pub(crate) struct Weights {
    pub(crate) embedding: Vec<f32>,
    pub(crate) layers: Vec<Layer>,
    /// Gains of the last normalisation.
    pub(crate) norm: Vec<f32>,
    /// From states to logits; `None` where the embedding is that, too.
    head: Option<Vec<f32>>,
}

/// A block of attention and feed-forward net.
pub(crate) struct Layer {
    pub(crate) attention_norm: Vec<f32>,
    /// Rows for queries, then keys, then values.
    pub(crate) qkv: Vec<f32>,
    pub(crate) output: Vec<f32>,
    pub(crate) inner_norm: Vec<f32>,
    /// Rows for gates, then for what they let through.
    pub(crate) gate_up: Vec<f32>,
    pub(crate) down: Vec<f32>,
}

impl Weights {
    pub(crate) fn new(
        embedding: Vec<f32>,
        layers: Vec<Layer>,
        norm: Vec<f32>,
        head: Option<Vec<f32>>,
    ) -> Self {
        Self {
            embedding,
            layers,
            norm,
            head,
        }
    }

    /// The tensors of a GGUF file. One that is not known is refused, since a model without its
    /// biases or its scales of frequencies would be another model.
    pub(crate) fn of(file: &mut Gguf, shape: &Shape) -> Result<Self, LmError> {
        let Shape {
            width,
            inner,
            vocabulary,
            ..
        } = *shape;
        let (queries, keys) = (shape.queries(), shape.keys());
        let embedding = file.tensor("token_embd.weight", &[vocabulary, width])?;
        let mut layers = Vec::new();
        for layer in 0..shape.layers {
            let mut tensor = |name: &str, shape: &[usize]| {
                file.tensor(&format!("blk.{layer}.{name}.weight"), shape)
            };
            let mut qkv = tensor("attn_q", &[queries, width])?;
            qkv.extend(tensor("attn_k", &[keys, width])?);
            qkv.extend(tensor("attn_v", &[keys, width])?);
            let mut gate_up = tensor("ffn_gate", &[inner, width])?;
            gate_up.extend(tensor("ffn_up", &[inner, width])?);
            layers.push(Layer {
                attention_norm: tensor("attn_norm", &[width])?,
                qkv,
                output: tensor("attn_output", &[width, queries])?,
                inner_norm: tensor("ffn_norm", &[width])?,
                gate_up,
                down: tensor("ffn_down", &[width, inner])?,
            });
        }
        let norm = file.tensor("output_norm.weight", &[width])?;
        let head = match file.has("output.weight") {
            true => Some(file.tensor("output.weight", &[vocabulary, width])?),
            false => None,
        };
        if let Some(tensor) = file.unread() {
            return Err(LmError::unsupported(
                file.name(),
                format!("the model has a tensor `{tensor}`, which plain Llama models have not"),
            ));
        }
        Ok(Self::new(embedding, layers, norm, head))
    }

    /// From states to logits.
    pub(crate) fn head(&self) -> &[f32] {
        self.head.as_deref().unwrap_or(&self.embedding)
    }
}
