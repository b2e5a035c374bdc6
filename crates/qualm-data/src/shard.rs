use std::fmt;
use std::io::Read;

use crate::array::{Encoding, ItemStream, StoredArray};
use crate::bytes::Bytes;
use crate::container::stored_arrays;
use crate::decode::{append_floats, append_ints, padded_utf8, padded_utf32, swap_bytes};
use crate::role::{Candidate, KeyKind, Role};
use crate::spec::Names;
use crate::{ArrayInfo, Chunk, DType, DataError, Format, KeyColumn};

/// Columns and widths, which all shards of a set agree in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) dim: Option<usize>,
    pub(crate) classes: Option<usize>,
    pub(crate) labels: bool,
    pub(crate) groups: Option<KeyKind>,
    pub(crate) ids: Option<KeyKind>,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = |name: &str, kind: KeyKind| match kind {
            KeyKind::Int => format!("{name} (integers)"),
            KeyKind::Text => format!("{name} (text)"),
        };
        let columns = [
            self.dim.map(|dim| format!("features of width {dim}")),
            self.classes
                .map(|classes| format!("logits of width {classes}")),
            self.labels.then(|| "labels".to_owned()),
            self.groups.map(|kind| key("groups", kind)),
            self.ids.map(|kind| key("ids", kind)),
        ];
        let columns: Vec<String> = columns.into_iter().flatten().collect();
        f.write_str(&columns.join(", "))
    }
}

/// One file of a feature set, opened at its first row.
pub(crate) struct Shard {
    pub(crate) rows: u64,
    pub(crate) layout: Layout,
    /// Which array serves in which role, with its type.
    pub(crate) columns: Vec<(Role, String, DType)>,
    pub(crate) reader: Box<dyn ShardReader>,
}

/// A pass over one shard.
pub(crate) trait ShardReader: Send {
    /// Appends at most `max_rows` rows to the columns of `chunk` and says how many; 0 at the end.
    fn append(&mut self, chunk: &mut Chunk, max_rows: usize) -> Result<usize, DataError>;

    /// Passes over the next `rows` rows, which are there.
    fn skip(&mut self, rows: u64) -> Result<(), DataError>;
}

impl Shard {
    /// Opens a file of any format and checks that its arrays make a feature set.
    pub(crate) fn open(bytes: &Bytes, names: &Names) -> Result<Self, DataError> {
        let format = Format::sniff(bytes)?;
        #[cfg(feature = "parquet")]
        if format == Format::Parquet {
            return crate::container::parquet::open(bytes, names);
        }
        from_arrays(bytes, stored_arrays(bytes, format, names.lone())?, names)
    }
}

/// What choosing arrays for roles found out.
#[derive(Default)]
pub(crate) struct Chosen {
    pub(crate) rows: Option<(u64, &'static str)>,
    pub(crate) layout: Layout,
    /// Role and position of its array.
    pub(crate) columns: Vec<(Role, usize)>,
}

impl Chosen {
    /// Finds the array of each role and checks types, shapes and that all have the same rows.
    pub(crate) fn new(
        origin: &str,
        arrays: &[ArrayInfo],
        names: &Names,
    ) -> Result<Self, DataError> {
        let mut chosen = Self::default();
        for role in Role::ALL {
            if let Some(at) = names.find(origin, role.name(), arrays)? {
                chosen.add(origin, role, at, &arrays[at])?;
            }
        }
        if chosen.layout.dim.is_none() && chosen.layout.classes.is_none() {
            names.require(origin, Role::Features.name(), arrays)?;
        }
        Ok(chosen)
    }

