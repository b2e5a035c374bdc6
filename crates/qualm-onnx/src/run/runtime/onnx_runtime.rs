use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use half::f16;
use ort::environment::Environment;
use ort::session::{Session, SessionInputValue};
use ort::value::Tensor;

use super::{Engine, Feed, Given, Load, Numbers};
use crate::Element;

/// Names the shared library.
const LIBRARY: &str = "ORT_DYLIB_PATH";

/// A model in ONNX Runtime.
pub(super) struct OnnxRuntime {
    /// A run takes a session for itself; batches come one after the other.
    session: Mutex<Session>,
}

impl OnnxRuntime {
    pub(super) fn load(load: Load<'_>) -> Result<Self, String> {
        let refused = |error: String| format!("ONNX Runtime cannot load the model: {error}");
        let builder =
            Session::builder(environment()?).map_err(|error| refused(error.to_string()))?;
        let builder = builder.with_intra_threads(load.threads);
        let mut builder = builder.map_err(|error| refused(error.to_string()))?;
        for (file, bytes) in load.external {
            let with_file =
                builder.with_external_initializer_file_in_memory(file, Arc::from(bytes));
            builder = with_file.map_err(|error| refused(error.to_string()))?;
        }
        let session = builder.commit_from_memory(&load.bytes);
        Ok(Self {
            session: Mutex::new(session.map_err(|error| refused(error.to_string()))?),
        })
    }
}

impl Engine for OnnxRuntime {
    fn run(&self, inputs: Vec<Feed<'_>>, outputs: &[String]) -> Result<Vec<Given>, String> {
        let inputs = inputs.into_iter().map(|feed| Ok((feed.name, value(feed)?)));
        let inputs = inputs.collect::<Result<Vec<_>, String>>()?;
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let given = session
            .run(inputs)
            .map_err(|error| format!("the model does not run on these inputs: {error}"))?;
        let outputs = outputs.iter().map(|output| {
            let value = given
                .get(output)
                .ok_or_else(|| format!("the runtime has lost the tensor `{output}`"))?;
            let (shape, numbers) = value
                .try_extract_tensor::<f32>()
                .map_err(|_| "what it gives is no f32")?;
            Ok(Given {
                shape: shape.iter().map(|&axis| axis as usize).collect(),
                numbers: numbers.to_vec(),
            })
        });
        outputs.collect()
    }
}

/// ONNX Runtime itself, loaded once in a process.
fn environment() -> Result<&'static Environment, String> {
    static ENVIRONMENT: OnceLock<Result<Environment, String>> = OnceLock::new();
    let environment = ENVIRONMENT.get_or_init(|| {
        let library = std::env::var_os(LIBRARY).map_or_else(library, PathBuf::from);
        let missing = |error: String| {
            format!(
                "ONNX Runtime could not be loaded from {}: {error}; let {LIBRARY} name its shared library, as the Python package onnxruntime holds it in onnxruntime/capi",
                library.display()
            )
        };
        let builder = ort::init_from(&library).map_err(|error| missing(error.to_string()))?;
        let environment = builder.with_name("qualm").with_telemetry(false).build();
        environment.map_err(|error| missing(error.to_string()))
    });
    environment.as_ref().map_err(Clone::clone)
}

/// What the system looks for where nothing is named.
fn library() -> PathBuf {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    format!("{DLL_PREFIX}onnxruntime{DLL_SUFFIX}").into()
}

/// A tensor of this runtime, which takes no other numbers than the model says.
fn value(feed: Feed<'_>) -> Result<SessionInputValue<'static>, String> {
    let shape = feed.shape;
    let value = match (feed.element, feed.numbers) {
        (Element::F32, Numbers::Floats(floats)) => tensor(shape, floats),
        (Element::F64, Numbers::Floats(floats)) => {
            tensor(shape, floats.into_iter().map(f64::from).collect())
        }
        (Element::F16, Numbers::Floats(floats)) => {
            tensor(shape, floats.into_iter().map(f16::from_f32).collect())
        }
        (Element::I32, Numbers::Integers(integers)) => tensor(shape, integers),
        (Element::I64, Numbers::Integers(integers)) => {
            tensor(shape, integers.into_iter().map(i64::from).collect())
        }
        (Element::U8, Numbers::Bytes(bytes)) => tensor(shape, bytes),
        _ => None,
    };
    value.ok_or_else(|| format!("these inputs do not make its input `{}`", feed.name))
}

fn tensor<T>(shape: Vec<usize>, numbers: Vec<T>) -> Option<SessionInputValue<'static>>
where
    T: ort::value::PrimitiveTensorElementType + Clone + std::fmt::Debug + 'static,
{
    Some(Tensor::from_array((shape, numbers)).ok()?.into())
}
