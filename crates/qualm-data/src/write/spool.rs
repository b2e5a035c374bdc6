use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use super::{Precision, encode};
use crate::{Chunk, DataError, FloatType, KeyColumn, Role, Schema};

/// One column of a file that is being written, waiting in a temporary file without a name: in the
/// final file it stands behind columns whose length only the last row tells.
pub(super) struct Spool {
    role: Role,
    item: Item,
    rows: u64,
    file: BufWriter<File>,
    bytes: Vec<u8>,
}

/// What a column's items are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    /// Rows of floats of this type and width.
    Float(FloatType, usize),
    /// One `i64` a row.
    Int,
    /// One text a row, with the most bytes and characters that any has.
    Text { bytes: usize, chars: usize },
}

/// A whole column, ready to be copied into the final file.
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) item: Item,
    /// Length of the first axis.
    pub(super) rows: u64,
    pub(super) data: Box<dyn Read>,
}

/// A spool for each column of the set, in the order of [`Role::ALL`].
pub(super) fn spools(
    directory: &Path,
    schema: &Schema,
    first: &Chunk,
    precision: Precision,
) -> io::Result<Vec<Spool>> {
    let key = |there: bool, keys: &KeyColumn| match keys {
        _ if !there => None,
        KeyColumn::Int(_) => Some(Item::Int),
        KeyColumn::Text(_) => Some(Item::Text { bytes: 0, chars: 0 }),
    };
    let mut spools = Vec::new();
    for role in Role::ALL {
        let item = match role {
            Role::Features => schema.dim.map(|dim| Item::Float(precision.features, dim)),
            Role::Logits => schema
                .classes
                .map(|width| Item::Float(precision.logits, width)),
            Role::Labels => schema.labels.then_some(Item::Int),
            Role::Groups => key(schema.groups, &first.groups),
            Role::Ids => key(schema.ids, &first.ids),
        };
        if let Some(item) = item {
            spools.push(Spool {
                role,
                item,
                rows: 0,
                file: BufWriter::new(tempfile::tempfile_in(directory)?),
                bytes: Vec::new(),
            });
        }
    }
    Ok(spools)
}

impl Spool {
    /// Adds the column's rows of `chunk`. Bytes are built in a buffer that is reused.
    pub(super) fn write(&mut self, chunk: &Chunk, origin: &str) -> io::Result<()> {
        self.bytes.clear();
        match (self.role, self.item) {
            (Role::Features, Item::Float(float, width)) => {
                self.floats(&chunk.features, float, width, chunk.first_row, origin)?;
            }
            (Role::Logits, Item::Float(float, width)) => {
                self.floats(&chunk.logits, float, width, chunk.first_row, origin)?;
            }
            (Role::Labels, _) => encode::append_ints(&chunk.labels, &mut self.bytes),
            (Role::Groups, _) => self.keys(&chunk.groups, origin)?,
            _ => self.keys(&chunk.ids, origin)?,
        }
        self.rows += chunk.rows as u64;
        self.file.write_all(&self.bytes)
    }

    fn floats(
        &mut self,
        values: &[f32],
        float: FloatType,
        width: usize,
        first_row: u64,
        origin: &str,
    ) -> io::Result<()> {
        encode::append_floats(values, float, &mut self.bytes).map_err(|at| {
            io::Error::other(too_large(
                origin, self.role, float, first_row, width, values, at,
            ))
        })
    }

    fn keys(&mut self, keys: &KeyColumn, origin: &str) -> io::Result<()> {
        match (keys, &mut self.item) {
            (KeyColumn::Int(keys), Item::Int) => encode::append_ints(keys, &mut self.bytes),
            (KeyColumn::Text(keys), Item::Text { bytes, chars }) => {
                for key in keys {
                    *bytes = key.len().max(*bytes);
                    *chars = key.chars().count().max(*chars);
                    self.bytes.extend((key.len() as u64).to_le_bytes());
                    self.bytes.extend(key.as_bytes());
                }
            }
            _ => {
                return Err(io::Error::other(DataError::malformed(
                    origin,
                    format!(
                        "`{}` are integers in some rows and text in others",
                        self.role
                    ),
                )));
            }
        }
        Ok(())
    }

    /// The column from its first row.
    pub(super) fn part(self) -> io::Result<Part> {
        let mut file = self.file.into_inner().map_err(|error| error.into_error())?;
        file.rewind()?;
        Ok(Part {
            name: self.role.name(),
            item: self.item,
            rows: self.rows,
            data: Box::new(file),
        })
    }
}

/// A number that the chosen type cannot hold.
pub(super) fn too_large(
    origin: &str,
    role: Role,
    float: FloatType,
    first_row: u64,
    width: usize,
    values: &[f32],
    at: usize,
) -> DataError {
    DataError::malformed(
        origin,
        format!(
            "row {} holds {:?} in `{role}` column {}, too large for {float}; choose f32",
            first_row + (at / width) as u64,
            values[at],
            at % width
        ),
    )
}

impl Part {
    /// Copies the items as the file wants them. `pad` makes a field of fixed width of a text.
    pub(super) fn copy(
        self,
        to: &mut dyn Write,
        mut pad: impl FnMut(&str, &mut Vec<u8>),
    ) -> io::Result<()> {
        if !matches!(self.item, Item::Text { .. }) {
            let mut data = self.data;
            return io::copy(&mut data, to).map(drop);
        }
        let mut data = BufReader::new(self.data);
        let (mut text, mut field) = (Vec::new(), Vec::new());
        for _ in 0..self.rows {
            let mut length = [0; 8];
            data.read_exact(&mut length)?;
            text.resize(u64::from_le_bytes(length) as usize, 0);
            data.read_exact(&mut text)?;
            field.clear();
            pad(&String::from_utf8_lossy(&text), &mut field);
            to.write_all(&field)?;
        }
        Ok(())
    }
}
