use std::ops::Range;

use half::{bf16, f16};

use super::element::Element;
use super::external::External;
use super::read::Reader;
use crate::OnnxError;
use crate::proto::{Field, numbers};

/// A tensor that a model holds: what it is, and where its numbers are.
#[derive(Debug, Clone)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) element: Element,
    pub(crate) dims: Vec<u64>,
    /// Where its message stands.
    pub(crate) message: Range<usize>,
    pub(crate) external: Option<External>,
}

impl Tensor {
    pub(super) fn read(reader: Reader<'_>, message: Range<usize>) -> Result<Self, OnnxError> {
        let mut tensor = Self {
            name: String::new(),
            element: Element::Other(0),
            dims: Vec::new(),
            message: message.clone(),
            external: None,
        };
        let mut dims = Vec::new();
        let mut external = External::default();
        let mut elsewhere = false;
        for field in reader.fields(message) {
            let field = field?;
            match field.number {
                numbers::tensor::DIMS => reader.integers(&field, &mut dims)?,
                numbers::tensor::DATA_TYPE => {
                    tensor.element = Element::of(reader.integer(&field)?);
                }
                numbers::tensor::NAME => tensor.name = reader.text(&field)?,
                numbers::tensor::EXTERNAL_DATA => external.read_entry(reader, &field)?,
                numbers::tensor::DATA_LOCATION => elsewhere = reader.integer(&field)? == 1,
                _ => {}
            }
        }
        tensor.external = elsewhere.then_some(external);
        tensor.dims = dims
            .into_iter()
            .map(|dim| {
                u64::try_from(dim).map_err(|_| {
                    let name = &tensor.name;
                    OnnxError::malformed(
                        reader.name,
                        format!(
                            "tensor `{name}` has an axis of length {dim}; export the model again"
                        ),
                    )
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(tensor)
    }

    /// How many numbers the shape promises; nothing where no machine could hold them.
    pub(crate) fn count(&self) -> Option<u64> {
        self.dims
            .iter()
            .try_fold(1u64, |count, &dim| count.checked_mul(dim))
    }

    /// How many bytes its numbers take as raw data.
    pub(crate) fn bytes(&self) -> Option<u64> {
        self.count()?.checked_mul(self.element.size()?)
    }

    /// The numbers as `f32`, `f64` and integers rounded; `raw` are the bytes of external data.
    pub(crate) fn floats(
        &self,
        reader: Reader<'_>,
        raw: Option<&[u8]>,
    ) -> Result<Vec<f32>, OnnxError> {
        let floats = match raw {
            Some(raw) => self.raw_floats(raw),
            None => self.held_floats(reader)?,
        };
        let wrong = |problem: String| {
            let name = &self.name;
            OnnxError::malformed(reader.name, format!("tensor `{name}` {problem}"))
        };
        let floats = floats.ok_or_else(|| {
            wrong(format!(
                "holds {}, which are no numbers to compute with here",
                self.element
            ))
        })?;
        if Some(floats.len() as u64) == self.count() {
            Ok(floats)
        } else {
            Err(wrong(format!(
                "holds {} numbers where its shape promises {}; export the model again",
                floats.len(),
                self.count()
                    .map_or("more than 2^64".to_owned(), |count| count.to_string())
            )))
        }
    }

    /// The numbers that stand in the message itself.
    fn held_floats(&self, reader: Reader<'_>) -> Result<Option<Vec<f32>>, OnnxError> {
        let mut floats = Vec::new();
        for field in reader.fields(self.message.clone()) {
            let field = field?;
            match (field.number, self.element) {
                (numbers::tensor::RAW_DATA, _) => {
                    return Ok(self.raw_floats(reader.slice(&field)?));
                }
                (numbers::tensor::FLOAT_DATA, Element::F32) => {
                    reader.fixed(&field, &mut floats, f32::from_le_bytes)?;
                }
                (numbers::tensor::DOUBLE_DATA, Element::F64) => {
                    reader.fixed(&field, &mut floats, |bytes| {
                        f64::from_le_bytes(bytes) as f32
                    })?;
                }
                (numbers::tensor::INT32_DATA | numbers::tensor::INT64_DATA, element) => {
                    extend_integers(reader, &field, element, &mut floats)?;
                }
                _ => {}
            }
        }
        Ok(Some(floats))
    }

    fn raw_floats(&self, raw: &[u8]) -> Option<Vec<f32>> {
        fn of<const N: usize>(raw: &[u8], of: impl Fn([u8; N]) -> f32) -> Vec<f32> {
            raw.as_chunks::<N>()
                .0
                .iter()
                .map(|&bytes| of(bytes))
                .collect()
        }
        Some(match self.element {
            Element::F32 => of(raw, f32::from_le_bytes),
            Element::F64 => of(raw, |bytes| f64::from_le_bytes(bytes) as f32),
            Element::F16 => of(raw, |bytes| f16::from_le_bytes(bytes).to_f32()),
            Element::Bf16 => of(raw, |bytes| bf16::from_le_bytes(bytes).to_f32()),
            Element::I32 => of(raw, |bytes| i32::from_le_bytes(bytes) as f32),
            Element::I64 => of(raw, |bytes| i64::from_le_bytes(bytes) as f32),
            Element::U8 | Element::Bool => of(raw, |[byte]| f32::from(byte)),
            Element::I8 => of(raw, |[byte]| f32::from(byte as i8)),
            Element::Other(_) => return None,
        })
    }
}

/// Small types wait in fields of larger integers.
fn extend_integers(
    reader: Reader<'_>,
    field: &Field,
    element: Element,
    floats: &mut Vec<f32>,
) -> Result<(), OnnxError> {
    let mut integers = Vec::new();
    reader.integers(field, &mut integers)?;
    floats.extend(integers.into_iter().map(|integer| match element {
        Element::F16 => f16::from_bits(integer as u16).to_f32(),
        Element::Bf16 => bf16::from_bits(integer as u16).to_f32(),
        _ => integer as f32,
    }));
    Ok(())
}