    fn add(
        &mut self,
        origin: &str,
        role: Role,
        at: usize,
        info: &ArrayInfo,
    ) -> Result<(), DataError> {
        let candidate = Candidate {
            origin,
            role: role.name(),
            info,
        };
        let layout = &mut self.layout;
        let rows = match role {
            Role::Features | Role::Logits => {
                let (rows, width, _) = candidate.matrix()?;
                if role == Role::Features {
                    layout.dim = Some(width);
                } else {
                    layout.classes = Some(width);
                }
                rows
            }
            Role::Labels => {
                layout.labels = true;
                candidate.labels()?
            }
            Role::Groups | Role::Ids => {
                let (rows, kind) = candidate.keys()?;
                if role == Role::Groups {
                    layout.groups = Some(kind);
                } else {
                    layout.ids = Some(kind);
                }
                rows
            }
        };
        match self.rows {
            Some((others, other)) if others != rows => Err(candidate.refuse(&format!(
                "has {rows} rows where `{other}` has {others}; every array needs one entry an input"
            ))),
            _ => {
                self.rows = Some((rows, role.name()));
                self.columns.push((role, at));
                Ok(())
            }
        }
    }
}

fn from_arrays(bytes: &Bytes, arrays: Vec<StoredArray>, names: &Names) -> Result<Shard, DataError> {
    let origin = bytes.name();
    let infos: Vec<ArrayInfo> = arrays.iter().map(|array| array.info.clone()).collect();
    let chosen = Chosen::new(origin, &infos, names)?;
    let rows = chosen.rows.map_or(0, |(rows, _)| rows);
    let mut columns = Vec::new();
    let mut readers = Vec::new();
    for &(role, at) in &chosen.columns {
        let array = &arrays[at];
        columns.push((role, array.info.name.clone(), array.info.dtype.clone()));
        readers.push((role, ArrayReader::new(bytes, array)?));
    }
    Ok(Shard {
        rows,
        layout: chosen.layout,
        columns,
        reader: Box::new(ArraysReader {
            columns: readers,
            left: rows,
        }),
    })
}

struct ArraysReader {
    columns: Vec<(Role, ArrayReader)>,
    left: u64,
}

impl ShardReader for ArraysReader {
    fn append(&mut self, chunk: &mut Chunk, max_rows: usize) -> Result<usize, DataError> {
        let rows = usize::try_from(self.left).map_or(max_rows, |left| left.min(max_rows));
        for (role, column) in &mut self.columns {
            match role {
                Role::Features => column.floats(rows, chunk.features.to_fill())?,
                Role::Logits => column.floats(rows, chunk.logits.to_fill())?,
                Role::Labels => column.ints(rows, &mut chunk.labels)?,
                Role::Groups => column.keys(rows, &mut chunk.groups)?,
                Role::Ids => column.keys(rows, &mut chunk.ids)?,
            }
        }
        self.left -= rows as u64;
        Ok(rows)
    }

    fn skip(&mut self, rows: u64) -> Result<(), DataError> {
        for (_, column) in &mut self.columns {
            column.skip(rows)?;
        }
        self.left = self.left.saturating_sub(rows);
        Ok(())
    }
}

/// Reads an array from its first row to its last, a piece at a time.
pub(crate) struct ArrayReader {
    bytes: Bytes,
    name: String,
    stream: ItemStream,
    encoding: Encoding,
    swap: Option<usize>,
    /// Bytes an item.
    item: usize,
    /// Items a row.
    width: usize,
    rows: u64,
    done: u64,
    piece: Vec<u8>,
}

impl ArrayReader {
    /// Large enough that a system call is nothing beside its copy, small enough that the copy is
    /// still in the second-level cache when it is converted.
    const PIECE_BYTES: usize = 1 << 18;
    /// Longer than any name; what asks for more is damaged.
    const MAX_TEXT_BYTES: usize = 1 << 20;

    pub(crate) fn new(bytes: &Bytes, array: &StoredArray) -> Result<Self, DataError> {
        let refuse = |problem: &str| {
            DataError::malformed(
                bytes.name(),
                format!("array `{}` {problem}", array.info.name),
            )
        };
        let width = array.info.shape.get(1..).unwrap_or_default();
        if array.fortran && array.info.shape.iter().filter(|&&axis| axis > 1).count() > 1 {
            return Err(refuse(
                "is stored column by column (Fortran order), so its rows cannot be streamed; save numpy.ascontiguousarray(x) instead",
            ));
        }
        let width = width
            .iter()
            .try_fold(1usize, |width, &axis| {
                width.checked_mul(usize::try_from(axis).ok()?)
            })
            .ok_or_else(|| refuse("has rows longer than this machine can address"))?;
        // A matrix of bytes that serves as text is one item a row.
        let (encoding, item, width) = match array.encoding {
            Encoding::Int {
                size: 1,
                signed: false,
            } if width > 1 => (Encoding::Utf8 { size: width }, width, 1),
            other => (other, array.item_size(), width),
        };
        if matches!(encoding, Encoding::Utf8 { .. } | Encoding::Utf32 { .. })
            && item > Self::MAX_TEXT_BYTES
        {
            return Err(refuse(
                "holds texts of more than a million bytes each; shorten them",
            ));
        }
        Ok(Self {
            bytes: bytes.clone(),
            name: array.info.name.clone(),
            stream: array.stream(bytes)?,
            encoding,
            swap: array.swap,
            item,
            width,
            rows: array.info.shape.first().copied().unwrap_or(1),
            done: 0,
            piece: Vec::new(),
        })
    }

