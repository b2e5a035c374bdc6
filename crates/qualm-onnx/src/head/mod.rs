//! The classification head of a model: the last linear layer on the way to an output.

mod linear;
mod softmax;
mod walk;

use qualm_data::Head;

use crate::{Model, OnnxError};

use linear::Linear;
pub use linear::{HeadKind, Layout};

/// A linear layer that can serve as a head, with what it reads and writes.
#[derive(Debug, Clone)]
pub struct LinearHead {
    /// Its node: the name, or the first output of a node without one. Where the bias is added by
    /// a node of its own, that of the product.
    pub node: String,
    /// Which operators make it.
    pub kind: HeadKind,
    /// The tensor that enters it: the features.
    pub features: String,
    /// How rows lie in that tensor.
    pub layout: Layout,
    /// The tensor that leaves it: the logits.
    pub logits: String,
    /// The model's output that the logits lead to; none where the head was chosen by its node.
    pub output: Option<String>,
    /// Weight and bias.
    pub head: Head,
}

/// An output of a model that no head leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadEnd {
    /// The output.
    pub output: String,
    /// One clause: what was found instead of a linear layer.
    pub found: String,
}

/// What a search for heads found.
#[derive(Debug, Clone)]
pub struct HeadSearch {
    /// The heads, in the order of the outputs that they lead to.
    pub heads: Vec<LinearHead>,
    /// The outputs without one.
    pub dead_ends: Vec<DeadEnd>,
}

impl HeadSearch {
    /// Searches backwards from each output of the model, through what keeps the order of the
    /// logits (Softmax, Sigmoid) or their numbers (Reshape, Cast ...), for a linear layer with
    /// constant weights: Gemm, MatMul or 1x1 Conv, with or without an Add behind it.
    ///
    /// # Errors
    /// When weights cannot be read: external data that is missing, a shape that promises more
    /// than there is.
    pub fn of(model: &Model) -> Result<Self, OnnxError> {
        let mut search = Self {
            heads: Vec::new(),
            dead_ends: Vec::new(),
        };
        for output in model.outputs() {
            match walk::back_from(model, &output.name)? {
                Ok(linear) => {
                    if search.heads.iter().all(|head| head.logits != linear.logits) {
                        search.heads.push(linear.head(model, Some(&output.name))?);
                    }
                }
                Err(found) => search.dead_ends.push(DeadEnd {
                    output: output.name.clone(),
                    found,
                }),
            }
        }
        Ok(search)
    }

    /// The one head that there is, or that of the node `wanted`, which may be any linear layer of
    /// the model.
    ///
    /// # Errors
    /// [`OnnxError::Head`] that says what was found: no linear layer, several, or another node.
    pub fn choose(self, model: &Model, wanted: Option<&str>) -> Result<LinearHead, OnnxError> {
        let wrong = |problem: String| Err(OnnxError::head(model.name(), problem));
        let Some(wanted) = wanted else {
            let mut heads = self.heads;
            return match (heads.pop(), heads.is_empty()) {
                (Some(head), true) => Ok(head),
                (Some(last), false) => {
                    heads.push(last);
                    wrong(format!(
                        "there are {} linear heads, {}; choose one by its node with --head",
                        heads.len(),
                        heads
                            .iter()
                            .map(LinearHead::words)
                            .collect::<Vec<_>>()
                            .join(", ")
                    ))
                }
                (None, _) => wrong(no_head(&self.dead_ends)),
            };
        };
        if let Some(head) = self.heads.into_iter().find(|head| head.node == wanted) {
            return Ok(head);
        }
        match linear::of_node(model, wanted)? {
            Some(Ok(linear)) => linear.head(model, None),
            Some(Err(found)) => wrong(format!("node `{wanted}` is no linear layer: {found}")),
            None => wrong(format!(
                "there is no node `{wanted}`; `qualm model inspect` lists the heads"
            )),
        }
    }
}

fn no_head(dead_ends: &[DeadEnd]) -> String {
    let found: Vec<String> = dead_ends
        .iter()
        .map(|end| format!("output `{}` comes from {}", end.output, end.found))
        .collect();
    if found.is_empty() {
        return "the model has no outputs, so it has no head".to_owned();
    }
    format!(
        "no linear head: {}; name a linear layer with --head",
        found.join(", ")
    )
}

impl LinearHead {
    /// The head in a few words.
    pub fn words(&self) -> String {
        format!(
            "`{}` ({}, {} classes from {} features)",
            self.node,
            self.kind,
            self.head.classes(),
            self.head.dim()
        )
    }
}

impl Linear {
    fn head(self, model: &Model, output: Option<&str>) -> Result<LinearHead, OnnxError> {
        let head = Head::new(self.weight, self.bias, self.dim).map_err(|error| {
            OnnxError::head(
                model.name(),
                format!("node `{}` makes no head: {error}", self.node),
            )
        })?;
        Ok(LinearHead {
            node: self.node,
            kind: self.kind,
            features: self.features,
            layout: self.layout,
            logits: self.logits,
            output: output.map(str::to_owned),
            head,
        })
    }
}
