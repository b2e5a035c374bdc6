//! A head's features and logits as outputs of the model.

use crate::{Additions, Element, LinearHead, Model};

/// A model whose outputs hold features and logits, and what they are called there.
#[derive(Debug, Clone)]
pub struct Tapped {
    /// The model.
    pub bytes: Vec<u8>,
    /// The output that is the features.
    pub features: String,
    /// The output that is the logits.
    pub logits: String,
}

impl Model {
    /// The model with the tensors of a head among its outputs, so that any runtime gives them.
    ///
    /// ```
    /// use qualm_data::Head;
    /// use qualm_onnx::{HeadSearch, Model, head_model};
    /// let head = Head::new(vec![1.0, 0.0, 0.0, 1.0], vec![0.5, -0.5], 2)?;
    /// let model = Model::from_bytes("head.onnx", head_model(&head))?;
    /// let found = HeadSearch::of(&model)?.choose(&model, None)?;
    /// // What is an input cannot be an output too, so a copy of it is.
    /// assert_eq!(model.tapped(&found).features, "qualm/features");
    /// # Ok::<(), qualm_onnx::OnnxError>(())
    /// ```
    pub fn tapped(&self, head: &LinearHead) -> Tapped {
        let mut additions = Additions::default();
        let mut tap = |tensor: &str, role: &str| {
            if self.outputs().iter().any(|output| output.name == tensor) {
                return tensor.to_owned();
            }
            if self.writer(tensor).is_some() {
                additions.output_of_any_shape(tensor, Element::F32);
                return tensor.to_owned();
            }
            let copy = self.unused(&format!("qualm/{role}"));
            additions.node("Identity", &copy, &[tensor], &[&copy], &[]);
            additions.output_of_any_shape(&copy, Element::F32);
            copy
        };
        let features = tap(&head.features, "features");
        let logits = tap(&head.logits, "logits");
        Tapped {
            bytes: self.with(&additions),
            features,
            logits,
        }
    }

    /// A name like `wanted` that stands nowhere in the file, be it in a graph within the graph.
    pub(crate) fn unused(&self, wanted: &str) -> String {
        let taken = |name: &str| {
            let mut windows = self.bytes().windows(name.len());
            windows.any(|bytes| bytes == name.as_bytes())
        };
        let mut name = wanted.to_owned();
        while taken(&name) {
            name.push('_');
        }
        name
    }
}
