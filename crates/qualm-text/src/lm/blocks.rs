//! Numbers as GGUF stores them, to `f32`: plain, or quantised in blocks that share a scale.
//!
//! The layouts are ggml's (`ggml-common.h`, `dequantize_row_*`). Multi-byte numbers are little
//! endian. `tests/reference/record.py` records what another reader makes of each.

use half::{bf16, f16};

/// How the numbers of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    F32,
    F16,
    Bf16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q4K,
    Q5K,
    Q6K,
}

/// Numbers in a block of a K-type.
const SUPER: usize = 256;

impl Storage {
    /// Numbers that are stored together.
    pub(crate) fn block(self) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::Bf16 => 1,
            Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q5_1 | Self::Q8_0 => 32,
            Self::Q4K | Self::Q5K | Self::Q6K => SUPER,
        }
    }

    /// Bytes of a block.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Q4_0 => 2 + 16,
            Self::Q4_1 => 2 + 2 + 16,
            Self::Q5_0 => 2 + 4 + 16,
            Self::Q5_1 => 2 + 2 + 4 + 16,
            Self::Q8_0 => 2 + 32,
            Self::Q4K => 2 + 2 + 12 + 128,
            Self::Q5K => 2 + 2 + 12 + 32 + 128,
            Self::Q6K => 128 + 64 + 16 + 2,
        }
    }

    /// The numbers of whole blocks, one block after the other; what is left of a block that is cut
    /// short is not looked at.
    pub(crate) fn numbers(self, bytes: &[u8]) -> Vec<f32> {
        let mut out = vec![0.0; bytes.len() / self.bytes() * self.block()];
        let blocks = bytes.chunks_exact(self.bytes());
        for (block, out) in blocks.zip(out.chunks_exact_mut(self.block())) {
            match self {
                Self::F32 => out[0] = f32::from_le_bytes([block[0], block[1], block[2], block[3]]),
                Self::F16 => out[0] = half_at(block, 0),
                Self::Bf16 => out[0] = bf16::from_le_bytes([block[0], block[1]]).to_f32(),
                Self::Q4_0 => q4_0(block, out),
                Self::Q4_1 => q4_1(block, out),
                Self::Q5_0 => q5_0(block, out),
                Self::Q5_1 => q5_1(block, out),
                Self::Q8_0 => q8_0(block, out),
                Self::Q4K => q4_k(block, out),
                Self::Q5K => q5_k(block, out),
                Self::Q6K => q6_k(block, out),
            }
        }
        out
    }
}

fn half_at(bytes: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32()
}

/// `d (q - 8)`; the low nibbles are the first 16 numbers, the high ones the rest.
fn q4_0(block: &[u8], out: &mut [f32]) {
    let d = half_at(block, 0);
    for (i, &byte) in block[2..].iter().enumerate() {
        out[i] = d * (f32::from(byte & 15) - 8.0);
        out[i + 16] = d * (f32::from(byte >> 4) - 8.0);
    }
}

/// `d q + m`.
fn q4_1(block: &[u8], out: &mut [f32]) {
    let (d, m) = (half_at(block, 0), half_at(block, 2));
    for (i, &byte) in block[4..].iter().enumerate() {
        out[i] = d * f32::from(byte & 15) + m;
        out[i + 16] = d * f32::from(byte >> 4) + m;
    }
}

/// The fifth bits of 32 numbers, in the place of a fifth bit.
fn fifth_bit(bits: &[u8], number: usize) -> u8 {
    (bits[number / 8] >> (number % 8) & 1) << 4
}

/// `d (q - 16)`.
fn q5_0(block: &[u8], out: &mut [f32]) {
    let d = half_at(block, 0);
    let (high, low) = block[2..].split_at(4);
    for (i, &byte) in low.iter().enumerate() {
        out[i] = d * (f32::from(byte & 15 | fifth_bit(high, i)) - 16.0);
        out[i + 16] = d * (f32::from(byte >> 4 | fifth_bit(high, i + 16)) - 16.0);
    }
}

/// `d q + m`.
fn q5_1(block: &[u8], out: &mut [f32]) {
    let (d, m) = (half_at(block, 0), half_at(block, 2));
    let (high, low) = block[4..].split_at(4);
    for (i, &byte) in low.iter().enumerate() {
        out[i] = d * f32::from(byte & 15 | fifth_bit(high, i)) + m;
        out[i + 16] = d * f32::from(byte >> 4 | fifth_bit(high, i + 16)) + m;
    }
}

/// `d q`.
fn q8_0(block: &[u8], out: &mut [f32]) {
    let d = half_at(block, 0);
    for (out, &q) in out.iter_mut().zip(&block[2..]) {
        *out = d * f32::from(q.cast_signed());
    }
}

