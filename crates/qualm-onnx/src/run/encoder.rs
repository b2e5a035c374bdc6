use std::fmt;

use qualm_text::{Pool, TokenBatch, Tokens, to_unit_length};

use super::runtime::{Feed, Given, Numbers, Runtime, RuntimeOptions};
use super::session::{Outputs, of_a_head};
use crate::constant::transposed;
use crate::{Additions, Element, HeadSearch, Layout, LinearHead, Model, OnnxError};

/// What a model of texts gives that becomes features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFeatures {
    /// What enters its head, with the head's logits.
    Head,
    /// Vectors of its tokens, pooled.
    Pooled(Pool),
    /// A vector for each text, as the model pools itself.
    Whole,
}

/// What an input of a model of texts is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Tokens,
    Mask,
    Types,
}

/// A model of texts that is ready to run.
pub struct TextSession {
    runtime: Runtime,
    inputs: Vec<(String, Role, Element)>,
    /// What is taken from it.
    outputs: Vec<String>,
    features: TextFeatures,
    head: Option<LinearHead>,
    dim: usize,
    unit_length: bool,
}

impl TextSession {
    /// Loads a model whose inputs are tokens, and perhaps a mask and types of tokens. Without
    /// `features` they are those of the head, where the model has one. `tensor` names what is
    /// pooled, where that is not the model's first output of floats; `head` the head's node.
    /// Features have length 1 where `unit_length`.
    ///
    /// # Errors
    /// [`OnnxError::Run`] when an input is none of these, or the runtime cannot run the model;
    /// [`OnnxError::Head`] when it has no head and `features` is not told.
    pub fn new(
        model: &Model,
        features: Option<TextFeatures>,
        tensor: Option<&str>,
        head: Option<&str>,
        unit_length: bool,
        runtime: RuntimeOptions,
    ) -> Result<Self, OnnxError> {
        let features = features.unwrap_or(TextFeatures::Head);
        let (bytes, outputs, head) = if features == TextFeatures::Head {
            let search = HeadSearch::of(model)?;
            let found = search.choose(model, head).map_err(|error| match error {
                OnnxError::Head { origin, problem } => OnnxError::Head {
                    origin,
                    problem: format!(
                        "{problem}; or take an encoder's pooled vectors with --pool mean"
                    ),
                },
                error => error,
            })?;
            let tapped = model.tapped(&found);
            (
                tapped.bytes,
                vec![tapped.features, tapped.logits],
                Some(found),
            )
        } else {
            let (bytes, tap) = tap(model, tensor)?;
            (bytes, vec![tap], None)
        };
        let runtime = Runtime::load(model, bytes, runtime)?;
        let inputs = model.inputs().iter().map(|input| {
            let role = role(&input.name).ok_or_else(|| {
                OnnxError::run(
                    model.name(),
                    format!(
                        "its input `{}` is neither tokens, mask nor types of tokens (input_ids, attention_mask, token_type_ids), so texts cannot be given to it",
                        input.name
                    ),
                )
            })?;
            Ok((input.name.clone(), role, input.element))
        });
        let inputs: Vec<_> = inputs.collect::<Result<_, OnnxError>>()?;
        if !inputs.iter().any(|&(_, role, _)| role == Role::Tokens) {
            return Err(OnnxError::run(
                model.name(),
                "none of its inputs is called input_ids, so texts cannot be given to it",
            ));
        }
        let mut session = Self {
            outputs,
            dim: head.as_ref().map_or(0, |head| head.head.dim()),
            runtime,
            inputs,
            features,
            head,
            unit_length,
        };
        session.try_out()?;
        Ok(session)
    }

    /// How errors call the model.
    pub fn name(&self) -> &str {
        self.runtime.name()
    }

    /// The head, where features are what enters it.
    pub fn head(&self) -> Option<&LinearHead> {
        self.head.as_ref()
    }

    /// D, and C where there is a head.
    pub(crate) fn widths(&self) -> (usize, Option<usize>) {
        (self.dim, self.head.as_ref().map(|head| head.head.classes()))
    }

    /// Tells what this gives from what any other gives of the same texts.
    pub(super) fn identity(&self) -> String {
        format!(
            "{} {:?} {:?} {}",
            self.runtime.identity(),
            self.outputs,
            self.features,
            self.unit_length
        )
    }

    /// Two short texts show how wide the features are: exporters often leave that out.
    fn try_out(&mut self) -> Result<(), OnnxError> {
        let trial = TokenBatch {
            places: vec![0, 1],
            length: 3,
            ids: vec![0; 6],
            mask: vec![1; 6],
            types: vec![0; 6],
        };
        let given = self.give(&trial)?;
        let wrong = |problem: String| Err(OnnxError::run(self.runtime.name(), problem));
        let shape = match given.first() {
            Some(given) => given.shape.as_slice(),
            None => &[],
        };
        match (self.features, shape) {
            (TextFeatures::Head, _) => {}
            (TextFeatures::Pooled(_), &[2, 3, dim]) if dim > 0 => self.dim = dim,
            (TextFeatures::Whole, &[2, dim]) if dim > 0 => self.dim = dim,
            (TextFeatures::Pooled(_), &[2, _]) => {
                return wrong(
                    "it gives a vector for each text, so it has pooled already: --pool none"
                        .to_owned(),
                );
            }
            (TextFeatures::Whole, &[2, 3, _]) => {
                return wrong(
                    "it gives a vector for each token, so say how to pool: --pool mean, cls or max"
                        .to_owned(),
                );
            }
            _ => {
                return wrong(format!(
                    "of two texts of three tokens it makes a tensor of the shape {shape:?}, which holds no vector for each; name another tensor with --hidden"
                ));
            }
        }
        Ok(())
    }

