//! A proxy of the user's own: an ONNX model of rows of numbers.

use std::path::Path;

use qualm_onnx::{Model, OnnxError, RowModel, RuntimeKind, RuntimeOptions};
use qualm_proxy::proxies::Given;
use qualm_proxy::{Designs, Space};

/// The model as a proxy of designs of `space`: it is given their variables in order and answers in
/// the units of the labels.
pub(crate) fn open(
    path: &Path,
    kind: RuntimeKind,
    space: &Space,
    origin: &str,
) -> anyhow::Result<Given> {
    let name = path.display().to_string();
    // One thread: what it says must not depend on how many there are.
    let options = RuntimeOptions { kind, threads: 1 };
    let model = RowModel::new(&Model::open(path)?, options)?;
    let names: Vec<&str> = space
        .variables()
        .iter()
        .map(|variable| variable.name())
        .collect();
    if let Some(width) = model.width().filter(|&width| width != names.len()) {
        anyhow::bail!(
            "{name}: it takes {width} numbers a row, and designs of {origin} have {}: {}",
            names.len(),
            brief(&names)
        );
    }
    let values = move |designs: &Designs| {
        let numbers: Vec<f32> = designs.values().iter().map(|&x| x as f32).collect();
        let said = model
            .run(&numbers, designs.width())
            .map_err(|error| match error {
                OnnxError::Run { problem, .. } => problem,
                error => error.to_string(),
            })?;
        Ok(said.into_iter().map(f64::from).collect())
    };
    Ok(Given::new(name, space, values)?)
}

/// The first few of many names.
fn brief(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    match names.len() {
        0..=SHOWN => names.join(", "),
        all => format!("{} and {} more", names[..SHOWN].join(", "), all - SHOWN),
    }
}
