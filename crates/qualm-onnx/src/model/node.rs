use super::read::Reader;
use super::tensor::Tensor;
use crate::OnnxError;
use crate::proto::{Field, numbers};

/// A node of a graph.
#[derive(Debug, Clone, Default)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) op: String,
    pub(crate) domain: String,
    pub(crate) inputs: Vec<String>,
    pub(crate) outputs: Vec<String>,
    pub(crate) attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) float: Option<f32>,
    pub(crate) integer: Option<i64>,
    pub(crate) tensor: Option<Tensor>,
    pub(crate) integers: Vec<i64>,
    pub(crate) floats: Vec<f32>,
}

impl Node {
    /// What people call the node: its name, else its first output.
    pub(crate) fn label(&self) -> &str {
        match &self.outputs[..] {
            [first, ..] if self.name.is_empty() => first,
            _ => &self.name,
        }
    }

    /// Whether this is operator `op` of the standard.
    pub(crate) fn is(&self, op: &str) -> bool {
        self.op == op && matches!(self.domain.as_str(), "" | "ai.onnx")
    }

    /// Whether this is one of some operators of the standard.
    pub(crate) fn is_any(&self, ops: &[&str]) -> bool {
        ops.iter().any(|op| self.is(op))
    }

    /// Input number `index`, where it is given.
    pub(crate) fn input(&self, index: usize) -> Option<&str> {
        let name = self.inputs.get(index)?.as_str();
        (!name.is_empty()).then_some(name)
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
    }

    /// An integer attribute, or what holds without it.
    pub(crate) fn integer(&self, name: &str, otherwise: i64) -> i64 {
        self.attribute(name)
            .and_then(|attribute| attribute.integer)
            .unwrap_or(otherwise)
    }

    /// A float attribute, or what holds without it.
    pub(crate) fn float(&self, name: &str, otherwise: f32) -> f32 {
        self.attribute(name)
            .and_then(|attribute| attribute.float)
            .unwrap_or(otherwise)
    }

    /// An attribute of integers; empty without it.
    pub(crate) fn integers(&self, name: &str) -> &[i64] {
        self.attribute(name)
            .map_or(&[], |attribute| &attribute.integers)
    }

    pub(super) fn read(reader: Reader<'_>, field: &Field) -> Result<Self, OnnxError> {
        let mut node = Self::default();
        for field in reader.message(field)? {
            let field = field?;
            match field.number {
                numbers::node::INPUT => node.inputs.push(reader.text(&field)?),
                numbers::node::OUTPUT => node.outputs.push(reader.text(&field)?),
                numbers::node::NAME => node.name = reader.text(&field)?,
                numbers::node::OP_TYPE => node.op = reader.text(&field)?,
                numbers::node::DOMAIN => node.domain = reader.text(&field)?,
                numbers::node::ATTRIBUTE => {
                    node.attributes.push(Attribute::read(reader, &field)?);
                }
                _ => {}
            }
        }
        Ok(node)
    }
}

impl Attribute {
    fn read(reader: Reader<'_>, field: &Field) -> Result<Self, OnnxError> {
        let mut attribute = Self::default();
        for field in reader.message(field)? {
            let field = field?;
            match field.number {
                numbers::attribute::NAME => attribute.name = reader.text(&field)?,
                numbers::attribute::FLOAT => attribute.float = Some(reader.float(&field)?),
                numbers::attribute::INTEGER => attribute.integer = Some(reader.integer(&field)?),
                numbers::attribute::TENSOR => {
                    attribute.tensor = Some(Tensor::read(reader, reader.range(&field)?)?);
                }
                numbers::attribute::FLOATS => {
                    reader.fixed(&field, &mut attribute.floats, f32::from_le_bytes)?;
                }
                numbers::attribute::INTEGERS => {
                    reader.integers(&field, &mut attribute.integers)?;
                }
                _ => {}
            }
        }
        Ok(attribute)
    }
}
