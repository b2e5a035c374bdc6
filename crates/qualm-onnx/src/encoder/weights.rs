use std::path::Path;

use qualm_data::TensorFile;

use crate::OnnxError;
use crate::constant::transposed;

/// Tensors of an encoder's safetensors file, by name.
pub(super) struct Weights {
    path: String,
    /// What all names begin with: nothing, or the part of a larger model that the encoder was.
    prefix: &'static str,
}

impl Weights {
    /// Finds out what names begin with, from one that every encoder has.
    pub(super) fn open(path: &Path, probe: &str) -> Result<Self, OnnxError> {
        let mut weights = Self {
            path: path.display().to_string(),
            prefix: "",
        };
        if let Err(error) = weights.file(probe) {
            weights.prefix = "bert.";
            weights.file(probe).map_err(|_| error)?;
        }
        Ok(weights)
    }

    fn file(&self, name: &str) -> Result<TensorFile, OnnxError> {
        let spec = format!("{}:features={}{name}", self.path, self.prefix);
        Ok(TensorFile::open(&spec)?)
    }

    /// A tensor of this shape.
    pub(super) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, OnnxError> {
        let file = self.file(name)?;
        let found = file.shape();
        if !found
            .iter()
            .copied()
            .eq(shape.iter().map(|&axis| axis as u64))
        {
            return Err(OnnxError::malformed(
                &self.path,
                format!(
                    "tensor `{name}` has the shape {found:?}, where config.json makes it {shape:?}; take both files from one model"
                ),
            ));
        }
        let mut numbers = Vec::new();
        file.reader()?.read(shape[0], &mut numbers)?;
        Ok(numbers)
    }

    /// The weight of a linear layer, stored as outputs x inputs, as inputs x outputs.
    pub(super) fn linear(
        &self,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Vec<f32>, OnnxError> {
        Ok(transposed(&self.tensor(name, &[outputs, inputs])?, inputs))
    }
}
