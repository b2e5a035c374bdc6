use std::sync::Arc;

use rten::{NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::{AsView, Layout, Tensor};
use sha2::{Digest, Sha256};

use crate::{Model, OnnxError};

/// A model in the runtime (rten), with its threads.
pub(super) struct Runtime {
    name: String,
    model: rten::Model,
    threads: Arc<ThreadPool>,
    identity: String,
}

/// A tensor that the model gave.
pub(super) struct Given {
    pub(super) shape: Vec<usize>,
    pub(super) numbers: Vec<f32>,
}

impl Runtime {
    /// Loads `bytes`, which are `model` with other outputs.
    pub(super) fn load(model: &Model, bytes: Vec<u8>, threads: usize) -> Result<Self, OnnxError> {
        let name = model.name().to_owned();
        let mut options = rten::ModelOptions::with_all_ops();
        let mut hash = Sha256::new();
        hash.update(&bytes);
        for file in model.external_files() {
            let external = model.external_bytes(file)?;
            hash.update(&external);
            options.external_data(file, external);
        }
        let loaded = contained(&name, || {
            options
                .load(bytes)
                .map_err(|error| unsupported(model, &error))
        })?;
        Ok(Self {
            name,
            model: loaded,
            threads: Arc::new(ThreadPool::with_num_threads(threads)),
            identity: format!("{:x?}", hash.finalize()),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Tells this model from any other.
    pub(super) fn identity(&self) -> &str {
        &self.identity
    }

    pub(super) fn node(&self, tensor: &str) -> Result<NodeId, OnnxError> {
        self.model.node_id(tensor).map_err(|_| {
            OnnxError::run(
                &self.name,
                format!("the runtime has lost the tensor `{tensor}`"),
            )
        })
    }

    /// Runs the model; what it gives must be `f32`.
    pub(super) fn run(
        &self,
        inputs: Vec<(NodeId, Value)>,
        outputs: &[NodeId],
    ) -> Result<Vec<Given>, OnnxError> {
        let wrong = |problem: String| OnnxError::run(&self.name, problem);
        let inputs = inputs
            .into_iter()
            .map(|(node, value)| (node, ValueOrView::Value(value)))
            .collect();
        let given = contained(&self.name, || {
            let options = RunOptions::default().with_thread_pool(Some(self.threads.clone()));
            self.model
                .run(inputs, outputs, Some(options))
                .map_err(|error| wrong(format!("the model does not run on these inputs: {error}")))
        })?;
        let given = given.into_iter().map(|value| {
            let tensor: Option<Tensor<f32>> = value.into_tensor();
            let tensor = tensor.ok_or_else(|| wrong("what it gives is no f32".to_owned()))?;
            Ok(Given {
                shape: tensor.shape().to_vec(),
                numbers: tensor.to_vec(),
            })
        });
        given.collect()
    }
}

/// The runtime is not written for hostile models: what panics in it is an error here, where panics
/// unwind, and nothing that it worked on is used again.
fn contained<T>(name: &str, step: impl FnOnce() -> Result<T, OnnxError>) -> Result<T, OnnxError> {
    qualm_data::contained(step).unwrap_or_else(|| {
        Err(OnnxError::run(
            name,
            "the runtime gave up on this model; run it where it was trained and store features and logits",
        ))
    })
}

/// A model that the runtime refuses: mostly for an operator that it does not know.
fn unsupported(model: &Model, error: &rten::LoadError) -> OnnxError {
    let node = error.node().unwrap_or_default();
    let op = model
        .nodes()
        .iter()
        .find(|candidate| !node.is_empty() && candidate.label() == node)
        .map(|found| format!(" (operator {})", found.op));
    OnnxError::run(
        model.name(),
        match op {
            Some(op) => format!(
                "the runtime cannot run node `{node}`{op}: {error}; run the model where it was trained and store features and logits"
            ),
            None => format!("the runtime cannot load the model: {error}"),
        },
    )
}
