//! Constants of a graph, with the operators that exporters leave between a stored tensor and its
//! use: a transposed, reshaped or cast weight is the same weight.

use half::{bf16, f16};

use crate::OnnxError;
use crate::model::{Element, Model, Node};

/// Nodes that are followed back from a use to a stored tensor; exporters leave two or three.
const LONGEST_CHAIN: usize = 16;

/// A constant tensor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Constant {
    pub(crate) dims: Vec<usize>,
    pub(crate) numbers: Vec<f32>,
}

/// Operators whose result holds the numbers of their first input, whatever it is shaped like.
const SAME_NUMBERS: [&str; 6] = [
    "Identity",
    "Cast",
    "Reshape",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
];

/// Whether a tensor is a constant that [`constant`] can tell.
pub(crate) fn is_constant(model: &Model, name: &str) -> bool {
    let mut name = name.to_owned();
    for _ in 0..LONGEST_CHAIN {
        if model.tensor(&name).is_some() {
            return true;
        }
        match model.writer(&name) {
            Some(node) if node.is("Constant") => return true,
            Some(node) if node.is("Transpose") || node.is_any(&SAME_NUMBERS) => {
                match node.input(0) {
                    Some(input) => name = input.to_owned(),
                    None => return false,
                }
            }
            _ => return false,
        }
    }
    false
}

/// The numbers of a constant; nothing where the tensor is none.
pub(crate) fn constant(model: &Model, name: &str) -> Result<Option<Constant>, OnnxError> {
    follow(model, name, LONGEST_CHAIN)
}

fn follow(model: &Model, name: &str, left: usize) -> Result<Option<Constant>, OnnxError> {
    if let Some(tensor) = model.tensor(name) {
        return stored(model, tensor).map(Some);
    }
    let Some(node) = model.writer(name) else {
        return Ok(None);
    };
    if node.is("Constant") {
        return of_node(model, node);
    }
    let (true, Some(input)) = (left > 0, node.input(0)) else {
        return Ok(None);
    };
    if !node.is("Transpose") && !node.is_any(&SAME_NUMBERS) {
        return Ok(None);
    }
    let Some(constant) = follow(model, input, left - 1)? else {
        return Ok(None);
    };
    Ok(match node.op.as_str() {
        "Identity" => Some(constant),
        "Cast" => cast(node, constant),
        "Transpose" => transpose(node, constant),
        _ => reshape(model, node, constant, left)?,
    })
}

fn stored(model: &Model, tensor: &crate::model::Tensor) -> Result<Constant, OnnxError> {
    let numbers = model.floats(tensor)?;
    // The numbers are there, so that each axis is no longer than memory.
    let dims = tensor.dims.iter().map(|&dim| dim as usize).collect();
    Ok(Constant { dims, numbers })
}

fn of_node(model: &Model, node: &Node) -> Result<Option<Constant>, OnnxError> {
    let Some(attribute) = node.attributes.first() else {
        return Ok(None);
    };
    if let Some(tensor) = &attribute.tensor {
        return stored(model, tensor).map(Some);
    }
    let vector = |numbers: Vec<f32>| Constant {
        dims: vec![numbers.len()],
        numbers,
    };
    let scalar = |number: f32| Constant {
        dims: Vec::new(),
        numbers: vec![number],
    };
    Ok(match attribute.name.as_str() {
        "value_float" => attribute.float.map(scalar),
        "value_int" => attribute.integer.map(|integer| scalar(integer as f32)),
        "value_floats" => Some(vector(attribute.floats.clone())),
        "value_ints" => Some(vector(
            attribute.integers.iter().map(|&i| i as f32).collect(),
        )),
        _ => None,
    })
}

fn cast(node: &Node, mut constant: Constant) -> Option<Constant> {
    let round: fn(f32) -> f32 = match Element::of(node.integer("to", 0)) {
        Element::F32 | Element::F64 => return Some(constant),
        Element::F16 => |x| f16::from_f32(x).to_f32(),
        Element::Bf16 => |x| bf16::from_f32(x).to_f32(),
        _ => return None,
    };
    for number in &mut constant.numbers {
        *number = round(*number);
    }
    Some(constant)
}

/// Matrices alone: no weight of a linear layer has its axes moved any other way.
fn transpose(node: &Node, constant: Constant) -> Option<Constant> {
    let &[rows, columns] = &constant.dims[..] else {
        return None;
    };
    match node.integers("perm") {
        [] | [1, 0] => Some(Constant {
            numbers: transposed(&constant.numbers, columns),
            dims: vec![columns, rows],
        }),
        [0, 1] => Some(constant),
        _ => None,
    }
}

/// A row-major matrix of this many columns, turned.
pub(crate) fn transposed(numbers: &[f32], columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|column| numbers.iter().skip(column).step_by(columns.max(1)).copied())
        .collect()
}

fn reshape(
    model: &Model,
    node: &Node,
    constant: Constant,
    left: usize,
) -> Result<Option<Constant>, OnnxError> {
    let Constant { mut dims, numbers } = constant;
    match node.op.as_str() {
        "Squeeze" => dims.retain(|&dim| dim != 1),
        "Reshape" => {
            let Some(shape) = node.input(1) else {
                return Ok(None);
            };
            let Some(shape) = follow(model, shape, left - 1)? else {
                return Ok(None);
            };
            let Some(shaped) = fill_in(&shape.numbers, &dims, numbers.len()) else {
                return Ok(None);
            };
            dims = shaped;
        }
        // Flatten and Unsqueeze are not seen on weights of linear layers.
        _ => return Ok(None),
    }
    Ok(Some(Constant { dims, numbers }))
}

/// The shape that Reshape makes: 0 keeps an axis, -1 is what is left.
fn fill_in(shape: &[f32], old: &[usize], count: usize) -> Option<Vec<usize>> {
    let mut dims = Vec::new();
    let mut open = None;
    for (index, &axis) in shape.iter().enumerate() {
        dims.push(match axis {
            0.0 => *old.get(index)?,
            -1.0 => {
                open = Some(index);
                1
            }
            axis if axis > 0.0 => axis as usize,
            _ => return None,
        });
    }
    let product = |dims: &[usize]| {
        dims.iter()
            .try_fold(1usize, |all, &dim| all.checked_mul(dim))
    };
    if let Some(open) = open {
        dims[open] = count.checked_div(product(&dims)?)?;
    }
    (product(&dims) == Some(count)).then_some(dims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_turned() {
        assert_eq!(
            transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3),
            [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]
        );
        assert!(transposed(&[], 0).is_empty());
    }

    #[test]
    fn shapes_are_filled_in() {
        assert_eq!(fill_in(&[0.0, -1.0], &[4, 3, 2], 24), Some(vec![4, 6]));
        assert_eq!(fill_in(&[5.0, -1.0], &[24], 24), None);
        assert_eq!(fill_in(&[-7.0], &[24], 24), None);
        assert_eq!(fill_in(&[0.0, 0.0], &[24], 24), None);
    }
}
