//! What the tests of the formats share.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::{TableColumn, TableField, TableFormat, TableWriter};
use crate::DataError;

/// A stream that others can look into.
#[derive(Debug, Default, Clone)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(
    to: Box<dyn Write + Send>,
    format: TableFormat,
    fields: &[TableField],
    batches: &[&[TableColumn<'_>]],
) -> Result<(), DataError> {
    let mut table = TableWriter::stream(to, "a stream", format, fields.to_vec())?;
    for batch in batches {
        table.append(batch)?;
    }
    table.finish()
}

/// The bytes of a table.
pub(super) fn written(
    format: TableFormat,
    fields: &[TableField],
    batches: &[&[TableColumn<'_>]],
) -> Vec<u8> {
    let bytes = Shared::default();
    write(Box::new(bytes.clone()), format, fields, batches).unwrap();
    let bytes = bytes.0.lock().unwrap();
    bytes.clone()
}

/// Why a table cannot be written.
pub(super) fn failure(
    format: TableFormat,
    fields: &[TableField],
    batches: &[&[TableColumn<'_>]],
) -> DataError {
    write(Box::new(io::sink()), format, fields, batches).unwrap_err()
}

/// Why writing to a stream that fails like this fails.
pub(super) fn failing_stream(
    kind: io::ErrorKind,
    format: TableFormat,
    fields: &[TableField],
    batches: &[&[TableColumn<'_>]],
) -> DataError {
    struct Failing(io::ErrorKind);
    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }
    write(Box::new(Failing(kind)), format, fields, batches).unwrap_err()
}
