use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use crate::bytes::Bytes;
use crate::role::Role;
use crate::shard::{Layout, Shard, ShardReader};
use crate::shards;
use crate::spec::{Names, Spec};
use crate::{Chunk, DType, DataError, RowReader, Schema, Source};

/// A feature set in files: safetensors, `.npy`, `.npz` or Parquet, one file or many shards.
///
/// Opening reads the heads of the files and checks that types, shapes and row counts make a
/// feature set; rows are read chunk by chunk, in memory that does not grow with the file. A
/// chunk is always filled to the number of rows asked for, except at the end of the set.
///
/// ```
/// use qualm_data::{Chunk, FeatureSet, MemorySet, Source, write_features, Format, Precision};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("train.npz");
/// let rows = MemorySet::new("rows").with_features(vec![1.0, 2.0, 3.0, 4.0], 2)?.with_labels(vec![0, -1])?;
/// write_features(&rows, &path, Format::Npz, Precision::default())?;
///
/// let set = FeatureSet::open(path.to_str().unwrap())?;
/// assert_eq!((set.schema().rows, set.schema().dim), (2, Some(2)));
/// let mut chunk = Chunk::default();
/// set.reader()?.read(&mut chunk, 1024)?;
/// assert_eq!(chunk.labels, [0, -1]);
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug)]
pub struct FeatureSet {
    name: String,
    names: Names,
    schema: Schema,
    layout: Layout,
    columns: Vec<Column>,
    shards: Vec<Part>,
    files: Vec<PathBuf>,
}

/// One column of a feature set: which array it is and what that holds.
///
/// ```
/// use qualm_data::{FeatureSet, Format, MemorySet, Precision, Role, write_features};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("x.npy");
/// let rows = MemorySet::new("rows").with_features(vec![1.0, 2.0], 2)?;
/// write_features(&rows, &path, Format::Npy, Precision::default())?;
/// let set = FeatureSet::open(&format!("{}:logits", path.display()))?;
/// assert_eq!(set.columns()[0].role, Role::Logits);
/// assert_eq!(set.columns()[0].dtype.to_string(), "f32");
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What the array is used as.
    pub role: Role,
    /// The array's name in the file.
    pub array: String,
    /// The type of its items in the first shard.
    pub dtype: DType,
}

#[derive(Debug)]
struct Part {
    origin: Origin,
    rows: u64,
    length: u64,
}

/// Where a shard's bytes come from at the start of each pass. Files are opened anew, so that a
/// thousand shards do not hold a thousand file handles.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    File(PathBuf),
    Held(Bytes),
}

impl Origin {
    /// A regular file is opened anew for every pass; a pipe can be read only once and is kept.
    fn of(file: PathBuf) -> Result<Self, DataError> {
        let kept = file
            .metadata()
            .is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
        if kept {
            return Bytes::open(&file).map(Self::Held);
        }
        Ok(Self::File(file))
    }

    pub(crate) fn bytes(&self) -> Result<Bytes, DataError> {
        match self {
            Self::File(path) => Bytes::open(path),
            Self::Held(bytes) => Ok(bytes.clone()),
        }
    }
}

impl FeatureSet {
    /// Opens the feature set that `spec` names.
    ///
    /// `spec` is a file, a directory or a glob of shards (read in natural order of their names,
    /// `part-2` before `part-10`), or `-` for standard input, which is copied to a temporary
    /// file. Arrays go by the names `features`, `logits`, `labels`, `groups` and `ids`; other
    /// names follow a colon: `train.npz:features=penultimate,labels=y`. The array of an `.npy`
    /// is `features`, unless it is named as in `x.npy:logits`. One of features and logits must
    /// be there.
    ///
    /// # Errors
    /// [`DataError::Io`] when a file cannot be read, [`DataError::MissingArray`] when an array is
    /// not there, [`DataError::Malformed`] when a file is damaged, [`DataError::Shape`] when
    /// arrays or shards do not fit together.
    pub fn open(spec: &str) -> Result<Self, DataError> {
        let Spec { path, names } = Spec::parse(spec, &Role::ALL.map(Role::name))?;
        let origins = Self::origins(&path)?;
        Self::from_origins(spec.to_owned(), names, origins)
    }

    /// Where the bytes of each shard of `path` come from.
    pub(crate) fn origins(path: &str) -> Result<Vec<Origin>, DataError> {
        if path == "-" {
            let bytes = Bytes::spool("standard input", &mut io::stdin().lock())?;
            return Ok(vec![Origin::Held(bytes)]);
        }
        shards::expand(path)?.into_iter().map(Origin::of).collect()
    }

