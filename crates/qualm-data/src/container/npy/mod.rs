mod literal;

use std::io::{self, Read};

use super::npz::ZipEntry;
use crate::array::{ArrayInfo, Encoding, Place, StoredArray};
use crate::bytes::Bytes;
use crate::{DType, DataError, FloatType};

use literal::{Fields, Literal};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// NumPy itself refuses headers above 10,000 bytes unless told otherwise.
const MAX_HEADER_BYTES: usize = 1 << 16;

/// The array of an `.npy` file, which is called `name`.
pub(super) fn array(bytes: &Bytes, name: &str) -> Result<StoredArray, DataError> {
    let mut stream = bytes.section(0, bytes.len());
    let header = Header::read(&mut stream, bytes.name(), bytes)?;
    let start = header.length;
    let held = bytes.len() - start;
    header.into_array(bytes.name(), name.to_owned(), held, Place::At(start))
}

/// The array of a member of an `.npz`.
pub(super) fn member(
    bytes: &Bytes,
    name: String,
    mut entry: ZipEntry,
) -> Result<StoredArray, DataError> {
    let origin = format!("{}: array `{name}`", bytes.name());
    let header = Header::read(&mut entry.stream(bytes)?, &origin, bytes)?;
    entry.skip = header.length;
    let held = entry.size.saturating_sub(header.length);
    header.into_array(&origin, name, held, Place::Zip(entry))
}

/// The header that a new array starts with, for items of NumPy type `descr`.
pub(crate) fn npy_header(descr: &str, shape: &[u64]) -> Vec<u8> {
    let axes: String = shape.iter().map(|axis| format!("{axis}, ")).collect();
    let mut text =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({axes}), }}").into_bytes();
    // The items start at a multiple of 64 bytes, and the text ends with a line feed.
    text.resize((10 + text.len() + 1).next_multiple_of(64) - 11, b' ');
    text.push(b'\n');
    let mut header = MAGIC.to_vec();
    header.extend([1, 0]);
    header.extend((text.len() as u16).to_le_bytes());
    header.extend(text);
    header
}

struct Header {
    /// Bytes from the start of the file to the first item.
    length: u64,
    fields: Fields,
}

impl Header {
    fn read(stream: &mut dyn Read, origin: &str, bytes: &Bytes) -> Result<Self, DataError> {
        let wrong = |problem: &str| DataError::malformed(origin, problem);
        let mut fill = |buffer: &mut [u8]| {
            stream
                .read_exact(buffer)
                .map_err(|error| match error.kind() {
                    io::ErrorKind::UnexpectedEof => wrong("the npy header is cut short"),
                    _ => bytes.error(error),
                })
        };
        let mut start = [0; 8];
        fill(&mut start)?;
        if &start[..6] != MAGIC {
            return Err(wrong("not a NumPy array"));
        }
        let (length, before) = match start[6] {
            1 => {
                let mut length = [0; 2];
                fill(&mut length)?;
                (usize::from(u16::from_le_bytes(length)), 10)
            }
            2 | 3 => {
                let mut length = [0; 4];
                fill(&mut length)?;
                (u32::from_le_bytes(length) as usize, 12)
            }
            version => {
                return Err(wrong(&format!(
                    "npy version {version} is not known; save it with numpy.save"
                )));
            }
        };
        if length > MAX_HEADER_BYTES {
            return Err(wrong(&format!(
                "the npy header claims {length} bytes, more than the {MAX_HEADER_BYTES} that any plain array needs"
            )));
        }
        let mut text = vec![0; length];
        fill(&mut text)?;
        let fields = Literal::new(&text)
            .fields()
            .ok_or_else(|| wrong("the npy header is damaged; save the array again"))?;
        let length = (before + length) as u64;
        Ok(Self { length, fields })
    }

