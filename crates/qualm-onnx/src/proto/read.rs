use std::ops::Range;

/// The fields of a message, in the order of the file. Nothing is copied and nothing allocated: a
/// length that promises more than the message holds is an error.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    /// Its number in the schema.
    pub(crate) number: u32,
    /// What it holds.
    pub(crate) value: Value,
    /// All of its bytes, with number and length.
    pub(crate) whole: Range<usize>,
}

/// What a field holds. What it means, the schema says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// An integer, a truth value or an enumeration.
    Varint(u64),
    /// Eight bytes.
    Fixed64([u8; 8]),
    /// Text, bytes, a message or packed numbers: where in the file they stand.
    Bytes(Range<usize>),
    /// Four bytes.
    Fixed32([u8; 4]),
}

/// Where and why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WireError {
    /// Offset in the file.
    pub(crate) at: usize,
    /// One clause.
    pub(crate) problem: &'static str,
}

impl<'a> Fields<'a> {
    /// The fields of the message that stands at `range` of `bytes`.
    pub(crate) fn new(bytes: &'a [u8], range: Range<usize>) -> Self {
        let end = range.end.min(bytes.len());
        Self {
            bytes,
            at: range.start.min(end),
            end,
        }
    }

    fn wrong(&self, problem: &'static str) -> WireError {
        WireError {
            at: self.at,
            problem,
        }
    }

    fn varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            if self.at >= self.end {
                return Err(self.wrong("a number is cut short"));
            }
            let byte = self.bytes[self.at];
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.wrong("a number is longer than ten bytes"))
    }

    fn take(&mut self, length: u64) -> Result<Range<usize>, WireError> {
        let held = self.end - self.at;
        match usize::try_from(length) {
            Ok(length) if length <= held => {
                let range = self.at..self.at + length;
                self.at = range.end;
                Ok(range)
            }
            _ => Err(self.wrong("a length promises more bytes than follow")),
        }
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let range = self.take(N as u64)?;
        let mut fixed = [0; N];
        fixed.copy_from_slice(&self.bytes[range]);
        Ok(fixed)
    }

    fn field(&mut self) -> Result<Field, WireError> {
        let start = self.at;
        let key = self.varint()?;
        let number = u32::try_from(key >> 3)
            .ok()
            .filter(|&number| number > 0)
            .ok_or_else(|| self.wrong("a field has a number that no schema can give it"))?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(self.fixed()?),
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Fixed32(self.fixed()?),
            _ => return Err(self.wrong("a field has a kind that ONNX does not use")),
        };
        Ok(Field {
            number,
            value,
            whole: start..self.at,
        })
    }
}

impl Iterator for Fields<'_> {
    type Item = Result<Field, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            // What follows damage means nothing.
            self.at = self.end;
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(bytes: &[u8]) -> Result<Vec<Field>, WireError> {
        Fields::new(bytes, 0..bytes.len()).collect()
    }

    #[test]
    fn the_example_of_the_specification_is_read() {
        // Field 1 = 150 and field 2 = "testing".
        let bytes = b"\x08\x96\x01\x12\x07testing";
        let read = fields(bytes).unwrap();
        assert_eq!(read[0].value, Value::Varint(150));
        assert_eq!(
            (read[1].number, &read[1].value),
            (2, &Value::Bytes(5..bytes.len()))
        );
        assert_eq!(read[1].whole, 3..bytes.len());
    }

    #[test]
    fn what_promises_more_than_there_is_is_refused() {
        let problem = |bytes: &[u8]| fields(bytes).unwrap_err().problem;
        assert!(problem(b"\x12\x08testing").contains("promises"));
        assert!(problem(b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").contains("promises"));
        assert!(problem(b"\x08\x96").contains("cut short"));
        assert!(problem(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff").contains("ten bytes"));
        assert!(problem(b"\x0d\x00\x00").contains("promises"));
        assert!(problem(b"\x0b").contains("kind"));
        assert!(problem(b"\x00\x00").contains("number"));
    }
}
