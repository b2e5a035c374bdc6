use std::collections::BTreeMap;

use crate::bytes::Bytes;
use crate::container::array_infos;
use crate::role::Role;
use crate::spec::Spec;
use crate::{ArrayInfo, Chunk, Column, DataError, FeatureSet, Format, Schema, Source};

/// What is in the files of a feature set or a head.
///
/// ```
/// use qualm_data::{Head, inspect};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("head.npz");
/// Head::new(vec![1.0; 6], vec![0.0; 2], 3)?.save(&path)?;
/// let found = inspect(path.to_str().unwrap())?;
/// assert_eq!(found.files[0].arrays.len(), 2);
/// assert!(found.set.is_err(), "a head is no feature set");
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug)]
pub struct Inspection {
    /// Each file with its arrays, in the order in which rows are read.
    pub files: Vec<FileInspection>,
    /// What the rows hold, or why the arrays make no feature set: a head does not.
    pub set: Result<SetSummary, DataError>,
}

/// One file.
///
/// ```
/// use qualm_data::{Format, Head, inspect};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("head.safetensors");
/// Head::new(vec![1.0; 6], vec![0.0; 2], 3)?.save(&path)?;
/// let file = &inspect(path.to_str().unwrap())?.files[0];
/// assert_eq!(file.format, Format::Safetensors);
/// assert!(file.length > file.arrays.iter().map(|array| array.bytes).sum());
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInspection {
    /// Its path, or `standard input`.
    pub name: String,
    /// Its format, by its first bytes.
    pub format: Format,
    /// Bytes on disk.
    pub length: u64,
    /// Its arrays; those of a Parquet file are columns.
    pub arrays: Vec<ArrayInfo>,
}

/// What the rows of a feature set hold.
///
/// ```
/// use qualm_data::{Format, MemorySet, Precision, inspect, write_features};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("x.npz");
/// let rows = MemorySet::new("rows").with_features(vec![3.0, 4.0], 2)?.with_labels(vec![7])?;
/// write_features(&rows, &path, Format::Npz, Precision::default())?;
/// let set = inspect(path.to_str().unwrap())?.set?;
/// assert_eq!((set.schema.rows, set.columns.len()), (1, 2));
/// assert!(set.features.is_some() && set.labels.is_some() && set.logits.is_none());
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SetSummary {
    /// Columns, widths and number of rows.
    pub schema: Schema,
    /// Which array serves as which column.
    pub columns: Vec<Column>,
    /// Labels, where there are any.
    pub labels: Option<LabelSummary>,
    /// Features, where there are any.
    pub features: Option<MatrixSummary>,
    /// Logits, where there are any.
    pub logits: Option<MatrixSummary>,
}

/// How often each label occurs.
///
/// ```
/// use qualm_data::{Format, MemorySet, Precision, inspect, write_features};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("x.npz");
/// let rows = MemorySet::new("rows").with_logits(vec![0.5; 4], 1)?.with_labels(vec![2, -1, 2, 0])?;
/// write_features(&rows, &path, Format::Npz, Precision::default())?;
/// let labels = inspect(path.to_str().unwrap())?.set?.labels.unwrap();
/// assert_eq!((labels.counts[&2], labels.negative_rows), (2, 1));
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSummary {
    /// Rows a label, by label. Negative labels mean out of distribution.
    pub counts: BTreeMap<i64, u64>,
    /// Rows whose label is not in `counts`, because 65,536 others were seen before it.
    pub uncounted_rows: u64,
    /// Rows with a negative label.
    pub negative_rows: u64,
}

/// Norms and oddities of a matrix.
///
/// ```
/// use qualm_data::{Format, MemorySet, Precision, inspect, write_features};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("x.npz");
/// let rows = vec![0.0, 0.0, 5.0, 0.0, f32::INFINITY, 1.0];
/// let rows = MemorySet::new("rows").with_features(rows, 2)?;
/// write_features(&rows, &path, Format::Npz, Precision::default())?;
/// let features = inspect(path.to_str().unwrap())?.set?.features.unwrap();
/// assert_eq!((features.zero_rows, features.not_finite_rows), (1, 1));
/// assert_eq!(features.constant_columns, [1], "the row that is not finite does not count");
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixSummary {
    /// Euclidean norms of the finite rows; `None` where there is no such row.
    pub norms: Option<NormSummary>,
    /// Rows of zeros only.
    pub zero_rows: u64,
    /// Columns that hold the same number in every finite row, of which there are two at least.
    pub constant_columns: Vec<usize>,
    /// Rows with a NaN or an infinity.
    pub not_finite_rows: u64,
    /// The first ten of them.
    pub first_not_finite: Vec<u64>,
}

