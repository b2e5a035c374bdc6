//! What runs a model: rten, in Rust alone, or ONNX Runtime where it is installed.

#[cfg(feature = "ort")]
mod onnx_runtime;
mod rten;

use sha2::{Digest, Sha256};

use crate::{Element, Model, OnnxError};

/// Which runtime runs a model.
///
/// ```
/// use qualm_onnx::RuntimeKind;
/// assert_eq!(RuntimeKind::default(), RuntimeKind::Rten);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RuntimeKind {
    /// rten, in Rust alone: always there.
    #[default]
    Rten,
    /// ONNX Runtime 1.18 or newer, from the shared library that the environment variable
    /// `ORT_DYLIB_PATH` names, or else where the system looks for `libonnxruntime`. Cargo feature
    /// `ort`.
    OnnxRuntime,
}

/// What a model runs on.
///
/// ```
/// use qualm_onnx::{RuntimeKind, RuntimeOptions};
/// let options = RuntimeOptions::with_threads(2);
/// assert_eq!((options.kind, options.threads), (RuntimeKind::Rten, 2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuntimeOptions {
    /// Which runtime.
    pub kind: RuntimeKind,
    /// Its threads.
    pub threads: usize,
}

impl RuntimeOptions {
    /// The default runtime with so many threads.
    pub fn with_threads(threads: usize) -> Self {
        Self {
            kind: RuntimeKind::default(),
            threads,
        }
    }
}

/// A model in a runtime.
pub(super) struct Runtime {
    name: String,
    engine: Box<dyn Engine>,
    identity: String,
}

/// What differs from runtime to runtime. Problems are one clause, without the model's name.
trait Engine: Send + Sync {
    /// What the tensors `outputs` hold for these inputs, which must be `f32`.
    fn run(&self, inputs: Vec<Feed<'_>>, outputs: &[String]) -> Result<Vec<Given>, String>;
}

/// What is loaded into a runtime.
struct Load<'a> {
    model: &'a Model,
    /// `model` with other outputs.
    bytes: Vec<u8>,
    /// Files of the model's larger tensors, by their names in it.
    external: Vec<(String, Vec<u8>)>,
    threads: usize,
}

/// A tensor that the model is given.
pub(super) struct Feed<'a> {
    pub(super) name: &'a str,
    /// What the model takes.
    pub(super) element: Element,
    pub(super) shape: Vec<usize>,
    pub(super) numbers: Numbers,
}

/// The numbers of a tensor, as they come from pictures, texts and files.
pub(super) enum Numbers {
    Floats(Vec<f32>),
    Integers(Vec<i32>),
    Bytes(Vec<u8>),
}

/// A tensor that the model gave.
pub(super) struct Given {
    pub(super) shape: Vec<usize>,
    pub(super) numbers: Vec<f32>,
}

impl Runtime {
    /// Loads `bytes`, which are `model` with other outputs.
    pub(super) fn load(
        model: &Model,
        bytes: Vec<u8>,
        options: RuntimeOptions,
    ) -> Result<Self, OnnxError> {
        let name = model.name().to_owned();
        let mut hash = Sha256::new();
        hash.update(&bytes);
        let mut external = Vec::new();
        for file in model.external_files() {
            let bytes = model.external_bytes(file)?;
            hash.update(&bytes);
            external.push((file.to_owned(), bytes));
        }
        let load = Load {
            model,
            bytes,
            external,
            threads: options.threads,
        };
        let engine = contained(&name, || engine(load, options.kind))?;
        Ok(Self {
            engine,
            // Runtimes differ in the last digits of what they give.
            identity: format!("{:?} {:x?}", options.kind, hash.finalize()),
            name,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Tells what this gives from what any other model or runtime does.
    pub(super) fn identity(&self) -> &str {
        &self.identity
    }

    /// Runs the model; what it gives must be `f32`.
    pub(super) fn run(
        &self,
        inputs: Vec<Feed<'_>>,
        outputs: &[String],
    ) -> Result<Vec<Given>, OnnxError> {
        contained(&self.name, || self.engine.run(inputs, outputs))
    }
}

fn engine(load: Load<'_>, kind: RuntimeKind) -> Result<Box<dyn Engine>, String> {
    match kind {
        RuntimeKind::Rten => Ok(Box::new(rten::Rten::load(load)?)),
        #[cfg(feature = "ort")]
        RuntimeKind::OnnxRuntime => Ok(Box::new(onnx_runtime::OnnxRuntime::load(load)?)),
        #[cfg(not(feature = "ort"))]
        RuntimeKind::OnnxRuntime => Err(
            "this build runs models in Rust alone; build with the cargo feature `ort` for ONNX Runtime"
                .to_owned(),
        ),
    }
}

/// No runtime is written for hostile models: what panics in it is an error here, where panics
/// unwind, and nothing that it worked on is used again.
fn contained<T>(name: &str, step: impl FnOnce() -> Result<T, String>) -> Result<T, OnnxError> {
    let outcome = qualm_data::contained(step).unwrap_or_else(|| {
        Err(
            "the runtime gave up on this model; run it where it was trained and store features and logits"
                .to_owned(),
        )
    });
    outcome.map_err(|problem| OnnxError::run(name, problem))
}
