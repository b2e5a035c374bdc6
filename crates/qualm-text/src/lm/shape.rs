use super::LmError;
use super::gguf::Gguf;

/// What a Llama model is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Blocks of attention and feed-forward net.
    pub layers: usize,
    /// Numbers of a hidden state.
    pub width: usize,
    /// Numbers between the two products of a feed-forward net.
    pub inner: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values; each serves as many heads of queries.
    pub kv_heads: usize,
    /// Numbers of a head.
    pub head_width: usize,
    /// Tokens that there are.
    pub vocabulary: usize,
    /// Tokens that the model was trained to look back on, the longest prompt with its answer.
    pub context: usize,
    /// Base of the angles that positions turn queries and keys by.
    pub rope_base: f32,
    /// Numbers of a head that are turned.
    pub rope_width: usize,
    /// Added to the mean square where a state is normalised.
    pub epsilon: f32,
}

/// More than any model has, so that no product of two sizes overflows.
const LARGEST: usize = 1 << 24;

impl Shape {
    /// What the metadata of a GGUF file says.
    pub(crate) fn of(file: &Gguf, vocabulary: usize) -> Result<Self, LmError> {
        let origin = file.name();
        match file.text("general.architecture")? {
            Some("llama") => {}
            other => {
                return Err(LmError::unsupported(
                    origin,
                    format!(
                        "the model's architecture is {}; only `llama` is run",
                        other.map_or("not told".to_owned(), |name| format!("`{name}`"))
                    ),
                ));
            }
        }
        let optional = |key: &str| file.size(&format!("llama.{key}"));
        let required = |key: &str| {
            let missing = || LmError::malformed(origin, format!("there is no `llama.{key}`"));
            optional(key)?.ok_or_else(missing)
        };
        if optional("expert_count")?.is_some_and(|experts| experts > 0) {
            return Err(LmError::unsupported(
                origin,
                "the model is a mixture of experts; only dense models are run",
            ));
        }
        let scaling = file.text("llama.rope.scaling.type")?;
        if scaling.is_some_and(|kind| kind != "none") {
            return Err(LmError::unsupported(
                origin,
                "the model's positions are scaled; only plain rotary positions are known",
            ));
        }
        let width = required("embedding_length")?;
        let heads = required("attention.head_count")?;
        let head_width = match optional("attention.key_length")? {
            Some(length) => length,
            None => width.checked_div(heads).unwrap_or(0),
        };
        if optional("attention.value_length")?.is_some_and(|length| length != head_width) {
            return Err(LmError::unsupported(
                origin,
                "keys and values differ in width; only models with both alike are run",
            ));
        }
        let number = |key: &str| file.number(&format!("llama.{key}"));
        Self {
            layers: required("block_count")?,
            width,
            inner: required("feed_forward_length")?,
            heads,
            kv_heads: optional("attention.head_count_kv")?.unwrap_or(heads),
            head_width,
            vocabulary,
            context: required("context_length")?,
            rope_base: number("rope.freq_base")?.unwrap_or(10_000.0) as f32,
            rope_width: optional("rope.dimension_count")?.unwrap_or(head_width),
            epsilon: number("attention.layer_norm_rms_epsilon")?.unwrap_or(1e-5) as f32,
        }
        .checked(origin)
    }

    /// The same, once its parts fit together.
    pub(crate) fn checked(self, origin: &str) -> Result<Self, LmError> {
        let wrong = |problem: String| Err(LmError::malformed(origin, problem));
        for (what, size) in [
            ("blocks", self.layers),
            ("numbers of a state", self.width),
            ("numbers in a feed-forward net", self.inner),
            ("heads", self.heads),
            ("heads of keys", self.kv_heads),
            ("numbers of a head", self.head_width),
            ("tokens", self.vocabulary),
            ("positions", self.context),
        ] {
            if !(1..=LARGEST).contains(&size) {
                return wrong(format!("the model would have {size} {what}"));
            }
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            return wrong(format!(
                "{} heads do not share {} heads of keys evenly",
                self.heads, self.kv_heads
            ));
        }
        if self.rope_width > self.head_width || !self.rope_width.is_multiple_of(2) {
            return wrong(format!(
                "{} numbers of a head of {} cannot be turned in pairs",
                self.rope_width, self.head_width
            ));
        }
        if !(self.rope_base.is_finite() && self.rope_base > 0.0) {
            return wrong(format!("{} is no base of angles", self.rope_base));
        }
        if !(self.epsilon.is_finite() && self.epsilon >= 0.0) {
            return wrong(format!("{} is no share of a mean square", self.epsilon));
        }
        Ok(self)
    }

    /// Heads of queries that share a head of keys.
    pub(crate) fn group(&self) -> usize {
        self.heads / self.kv_heads
    }

    /// Numbers of all queries of a token.
    pub(crate) fn queries(&self) -> usize {
        self.heads * self.head_width
    }

    /// Numbers of all keys, or all values, of a token.
    pub(crate) fn keys(&self) -> usize {
        self.kv_heads * self.head_width
    }
}