    /// Appends `rows` rows of floats.
    pub(crate) fn floats(&mut self, rows: usize, out: &mut Vec<f32>) -> Result<(), DataError> {
        let Encoding::Float(float) = self.encoding else {
            return Err(self.refuse(0, "holds no floats"));
        };
        self.pieces(rows, |piece| {
            append_floats(piece, float, out);
            Ok(())
        })
    }

    /// Appends the floats of every row.
    pub(crate) fn all_floats(&mut self, out: &mut Vec<f32>) -> Result<(), DataError> {
        let rows = usize::try_from(self.rows)
            .map_err(|_| self.refuse(0, "is followed by more than this machine can address"))?;
        self.floats(rows, out)
    }

    fn ints(&mut self, rows: usize, out: &mut Vec<i64>) -> Result<(), DataError> {
        let Encoding::Int { size, signed } = self.encoding else {
            return Err(self.refuse(0, "holds no integers"));
        };
        self.pieces(rows, |piece| {
            append_ints(piece, size, signed, out)
                .map_err(|at| (at, "holds a number beyond the range of i64"))
        })
    }

    fn keys(&mut self, rows: usize, out: &mut KeyColumn) -> Result<(), DataError> {
        let read: fn(&[u8]) -> Option<String> = match self.encoding {
            Encoding::Utf8 { .. } => padded_utf8,
            Encoding::Utf32 { .. } => padded_utf32,
            _ => return self.ints(rows, out.ints_mut()),
        };
        let item = self.item;
        let texts = out.texts_mut();
        if item == 0 {
            // Texts of width 0 take no bytes at all.
            texts.resize(texts.len() + rows, String::new());
            return Ok(());
        }
        self.pieces(rows, |piece| {
            for (at, field) in piece.chunks_exact(item).enumerate() {
                texts.push(read(field).ok_or((at, "holds text that is not Unicode"))?);
            }
            Ok(())
        })
    }

    /// Reads `rows` rows piece by piece. `decode` gives the position of an item it refuses.
    fn pieces(
        &mut self,
        rows: usize,
        mut decode: impl FnMut(&[u8]) -> Result<(), (usize, &'static str)>,
    ) -> Result<(), DataError> {
        let mut left = rows as u64 * self.width as u64;
        let items_at_once = (Self::PIECE_BYTES / self.item.max(1)).max(1) as u64;
        let mut before = 0;
        while left > 0 {
            let items = left.min(items_at_once);
            self.piece.resize(items as usize * self.item, 0);
            self.stream
                .read_exact(&mut self.piece)
                .map_err(|error| self.bytes.error(error))?;
            if let Some(size) = self.swap {
                swap_bytes(&mut self.piece, size);
            }
            decode(&self.piece).map_err(|(at, problem)| {
                self.refuse((before + at as u64) / self.width.max(1) as u64, problem)
            })?;
            before += items;
            left -= items;
        }
        self.done += rows as u64;
        Ok(())
    }

    fn skip(&mut self, rows: u64) -> Result<(), DataError> {
        let bytes = rows.saturating_mul(self.width as u64 * self.item as u64);
        self.stream
            .skip(bytes)
            .map_err(|error| self.bytes.error(error))?;
        self.done += rows;
        Ok(())
    }

    fn refuse(&self, row: u64, problem: &str) -> DataError {
        DataError::malformed(
            self.bytes.name(),
            format!("row {} of `{}` {problem}", self.done + row, self.name),
        )
    }
}
