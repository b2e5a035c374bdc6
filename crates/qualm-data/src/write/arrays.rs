use std::io::{self, Cursor, Write};
use std::path::Path;

use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::encode;
use super::spool::{Item, Part, Spool, spools};
use super::{Precision, RowWriter};
use crate::container::npy_header;
use crate::{AtomicFile, Chunk, DataError, FloatType, Format, Head, Schema};

/// Writes safetensors, npy and npz: arrays one after the other.
pub(super) struct ArraysWriter {
    file: AtomicFile,
    format: Format,
    columns: Vec<Spool>,
}

impl ArraysWriter {
    pub(super) fn new(
        file: AtomicFile,
        format: Format,
        schema: &Schema,
        first: &Chunk,
        precision: Precision,
    ) -> Result<Self, DataError> {
        let columns = spools(file.directory(), schema, first, precision)
            .map_err(|source| file.error(source))?;
        Ok(Self {
            file,
            format,
            columns,
        })
    }
}

impl RowWriter for ArraysWriter {
    fn write(&mut self, chunk: &Chunk, origin: &str) -> Result<(), DataError> {
        for column in &mut self.columns {
            column
                .write(chunk, origin)
                .map_err(|source| self.file.error(source))?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), DataError> {
        let parts: io::Result<Vec<Part>> = self.columns.into_iter().map(Spool::part).collect();
        parts
            .and_then(|parts| assemble(&mut self.file, self.format, parts))
            .map_err(|source| self.file.error(source))?;
        self.file.commit()
    }
}

/// Writes a head to a format that holds arrays by name.
pub(super) fn save_head(head: &Head, path: &Path, format: Format) -> Result<(), DataError> {
    let part = |name, values: &[f32], width| {
        let mut bytes = Vec::new();
        // Every number is an f32 already, so none can be too large.
        let _ = encode::append_floats(values, FloatType::F32, &mut bytes);
        Part {
            name,
            item: Item::Float(FloatType::F32, width),
            rows: head.classes() as u64,
            data: Box::new(Cursor::new(bytes)),
        }
    };
    let parts = vec![
        part("weight", head.weight(), head.dim()),
        part("bias", head.bias(), 0),
    ];
    AtomicFile::save(path, |file| assemble(file, format, parts))
}

fn assemble(file: &mut AtomicFile, format: Format, parts: Vec<Part>) -> io::Result<()> {
    match format {
        Format::Safetensors => safetensors(file, parts),
        Format::Npz => npz(file, parts),
        _ => parts.into_iter().try_for_each(|part| npy(file, part)),
    }
}

fn safetensors(file: &mut AtomicFile, mut parts: Vec<Part>) -> io::Result<()> {
    // Widest items first, so that each array starts where its items are aligned.
    parts.sort_by_key(|part| {
        std::cmp::Reverse(match part.item {
            Item::Float(float, _) => float.size(),
            Item::Int => 8,
            Item::Text { .. } => 1,
        })
    });
    let mut start = 0;
    let mut tensors = Vec::new();
    for part in &parts {
        let rows = usize::try_from(part.rows).map_err(io::Error::other)?;
        let (dtype, item, shape) = match part.item {
            Item::Float(float, 0) => (safetensors_dtype(float), float.size(), vec![rows]),
            Item::Float(float, width) => {
                (safetensors_dtype(float), float.size(), vec![rows, width])
            }
            Item::Int => (Dtype::I64, 8, vec![rows]),
            Item::Text { bytes, .. } => (Dtype::U8, 1, vec![rows, field_bytes(bytes)]),
        };
        let end = start + shape.iter().product::<usize>() * item;
        let info = TensorInfo {
            dtype,
            shape,
            data_offsets: (start, end),
        };
        tensors.push((part.name.to_owned(), info));
        start = end;
    }
    let metadata = Metadata::new(None, tensors).map_err(io::Error::other)?;
    let mut header = serde_json::to_vec(&metadata)?;
    header.resize(header.len().next_multiple_of(8), b' ');
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(&header)?;
    for part in parts {
        let width = match part.item {
            Item::Text { bytes, .. } => field_bytes(bytes),
            _ => 0,
        };
        part.copy(file, |text, field| {
            field.extend(text.as_bytes());
            field.resize(width, 0);
        })?;
    }
    Ok(())
}

/// A column of single bytes would be read as integers, so a text takes two at least.
fn field_bytes(longest: usize) -> usize {
    longest.max(2)
}

fn safetensors_dtype(float: FloatType) -> Dtype {
    match float {
        FloatType::F16 => Dtype::F16,
        FloatType::Bf16 => Dtype::BF16,
        FloatType::F32 => Dtype::F32,
        FloatType::F64 => Dtype::F64,
    }
}

fn npz(file: &mut AtomicFile, parts: Vec<Part>) -> io::Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(true);
    let mut archive = ZipWriter::new(file);
    for part in parts {
        archive.start_file(format!("{}.npy", part.name), options)?;
        npy(&mut archive, part)?;
    }
    archive.finish()?;
    Ok(())
}

fn npy(to: &mut dyn Write, part: Part) -> io::Result<()> {
    let (descr, width) = match part.item {
        Item::Float(float, width) => (format!("<f{}", float.size()), width),
        Item::Int => ("<i8".to_owned(), 0),
        Item::Text { chars, .. } => (format!("<U{}", chars.max(1)), 0),
    };
    let shape: &[u64] = match width {
        0 => &[part.rows],
        width => &[part.rows, width as u64],
    };
    to.write_all(&npy_header(&descr, shape))?;
    let characters = match part.item {
        Item::Text { chars, .. } => chars.max(1),
        _ => 0,
    };
    part.copy(to, |text, field| {
        field.extend(text.chars().flat_map(|c| u32::from(c).to_le_bytes()));
        field.resize(characters * 4, 0);
    })
}