/// Euclidean norms of rows.
///
/// ```
/// use qualm_data::{Format, MemorySet, NormSummary, Precision, inspect, write_features};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("x.npz");
/// let rows = MemorySet::new("rows").with_features(vec![3.0, 4.0, 0.0, 1.0], 2)?;
/// write_features(&rows, &path, Format::Npz, Precision::default())?;
/// let features = inspect(path.to_str().unwrap())?.set?.features.unwrap();
/// assert_eq!(features.norms, Some(NormSummary { min: 1.0, mean: 3.0, max: 5.0 }));
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormSummary {
    /// The smallest.
    pub min: f64,
    /// Their mean.
    pub mean: f64,
    /// The largest.
    pub max: f64,
}

/// Lists the arrays of what `spec` names and, where they make a feature set, reads its rows once
/// and sums them up. `spec` is what [`FeatureSet::open`] takes.
///
/// # Errors
/// As for [`FeatureSet::open`], except that arrays which make no feature set are reported in
/// [`Inspection::set`].
///
/// ```
/// use qualm_data::{inspect, MemorySet, write_features, Format, Precision};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("x.npz");
/// let rows = MemorySet::new("rows").with_features(vec![3.0, 4.0, f32::NAN, 0.0], 2)?.with_labels(vec![5, -1])?;
/// write_features(&rows, &path, Format::Npz, Precision::default())?;
///
/// let found = inspect(path.to_str().unwrap())?;
/// assert_eq!(found.files[0].arrays[0].shape, [2, 2]);
/// let set = found.set?;
/// assert_eq!(set.labels.unwrap().negative_rows, 1);
/// let features = set.features.unwrap();
/// assert_eq!(features.norms.unwrap().mean, 5.0);
/// assert_eq!(features.first_not_finite, [1]);
/// # Ok::<(), qualm_data::DataError>(())
/// ```
pub fn inspect(spec: &str) -> Result<Inspection, DataError> {
    let Spec { path, names } = Spec::parse(spec, &Role::ALL.map(Role::name))?;
    let origins = FeatureSet::origins(&path)?;
    let mut files = Vec::new();
    for origin in &origins {
        files.push(file(&origin.bytes()?, names.lone())?);
    }
    let set = match FeatureSet::from_origins(spec.to_owned(), names, origins) {
        Ok(set) => Ok(summarise(&set)?),
        Err(error @ (DataError::MissingArray { .. } | DataError::Shape(_))) => Err(error),
        Err(error) => return Err(error),
    };
    Ok(Inspection { files, set })
}

fn file(bytes: &Bytes, lone: &str) -> Result<FileInspection, DataError> {
    let format = Format::sniff(bytes)?;
    Ok(FileInspection {
        name: bytes.name().to_owned(),
        format,
        length: bytes.len(),
        arrays: array_infos(bytes, format, lone)?,
    })
}

fn summarise(set: &FeatureSet) -> Result<SetSummary, DataError> {
    let schema = set.schema();
    let mut labels = schema.labels.then(LabelSummary::default);
    let mut features = schema.dim.map(MatrixFold::new);
    let mut logits = schema.classes.map(MatrixFold::new);
    let mut reader = set.reader()?;
    let mut chunk = Chunk::default();
    loop {
        reader.read(&mut chunk, schema.rows_per_chunk())?;
        if chunk.rows == 0 {
            break;
        }
        if let Some(labels) = &mut labels {
            labels.add(&chunk.labels);
        }
        for (fold, values) in [
            (&mut features, &chunk.features),
            (&mut logits, &chunk.logits),
        ] {
            if let Some(fold) = fold {
                fold.add(values, chunk.first_row);
            }
        }
    }
    Ok(SetSummary {
        schema: schema.clone(),
        columns: set.columns().to_vec(),
        labels,
        features: features.map(MatrixFold::finish),
        logits: logits.map(MatrixFold::finish),
    })
}

impl LabelSummary {
    /// A label column that is no label column, such as row numbers, must not fill the memory.
    const MAX_COUNTED: usize = 1 << 16;

