use std::sync::Arc;

use super::runtime::{Feed, Given, Numbers, Runtime, RuntimeOptions};
use crate::constant::transposed;
use crate::{Element, Layout, LinearHead, Model, OnnxError, ValueInfo};

/// A model that is ready to run, with a tap at its head. A clone is the same model.
#[derive(Clone)]
pub struct Session {
    runtime: Arc<Runtime>,
    info: ValueInfo,
    /// Features and logits.
    taps: [String; 2],
    layout: Layout,
    dim: usize,
    classes: usize,
}

/// What a model says of a batch of inputs, row by row.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    pub(crate) features: Vec<f32>,
    pub(crate) logits: Vec<f32>,
}

impl Session {
    /// Loads a model into a runtime.
    ///
    /// # Errors
    /// [`OnnxError::Run`] that names the operator and node that the runtime does not know, or says
    /// that the model has several inputs; those of reading external data.
    pub fn new(
        model: &Model,
        head: &LinearHead,
        runtime: RuntimeOptions,
    ) -> Result<Self, OnnxError> {
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
        let runtime = Runtime::load(model, tapped.bytes, runtime)?;
        Ok(Self {
            info: info.clone(),
            taps: [tapped.features, tapped.logits],
            layout: head.layout,
            dim: head.head.dim(),
            classes: head.head.classes(),
            runtime: Arc::new(runtime),
        })
    }

    /// How errors call the model.
    pub fn name(&self) -> &str {
        self.runtime.name()
    }

    /// What the model is given.
    pub fn input(&self) -> &ValueInfo {
        &self.info
    }

    /// D and C.
    pub(crate) fn widths(&self) -> (usize, usize) {
        (self.dim, self.classes)
    }

    /// Tells what this gives from what any other gives of the same inputs.
    pub(super) fn identity(&self) -> String {
        format!("{} {:?}", self.runtime.identity(), self.taps)
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
        let feed = Feed {
            name: &self.info.name,
            element: self.info.element,
            shape,
            numbers: self.numbers(numbers)?,
        };
        let given = self.runtime.run(vec![feed], &self.taps)?;
        let [features, logits] = <[Given; 2]>::try_from(given)
            .map_err(|_| OnnxError::run(self.name(), "it does not give features and logits"))?;
        let mut features = of_a_head(self.name(), "features", features, batch, self.dim)?;
        if self.layout == Layout::Columns {
            features = transposed(&features, batch);
        }
        let mut logits = of_a_head(self.name(), "logits", logits, batch, self.classes)?;
        features.truncate(rows * self.dim);
        logits.truncate(rows * self.classes);
        Ok(Outputs { features, logits })
    }

    fn numbers(&self, numbers: Vec<f32>) -> Result<Numbers, OnnxError> {
        match self.info.element {
            Element::F32 | Element::F64 | Element::F16 => Ok(Numbers::Floats(numbers)),
            Element::I32 | Element::I64 => {
                let integers = numbers.iter().map(|&x| x as i32);
                Ok(Numbers::Integers(integers.collect()))
            }
            Element::U8 => Ok(Numbers::Bytes(numbers.iter().map(|&x| x as u8).collect())),
            _ => Err(OnnxError::run(
                self.name(),
                format!("its input is {}, which these inputs do not make", self.info),
            )),
        }
    }
}

/// The numbers of a tensor at a head, which must be `width` for each of `rows` inputs.
pub(super) fn of_a_head(
    name: &str,
    what: &str,
    given: Given,
    rows: usize,
    width: usize,
) -> Result<Vec<f32>, OnnxError> {
    if given.numbers.len() == rows * width {
        return Ok(given.numbers);
    }
    Err(OnnxError::run(
        name,
        format!(
            "its {what} are {} numbers for {rows} inputs, not {width} for each: this head works on several places of an input; choose another with --head",
            given.numbers.len()
        ),
    ))
}
