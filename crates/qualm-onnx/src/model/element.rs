use std::fmt;

/// The type of a tensor's numbers.
///
/// ```
/// use qualm_onnx::Element;
/// assert_eq!(Element::F16.to_string(), "f16");
/// assert_eq!(Element::Other(8).to_string(), "string");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Element {
    /// IEEE 754 half precision.
    F16,
    /// Brain float.
    Bf16,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision.
    F64,
    /// Unsigned bytes.
    U8,
    /// Signed bytes.
    I8,
    /// 32-bit integers.
    I32,
    /// 64-bit integers.
    I64,
    /// Truth values.
    Bool,
    /// Another, by its number in ONNX.
    Other(i64),
}

impl Element {
    pub(crate) fn of(code: i64) -> Self {
        match code {
            1 => Self::F32,
            2 => Self::U8,
            3 => Self::I8,
            6 => Self::I32,
            7 => Self::I64,
            9 => Self::Bool,
            10 => Self::F16,
            11 => Self::F64,
            16 => Self::Bf16,
            other => Self::Other(other),
        }
    }

    /// The type's number in ONNX.
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::F32 => 1,
            Self::U8 => 2,
            Self::I8 => 3,
            Self::I32 => 6,
            Self::I64 => 7,
            Self::Bool => 9,
            Self::F16 => 10,
            Self::F64 => 11,
            Self::Bf16 => 16,
            Self::Other(code) => code,
        }
    }

    /// Bytes of a number; unknown for what is never computed with here.
    pub(crate) fn size(self) -> Option<u64> {
        match self {
            Self::U8 | Self::I8 | Self::Bool => Some(1),
            Self::F16 | Self::Bf16 => Some(2),
            Self::F32 | Self::I32 => Some(4),
            Self::F64 | Self::I64 => Some(8),
            Self::Other(_) => None,
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::Bool => "bool",
            Self::Other(0) => "unknown",
            Self::Other(4) => "u16",
            Self::Other(5) => "i16",
            Self::Other(8) => "string",
            Self::Other(12) => "u32",
            Self::Other(13) => "u64",
            Self::Other(code) => return write!(f, "type {code}"),
        })
    }
}
