use std::sync::Arc;

use rten::{RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::{AsView, Layout, Tensor};

use super::{Engine, Feed, Given, Load, Numbers};
use crate::{Element, Model};

/// A model in rten, with its threads.
pub(super) struct Rten {
    model: rten::Model,
    threads: Arc<ThreadPool>,
}

impl Rten {
    pub(super) fn load(load: Load<'_>) -> Result<Self, String> {
        let threads = ThreadPool::with_num_threads(load.threads);
        // Loading works out constants on the library's own pool. Both pools hand panics on to the
        // thread that waits, which contains them.
        for pool in [rten::thread_pool(), &threads] {
            pool.run(|| rayon::broadcast(|_| qualm_data::contain_thread()));
        }
        let mut options = rten::ModelOptions::with_all_ops();
        for (file, bytes) in load.external {
            options.external_data(&file, bytes);
        }
        let loaded = options.load(load.bytes);
        Ok(Self {
            model: loaded.map_err(|error| unsupported(load.model, &error))?,
            threads: Arc::new(threads),
        })
    }

    fn node(&self, tensor: &str) -> Result<rten::NodeId, String> {
        let lost = |_| format!("the runtime has lost the tensor `{tensor}`");
        self.model.node_id(tensor).map_err(lost)
    }
}

impl Engine for Rten {
    fn run(&self, inputs: Vec<Feed<'_>>, outputs: &[String]) -> Result<Vec<Given>, String> {
        let inputs = inputs.into_iter().map(|feed| {
            let node = self.node(feed.name)?;
            Ok((node, ValueOrView::Value(value(feed)?)))
        });
        let inputs = inputs.collect::<Result<Vec<_>, String>>()?;
        let outputs = outputs.iter().map(|output| self.node(output));
        let outputs = outputs.collect::<Result<Vec<_>, String>>()?;
        let options = RunOptions::default().with_thread_pool(Some(self.threads.clone()));
        let given = self
            .model
            .run(inputs, &outputs, Some(options))
            .map_err(|error| format!("the model does not run on these inputs: {error}"))?;
        let given = given.into_iter().map(|value| {
            let tensor: Option<Tensor<f32>> = value.into_tensor();
            let tensor = tensor.ok_or("what it gives is no f32")?;
            Ok(Given {
                shape: tensor.shape().to_vec(),
                numbers: tensor.to_vec(),
            })
        });
        given.collect()
    }
}

/// A tensor of this runtime, which takes halves and doubles as `f32` and has no integers of 64 bits.
fn value(feed: Feed<'_>) -> Result<Value, String> {
    let shape = feed.shape.as_slice();
    let value = match (feed.element, feed.numbers) {
        (Element::F32 | Element::F64 | Element::F16, Numbers::Floats(floats)) => {
            Value::from_shape(shape, floats).ok()
        }
        (Element::I32 | Element::I64, Numbers::Integers(integers)) => {
            Value::from_shape(shape, integers).ok()
        }
        (Element::U8, Numbers::Bytes(bytes)) => Value::from_shape(shape, bytes).ok(),
        _ => None,
    };
    value.ok_or_else(|| format!("these inputs do not make its input `{}`", feed.name))
}

/// A model that the runtime refuses: mostly for an operator that it does not know.
fn unsupported(model: &Model, error: &rten::LoadError) -> String {
    let node = error.node().unwrap_or_default();
    let op = model
        .nodes()
        .iter()
        .find(|candidate| !node.is_empty() && candidate.label() == node)
        .map(|found| format!(" (operator {})", found.op));
    match op {
        Some(op) => format!(
            "the runtime cannot run node `{node}`{op}: {error}; take ONNX Runtime with --runtime ort, or run the model where it was trained and store features and logits"
        ),
        None => format!("the runtime cannot load the model: {error}"),
    }
}
