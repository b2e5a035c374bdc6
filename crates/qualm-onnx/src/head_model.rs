use qualm_data::Head;

use crate::{Additions, Attribute, Axis, Element};

/// Version of the operators that the model uses: the oldest with which detectors can be attached.
const OPSET: i64 = 13;

/// The bytes of a model that is a head alone: from `features` (n x D) to `logits` (n x C).
///
/// For who has features and a head but no model file, and for examples.
///
/// ```
/// use qualm_data::Head;
/// use qualm_onnx::{HeadSearch, Model, head_model};
/// let head = Head::new(vec![1.0, 0.0, 0.0, 1.0], vec![0.5, -0.5], 2)?;
/// let model = Model::from_bytes("head.onnx", head_model(&head))?;
/// assert_eq!(HeadSearch::of(&model)?.choose(&model, None)?.head, head);
/// # Ok::<(), qualm_onnx::OnnxError>(())
/// ```
pub fn head_model(head: &Head) -> Vec<u8> {
    let (classes, dim) = (head.classes() as u64, head.dim() as u64);
    let rows = Axis::Named("n".to_owned());
    let mut graph = Additions::default();
    graph.input("features", Element::F32, &[rows.clone(), Axis::Known(dim)]);
    graph.floats("weight", &[classes, dim], head.weight());
    graph.floats("bias", &[classes], head.bias());
    graph.node(
        "Gemm",
        "head",
        &["features", "weight", "bias"],
        &["logits"],
        &[Attribute::Integer("transB", 1)],
    );
    graph.output("logits", Element::F32, &[rows, Axis::Known(classes)]);
    graph.into_model(OPSET)
}
