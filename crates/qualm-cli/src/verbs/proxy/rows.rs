//! A feature set as designs: its features are the variables, its labels or a file the targets.

use std::path::Path;

use qualm_data::{Chunk, FeatureSet, Source, TensorFile};
use qualm_proxy::tasks::number_column;
use qualm_proxy::{Designs, Labelled, Merge, Space, Variable};

use crate::console;

/// Reads a set whole, with `targets` from a file, or the labels of the set, which are taken as
/// amounts then.
pub(crate) fn read(
    spec: &str,
    targets: Option<&str>,
    column: Option<&str>,
    merge: Merge,
) -> anyhow::Result<(Space, Labelled)> {
    let set = FeatureSet::open(spec)?;
    let name = set.name().to_owned();
    let schema = set.schema();
    let Some(width) = schema.dim else {
        anyhow::bail!("{name}: it holds no features, and these are what designs are made of");
    };
    if let (None, Some(column)) = (targets, column) {
        anyhow::bail!(
            "{name}: it has no columns; name the file of --target {column} with --targets"
        );
    }
    if targets.is_none() && !schema.labels {
        anyhow::bail!(
            "{name}: it holds no labels; give the targets of its {} rows with --targets",
            schema.rows
        );
    }
    if schema.groups {
        console::warn(&format!(
            "{name}: rows of one group may come to both the judge and the proxies"
        ));
    }
    let (features, labels) = contents(&set)?;
    let rows = features.len() / width;
    let labels = match targets {
        Some(file) => numbers(file, column, rows, &name)?,
        None => {
            if let Some(row) = labels.iter().position(|&label| label < 0) {
                anyhow::bail!(
                    "{name}: row {row} has the label {}, which says that it is out of distribution \
                     and not how good it is; give targets with --targets",
                    labels[row]
                );
            }
            console::note(&format!(
                "{name}: the labels are the targets, as amounts: a higher class is a better one"
            ));
            labels.iter().map(|&label| label as f64).collect()
        }
    };
    let variables = (0..width).map(|at| {
        let column = || features.iter().skip(at).step_by(width).copied();
        Variable::Real {
            name: format!("feature {at}"),
            low: column().fold(f64::INFINITY, f64::min),
            high: column().fold(f64::NEG_INFINITY, f64::max),
        }
    });
    let space = Space::new(variables.collect());
    let all = Labelled::new(name, Designs::new(features, width), labels, merge)?;
    Ok((space, all))
}

/// Features row by row, and labels.
fn contents(set: &FeatureSet) -> anyhow::Result<(Vec<f64>, Vec<i64>)> {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    let (mut reader, mut chunk) = (set.reader()?, Chunk::default());
    loop {
        reader.read(&mut chunk, set.schema().rows_per_chunk())?;
        if chunk.rows == 0 {
            break;
        }
        chunk.check_finite(set.name(), set.schema())?;
        features.extend(chunk.features.iter().map(|&x| f64::from(x)));
        labels.extend_from_slice(&chunk.labels);
    }
    if features.is_empty() {
        anyhow::bail!("{}: it has no rows", set.name());
    }
    Ok((features, labels))
}

/// A number for each row: a column of a table, or an array of N or N x 1.
fn numbers(file: &str, column: Option<&str>, rows: usize, set: &str) -> anyhow::Result<Vec<f64>> {
    let path = Path::new(file);
    let numbers = if path.extension().is_some_and(|extension| extension == "csv") {
        number_column(path, column)?
    } else {
        if let Some(column) = column {
            anyhow::bail!(
                "{file}: --target {column} names a column of a .csv; an array of another name is \
                 {file}:features={column}"
            );
        }
        let array = TensorFile::open(file)?;
        if array.shape().iter().skip(1).any(|&axis| axis != 1) {
            anyhow::bail!(
                "{file}: its shape is {:?}, and targets are one number a row",
                array.shape()
            );
        }
        let mut numbers = Vec::new();
        array.reader()?.read(usize::MAX, &mut numbers)?;
        numbers.into_iter().map(f64::from).collect()
    };
    if numbers.len() != rows {
        anyhow::bail!(
            "{file}: it holds {} targets, and {set} has {rows} rows",
            numbers.len()
        );
    }
    Ok(numbers)
}
