use std::fmt;

use crate::OnnxError;
use crate::constant::{Constant, constant, is_constant, transposed};
use crate::model::{Model, Node};

/// Which operators make a linear layer.
///
/// ```
/// assert_eq!(qualm_onnx::HeadKind::Conv.to_string(), "1x1 Conv");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadKind {
    /// Gemm.
    Gemm,
    /// MatMul.
    MatMul,
    /// Conv whose kernel covers one place.
    Conv,
}

impl fmt::Display for HeadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gemm => "Gemm",
            Self::MatMul => "MatMul",
            Self::Conv => "1x1 Conv",
        })
    }
}

/// How rows lie in the tensor of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// `N x D`; with more axes in between, each of their places is a row.
    Rows,
    /// `D x N`: Gemm with `transA`.
    Columns,
    /// `N x D x 1 x 1`: what a 1x1 Conv reads.
    Channels,
}

/// A linear layer as it was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Linear {
    pub(super) node: String,
    pub(super) kind: HeadKind,
    pub(super) features: String,
    pub(super) layout: Layout,
    pub(super) logits: String,
    pub(super) dim: usize,
    /// `C x dim`, row-major.
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

/// What was found, or one clause that says why it is no linear layer.
type Found = Result<Linear, String>;

/// The linear layer whose product is the node called `wanted`, with the bias that is added to it;
/// nothing where no node is called so.
pub(super) fn of_node(model: &Model, wanted: &str) -> Result<Option<Found>, OnnxError> {
    let mut found = None;
    for node in model.nodes() {
        if node.label() == wanted {
            let linear = at(model, node)?;
            // An Add over several axes is known by its own name too.
            if linear.is_ok() || found.is_none() {
                found = Some(linear);
            }
        }
    }
    let Some(Ok(linear)) = &found else {
        return Ok(found);
    };
    let adds = model.nodes().iter().filter(|node| node.is("Add"));
    for node in adds.filter(|node| node.inputs.contains(&linear.logits)) {
        if let Ok(biased) = at(model, node)? {
            return Ok(Some(Ok(biased)));
        }
    }
    Ok(found)
}

/// The linear layer that ends with `node`.
pub(super) fn at(model: &Model, node: &Node) -> Result<Found, OnnxError> {
    if !node.is("Add") {
        return product(model, node);
    }
    let sides = [(0, 1), (1, 0)].map(|(a, b)| Some((node.input(a)?, node.input(b)?)));
    for (data, bias) in sides.into_iter().flatten() {
        let (Some(before), true) = (model.writer(data), is_constant(model, bias)) else {
            continue;
        };
        let mut linear = match product(model, before)? {
            Ok(linear) => linear,
            Err(_) => {
                return Ok(Err(format!(
                    "an Add (`{}`) to the result of {}",
                    node.label(),
                    words(before)
                )));
            }
        };
        let Some(added) = constant(model, bias)? else {
            continue;
        };
        if let Err(problem) = add_bias(&mut linear, &added, 1.0) {
            return Ok(Err(problem));
        }
        linear.logits = node.outputs.first().cloned().unwrap_or_default();
        return Ok(Ok(linear));
    }
    Ok(Err(format!(
        "{}, which adds two tensors that both depend on the input",
        words(node)
    )))
}

/// How a node that is no linear layer is called.
fn words(node: &Node) -> String {
    format!("{} (`{}`)", node.op, node.label())
}

