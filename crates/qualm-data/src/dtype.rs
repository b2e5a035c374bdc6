use std::fmt;

/// What the numbers of a float array are stored as. Readers turn all of them into `f32`.
///
/// ```
/// use qualm_data::FloatType;
/// let (half, double) = (FloatType::F16, FloatType::F64);
/// assert_eq!(format!("{half} instead of {double}"), "f16 instead of f64");
/// assert_eq!(4 * half.size(), double.size());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FloatType {
    /// IEEE half precision: 11 bits of precision, at most 65,504.
    F16,
    /// The upper half of an `f32`: its range with 8 bits of precision. No `.npy` can hold it.
    Bf16,
    /// Single precision, which is what qualm computes in.
    F32,
    /// Double precision, rounded to `f32` when read.
    F64,
}

impl FloatType {
    /// Bytes a number.
    ///
    /// ```
    /// assert_eq!(qualm_data::FloatType::Bf16.size(), 2);
    /// ```
    pub fn size(self) -> usize {
        match self {
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

impl fmt::Display for FloatType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

/// The type of the items of an array, as a person would name it.
///
/// ```
/// use qualm_data::{DType, FloatType};
/// assert_eq!(DType::Float(FloatType::F16).to_string(), "f16");
/// assert_eq!(DType::Int { bits: 64, signed: true }.to_string(), "i64");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DType {
    /// Floating-point numbers.
    Float(FloatType),
    /// Integers.
    Int {
        /// 8, 16, 32 or 64.
        bits: u8,
        /// Whether negative numbers can be stored.
        signed: bool,
    },
    /// Truth values.
    Bool,
    /// Text.
    Text,
    /// Anything else, in the words of the file.
    Other(String),
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float(float) => float.fmt(f),
            Self::Int { bits, signed: true } => write!(f, "i{bits}"),
            Self::Int { bits, .. } => write!(f, "u{bits}"),
            Self::Bool => f.write_str("bool"),
            Self::Text => f.write_str("text"),
            Self::Other(name) => f.write_str(name),
        }
    }
}
