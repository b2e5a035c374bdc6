use super::runtime::{Feed, Given, Numbers, Runtime, RuntimeOptions};
use crate::{Element, Model, OnnxError, ValueInfo};

/// Rows that are run at once, where the model takes any number.
const BATCH: usize = 1024;

/// A model of one number for each row of numbers, such as a regression: N x D in, N or N x 1 out.
///
/// ```
/// use qualm_onnx::{Additions, Axis, Element, Model, RowModel, RuntimeOptions};
/// let n = Axis::Named("n".into());
/// let mut graph = Additions::default();
/// graph.input("x", Element::F32, &[n.clone(), Axis::Known(2)]);
/// graph.floats("weight", &[2, 1], &[1.0, -2.0]);
/// graph.node("MatMul", "product", &["x", "weight"], &["y"], &[]);
/// graph.output("y", Element::F32, &[n, Axis::Known(1)]);
/// let model = Model::from_bytes("proxy.onnx", graph.into_model(13))?;
///
/// let model = RowModel::new(&model, RuntimeOptions::with_threads(1))?;
/// assert_eq!(model.width(), Some(2));
/// assert_eq!(model.run(&[3.0, 1.0, 0.0, 0.5], 2)?, [1.0, -1.0]);
/// # Ok::<(), qualm_onnx::OnnxError>(())
/// ```
pub struct RowModel {
    runtime: Runtime,
    input: ValueInfo,
    output: String,
}

impl RowModel {
    /// Loads a model into a runtime.
    ///
    /// # Errors
    /// [`OnnxError::Run`] when it has not one input and one output of floats, its input has not two
    /// axes, or the runtime cannot run it; those of reading external data.
    pub fn new(model: &Model, runtime: RuntimeOptions) -> Result<Self, OnnxError> {
        let input = only(model, "input", model.inputs())?;
        let output = only(model, "output", model.outputs())?;
        if input.shape.as_ref().is_some_and(|axes| axes.len() != 2) {
            return Err(OnnxError::run(
                model.name(),
                format!(
                    "its input `{}` is {input}, and rows of numbers are N x D",
                    input.name
                ),
            ));
        }
        Ok(Self {
            runtime: Runtime::load(model, model.bytes().to_vec(), runtime)?,
            input: input.clone(),
            output: output.name.clone(),
        })
    }

    /// How errors call the model.
    pub fn name(&self) -> &str {
        self.runtime.name()
    }

    /// D, where the model says.
    pub fn width(&self) -> Option<usize> {
        self.axis(1)
    }

    fn axis(&self, at: usize) -> Option<usize> {
        let axis = self.input.shape.as_ref()?.get(at)?;
        axis.length().map(|length| length as usize)
    }

    /// The model's number for each row of `width` numbers, as it is: NaN too.
    ///
    /// # Errors
    /// [`OnnxError::Run`] when the model does not run on these rows, or gives anything else than a
    /// number a row.
    ///
    /// # Panics
    /// When `width` is 0 or the numbers are no whole number of rows.
    pub fn run(&self, numbers: &[f32], width: usize) -> Result<Vec<f32>, OnnxError> {
        assert!(numbers.len().is_multiple_of(width), "rows must be whole");
        let batch = self.axis(0).unwrap_or(BATCH).max(1);
        let mut values = Vec::with_capacity(numbers.len() / width);
        for part in numbers.chunks(batch * width) {
            values.extend(self.batch(part, width)?);
        }
        Ok(values)
    }

