//! The container: metadata by key, tensors by name. The one file that knows the crate which
//! reads it.

use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use gguf_rs_lib::format::metadata::{MetadataArray, MetadataValue};
use gguf_rs_lib::format::types::GGUFTensorType;
use gguf_rs_lib::reader::file_reader::GGUFFileReader;
use qualm_data::{DataError, contained};

use super::LmError;
use super::blocks::Storage;

/// An open GGUF file.
pub(crate) struct Gguf {
    name: String,
    inner: GGUFFileReader<BufReader<File>>,
    /// Tensors that nobody has asked for.
    unread: HashSet<String>,
}

impl Gguf {
    /// Reads everything but the tensors' numbers. What a length in the file promises is held
    /// against the file by the crate, and tensors against its end.
    pub(crate) fn open(path: &Path) -> Result<Self, LmError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| DataError::io(path, "open", error))?;
        let inner = contained(|| GGUFFileReader::new(BufReader::new(file)))
            .ok_or_else(|| LmError::malformed(&name, "no GGUF: its parts do not fit together"))?
            .map_err(|error| LmError::malformed(&name, format!("no GGUF: {error}")))?;
        Ok(Self {
            unread: inner
                .tensor_names()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            name,
            inner,
        })
    }

    /// The file.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn value(&self, key: &str) -> Option<&MetadataValue> {
        self.inner.metadata().get(key)
    }

    /// `read` of the value of `key`; `None` where there is no such key.
    fn optional<'a, T>(
        &'a self,
        key: &str,
        kind: &str,
        read: impl Fn(&'a MetadataValue) -> Option<T>,
    ) -> Result<Option<T>, LmError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let wrong = || LmError::malformed(&self.name, format!("`{key}` is no {kind}"));
        read(value).map(Some).ok_or_else(wrong)
    }

    /// The whole number at `key`.
    pub(crate) fn size(&self, key: &str) -> Result<Option<usize>, LmError> {
        self.optional(key, "whole number", |value| {
            usize::try_from(value.as_u64()?).ok()
        })
    }

    /// The number at `key`.
    pub(crate) fn number(&self, key: &str) -> Result<Option<f64>, LmError> {
        self.optional(key, "number", MetadataValue::as_f64)
    }

    /// Whether `key` is true.
    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>, LmError> {
        self.optional(key, "truth value", MetadataValue::as_bool)
    }

    /// The text at `key`.
    pub(crate) fn text(&self, key: &str) -> Result<Option<&str>, LmError> {
        self.optional(key, "text", MetadataValue::as_str)
    }

    /// The list at `key`, of values that `read` knows.
    fn list<'a, T>(
        &'a self,
        key: &str,
        kind: &str,
        read: impl Fn(&'a MetadataValue) -> Option<T>,
    ) -> Result<Option<Vec<T>>, LmError> {
        self.optional(key, kind, |value| match value {
            MetadataValue::Array(array) => MetadataArray::iter(array).map(&read).collect(),
            _ => None,
        })
    }

    /// The texts at `key`.
    pub(crate) fn texts(&self, key: &str) -> Result<Option<Vec<&str>>, LmError> {
        self.list(key, "list of texts", MetadataValue::as_str)
    }

    /// The numbers at `key`.
    pub(crate) fn numbers(&self, key: &str) -> Result<Option<Vec<f64>>, LmError> {
        self.list(key, "list of numbers", MetadataValue::as_f64)
    }

    /// The whole numbers at `key`.
    pub(crate) fn integers(&self, key: &str) -> Result<Option<Vec<i64>>, LmError> {
        self.list(key, "list of whole numbers", MetadataValue::as_i64)
    }

    /// Whether there is such a tensor.
    pub(crate) fn has(&self, tensor: &str) -> bool {
        self.inner.get_tensor_info(tensor).is_some()
    }

    /// A tensor's numbers, which must be `shape` (rows, then numbers a row) and finite.
    pub(crate) fn tensor(&mut self, tensor: &str, shape: &[usize]) -> Result<Vec<f32>, LmError> {
        let wrong = |problem: String| LmError::malformed(&self.name, problem);
        let info = self
            .inner
            .get_tensor_info(tensor)
            .ok_or_else(|| wrong(format!("there is no tensor `{tensor}`")))?;
        // The file says the innermost axis first.
        let dims = info.shape().dims().iter().rev();
        if !dims.clone().eq(shape
            .iter()
            .map(|&size| size as u64)
            .collect::<Vec<_>>()
            .iter())
        {
            let dims: Vec<_> = dims.collect();
            return Err(wrong(format!(
                "tensor `{tensor}` has shape {dims:?}, but the metadata makes it {shape:?}"
            )));
        }
        let storage = storage(info.tensor_type()).ok_or_else(|| {
            LmError::unsupported(
                &self.name,
                format!(
                    "tensor `{tensor}` is stored as {:?}; give a file whose tensors are F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K",
                    info.tensor_type()
                ),
            )
        })?;
        let data = contained(|| self.inner.load_tensor_data(tensor));
        let Some(Ok(Some(data))) = data else {
            return Err(LmError::malformed(
                &self.name,
                format!("tensor `{tensor}` cannot be read; get another copy"),
            ));
        };
        self.unread.remove(tensor);
        let numbers = storage.numbers(data.as_slice());
        if numbers.len() != shape.iter().product::<usize>() {
            return Err(LmError::malformed(
                &self.name,
                format!("tensor `{tensor}` is no whole number of blocks; get another copy"),
            ));
        }
        if numbers.iter().any(|x| !x.is_finite()) {
            return Err(LmError::malformed(
                &self.name,
                format!("tensor `{tensor}` holds NaN or infinity; get another copy"),
            ));
        }
        Ok(numbers)
    }

    /// A tensor that nobody has asked for, the first by name.
    pub(crate) fn unread(&self) -> Option<&str> {
        self.unread.iter().map(String::as_str).min()
    }
}

fn storage(kind: GGUFTensorType) -> Option<Storage> {
    Some(match kind {
        GGUFTensorType::F32 => Storage::F32,
        GGUFTensorType::F16 => Storage::F16,
        GGUFTensorType::BF16 => Storage::Bf16,
        GGUFTensorType::Q4_0 => Storage::Q4_0,
        GGUFTensorType::Q4_1 => Storage::Q4_1,
        GGUFTensorType::Q5_0 => Storage::Q5_0,
        GGUFTensorType::Q5_1 => Storage::Q5_1,
        GGUFTensorType::Q8_0 => Storage::Q8_0,
        GGUFTensorType::Q4_K => Storage::Q4K,
        GGUFTensorType::Q5_K => Storage::Q5K,
        GGUFTensorType::Q6_K => Storage::Q6K,
        _ => return None,
    })
}
