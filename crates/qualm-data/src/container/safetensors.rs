use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use crate::array::{ArrayInfo, Encoding, Place, StoredArray};
use crate::bytes::Bytes;
use crate::{DType, DataError, FloatType};

/// The length of the header stands in the first eight bytes.
const LENGTH_BYTES: u64 = 8;
/// No header is longer, says the format's own library; a hostile one is refused before its bytes
/// are read.
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// The arrays of a safetensors file, in the order of their bytes.
pub(super) fn arrays(bytes: &Bytes) -> Result<Vec<StoredArray>, DataError> {
    let wrong = |problem: String| DataError::malformed(bytes.name(), problem);
    let mut length = [0; LENGTH_BYTES as usize];
    if bytes.len() < LENGTH_BYTES {
        return Err(wrong(format!(
            "the safetensors header is cut short: the file has {} bytes",
            bytes.len()
        )));
    }
    bytes.read_exact_at(&mut length, 0)?;
    let length = u64::from_le_bytes(length);
    let left = bytes.len() - LENGTH_BYTES;
    if length > left || length > MAX_HEADER_BYTES {
        return Err(wrong(format!(
            "the safetensors header claims {length} bytes, but only {} follow; the file is cut short or no safetensors file",
            left.min(MAX_HEADER_BYTES)
        )));
    }
    let mut header = vec![0; length as usize];
    bytes.read_exact_at(&mut header, LENGTH_BYTES)?;
    // Deserializing checks that shapes, types and offsets agree and that the arrays follow each
    // other without gap or overlap.
    let metadata: Metadata = serde_json::from_slice(&header)
        .map_err(|error| wrong(format!("the safetensors header is damaged: {error}")))?;
    let start = LENGTH_BYTES + length;
    let promised = metadata.data_len() as u64;
    if promised != bytes.len() - start {
        return Err(wrong(format!(
            "the header promises {promised} bytes of arrays, but the file holds {}; it was cut short or has bytes too many, so write it anew",
            bytes.len() - start
        )));
    }
    let arrays = metadata.offset_keys().into_iter().filter_map(|name| {
        let info = metadata.info(&name)?;
        Some(stored(name, info, start))
    });
    Ok(arrays.collect())
}

fn stored(name: String, info: &TensorInfo, start: u64) -> StoredArray {
    let int = |size: usize, signed| {
        let bits = (size * 8) as u8;
        (DType::Int { bits, signed }, Encoding::Int { size, signed })
    };
    let float = |float| (DType::Float(float), Encoding::Float(float));
    let (dtype, encoding) = match info.dtype {
        Dtype::F16 => float(FloatType::F16),
        Dtype::BF16 => float(FloatType::Bf16),
        Dtype::F32 => float(FloatType::F32),
        Dtype::F64 => float(FloatType::F64),
        Dtype::I8 => int(1, true),
        Dtype::I16 => int(2, true),
        Dtype::I32 => int(4, true),
        Dtype::I64 => int(8, true),
        Dtype::U8 => int(1, false),
        Dtype::U16 => int(2, false),
        Dtype::U32 => int(4, false),
        Dtype::U64 => int(8, false),
        Dtype::BOOL => (DType::Bool, Encoding::Opaque),
        other => (DType::Other(other.to_string()), Encoding::Opaque),
    };
    let (from, to) = info.data_offsets;
    StoredArray {
        info: ArrayInfo {
            name,
            dtype,
            shape: info.shape.iter().map(|&axis| axis as u64).collect(),
            bytes: (to - from) as u64,
        },
        encoding,
        swap: None,
        fortran: false,
        place: Place::At(start + from as u64),
    }
}