    fn batch(&self, numbers: &[f32], width: usize) -> Result<Vec<f32>, OnnxError> {
        let wanted = numbers.len() / width;
        // A model of a fixed batch is given zeros for the rows that are lacking at the end.
        let rows = self.axis(0).unwrap_or(wanted);
        let mut numbers = numbers.to_vec();
        numbers.resize(rows * width, 0.0);
        let feed = Feed {
            name: &self.input.name,
            element: self.input.element,
            shape: vec![rows, width],
            numbers: Numbers::Floats(numbers),
        };
        let given = self
            .runtime
            .run(vec![feed], std::slice::from_ref(&self.output))?;
        match given.into_iter().next() {
            Some(Given { shape, mut numbers }) if shape == [rows] || shape == [rows, 1] => {
                numbers.truncate(wanted);
                Ok(numbers)
            }
            given => Err(OnnxError::run(
                self.name(),
                format!(
                    "its output `{}` has the shape {:?} for {rows} rows, and one number a row was \
                     expected",
                    self.output,
                    given.map(|given| given.shape).unwrap_or_default()
                ),
            )),
        }
    }
}

/// The one input or output, which must be floats.
fn only<'a>(
    model: &Model,
    what: &str,
    values: &'a [ValueInfo],
) -> Result<&'a ValueInfo, OnnxError> {
    let [value] = values else {
        let names: Vec<&str> = values.iter().map(|value| value.name.as_str()).collect();
        return Err(OnnxError::run(
            model.name(),
            format!(
                "it has {} {what}s ({}), and a model of rows has one; export it with that one alone",
                values.len(),
                names.join(", ")
            ),
        ));
    };
    match value.element {
        Element::F16 | Element::F32 | Element::F64 => Ok(value),
        _ => Err(OnnxError::run(
            model.name(),
            format!(
                "its {what} `{}` is {value}, and floats were expected",
                value.name
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Additions, Axis};

    /// y = x w, of `rows` rows at once.
    fn model(rows: Axis, outputs: u64) -> Model {
        let mut graph = Additions::default();
        graph.input("x", Element::F32, &[rows.clone(), Axis::Known(2)]);
        graph.floats(
            "w",
            &[2, outputs],
            &[1.0, 10.0, 2.0, 20.0][..2 * outputs as usize],
        );
        graph.node("MatMul", "product", &["x", "w"], &["y"], &[]);
        graph.output("y", Element::F32, &[rows, Axis::Known(outputs)]);
        Model::from_bytes("m.onnx", graph.into_model(13)).expect("a model")
    }

    fn ready(model: &Model) -> Result<RowModel, OnnxError> {
        RowModel::new(model, RuntimeOptions::with_threads(1))
    }

    #[test]
    fn a_fixed_batch_is_filled_up() {
        let model = ready(&model(Axis::Known(2), 1)).expect("it loads");
        let said = model.run(&[1.0, 0.0, 0.0, 1.0, 1.0, 1.0], 2);
        assert_eq!(said.expect("it runs"), [1.0, 10.0, 11.0]);
    }

    #[test]
    fn more_rows_than_a_batch() {
        let model = ready(&model(Axis::Unknown, 1)).expect("it loads");
        let rows: Vec<f32> = (0..2 * BATCH + 3).flat_map(|i| [i as f32, 0.0]).collect();
        let said = model.run(&rows, 2).expect("it runs");
        assert!(said.iter().enumerate().all(|(i, &y)| y == i as f32));
        assert_eq!(said.len(), 2 * BATCH + 3);
    }

    #[test]
    fn what_is_no_number_a_row_is_refused() {
        let two = ready(&model(Axis::Unknown, 2)).expect("it loads");
        let error = two.run(&[0.0; 6], 2).unwrap_err().to_string();
        assert!(
            error.contains("m.onnx: its output `y` has the shape [3, 2] for 3 rows"),
            "{error}"
        );
        let one = ready(&model(Axis::Unknown, 1)).expect("it loads");
        assert!(one.run(&[0.0; 6], 3).is_err());
        let mut graph = Additions::default();
        graph.input("x", Element::I64, &[Axis::Unknown, Axis::Known(2)]);
        graph.node("Identity", "same", &["x"], &["y"], &[]);
        graph.output("y", Element::I64, &[Axis::Unknown, Axis::Known(2)]);
        let model = Model::from_bytes("i.onnx", graph.into_model(13)).expect("a model");
        let error = ready(&model).err().expect("integers").to_string();
        assert!(error.contains("its input `x` is i64"), "{error}");
    }
}