fn product(model: &Model, node: &Node) -> Result<Found, OnnxError> {
    let kind = match node.op.as_str() {
        "Gemm" if node.is("Gemm") => HeadKind::Gemm,
        "MatMul" if node.is("MatMul") => HeadKind::MatMul,
        "Conv" if node.is("Conv") => HeadKind::Conv,
        _ => return Ok(Err(words(node))),
    };
    let (Some(data), Some(weight)) = (node.input(0), node.input(1)) else {
        return Ok(Err(format!("{}, which lacks an input", words(node))));
    };
    if is_constant(model, data) {
        return Ok(Err(format!(
            "{}, whose weight stands on the left",
            words(node)
        )));
    }
    let Some(weight) = constant(model, weight)? else {
        return Ok(Err(format!("{}, whose weight is no constant", words(node))));
    };
    let matrix = match kind {
        HeadKind::Conv => one_by_one(node, weight),
        _ => match weight.dims[..] {
            [_, _] => Ok(weight),
            _ => Err("whose weight is no matrix"),
        },
    };
    let Constant { dims, numbers } = match matrix {
        Ok(matrix) => matrix,
        Err(problem) => return Ok(Err(format!("{}, {problem}", words(node)))),
    };
    let by_class = match kind {
        HeadKind::Gemm => node.integer("transB", 0) != 0,
        HeadKind::MatMul => false,
        HeadKind::Conv => true,
    };
    let (classes, dim, mut weight) = if by_class {
        (dims[0], dims[1], numbers)
    } else {
        (dims[1], dims[0], transposed(&numbers, dims[1]))
    };
    let alpha = match kind {
        HeadKind::Gemm => node.float("alpha", 1.0),
        _ => 1.0,
    };
    if alpha != 1.0 {
        weight.iter_mut().for_each(|weight| *weight *= alpha);
    }
    let mut linear = Linear {
        node: node.label().to_owned(),
        kind,
        features: data.to_owned(),
        layout: match kind {
            HeadKind::Gemm if node.integer("transA", 0) != 0 => Layout::Columns,
            HeadKind::Conv => Layout::Channels,
            _ => Layout::Rows,
        },
        logits: node.outputs.first().cloned().unwrap_or_default(),
        dim,
        weight,
        bias: vec![0.0; classes],
    };
    let bias = match kind {
        HeadKind::MatMul => None,
        _ => node.input(2),
    };
    if let Some(bias) = bias {
        let Some(added) = constant(model, bias)? else {
            return Ok(Err(format!("{}, whose bias is no constant", words(node))));
        };
        let beta = match kind {
            HeadKind::Gemm => node.float("beta", 1.0),
            _ => 1.0,
        };
        if let Err(problem) = add_bias(&mut linear, &added, beta) {
            return Ok(Err(problem));
        }
    }
    Ok(Ok(linear))
}

/// The weight of a convolution that mixes channels and nothing else, as a matrix.
fn one_by_one(node: &Node, mut weight: Constant) -> Result<Constant, &'static str> {
    let [_, _, kernel @ ..] = &weight.dims[..] else {
        return Err("whose weight is no kernel");
    };
    if kernel.iter().any(|&size| size != 1) {
        return Err("whose kernel covers more than one place");
    }
    if node.integer("group", 1) != 1 || node.integers("pads").iter().any(|&pad| pad != 0) {
        return Err("which works on groups of channels or pads its input");
    }
    weight.dims.truncate(2);
    Ok(weight)
}

fn add_bias(linear: &mut Linear, added: &Constant, beta: f32) -> Result<(), String> {
    let classes = linear.bias.len();
    let axes: Vec<usize> = added.dims.iter().copied().filter(|&dim| dim != 1).collect();
    let along_classes = match linear.kind {
        // After a Conv the classes are the second axis of four.
        HeadKind::Conv => {
            added.dims.len() == 1
                || added.dims.get(added.dims.len().wrapping_sub(3)) == Some(&classes)
        }
        _ => added.dims.last() == Some(&classes),
    };
    match axes[..] {
        [] => {
            let number = added.numbers.first().copied().unwrap_or(0.0);
            linear
                .bias
                .iter_mut()
                .for_each(|bias| *bias += beta * number);
        }
        [length] if length == classes && along_classes => {
            for (bias, number) in linear.bias.iter_mut().zip(&added.numbers) {
                *bias += beta * number;
            }
        }
        _ => {
            return Err(format!(
                "node `{}`, whose bias has not one number a class",
                linear.node
            ));
        }
    }
    Ok(())
}
