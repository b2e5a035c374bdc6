mod shared;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use half::f16;
use qualm_data::AtomicFile;
use qualm_linalg::{HalfRows, NeighbourGraph, Rows};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, View};

use crate::OodError;
use crate::bundle::Shape;
use crate::detector::AffineMap;
use crate::statistics::Bank;
use crate::weights::Weights;

#[cfg(target_endian = "big")]
compile_error!("bundles hold little-endian numbers; this machine would read them backwards");

/// The key of the one metadata entry: one entry, because several have no fixed order and equal
/// fits must give equal bytes.
const METADATA: &str = "qualm";

/// Named arrays on their way into a file. A prefix tells the detectors' arrays apart.
#[derive(Debug, Default)]
pub(crate) struct TensorWriter {
    prefix: String,
    arrays: BTreeMap<String, Array>,
    weights: Weights,
}

#[derive(Debug)]
struct Array {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl View for &Array {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// A number that arrays are made of.
pub(crate) trait Element: bytemuck::Pod {
    /// Its type in the file.
    const DTYPE: Dtype;
}

impl Element for f32 {
    const DTYPE: Dtype = Dtype::F32;
}
impl Element for f16 {
    const DTYPE: Dtype = Dtype::F16;
}
impl Element for f64 {
    const DTYPE: Dtype = Dtype::F64;
}
impl Element for i64 {
    const DTYPE: Dtype = Dtype::I64;
}
impl Element for u64 {
    const DTYPE: Dtype = Dtype::U64;
}
impl Element for u32 {
    const DTYPE: Dtype = Dtype::U32;
}

impl TensorWriter {
    /// A writer of matrices in these numbers.
    pub(crate) fn new(weights: Weights) -> Self {
        Self {
            weights,
            ..Self::default()
        }
    }

    /// Adds a matrix that rows of features are multiplied with.
    pub(crate) fn weights(&mut self, name: &str, values: &[f32], width: usize) {
        if self.weights == Weights::F32 || width == 0 {
            return self.matrix(name, values, width);
        }
        let halves = HalfRows::new(Rows::new(values, width));
        self.matrix(name, halves.halves(), width);
        self.vector(&format!("{name}_scale"), halves.scales());
    }

    /// Sets what stands before the names that follow, e.g. `vim/`.
    pub(crate) fn set_prefix(&mut self, prefix: impl Into<String>) {
        self.prefix = prefix.into();
    }

    /// Adds what `write` adds under names that begin with `name` and a slash.
    pub(crate) fn within(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        let outer = self.prefix.len();
        self.prefix.push_str(name);
        self.prefix.push('/');
        write(self);
        self.prefix.truncate(outer);
    }

    /// Adds an array of rows of `width` numbers.
    pub(crate) fn matrix<T: Element>(&mut self, name: &str, values: &[T], width: usize) {
        let rows = values.len().checked_div(width).unwrap_or(0);
        self.put(name, values, vec![rows, width]);
    }

    /// Adds an array of one dimension.
    pub(crate) fn vector<T: Element>(&mut self, name: &str, values: &[T]) {
        self.put(name, values, vec![values.len()]);
    }

    fn put<T: Element>(&mut self, name: &str, values: &[T], shape: Vec<usize>) {
        let array = Array {
            dtype: T::DTYPE,
            shape,
            bytes: bytemuck::cast_slice(values).to_vec(),
        };
        self.arrays.insert(format!("{}{name}", self.prefix), array);
    }

    /// Writes all arrays and `metadata` (a JSON text) to `path`, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written; an old file survives.
    pub(crate) fn write(&self, path: &Path, metadata: &str) -> Result<(), OodError> {
        let bytes = self.to_bytes(metadata)?;
        Ok(AtomicFile::save(path, |file| file.write_all(&bytes))?)
    }