    /// A feature set from the bytes of one file in memory, e.g. `include_bytes!`. Errors will
    /// call it `name`, which may end in renames as the spec of [`FeatureSet::open`] does.
    ///
    /// # Errors
    /// As for [`FeatureSet::open`].
    pub fn from_bytes(name: &str, bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, DataError> {
        let Spec { path, names } = Spec::split(name, &Role::ALL.map(Role::name))?;
        let bytes = Bytes::memory(&path, bytes.into());
        Self::from_origins(name.to_owned(), names, vec![Origin::Held(bytes)])
    }

    pub(crate) fn from_origins(
        name: String,
        names: Names,
        origins: Vec<Origin>,
    ) -> Result<Self, DataError> {
        let mut set = Self {
            name,
            names,
            schema: Schema::default(),
            layout: Layout::default(),
            columns: Vec::new(),
            shards: Vec::new(),
            files: Vec::new(),
        };
        for origin in origins {
            set.add(origin)?;
        }
        Ok(set)
    }

    fn add(&mut self, origin: Origin) -> Result<(), DataError> {
        let bytes = origin.bytes()?;
        let shard = Shard::open(&bytes, &self.names)?;
        if self.shards.is_empty() {
            self.schema = Schema {
                rows: 0,
                dim: shard.layout.dim,
                classes: shard.layout.classes,
                labels: shard.layout.labels,
                groups: shard.layout.groups.is_some(),
                ids: shard.layout.ids.is_some(),
            };
            self.layout = shard.layout;
            self.columns = shard
                .columns
                .into_iter()
                .map(|(role, array, dtype)| Column { role, array, dtype })
                .collect();
        } else if shard.layout != self.layout {
            return Err(DataError::Shape(format!(
                "{}: has {}, but the first shard of {} has {}; shards need the same columns and widths",
                bytes.name(),
                shard.layout,
                self.name,
                self.layout
            )));
        }
        self.schema.rows =
            self.schema.rows.checked_add(shard.rows).ok_or_else(|| {
                DataError::Shape(format!("{}: more than 2^64 rows", bytes.name()))
            })?;
        if let Origin::File(path) = &origin {
            self.files.push(path.clone());
        }
        self.shards.push(Part {
            origin,
            rows: shard.rows,
            length: bytes.len(),
        });
        Ok(())
    }

    /// The files that hold the rows, in order; none for standard input and bytes in memory.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Which array serves as which column.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// A stream of the shard's rows, where it is still the file that was opened.
    fn reopen(&self, part: &Part) -> Result<Box<dyn ShardReader>, DataError> {
        let bytes = part.origin.bytes()?;
        let changed = || {
            DataError::malformed(
                bytes.name(),
                "the file changed while it was in use; start again when it is complete",
            )
        };
        if bytes.len() != part.length {
            return Err(changed());
        }
        let shard = Shard::open(&bytes, &self.names)?;
        if shard.rows != part.rows || shard.layout != self.layout {
            return Err(changed());
        }
        Ok(shard.reader)
    }
}

impl Source for FeatureSet {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reader(&self) -> Result<Box<dyn RowReader + '_>, DataError> {
        Ok(Box::new(FileReader {
            set: self,
            next_row: 0,
            next_shard: 0,
            current: None,
        }))
    }
}

struct FileReader<'a> {
    set: &'a FeatureSet,
    next_row: u64,
    next_shard: usize,
    current: Option<Current>,
}

/// The shard that is being read.
struct Current {
    reader: Box<dyn ShardReader>,
    left: u64,
}

impl FileReader<'_> {
    /// The shard that holds the next row; `None` at the end of the set.
    fn shard(&mut self) -> Result<Option<&mut Current>, DataError> {
        while self
            .current
            .as_ref()
            .is_none_or(|current| current.left == 0)
        {
            let Some(part) = self.set.shards.get(self.next_shard) else {
                return Ok(None);
            };
            self.next_shard += 1;
            self.current = Some(Current {
                reader: self.set.reopen(part)?,
                left: part.rows,
            });
        }
        Ok(self.current.as_mut())
    }
}

impl RowReader for FileReader<'_> {
    fn read(&mut self, chunk: &mut Chunk, max_rows: usize) -> Result<(), DataError> {
        chunk.clear(self.next_row);
        while chunk.rows < max_rows {
            let Some(shard) = self.shard()? else { break };
            let rows = shard.reader.append(chunk, max_rows - chunk.rows)?;
            shard.left -= rows as u64;
            chunk.rows += rows;
        }
        self.next_row += chunk.rows as u64;
        Ok(())
    }

    fn skip(&mut self, rows: u64) -> Result<(), DataError> {
        let mut left = rows;
        while left > 0 {
            let Some(shard) = self.shard()? else { break };
            let rows = shard.left.min(left);
            shard.reader.skip(rows)?;
            shard.left -= rows;
            left -= rows;
        }
        self.next_row += rows - left;
        Ok(())
    }
}
