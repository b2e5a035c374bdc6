use super::linear::{self, Linear};
use super::softmax;
use crate::OnnxError;
use crate::model::{Model, Node};

/// Operators that may stand between logits and an output: they change the shape of the numbers,
/// their type, or all of a row in a way that keeps its order.
const PASSED: [&str; 11] = [
    "Softmax",
    "LogSoftmax",
    "Sigmoid",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Reshape",
    "Identity",
    "Cast",
    "Transpose",
    "Dropout",
];

/// The linear layer that an output comes from, or what it comes from instead.
pub(super) fn back_from(model: &Model, output: &str) -> Result<Result<Linear, String>, OnnxError> {
    let mut tensor = output.to_owned();
    // A path visits no node twice, unless the file is hostile.
    for _ in 0..=model.nodes().len() {
        let Some(node) = model.writer(&tensor) else {
            return Ok(Err(format!("tensor `{tensor}`, which no node writes")));
        };
        match passed(model, node) {
            Some(before) => tensor = before.to_owned(),
            None => return linear::at(model, node),
        }
    }
    Ok(Err("a circle of nodes".to_owned()))
}

/// The tensor behind a node that the search passes through.
fn passed<'m>(model: &'m Model, node: &'m Node) -> Option<&'m str> {
    if node.is_any(&PASSED) {
        return node.input(0);
    }
    softmax::spelled_out(model, node)
}