    fn add(&mut self, labels: &[i64]) {
        for &label in labels {
            self.negative_rows += u64::from(label < 0);
            if let Some(count) = self.counts.get_mut(&label) {
                *count += 1;
            } else if self.counts.len() < Self::MAX_COUNTED {
                self.counts.insert(label, 1);
            } else {
                self.uncounted_rows += 1;
            }
        }
    }
}

/// [`MatrixSummary`] in the making.
struct MatrixFold {
    width: usize,
    finite_rows: u64,
    norm_sum: f64,
    min: f64,
    max: f64,
    zero_rows: u64,
    not_finite_rows: u64,
    first_not_finite: Vec<u64>,
    /// The first finite row, and which columns have held its numbers ever since.
    first: Vec<f32>,
    constant: Vec<bool>,
}

impl MatrixFold {
    const LISTED_ROWS: usize = 10;

    fn new(width: usize) -> Self {
        Self {
            width,
            finite_rows: 0,
            norm_sum: 0.0,
            min: f64::INFINITY,
            max: 0.0,
            zero_rows: 0,
            not_finite_rows: 0,
            first_not_finite: Vec::new(),
            first: Vec::new(),
            constant: Vec::new(),
        }
    }

    fn add(&mut self, values: &[f32], first_row: u64) {
        for (row, values) in (first_row..).zip(values.chunks_exact(self.width)) {
            // Squares of f32 cannot overflow f64, so only NaN and infinity make this sum so.
            let squares: f64 = values.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            if !squares.is_finite() {
                self.not_finite_rows += 1;
                if self.first_not_finite.len() < Self::LISTED_ROWS {
                    self.first_not_finite.push(row);
                }
                continue;
            }
            let norm = squares.sqrt();
            self.norm_sum += norm;
            self.min = self.min.min(norm);
            self.max = self.max.max(norm);
            self.zero_rows += u64::from(norm == 0.0);
            if self.finite_rows == 0 {
                self.first = values.to_vec();
                self.constant = vec![true; self.width];
            }
            self.finite_rows += 1;
            for ((constant, x), first) in self.constant.iter_mut().zip(values).zip(&self.first) {
                *constant &= x == first;
            }
        }
    }

    fn finish(self) -> MatrixSummary {
        let norms = (self.finite_rows > 0).then(|| NormSummary {
            min: self.min,
            mean: self.norm_sum / self.finite_rows as f64,
            max: self.max,
        });
        let constant = self.constant.iter().enumerate();
        MatrixSummary {
            norms,
            zero_rows: self.zero_rows,
            constant_columns: constant
                .filter(|&(_, &constant)| constant && self.finite_rows > 1)
                .map(|(column, _)| column)
                .collect(),
            not_finite_rows: self.not_finite_rows,
            first_not_finite: self.first_not_finite,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_summed_up_in_one_pass() {
        let mut fold = MatrixFold::new(3);
        fold.add(&[7.0, 1.0, 0.0, 0.0, f32::NAN, 0.0], 100);
        fold.add(&[7.0, 0.0, 0.0, 7.0, 2.0, 0.0], 102);
        let summary = fold.finish();
        assert_eq!(summary.constant_columns, [0, 2]);
        assert_eq!(
            (summary.not_finite_rows, summary.first_not_finite),
            (1, vec![101])
        );
        let norms = summary.norms.unwrap();
        assert_eq!((norms.min, norms.max), (7.0, 53f64.sqrt()));
        assert!((norms.mean - (7.0 + 50f64.sqrt() + 53f64.sqrt()) / 3.0).abs() < 1e-12);
    }

    #[test]
    fn one_row_makes_no_constant_column_and_zeros_are_counted() {
        let mut fold = MatrixFold::new(2);
        fold.add(&[0.0, -0.0], 0);
        let summary = fold.finish();
        assert_eq!((summary.zero_rows, summary.constant_columns.len()), (1, 0));
        assert_eq!(MatrixFold::new(2).finish().norms, None);
    }

    #[test]
    fn labels_beyond_the_bound_are_counted_together() {
        let mut labels = LabelSummary::default();
        labels.add(&(-3..70_000).collect::<Vec<i64>>());
        labels.add(&[5]);
        assert_eq!(labels.counts.len(), 1 << 16);
        assert_eq!(labels.counts[&5], 2);
        assert_eq!(labels.uncounted_rows, 70_003 - (1 << 16));
        assert_eq!(labels.negative_rows, 3);
    }
}
