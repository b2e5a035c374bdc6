use std::fmt;

use super::element::Element;
use super::read::Reader;
use crate::OnnxError;
use crate::proto::{Field, numbers};

/// A named input or output of a model.
///
/// ```
/// use qualm_onnx::{Axis, Element, ValueInfo};
/// let input = ValueInfo {
///     name: "pixels".into(),
///     element: Element::F32,
///     shape: Some(vec![Axis::Named("n".into()), Axis::Known(3)]),
/// };
/// assert_eq!(input.to_string(), "f32 n x 3");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueInfo {
    /// Its name.
    pub name: String,
    /// Type of its numbers.
    pub element: Element,
    /// Its axes, where the model says.
    pub shape: Option<Vec<Axis>>,
}

/// One axis of a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Axis {
    /// Always this long.
    Known(u64),
    /// As long as other axes of this name.
    Named(String),
    /// Of any length.
    Unknown,
}

impl Axis {
    /// The length, where it is known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Known(length) => Some(*length),
            _ => None,
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(length) => write!(f, "{length}"),
            Self::Named(name) => f.write_str(name),
            Self::Unknown => f.write_str("?"),
        }
    }
}

impl fmt::Display for ValueInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.element)?;
        match &self.shape {
            None => f.write_str(" of any shape"),
            Some(axes) if axes.is_empty() => f.write_str(" scalar"),
            Some(axes) => {
                for (index, axis) in axes.iter().enumerate() {
                    write!(f, "{} {axis}", if index == 0 { "" } else { " x" })?;
                }
                Ok(())
            }
        }
    }
}

impl ValueInfo {
    pub(super) fn read(reader: Reader<'_>, field: &Field) -> Result<Self, OnnxError> {
        let mut value = Self {
            name: String::new(),
            element: Element::Other(0),
            shape: None,
        };
        for field in reader.message(field)? {
            let field = field?;
            match field.number {
                numbers::value::NAME => value.name = reader.text(&field)?,
                numbers::value::TYPE => value.read_type(reader, &field)?,
                _ => {}
            }
        }
        Ok(value)
    }

    fn read_type(&mut self, reader: Reader<'_>, field: &Field) -> Result<(), OnnxError> {
        for kind in reader.message(field)? {
            let kind = kind?;
            if kind.number != numbers::types::TENSOR {
                continue;
            }
            for field in reader.message(&kind)? {
                let field = field?;
                match field.number {
                    numbers::types::ELEMENT => {
                        self.element = Element::of(reader.integer(&field)?);
                    }
                    numbers::types::SHAPE => self.shape = Some(read_shape(reader, &field)?),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

fn read_shape(reader: Reader<'_>, field: &Field) -> Result<Vec<Axis>, OnnxError> {
    let mut shape = Vec::new();
    for dim in reader.message(field)? {
        let dim = dim?;
        if dim.number != numbers::types::DIM {
            continue;
        }
        let mut axis = Axis::Unknown;
        for field in reader.message(&dim)? {
            let field = field?;
            match field.number {
                numbers::types::DIM_VALUE => {
                    // Some exporters write 0 or -1 for an axis of any length.
                    axis = match u64::try_from(reader.integer(&field)?) {
                        Ok(0) | Err(_) => Axis::Unknown,
                        Ok(length) => Axis::Known(length),
                    };
                }
                numbers::types::DIM_PARAM => {
                    let name = reader.text(&field)?;
                    if !name.is_empty() {
                        axis = Axis::Named(name);
                    }
                }
                _ => {}
            }
        }
        shape.push(axis);
    }
    Ok(shape)
}
