//! Softmax as some exporters (tf2onnx, from JAX) write it: exp(l - max l) / sum exp(l - max l).

use crate::model::{Model, Node};

/// The logits of a softmax whose last node is `node`.
pub(super) fn spelled_out<'m>(model: &'m Model, node: &'m Node) -> Option<&'m str> {
    if !node.is("Div") {
        return None;
    }
    let (exponentials, sum) = (node.input(0)?, node.input(1)?);
    let exp = model.writer(exponentials).filter(|node| node.is("Exp"))?;
    if reduced(model, sum, "ReduceSum")? != exponentials {
        return None;
    }
    let shifted = exp.input(0)?;
    // The largest logit may have been left in.
    let Some(sub) = model.writer(shifted).filter(|node| node.is("Sub")) else {
        return Some(shifted);
    };
    let (logits, max) = (sub.input(0)?, sub.input(1)?);
    (reduced(model, max, "ReduceMax")? == logits).then_some(logits)
}

/// What `op` reduced to the tensor `name`, however that was reshaped after.
fn reduced<'m>(model: &'m Model, name: &'m str, op: &str) -> Option<&'m str> {
    const RESHAPED: [&str; 7] = [
        "Reshape",
        "Expand",
        "Identity",
        "Unsqueeze",
        "Squeeze",
        "Cast",
        "Max",
    ];
    const LONGEST: usize = 8;
    let mut name = name;
    for _ in 0..LONGEST {
        let node = model.writer(name)?;
        if node.is(op) {
            return node.input(0);
        }
        if !node.is_any(&RESHAPED) {
            return None;
        }
        // JAX takes the maximum of the largest logit and minus infinity.
        let inputs = (0..node.inputs.len()).filter_map(|index| node.input(index));
        name = inputs
            .into_iter()
            .find(|input| model.writer(input).is_some())?;
    }
    None
}