    /// The array, where the `held` bytes after the header are those that it promises.
    fn into_array(
        self,
        origin: &str,
        name: String,
        held: u64,
        place: Place,
    ) -> Result<StoredArray, DataError> {
        let Fields {
            descr,
            fortran,
            shape,
        } = self.fields;
        let item = Item::parse(&descr);
        // Without a bound in u64 the product of a hostile shape could come out as any length.
        let promised = shape
            .iter()
            .try_fold(item.size, |bytes, &axis| bytes.checked_mul(axis));
        if item.encoding != Encoding::Opaque && promised != Some(held) {
            let promised = promised.map_or("more than 2^64".to_owned(), |bytes| bytes.to_string());
            return Err(DataError::malformed(
                origin,
                format!(
                    "the npy header promises {promised} bytes of items, but {held} follow; the file was cut short or has bytes too many, so write it anew"
                ),
            ));
        }
        Ok(StoredArray {
            info: ArrayInfo {
                name,
                dtype: item.dtype,
                shape,
                bytes: held,
            },
            encoding: item.encoding,
            swap: item.swap,
            fortran,
            place,
        })
    }
}

/// What a NumPy type string such as `<f2` says.
struct Item {
    dtype: DType,
    encoding: Encoding,
    size: u64,
    swap: Option<usize>,
}

impl Item {
    fn parse(descr: &str) -> Self {
        Self::plain(descr).unwrap_or_else(|| {
            let dtype = match descr.get(1..) {
                Some("b1") => DType::Bool,
                Some("O") => DType::Other("pickled objects".to_owned()),
                _ => DType::Other(descr.to_owned()),
            };
            Self {
                dtype,
                encoding: Encoding::Opaque,
                size: 0,
                swap: None,
            }
        })
    }

    fn plain(descr: &str) -> Option<Self> {
        let order = descr.get(..1)?;
        let kind = descr.get(1..2)?;
        let count: usize = descr.get(2..)?.parse().ok()?;
        let float = |float| (DType::Float(float), Encoding::Float(float));
        let int = |signed| {
            let bits = (count * 8) as u8;
            (
                DType::Int { bits, signed },
                Encoding::Int {
                    size: count,
                    signed,
                },
            )
        };
        let ((dtype, encoding), unit) = match (kind, count) {
            ("f", 2) => (float(FloatType::F16), 2),
            ("f", 4) => (float(FloatType::F32), 4),
            ("f", 8) => (float(FloatType::F64), 8),
            ("i", 1 | 2 | 4 | 8) => (int(true), count),
            ("u", 1 | 2 | 4 | 8) => (int(false), count),
            ("S", size) => ((DType::Text, Encoding::Utf8 { size }), 1),
            ("U", points) => (
                (
                    DType::Text,
                    Encoding::Utf32 {
                        size: points.checked_mul(4)?,
                    },
                ),
                4,
            ),
            _ => return None,
        };
        let size = match encoding {
            Encoding::Utf8 { size } | Encoding::Utf32 { size } => size,
            _ => count,
        };
        let swap = match order {
            "<" | "|" => None,
            ">" => Some(unit),
            _ => return None,
        };
        Some(Self {
            dtype,
            encoding,
            size: size as u64,
            swap: swap.filter(|&unit| unit > 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_strings_say_size_and_byte_order() {
        let item = |descr| {
            let item = Item::parse(descr);
            (item.dtype.to_string(), item.size, item.swap)
        };
        assert_eq!(item("<f2"), ("f16".into(), 2, None));
        assert_eq!(item(">i8"), ("i64".into(), 8, Some(8)));
        assert_eq!(item("|u1"), ("u8".into(), 1, None));
        assert_eq!(item(">U3"), ("text".into(), 12, Some(4)));
        assert_eq!(item("|S3"), ("text".into(), 3, None));
        assert_eq!(item("|b1"), ("bool".into(), 0, None));
        assert_eq!(item("<c8"), ("<c8".into(), 0, None));
        assert_eq!(item("|O"), ("pickled objects".into(), 0, None));
    }

    #[test]
    fn a_written_header_is_read_back_and_aligned() {
        for shape in [vec![], vec![7], vec![123_456_789, 2048]] {
            let bytes = npy_header("<f4", &shape);
            assert_eq!(bytes.len() % 64, 0);
            let all = Bytes::memory("test", bytes.clone().into());
            let header = Header::read(&mut &bytes[..], "test", &all).unwrap();
            assert_eq!(header.fields.shape, shape);
            assert_eq!(header.length, bytes.len() as u64);
        }
    }
}
