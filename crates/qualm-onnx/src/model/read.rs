//! Fields of a message as what the schema says they are.

use std::ops::Range;

use crate::OnnxError;
use crate::proto::{Field, Fields, Value, WireError};

/// The bytes of a model and what errors call them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) name: &'a str,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The fields of the message that a field holds.
    pub(crate) fn message(
        self,
        field: &Field,
    ) -> Result<impl Iterator<Item = Result<Field, OnnxError>> + use<'a>, OnnxError> {
        Ok(self.fields(self.range(field)?))
    }

    /// The fields of the message at `range`.
    pub(crate) fn fields(
        self,
        range: Range<usize>,
    ) -> impl Iterator<Item = Result<Field, OnnxError>> + use<'a> {
        Fields::new(self.bytes, range).map(move |field| field.map_err(|error| self.damaged(error)))
    }

    /// Where the bytes of a field stand.
    pub(crate) fn range(self, field: &Field) -> Result<Range<usize>, OnnxError> {
        match &field.value {
            Value::Bytes(range) => Ok(range.clone()),
            _ => Err(self.unexpected(field)),
        }
    }

    /// The bytes of a field.
    pub(crate) fn slice(self, field: &Field) -> Result<&'a [u8], OnnxError> {
        Ok(&self.bytes[self.range(field)?])
    }

    /// A field of text.
    pub(crate) fn text(self, field: &Field) -> Result<String, OnnxError> {
        let text = std::str::from_utf8(self.slice(field)?);
        text.map(str::to_owned)
            .map_err(|_| self.wrong(field.whole.start, "a name is no valid UTF-8"))
    }

    /// A field that holds one integer.
    pub(crate) fn integer(self, field: &Field) -> Result<i64, OnnxError> {
        match field.value {
            Value::Varint(value) => Ok(value as i64),
            _ => Err(self.unexpected(field)),
        }
    }

    /// A field that holds one float.
    pub(crate) fn float(self, field: &Field) -> Result<f32, OnnxError> {
        match field.value {
            Value::Fixed32(bytes) => Ok(f32::from_le_bytes(bytes)),
            _ => Err(self.unexpected(field)),
        }
    }

    /// Appends the integers of a repeated field: one, or packed.
    pub(crate) fn integers(self, field: &Field, to: &mut Vec<i64>) -> Result<(), OnnxError> {
        match &field.value {
            Value::Varint(value) => to.push(*value as i64),
            Value::Bytes(range) => {
                let mut at = range.clone();
                while at.start < at.end {
                    to.push(self.packed_varint(&mut at)? as i64);
                }
            }
            _ => return Err(self.unexpected(field)),
        }
        Ok(())
    }

    /// Appends the numbers of a repeated field of fixed width: one, or packed.
    pub(crate) fn fixed<const N: usize, T>(
        self,
        field: &Field,
        to: &mut Vec<T>,
        of: impl Fn([u8; N]) -> T,
    ) -> Result<(), OnnxError> {
        let bytes = match &field.value {
            Value::Bytes(range) => &self.bytes[range.clone()],
            Value::Fixed32(bytes) => &bytes[..],
            Value::Fixed64(bytes) => &bytes[..],
            Value::Varint(_) => return Err(self.unexpected(field)),
        };
        let (numbers, rest) = bytes.as_chunks::<N>();
        if !rest.is_empty() {
            return Err(self.unexpected(field));
        }
        to.extend(numbers.iter().map(|&bytes| of(bytes)));
        Ok(())
    }

    fn packed_varint(self, at: &mut Range<usize>) -> Result<u64, OnnxError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let Some(index) = at.next() else { break };
            value |= u64::from(self.bytes[index] & 0x7f) << shift;
            if self.bytes[index] < 0x80 {
                return Ok(value);
            }
        }
        Err(self.wrong(at.start, "a packed number is cut short"))
    }

    fn unexpected(self, field: &Field) -> OnnxError {
        self.wrong(
            field.whole.start,
            "a field is of another kind than ONNX gives it",
        )
    }

    fn damaged(self, error: WireError) -> OnnxError {
        self.wrong(error.at, error.problem)
    }

    /// Damage at an offset.
    pub(crate) fn wrong(self, at: usize, problem: &str) -> OnnxError {
        OnnxError::malformed(
            self.name,
            format!(
                "{problem} (at byte {at}), so this is no ONNX model or a damaged one; export it again"
            ),
        )
    }
}
