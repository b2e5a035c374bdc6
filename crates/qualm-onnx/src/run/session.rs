use std::sync::Arc;

use rten::{NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::{AsView, Tensor};

use crate::constant::transposed;
use crate::picture::Channels;
use crate::{Axis, Element, Layout, LinearHead, Model, OnnxError, ValueInfo};

/// A model that is ready to run, with a tap at its head.
pub struct Session {
    name: String,
    runtime: rten::Model,
    input: NodeId,
    info: ValueInfo,
    /// Features and logits.
    taps: [NodeId; 2],
    layout: Layout,
    dim: usize,
    classes: usize,
    threads: Arc<ThreadPool>,
}

/// What a model says of a batch of inputs, row by row.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    pub(crate) features: Vec<f32>,
    pub(crate) logits: Vec<f32>,
}

impl Session {
    /// Loads a model into the runtime (rten), with `threads` threads.
    ///
    /// # Errors
    /// [`OnnxError::Run`] that names the operator and node that the runtime does not know, or says
    /// that the model has several inputs; those of reading external data.
    pub fn new(model: &Model, head: &LinearHead, threads: usize) -> Result<Self, OnnxError> {
        let name = model.name().to_owned();
        let [info] = model.inputs() else {
            let inputs: Vec<&str> = model.inputs().iter().map(|i| i.name.as_str()).collect();
            return Err(OnnxError::run(
                &name,
                format!(
                    "the model has {} inputs ({}), and only models of one input are run; run it where it was trained and store features and logits",
                    inputs.len(),
                    inputs.join(", ")
                ),
            ));
        };
        let tapped = model.tapped(head);
        let mut options = rten::ModelOptions::with_all_ops();
        for file in model.external_files() {
            options.external_data(file, model.external_bytes(file)?);
        }
        let runtime = contained(&name, || {
            options
                .load(tapped.bytes)
                .map_err(|error| unsupported(model, &error))
        })?;
        let node = |tensor: &str| {
            runtime.node_id(tensor).map_err(|_| {
                OnnxError::run(&name, format!("the runtime has lost the tensor `{tensor}`"))
            })
        };
        Ok(Self {
            input: node(&info.name)?,
            info: info.clone(),
            taps: [node(&tapped.features)?, node(&tapped.logits)?],
            layout: head.layout,
            dim: head.head.dim(),
            classes: head.head.classes(),
            threads: Arc::new(ThreadPool::with_num_threads(threads)),
            runtime,
            name,
        })
    }

    /// How errors call the model.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the model is given.
    pub fn input(&self) -> &ValueInfo {
        &self.info
    }

    /// D and C.
    pub(crate) fn widths(&self) -> (usize, usize) {
        (self.dim, self.classes)
    }

    /// Rows that the model takes at once, where it takes no other number.
    pub(crate) fn fixed_batch(&self) -> Option<usize> {
        let axis = self.info.shape.as_ref()?.first()?;
        axis.length().map(|length| length as usize)
    }