/// The six-bit scale and minimum of sub-block `j` of eight, from twelve bytes.
fn scale_and_minimum(packed: &[u8], j: usize) -> (f32, f32) {
    let (scale, minimum) = if j < 4 {
        (packed[j] & 63, packed[j + 4] & 63)
    } else {
        (
            packed[j + 4] & 15 | packed[j - 4] >> 6 << 4,
            packed[j + 4] >> 4 | packed[j] >> 6 << 4,
        )
    };
    (f32::from(scale), f32::from(minimum))
}

/// `d s_j q - dmin m_j` in eight sub-blocks of 32; two sub-blocks share 32 bytes, by nibbles.
fn q4_k(block: &[u8], out: &mut [f32]) {
    let (d, dmin) = (half_at(block, 0), half_at(block, 2));
    let (scales, low) = block[4..].split_at(12);
    for (j, out) in out.chunks_exact_mut(32).enumerate() {
        let (scale, minimum) = scale_and_minimum(scales, j);
        let (d, m) = (d * scale, dmin * minimum);
        for (out, byte) in out.iter_mut().zip(&low[j / 2 * 32..]) {
            *out = d * f32::from(byte >> (j % 2 * 4) & 15) - m;
        }
    }
}

/// As [`q4_k`], with fifth bits: bit `j` of byte `i` belongs to number `i` of sub-block `j`.
fn q5_k(block: &[u8], out: &mut [f32]) {
    let (d, dmin) = (half_at(block, 0), half_at(block, 2));
    let (scales, rest) = block[4..].split_at(12);
    let (high, low) = rest.split_at(32);
    for (j, out) in out.chunks_exact_mut(32).enumerate() {
        let (scale, minimum) = scale_and_minimum(scales, j);
        let (d, m) = (d * scale, dmin * minimum);
        for ((out, byte), high) in out.iter_mut().zip(&low[j / 2 * 32..]).zip(high) {
            let q = byte >> (j % 2 * 4) & 15 | (high >> j & 1) << 4;
            *out = d * f32::from(q) - m;
        }
    }
}

/// `d s (q - 32)` with a signed scale for each 16 numbers. A half of 128 numbers has 64 bytes of
/// low nibbles and 32 bytes of pairs of high bits.
fn q6_k(block: &[u8], out: &mut [f32]) {
    let (low, rest) = block.split_at(128);
    let (high, rest) = rest.split_at(64);
    let (scales, d) = rest.split_at(16);
    let d = half_at(d, 0);
    for (i, out) in out.iter_mut().enumerate() {
        let (half, quarter, at) = (i / 128, i % 128 / 32, i % 32);
        let low = low[half * 64 + quarter % 2 * 32 + at] >> (quarter / 2 * 4) & 15;
        let high = high[half * 32 + at] >> (quarter * 2) & 3;
        let scale = f32::from(scales[i / 16].cast_signed());
        *out = d * scale * (f32::from(low | high << 4) - 32.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_what_another_reader_makes_of_them() {
        let recorded: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/reference/blocks.json")).unwrap();
        for (kind, storage) in [
            ("F16", Storage::F16),
            ("BF16", Storage::Bf16),
            ("Q4_0", Storage::Q4_0),
            ("Q4_1", Storage::Q4_1),
            ("Q5_0", Storage::Q5_0),
            ("Q5_1", Storage::Q5_1),
            ("Q8_0", Storage::Q8_0),
            ("Q4_K", Storage::Q4K),
            ("Q5_K", Storage::Q5K),
            ("Q6_K", Storage::Q6K),
        ] {
            let recorded = &recorded[kind];
            let digits = recorded["bytes"].as_str().unwrap();
            let bytes: Vec<u8> = (0..digits.len() / 2)
                .map(|at| u8::from_str_radix(&digits[2 * at..][..2], 16).unwrap())
                .collect();
            let expected: Vec<f32> = serde_json::from_value(recorded["numbers"].clone()).unwrap();
            let numbers = storage.numbers(&bytes);
            assert_eq!(numbers.len(), expected.len(), "{kind}");
            for (number, expected) in numbers.iter().zip(&expected) {
                let near = (number - expected).abs() <= 1e-6 * expected.abs().max(1.0);
                assert!(near, "{kind}: {number} {expected}");
            }
        }
    }

    #[test]
    fn a_block_by_hand() {
        // d = 0.5, m = -1: nibbles 1 and 15 in the first byte.
        let mut block = vec![0x00, 0x38, 0x00, 0xbc];
        block.extend([0xf1; 1]);
        block.extend([0; 15]);
        let numbers = Storage::Q4_1.numbers(&block);
        assert_eq!((numbers.len(), numbers[0], numbers[16]), (32, -0.5, 6.5));
        assert_eq!(numbers[1], -1.0);
        // A second block that is cut short is no block.
        block.extend([0; 19]);
        assert_eq!(Storage::Q4_1.numbers(&block).len(), 32);
    }
}
