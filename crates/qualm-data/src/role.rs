use std::fmt;

use crate::{ArrayInfo, DType, DataError, FloatType};

/// What an array of a feature set is used as. The default name of the array is the role's name.
///
/// ```
/// use qualm_data::Role;
/// let names = Role::ALL.map(Role::name);
/// assert_eq!(names, ["features", "logits", "labels", "groups", "ids"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// `N x D` floats.
    Features,
    /// `N x C` floats.
    Logits,
    /// `N` integers.
    Labels,
    /// `N` integers or texts.
    Groups,
    /// `N` integers or texts.
    Ids,
}

impl Role {
    /// Every role, in the order in which files are written.
    pub const ALL: [Self; 5] = [
        Self::Features,
        Self::Logits,
        Self::Labels,
        Self::Groups,
        Self::Ids,
    ];

    /// The role's name, as in `file.npz:features=penultimate`.
    ///
    /// ```
    /// assert_eq!(qualm_data::Role::Features.name(), "features");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Features => "features",
            Self::Logits => "logits",
            Self::Labels => "labels",
            Self::Groups => "groups",
            Self::Ids => "ids",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a column of keys holds integers or text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Int,
    Text,
}

/// Wider rows than any model makes: a transposed matrix or a damaged header.
const MAX_WIDTH: u64 = 1 << 24;
/// The shape and type of one array, as the checks below see it.
pub(crate) struct Candidate<'a> {
    pub(crate) origin: &'a str,
    pub(crate) role: &'static str,
    pub(crate) info: &'a ArrayInfo,
}

impl Candidate<'_> {
    pub(crate) fn refuse(&self, problem: &str) -> DataError {
        DataError::Shape(format!(
            "{}: array `{}` {problem}",
            self.origin, self.info.name
        ))
    }

    /// Rows, columns and type of a matrix of floats.
    pub(crate) fn matrix(&self) -> Result<(u64, usize, FloatType), DataError> {
        let DType::Float(float) = self.info.dtype else {
            return Err(self.refuse(&format!(
                "holds {}, but {} are floats; store it as f16, bf16, f32 or f64",
                self.info.dtype, self.role
            )));
        };
        let shape = &self.info.shape;
        match *shape.as_slice() {
            [rows, width @ 1..=MAX_WIDTH] => Ok((rows, width as usize, float)),
            [_, 0] => Err(self.refuse("has no columns; store one row of numbers an input")),
            [_, width] => Err(self.refuse(&format!(
                "has {width} columns, more than the {MAX_WIDTH} that qualm takes; is it transposed?"
            ))),
            [] | [_] => Err(self.refuse(&format!(
                "has shape {shape:?}; {} need one row an input, so reshape it to [rows, columns]",
                self.role
            ))),
            _ => Err(self.refuse(&format!(
                "has shape {shape:?}; pool it to one vector a row first, e.g. by its mean over positions"
            ))),
        }
    }

    /// Rows of a column of integers.
    pub(crate) fn labels(&self) -> Result<u64, DataError> {
        match self.info.dtype {
            DType::Int { .. } => self.column(),
            DType::Bool => Err(self.refuse(
                "holds bool, but labels are class numbers; store integers, negative for out-of-distribution",
            )),
            ref other => Err(self.refuse(&format!(
                "holds {other}, but labels are class numbers; store integers"
            ))),
        }
    }

    /// Rows and kind of a column of ids or groups. A matrix of bytes is text of fixed width,
    /// which is how formats without text hold it.
    pub(crate) fn keys(&self) -> Result<(u64, KeyKind), DataError> {
        match (&self.info.dtype, self.info.shape.as_slice()) {
            (
                DType::Int {
                    bits: 8,
                    signed: false,
                },
                &[rows, width],
            ) if width > 1 => Ok((rows, KeyKind::Text)),
            (DType::Int { .. }, _) => Ok((self.column()?, KeyKind::Int)),
            (DType::Text, _) => Ok((self.column()?, KeyKind::Text)),
            (other, _) => Err(self.refuse(&format!(
                "holds {other}, but {} are integers or text of fixed width",
                self.role
            ))),
        }
    }

    fn column(&self) -> Result<u64, DataError> {
        match *self.info.shape.as_slice() {
            [rows] | [rows, 1] => Ok(rows),
            ref shape => Err(self.refuse(&format!(
                "has shape {shape:?}; {} need one entry a row",
                self.role
            ))),
        }
    }
}
