/// A message as it is put together, field by field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// The message's bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends fields that are written already.
    pub(crate) fn raw(&mut self, fields: &[u8]) {
        self.bytes.extend_from_slice(fields);
    }

    /// Appends an integer.
    pub(crate) fn integer(&mut self, number: u32, value: i64) {
        self.key(number, 0);
        // Two's complement: a negative number takes ten bytes.
        self.varint(value as u64);
    }

    /// Appends a float.
    pub(crate) fn float(&mut self, number: u32, value: f32) {
        self.key(number, 5);
        self.bytes.extend(value.to_le_bytes());
    }

    /// Appends text or bytes.
    pub(crate) fn put(&mut self, number: u32, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        self.key(number, 2);
        self.varint(value.len() as u64);
        self.bytes.extend_from_slice(value);
    }

    /// Appends a message that `fill` puts together.
    pub(crate) fn message(&mut self, number: u32, fill: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        fill(&mut inner);
        self.put(number, inner.bytes);
    }

    fn key(&mut self, number: u32, kind: u64) {
        self.varint(u64::from(number) << 3 | kind);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Fields, Value};
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut message = Message::default();
        message.integer(1, -1);
        message.integer(16, 300);
        message.float(3, 0.5);
        message.message(4, |inner| inner.put(2, "text"));
        let bytes = message.bytes();
        let fields: Vec<_> = Fields::new(bytes, 0..bytes.len())
            .map(|field| field.unwrap())
            .collect();
        assert_eq!(fields[0].value, Value::Varint(u64::MAX));
        assert_eq!(
            (fields[1].number, &fields[1].value),
            (16, &Value::Varint(300))
        );
        assert_eq!(fields[2].value, Value::Fixed32(0.5f32.to_le_bytes()));
        let Value::Bytes(inner) = &fields[3].value else {
            panic!("a message is bytes")
        };
        assert_eq!(&bytes[inner.clone()], b"\x12\x04text");
    }
}
