//! Changing a model without touching what is there: new nodes, constants and outputs go behind
//! the old ones, and every old byte stays as it is.

use std::ops::Range;

use crate::model::{Axis, Element, Model};
use crate::proto::{Message, numbers};

/// What is to be added to a graph.
///
/// ```
/// use qualm_onnx::{Additions, Axis, Element, Model};
/// let shape = vec![Axis::Named("n".into()), Axis::Known(2)];
/// let mut graph = Additions::default();
/// graph.input("x", Element::F32, &shape);
/// graph.node("Relu", "relu", &["x"], &["y"], &[]);
/// graph.output("y", Element::F32, &shape);
/// let model = Model::from_bytes("relu.onnx", graph.into_model(13))?;
/// assert_eq!(model.outputs()[0].to_string(), "f32 n x 2");
/// # Ok::<(), qualm_onnx::OnnxError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Additions {
    graph: Message,
}

/// An attribute of a node.
#[derive(Debug, Clone, Copy)]
pub enum Attribute<'a> {
    /// An integer.
    Integer(&'a str, i64),
    /// Integers.
    Integers(&'a str, &'a [i64]),
    /// A float.
    Float(&'a str, f32),
}

/// Version of the file format of models that are made from nothing: the first that knows opset 13
/// to 15.
const IR_VERSION: i64 = 8;

impl Additions {
    /// Adds a node; an empty name among the inputs leaves that input out.
    pub fn node(
        &mut self,
        op: &str,
        name: &str,
        inputs: &[&str],
        outputs: &[&str],
        attributes: &[Attribute<'_>],
    ) {
        self.graph.message(numbers::graph::NODE, |node| {
            for input in inputs {
                node.put(numbers::node::INPUT, input);
            }
            for output in outputs {
                node.put(numbers::node::OUTPUT, output);
            }
            node.put(numbers::node::NAME, name);
            node.put(numbers::node::OP_TYPE, op);
            for &attribute in attributes {
                node.message(numbers::node::ATTRIBUTE, |to| attribute.write(to));
            }
        });
    }

    /// Adds a constant of floats.
    pub fn floats(&mut self, name: &str, dims: &[u64], values: &[f32]) {
        let raw: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.tensor(name, Element::F32, dims, &raw);
    }

    /// Adds a constant of integers.
    pub fn integers(&mut self, name: &str, dims: &[u64], values: &[i64]) {
        let raw: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.tensor(name, Element::I64, dims, &raw);
    }

    /// Adds a constant from its bytes in little-endian order.
    pub fn tensor(&mut self, name: &str, element: Element, dims: &[u64], raw: &[u8]) {
        self.graph.message(numbers::graph::INITIALIZER, |tensor| {
            for &dim in dims {
                tensor.integer(numbers::tensor::DIMS, dim as i64);
            }
            tensor.integer(numbers::tensor::DATA_TYPE, element.code());
            tensor.put(numbers::tensor::NAME, name);
            tensor.put(numbers::tensor::RAW_DATA, raw);
        });
    }

    /// Adds an input of the model.
    pub fn input(&mut self, name: &str, element: Element, shape: &[Axis]) {
        self.value(numbers::graph::INPUT, name, element, Some(shape));
    }

    /// Adds an output of the model.
    pub fn output(&mut self, name: &str, element: Element, shape: &[Axis]) {
        self.value(numbers::graph::OUTPUT, name, element, Some(shape));
    }

    /// Adds an output whose shape is not told.
    pub fn output_of_any_shape(&mut self, name: &str, element: Element) {
        self.value(numbers::graph::OUTPUT, name, element, None);
    }

    fn value(&mut self, kind: u32, name: &str, element: Element, shape: Option<&[Axis]>) {
        self.graph.message(kind, |value| {
            value.put(numbers::value::NAME, name);
            value.message(numbers::value::TYPE, |kind| {
                kind.message(numbers::types::TENSOR, |tensor| {
                    tensor.integer(numbers::types::ELEMENT, element.code());
                    let Some(shape) = shape else { return };
                    tensor.message(numbers::types::SHAPE, |to| {
                        for axis in shape {
                            to.message(numbers::types::DIM, |dim| match axis {
                                Axis::Known(length) => {
                                    dim.integer(numbers::types::DIM_VALUE, *length as i64);
                                }
                                Axis::Named(name) => dim.put(numbers::types::DIM_PARAM, name),
                                Axis::Unknown => {}
                            });
                        }
                    });
                });
            });
        });
    }

    /// A model of nothing but what was added, for a version of the standard's operators.
    pub fn into_model(self, opset: i64) -> Vec<u8> {
        let mut model = Message::default();
        model.integer(numbers::model::IR_VERSION, IR_VERSION);
        model.put(numbers::model::PRODUCER_NAME, "qualm");
        model.put(numbers::model::PRODUCER_VERSION, env!("CARGO_PKG_VERSION"));
        model.message(numbers::model::GRAPH, |graph| {
            graph.raw(self.graph.bytes());
            graph.put(numbers::graph::NAME, "qualm");
        });
        model.message(numbers::model::OPSET_IMPORT, |import| {
            import.put(numbers::opset::DOMAIN, "");
            import.integer(numbers::opset::VERSION, opset);
        });
        model.bytes().to_vec()
    }
}

impl Attribute<'_> {
    fn write(self, to: &mut Message) {
        // What kind an attribute is of, by its number in ONNX.
        match self {
            Self::Integer(name, value) => {
                to.put(numbers::attribute::NAME, name);
                to.integer(numbers::attribute::INTEGER, value);
                to.integer(numbers::attribute::TYPE, 2);
            }
            Self::Integers(name, values) => {
                to.put(numbers::attribute::NAME, name);
                for &value in values {
                    to.integer(numbers::attribute::INTEGERS, value);
                }
                to.integer(numbers::attribute::TYPE, 7);
            }
            Self::Float(name, value) => {
                to.put(numbers::attribute::NAME, name);
                to.float(numbers::attribute::FLOAT, value);
                to.integer(numbers::attribute::TYPE, 1);
            }
        }
    }
}

impl Model {
    /// The bytes of this model with what is added to its graph. Every byte of the model stays; only
    /// the length that stands before the graph changes.
    pub fn with(&self, additions: &Additions) -> Vec<u8> {
        let (field, graph): (Range<usize>, Range<usize>) = self.graph_field();
        let bytes = self.bytes();
        let mut to = Message::default();
        to.raw(&bytes[..field.start]);
        let mut whole = Vec::with_capacity(graph.len() + additions.graph.bytes().len());
        whole.extend_from_slice(&bytes[graph]);
        whole.extend_from_slice(additions.graph.bytes());
        to.put(numbers::model::GRAPH, whole);
        to.raw(&bytes[field.end..]);
        to.bytes().to_vec()
    }
}