    /// Runs `rows` rows, whose shape without the first axis is `shape`.
    pub(crate) fn run(
        &self,
        mut numbers: Vec<f32>,
        rows: usize,
        shape: &[usize],
    ) -> Result<Outputs, OnnxError> {
        let batch = self.fixed_batch().unwrap_or(rows).max(rows);
        // A model of a fixed batch is given zeros for the rows that are lacking at the end.
        numbers.resize(numbers.len() / rows.max(1) * batch, 0.0);
        let shape: Vec<usize> = std::iter::once(batch)
            .chain(shape.iter().copied())
            .collect();
        let wrong = |problem: String| OnnxError::run(&self.name, problem);
        let value = self.value(numbers, &shape)?;
        let outputs = contained(&self.name, || {
            let options = RunOptions::default().with_thread_pool(Some(self.threads.clone()));
            self.runtime
                .run(
                    vec![(self.input, ValueOrView::Value(value))],
                    &self.taps,
                    Some(options),
                )
                .map_err(|error| wrong(format!("the model does not run on these inputs: {error}")))
        })?;
        let mut outputs = outputs.into_iter();
        let mut take = |what: &str, width: usize| {
            let tensor: Option<Tensor<f32>> = outputs.next().and_then(Value::into_tensor);
            let tensor = tensor.ok_or_else(|| wrong(format!("its {what} are no f32")))?;
            let mut numbers = tensor.to_vec();
            if numbers.len() != batch * width {
                return Err(wrong(format!(
                    "its {what} are {} numbers for {batch} inputs, not {width} for each: this head works on several places of an input; choose another with --head",
                    numbers.len()
                )));
            }
            if what == "features" && self.layout == Layout::Columns {
                numbers = transposed(&numbers, batch);
            }
            numbers.truncate(rows * width);
            Ok(numbers)
        };
        Ok(Outputs {
            features: take("features", self.dim)?,
            logits: take("logits", self.classes)?,
        })
    }

    fn value(&self, numbers: Vec<f32>, shape: &[usize]) -> Result<Value, OnnxError> {
        let value = match self.info.element {
            Element::F32 | Element::F64 | Element::F16 => Value::from_shape(shape, numbers).ok(),
            // The runtime has no integers of 64 bits.
            Element::I32 | Element::I64 => {
                let integers: Vec<i32> = numbers.iter().map(|&x| x as i32).collect();
                Value::from_shape(shape, integers).ok()
            }
            Element::U8 => {
                let bytes: Vec<u8> = numbers.iter().map(|&x| x as u8).collect();
                Value::from_shape(shape, bytes).ok()
            }
            _ => None,
        };
        value.ok_or_else(|| {
            OnnxError::run(
                &self.name,
                format!("its input is {}, which these inputs do not make", self.info),
            )
        })
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

/// Height, width and place of the channels of a model that is given pictures; sides that the model
/// leaves open are `size`.
///
/// # Errors
/// [`OnnxError::Run`] where the input is no batch of pictures of three channels, or leaves its
/// size open and none is given.
pub fn picture_size(
    model: &Model,
    size: Option<(usize, usize)>,
) -> Result<(usize, usize, Channels), OnnxError> {
    let wrong = |problem: String| Err(OnnxError::run(model.name(), problem));
    let Some(input) = model.inputs().first() else {
        return wrong("the model has no input".to_owned());
    };
    let Some([_, a, b, c]) = input.shape.as_deref() else {
        return wrong(format!(
            "its input is {input}, no batch of pictures; give it .npy tensors"
        ));
    };
    let three = |axis: &Axis| axis.length() == Some(3);
    let (height, width, channels) = match (three(a), three(c)) {
        (true, _) => (b, c, Channels::First),
        (false, true) => (a, b, Channels::Last),
        _ => {
            return wrong(format!(
                "its input is {input}, no batch of pictures of three channels; give it .npy tensors"
            ));
        }
    };
    let sides = [(height, size.map(|s| s.0)), (width, size.map(|s| s.1))];
    let mut lengths = [0; 2];
    for (length, (axis, given)) in lengths.iter_mut().zip(sides) {
        *length = match (axis.length(), given) {
            (Some(known), Some(given)) if known != given as u64 => {
                return wrong(format!(
                    "its pictures are {height} x {width}, so leave the size out"
                ));
            }
            (Some(known), _) => known as usize,
            (None, Some(given)) => given,
            (None, None) => {
                return wrong(
                    "it takes pictures of any size, so say which with --size HxW".to_owned(),
                );
            }
        };
    }
    let largest = 1 << 14;
    if lengths
        .iter()
        .any(|&length| length == 0 || length > largest)
    {
        return wrong(format!(
            "its pictures are {} x {}, which are none",
            lengths[0], lengths[1]
        ));
    }
    Ok((lengths[0], lengths[1], channels))
}
