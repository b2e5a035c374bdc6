//! Raw bytes of an array into the numbers and texts of a [`Chunk`](crate::Chunk).

use half::f16;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};

use crate::FloatType;

/// Turns little-endian floats into `f32` at the end of `out`. A partial item at the end of `bytes`
/// is left out, so callers pass whole items.
pub(crate) fn append_floats(bytes: &[u8], float: FloatType, out: &mut Vec<f32>) {
    match float {
        FloatType::F16 => append_f16(bytes, out),
        FloatType::Bf16 => extend(bytes, out, |b| {
            f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16)
        }),
        FloatType::F32 => extend(bytes, out, f32::from_le_bytes),
        // What is too large for f32 becomes infinite, and infinity is refused with its row.
        FloatType::F64 => extend(bytes, out, |b| f64::from_le_bytes(b) as f32),
    }
}

/// `half` converts slices with F16C where the processor has it, but wants them aligned: a block
/// on the stack aligns them without leaving the first-level cache.
fn append_f16(bytes: &[u8], out: &mut Vec<f32>) {
    const BLOCK: usize = 1024;
    let mut bits = [0u16; BLOCK];
    let mut floats = [0f32; BLOCK];
    for block in bytes.as_chunks::<2>().0.chunks(BLOCK) {
        let bits = &mut bits[..block.len()];
        let floats = &mut floats[..block.len()];
        for (to, from) in bits.iter_mut().zip(block) {
            *to = u16::from_le_bytes(*from);
        }
        bits.reinterpret_cast::<f16>().convert_to_f32_slice(floats);
        out.extend_from_slice(floats);
    }
}

/// Turns little-endian integers of `size` bytes into `i64` at the end of `out`.
///
/// # Errors
/// The position of the first unsigned number that is too large for `i64`.
pub(crate) fn append_ints(
    bytes: &[u8],
    size: usize,
    signed: bool,
    out: &mut Vec<i64>,
) -> Result<(), usize> {
    match (size, signed) {
        (1, true) => extend(bytes, out, |b| i8::from_le_bytes(b).into()),
        (2, true) => extend(bytes, out, |b| i16::from_le_bytes(b).into()),
        (4, true) => extend(bytes, out, |b| i32::from_le_bytes(b).into()),
        (1, false) => extend(bytes, out, |b| u8::from_le_bytes(b).into()),
        (2, false) => extend(bytes, out, |b| u16::from_le_bytes(b).into()),
        (4, false) => extend(bytes, out, |b| u32::from_le_bytes(b).into()),
        _ => {
            let start = out.len();
            extend(bytes, out, i64::from_le_bytes);
            if !signed && let Some(at) = out[start..].iter().position(|&x| x < 0) {
                return Err(at);
            }
        }
    }
    Ok(())
}

fn extend<const N: usize, T>(bytes: &[u8], out: &mut Vec<T>, number: impl Fn([u8; N]) -> T) {
    out.extend(bytes.as_chunks::<N>().0.iter().map(|item| number(*item)));
}

/// Text in a field of fixed width, padded with zeros at its end; `None` where it is no UTF-8.
pub(crate) fn padded_utf8(field: &[u8]) -> Option<String> {
    let end = field
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |at| at + 1);
    std::str::from_utf8(&field[..end]).ok().map(str::to_owned)
}

/// Text in a field of little-endian code points, padded with zeros; `None` where one is none.
pub(crate) fn padded_utf32(field: &[u8]) -> Option<String> {
    let points = field.as_chunks::<4>().0;
    let end = points
        .iter()
        .rposition(|&point| point != [0; 4])
        .map_or(0, |at| at + 1);
    points[..end]
        .iter()
        .map(|&point| char::from_u32(u32::from_le_bytes(point)))
        .collect()
}

/// Turns big-endian items of `size` bytes into little-endian ones, or back.
pub(crate) fn swap_bytes(bytes: &mut [u8], size: usize) {
    for item in bytes.chunks_exact_mut(size) {
        item.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::bf16;

    #[test]
    fn every_half_is_read_as_the_reference_conversion_has_it() {
        let bytes: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
        for (float, reference) in [
            (
                FloatType::F16,
                (|bits| f16::from_bits(bits).to_f32()) as fn(u16) -> f32,
            ),
            (FloatType::Bf16, |bits| bf16::from_bits(bits).to_f32()),
        ] {
            let mut read = Vec::new();
            append_floats(&bytes, float, &mut read);
            assert_eq!(read.len(), 1 << 16);
            for (bits, &x) in (0..=u16::MAX).zip(&read) {
                let expected = reference(bits);
                assert!(
                    x == expected || x.is_nan() && expected.is_nan(),
                    "{float} {bits:#x}"
                );
            }
        }
    }

    #[test]
    fn a_double_beyond_single_precision_becomes_infinite() {
        let mut out = Vec::new();
        append_floats(&1e300f64.to_le_bytes(), FloatType::F64, &mut out);
        append_floats(&0.1f64.to_le_bytes(), FloatType::F64, &mut out);
        assert_eq!(out, [f32::INFINITY, 0.1]);
    }

    #[test]
    fn integers_of_every_width_become_i64() {
        let mut out = Vec::new();
        append_ints(&[255], 1, true, &mut out).unwrap();
        append_ints(&[255], 1, false, &mut out).unwrap();
        append_ints(&(-300i16).to_le_bytes(), 2, true, &mut out).unwrap();
        append_ints(&u32::MAX.to_le_bytes(), 4, false, &mut out).unwrap();
        append_ints(&i64::MIN.to_le_bytes(), 8, true, &mut out).unwrap();
        assert_eq!(out, [-1, 255, -300, i64::from(u32::MAX), i64::MIN]);
        let mut two = 7u64.to_le_bytes().to_vec();
        two.extend(u64::MAX.to_le_bytes());
        assert_eq!(append_ints(&two, 8, false, &mut out), Err(1));
    }

    #[test]
    fn padding_goes_and_inner_zeros_stay() {
        assert_eq!(padded_utf8(b"ab\0\0").as_deref(), Some("ab"));
        assert_eq!(padded_utf8(b"\0\0").as_deref(), Some(""));
        assert_eq!(padded_utf8(b"a\0b").as_deref(), Some("a\0b"));
        assert_eq!(padded_utf8(&[0xff]), None);
        let mut field: Vec<u8> = "é✓"
            .chars()
            .flat_map(|c| u32::from(c).to_le_bytes())
            .collect();
        field.extend([0; 8]);
        assert_eq!(padded_utf32(&field).as_deref(), Some("é✓"));
        assert_eq!(padded_utf32(&[0, 0xd8, 0, 0]), None);
    }

    #[test]
    fn swapping_turns_items_around() {
        let mut bytes = [1, 2, 3, 4];
        swap_bytes(&mut bytes, 2);
        assert_eq!(bytes, [2, 1, 4, 3]);
    }
}