    /// The file's bytes.
    pub(crate) fn to_bytes(&self, metadata: &str) -> Result<Vec<u8>, OodError> {
        let metadata = [(METADATA.to_owned(), metadata.to_owned())].into();
        safetensors::serialize(self.arrays.iter(), Some(metadata))
            .map_err(|error| OodError::bundle("bundle", format!("cannot be written: {error}")))
    }
}

/// A parsed file of named arrays; shapes and offsets were checked before any was used.
#[derive(Debug)]
pub(crate) struct TensorFile<'a> {
    origin: String,
    tensors: SafeTensors<'a>,
    metadata: String,
    dim: usize,
    classes: usize,
    unfinished: bool,
    /// What several detectors hold is held once, so that it is computed once.
    maps: Mutex<Vec<Arc<AffineMap>>>,
    /// Banks by their limit of rows.
    banks: Mutex<Vec<(Option<usize>, Arc<Bank>)>>,
    /// Graphs by the number of their rows.
    graphs: Mutex<Vec<Arc<NeighbourGraph>>>,
}

impl<'a> TensorFile<'a> {
    /// Parses `bytes`; `origin` names them in errors.
    pub(crate) fn parse(origin: &str, bytes: &'a [u8]) -> Result<Self, OodError> {
        let fail = |problem: String| OodError::bundle(origin, problem);
        let not_ours = || fail("is not a file of qualm: write one with `qualm fit`".to_owned());
        if bytes.is_empty() {
            return Err(fail("is empty; write one with `qualm fit`".to_owned()));
        }
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| {
            fail(format!(
                "is not a bundle, or is damaged ({error}); write one with `qualm fit`"
            ))
        })?;
        let metadata = header
            .metadata()
            .as_ref()
            .and_then(|entries| entries.get(METADATA))
            .ok_or_else(not_ours)?
            .clone();
        let tensors = SafeTensors::deserialize(bytes)
            .map_err(|error| fail(format!("is damaged ({error}); write it anew")))?;
        Ok(Self {
            origin: origin.to_owned(),
            tensors,
            metadata,
            dim: 0,
            classes: 0,
            unfinished: false,
            maps: Mutex::default(),
            banks: Mutex::default(),
            graphs: Mutex::default(),
        })
    }

    /// States the widths of the rows that the arrays belong to; zero where there are none.
    pub(crate) fn set_shape(&mut self, shape: Shape) {
        self.dim = shape.dim.unwrap_or(0);
        self.classes = shape.classes.unwrap_or(0);
    }

    /// States that what the second pass gives is still missing.
    pub(crate) fn set_unfinished(&mut self) {
        self.unfinished = true;
    }

    /// The JSON text that was written with the arrays.
    pub(crate) fn metadata(&self) -> &str {
        &self.metadata
    }