    fn give(&self, batch: &TokenBatch) -> Result<Vec<Given>, OnnxError> {
        let shape = vec![batch.places.len(), batch.length];
        let inputs = self.inputs.iter().map(|(name, role, element)| {
            let numbers = match role {
                Role::Tokens => &batch.ids,
                Role::Mask => &batch.mask,
                Role::Types => &batch.types,
            };
            let numbers = match element {
                Element::F32 => Numbers::Floats(numbers.iter().map(|&x| x as f32).collect()),
                // Tokens have numbers far below 2^31.
                _ => Numbers::Integers(numbers.iter().map(|&x| x as i32).collect()),
            };
            Feed {
                name,
                element: *element,
                shape: shape.clone(),
                numbers,
            }
        });
        self.runtime.run(inputs.collect(), &self.outputs)
    }

    /// Logits of the head, texts x classes, in the order of the texts. They go to the model at most
    /// `rows` at a time, texts of like length together, padded by the token `padding`.
    ///
    /// # Errors
    /// [`OnnxError::Run`] when the session is of features without a head ([`TextSession::head`]), or
    /// the model does not run on the texts.
    pub fn logits(
        &self,
        texts: &[Tokens],
        rows: usize,
        padding: u32,
    ) -> Result<Vec<f32>, OnnxError> {
        let head = self
            .head
            .as_ref()
            .ok_or_else(|| OnnxError::run(self.name(), "it has no head, so it gives no logits"))?;
        let classes = head.head.classes();
        let mut logits = vec![0.0; texts.len() * classes];
        for batch in TokenBatch::of(texts, rows, padding) {
            let given = self.run(&batch)?;
            let of_rows = given.logits.chunks_exact(classes);
            for (place, row) in batch.places.iter().zip(of_rows) {
                logits[place * classes..(place + 1) * classes].copy_from_slice(row);
            }
        }
        Ok(logits)
    }

    pub(crate) fn run(&self, batch: &TokenBatch) -> Result<Outputs, OnnxError> {
        let rows = batch.places.len();
        let mut given = self.give(batch)?.into_iter();
        let mut next = || {
            given
                .next()
                .ok_or_else(|| OnnxError::run(self.name(), "it does not give what it should"))
        };
        let hidden = next()?;
        let (mut features, mut logits) = (Vec::new(), Vec::new());
        match (self.features, &self.head) {
            (TextFeatures::Head, Some(head)) => {
                features = of_a_head(self.name(), "features", hidden, rows, self.dim)?;
                if head.layout == Layout::Columns {
                    features = transposed(&features, rows);
                }
                logits = of_a_head(self.name(), "logits", next()?, rows, head.head.classes())?;
            }
            (TextFeatures::Pooled(pool), _)
                if hidden.numbers.len() == rows * batch.length * self.dim =>
            {
                features = pool.pool(&hidden.numbers, &batch.mask, batch.length);
            }
            (TextFeatures::Whole, _) => features = hidden.numbers,
            _ => {}
        }
        if features.len() != rows * self.dim {
            return Err(OnnxError::run(
                self.name(),
                format!(
                    "it makes {} features of {rows} texts, not {} for each",
                    features.len(),
                    self.dim
                ),
            ));
        }
        if self.unit_length {
            to_unit_length(&mut features, self.dim);
        }
        Ok(Outputs { features, logits })
    }
}

impl fmt::Debug for TextSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextSession")
            .field("model", &self.name())
            .field("features", &self.features)
            .field("dim", &self.dim)
            .finish_non_exhaustive()
    }
}

/// What an input is, by the names that exporters give.
fn role(name: &str) -> Option<Role> {
    let name = name.to_lowercase();
    let holds = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if holds(&["mask"]) {
        Some(Role::Mask)
    } else if holds(&["token_type", "segment", "type_ids"]) {
        Some(Role::Types)
    } else if holds(&["position"]) {
        None
    } else if holds(&["input_ids", "input_word_ids", "tokens", "token_ids"]) || name == "ids" {
        Some(Role::Tokens)
    } else {
        None
    }
}

/// The model with the tensor that is pooled among its outputs, and that tensor's name.
fn tap(model: &Model, wanted: Option<&str>) -> Result<(Vec<u8>, String), OnnxError> {
    let outputs = model.outputs();
    let Some(wanted) = wanted else {
        let first = outputs
            .iter()
            .find(|output| matches!(output.element, Element::F32 | Element::F16 | Element::F64));
        let first = first.ok_or_else(|| {
            OnnxError::run(
                model.name(),
                "none of its outputs holds floats; name the tensor to pool with --hidden",
            )
        })?;
        return Ok((model.bytes().to_vec(), first.name.clone()));
    };
    let mut additions = Additions::default();
    if !outputs.iter().any(|output| output.name == wanted) {
        if model.writer(wanted).is_none() {
            return Err(OnnxError::run(
                model.name(),
                format!("there is no tensor `{wanted}`; `qualm model inspect` shows its outputs"),
            ));
        }
        additions.output_of_any_shape(wanted, Element::F32);
    }
    Ok((model.with(&additions), wanted.to_owned()))
}
