//! Numbers and texts of a [`Chunk`](crate::Chunk) into the bytes that files hold.

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use crate::FloatType;

/// Appends `values` as little-endian numbers of type `float`.
///
/// # Errors
/// The position of the first finite number that is too large for the type.
pub(super) fn append_floats(
    values: &[f32],
    float: FloatType,
    out: &mut Vec<u8>,
) -> Result<(), usize> {
    const BLOCK: usize = 1024;
    match float {
        FloatType::F16 => {
            let mut block = [f16::ZERO; BLOCK];
            for (index, from) in values.chunks(BLOCK).enumerate() {
                let to = &mut block[..from.len()];
                to.convert_from_f32_slice(from);
                if let Some(at) = overflow(from, |at| to[at].is_finite()) {
                    return Err(index * BLOCK + at);
                }
                out.extend(to.iter().flat_map(|x| x.to_le_bytes()));
            }
        }
        FloatType::Bf16 => {
            if let Some(at) = overflow(values, |at| bf16::from_f32(values[at]).is_finite()) {
                return Err(at);
            }
            out.extend(values.iter().flat_map(|&x| bf16::from_f32(x).to_le_bytes()));
        }
        FloatType::F32 => out.extend(values.iter().flat_map(|x| x.to_le_bytes())),
        FloatType::F64 => out.extend(values.iter().flat_map(|&x| f64::from(x).to_le_bytes())),
    }
    Ok(())
}

fn overflow(values: &[f32], stays_finite: impl Fn(usize) -> bool) -> Option<usize> {
    (0..values.len()).find(|&at| values[at].is_finite() && !stays_finite(at))
}

/// Appends `values` as little-endian integers of eight bytes.
pub(super) fn append_ints(values: &[i64], out: &mut Vec<u8>) {
    out.extend(values.iter().flat_map(|x| x.to_le_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;

    #[test]
    fn what_is_written_is_read_back() {
        let values = [0.0f32, -1.5, 65504.0, f32::INFINITY, 1.0 / 3.0];
        for float in [
            FloatType::F16,
            FloatType::Bf16,
            FloatType::F32,
            FloatType::F64,
        ] {
            let (mut bytes, mut read) = (Vec::new(), Vec::new());
            append_floats(&values, float, &mut bytes).unwrap();
            decode::append_floats(&bytes, float, &mut read);
            let expected = values.map(|x| match float {
                FloatType::F16 => f16::from_f32(x).to_f32(),
                FloatType::Bf16 => bf16::from_f32(x).to_f32(),
                _ => x,
            });
            assert_eq!(read, expected, "{float}");
        }
    }

    #[test]
    fn a_number_too_large_for_the_type_is_found() {
        let mut values = vec![1.0f32; 3000];
        values[2500] = 1e5;
        let mut out = Vec::new();
        assert_eq!(append_floats(&values, FloatType::F16, &mut out), Err(2500));
        assert_eq!(append_floats(&values, FloatType::Bf16, &mut out), Ok(()));
        values[7] = f32::MAX;
        assert_eq!(append_floats(&values, FloatType::Bf16, &mut out), Err(7));
    }
}