    /// The arrays whose names begin with `prefix`.
    pub(crate) fn reader(&self, prefix: impl Into<String>) -> TensorReader<'_> {
        TensorReader {
            file: self,
            prefix: prefix.into(),
        }
    }

    /// The numbers `n` of all arrays that are named `prefix n / ...`, sorted.
    pub(crate) fn numbers_after(&self, prefix: &str) -> Vec<u64> {
        let number = |name: &str| name.strip_prefix(prefix)?.split('/').next()?.parse().ok();
        let names = self.tensors.names();
        let mut numbers: Vec<u64> = names.into_iter().filter_map(number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// The arrays of one detector.
#[derive(Debug)]
pub(crate) struct TensorReader<'a> {
    file: &'a TensorFile<'a>,
    prefix: String,
}

impl TensorReader<'_> {
    /// What [`TensorWriter::weights`] wrote, as `f32`.
    ///
    /// # Errors
    /// As for [`TensorReader::matrix`], and when scales are not those of such a matrix.
    pub(crate) fn weights(&self, name: &str, width: usize) -> Result<Vec<f32>, OodError> {
        if self.find(name)?.dtype() != Dtype::F16 {
            return self.matrix(name, width);
        }
        let halves = self.matrix::<f16>(name, width)?;
        let scale = format!("{name}_scale");
        let scales = self.vector::<f32>(&scale, halves.len() / width)?;
        let halves = HalfRows::from_parts(halves, scales, width);
        let halves = halves.ok_or_else(|| self.wrong(&scale, "is not what such rows have"))?;
        Ok(halves.to_vec())
    }

    /// The arrays whose names go on with `name` and a slash.
    pub(crate) fn within(&self, name: &str) -> TensorReader<'_> {
        self.file.reader(format!("{}{name}/", self.prefix))
    }

    /// An array of rows of `width` numbers.
    ///
    /// # Errors
    /// When it is missing or has another shape or type.
    pub(crate) fn matrix<T: Element>(&self, name: &str, width: usize) -> Result<Vec<T>, OodError> {
        let tensor = self.find(name)?;
        if tensor.shape().len() != 2 || tensor.shape()[1] != width {
            return Err(self.wrong(
                name,
                format!(
                    "has shape {:?} where rows of {width} belong",
                    tensor.shape()
                ),
            ));
        }
        self.values(name, &tensor)
    }

    /// An array of `len` numbers.
    ///
    /// # Errors
    /// When it is missing or has another shape or type.
    pub(crate) fn vector<T: Element>(&self, name: &str, len: usize) -> Result<Vec<T>, OodError> {
        let tensor = self.find(name)?;
        if tensor.shape() != [len] {
            return Err(self.wrong(
                name,
                format!("has shape {:?} where {len} numbers belong", tensor.shape()),
            ));
        }
        self.values(name, &tensor)
    }

    /// A number.
    ///
    /// # Errors
    /// When it is missing, no `f64` or not finite.
    pub(crate) fn scalar(&self, name: &str) -> Result<f64, OodError> {
        let value = self.vector::<f64>(name, 1)?[0];
        match value.is_finite() {
            true => Ok(value),
            false => Err(self.wrong(name, "is not finite")),
        }
    }

    /// A number that follows from the second pass: NaN where that is still to come.
    ///
    /// # Errors
    /// As for [`TensorReader::scalar`].
    pub(crate) fn scalar_of_second_pass(&self, name: &str) -> Result<f64, OodError> {
        match self.file.unfinished {
            true => Ok(f64::NAN),
            false => self.scalar(name),
        }
    }

    /// Numbers that follow from the second pass: NaN where that is still to come.
    ///
    /// # Errors
    /// When they are missing, of another number, no `f64` or not finite.
    pub(crate) fn vector_of_second_pass(
        &self,
        name: &str,
        len: usize,
    ) -> Result<Vec<f64>, OodError> {
        let values = self.vector::<f64>(name, len)?;
        match self.file.unfinished || values.iter().all(|value| value.is_finite()) {
            true => Ok(values),
            false => Err(self.wrong(name, "is not finite")),
        }
    }

    /// An array of one dimension, however long.
    ///
    /// # Errors
    /// When it is missing or has another number of dimensions or type.
    pub(crate) fn any_vector<T: Element>(&self, name: &str) -> Result<Vec<T>, OodError> {
        let len = match self.find(name)?.shape() {
            [len] => *len,
            shape => {
                return Err(self.wrong(
                    name,
                    format!("has shape {shape:?} where one dimension belongs"),
                ));
            }
        };
        self.vector(name, len)
    }

    /// D, the width of the features.
    pub(crate) fn dim(&self) -> usize {
        self.file.dim
    }

    /// C, the width of the logits.
    pub(crate) fn classes(&self) -> usize {
        self.file.classes
    }

    /// The numbers `n` of all arrays of this prefix that are named `prefix n / ...`, sorted.
    pub(crate) fn numbers_after(&self, prefix: &str) -> Vec<u64> {
        self.file.numbers_after(&format!("{}{prefix}", self.prefix))
    }

    /// Numbers a row of the array `name`, where it is a matrix.
    pub(crate) fn width(&self, name: &str) -> Option<usize> {
        self.find(name)
            .ok()
            .filter(|tensor| tensor.shape().len() == 2)
            .map(|t| t.shape()[1])
    }

    /// Whether there is an array of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// The error for an array that is there but not right.
    pub(crate) fn wrong(&self, name: &str, problem: impl Into<String>) -> OodError {
        OodError::bundle(
            &self.file.origin,
            format!(
                "array `{}{name}` {}; the file is damaged",
                self.prefix,
                problem.into()
            ),
        )
    }

    fn find(&self, name: &str) -> Result<TensorView<'_>, OodError> {
        let full = format!("{}{name}", self.prefix);
        self.file.tensors.tensor(&full).map_err(|_| {
            OodError::bundle(
                &self.file.origin,
                format!("array `{full}` is missing; the file is damaged"),
            )
        })
    }

    fn values<T: Element>(&self, name: &str, tensor: &TensorView<'_>) -> Result<Vec<T>, OodError> {
        if tensor.dtype() != T::DTYPE {
            return Err(self.wrong(
                name,
                format!("holds {:?} where {:?} belongs", tensor.dtype(), T::DTYPE),
            ));
        }
        Ok(bytemuck::pod_collect_to_vec(tensor.data()))
    }
}

/// Refuses arrays with NaN or infinity.
pub(crate) fn all_finite(values: &[f32]) -> bool {
    values.iter().all(|x| x.is_finite())
}
