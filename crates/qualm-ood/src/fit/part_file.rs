//! What a part of a fit looks like in a file.

use qualm_data::Head;

use super::pass1::{Moments, Pass1};
use super::pass2::{HeldRows, PartSums, Pass2};
use crate::OodError;
use crate::bundle::write_head;
use crate::statistics::{Bank, ClassSums, Forest, Node, SecondMoment};
use crate::tensors::{TensorFile, TensorReader, TensorWriter};
use crate::view::View;

/// The arrays of a part of a first pass.
pub(super) fn of_first(
    head: Option<&Head>,
    forest: &Forest<Moments>,
    bank: Option<&Bank>,
) -> TensorWriter {
    let mut tensors = TensorWriter::default();
    if let Some(head) = head {
        write_head(&mut tensors, head);
    }
    for (index, node) in forest.nodes().iter().enumerate() {
        tensors.set_prefix(format!("node/{index}/"));
        save_node(&mut tensors, node);
    }
    if let Some(bank) = bank {
        tensors.bank(bank);
    }
    tensors
}

/// What a part of a first pass holds, without its tally; `bank` tells whether it has a bank.
pub(super) fn first(file: &TensorFile<'_>, bank: bool) -> Result<Pass1, OodError> {
    let mut pass = Pass1::default();
    for index in 0.. {
        let reader = file.reader(format!("node/{index}/"));
        if !reader.has("position") {
            break;
        }
        pass.forest.insert(load_node(&reader)?);
    }
    if bank {
        let bank = std::sync::Arc::unwrap_or_clone(file.reader("").bank()?);
        pass.bank.add(bank.rows, bank.row_numbers, bank.labels);
    }
    Ok(pass)
}

/// The arrays of a part of a second pass.
pub(super) fn of_second(pass: &Pass2) -> TensorWriter {
    let mut tensors = TensorWriter::default();
    for (index, node) in pass.sums.nodes().iter().enumerate() {
        tensors.set_prefix(format!("node/{index}/"));
        save_position(&mut tensors, node.first, node.level);
        tensors.vector("count", &[node.value.count]);
        tensors.vector("sums", &node.value.sums);
    }
    for (first, held) in &pass.held {
        tensors.set_prefix(format!("held/{first}/"));
        tensors.vector("parts", &held.parts);
        tensors.vector("predicted", &held.predicted);
    }
    tensors
}

/// What a part of a second pass holds; rows have `width` parts.
pub(super) fn second(file: &TensorFile<'_>, width: usize) -> Result<Pass2, OodError> {
    let mut pass = Pass2::default();
    for index in 0.. {
        let reader = file.reader(format!("node/{index}/"));
        if !reader.has("position") {
            break;
        }
        let (first, level) = load_position(&reader)?;
        let sums = reader.any_vector::<f64>("sums")?;
        if !sums.is_empty() && sums.len() != width {
            return Err(reader.wrong("sums", "does not hold one number a part"));
        }
        let count = reader.vector::<f64>("count", 1)?[0];
        let value = PartSums { count, sums };
        pass.sums.insert(Node {
            first,
            level,
            value,
        });
    }
    for first in file.numbers_after("held/") {
        let reader = file.reader(format!("held/{first}/"));
        let held = HeldRows {
            parts: reader.any_vector("parts")?,
            predicted: reader.any_vector("predicted")?,
        };
        let rows = held.parts.len() / width.max(1);
        if held.parts.len() != rows * width
            || (!held.predicted.is_empty() && held.predicted.len() != rows)
        {
            return Err(reader.wrong("parts", "does not hold whole rows"));
        }
        pass.held.insert(first, held);
    }
    Ok(pass)
}

fn save_position(tensors: &mut TensorWriter, first: u64, level: u32) {
    tensors.vector("position", &[first, u64::from(level)]);
}

fn load_position(tensors: &TensorReader<'_>) -> Result<(u64, u32), OodError> {
    let position = tensors.vector::<u64>("position", 2)?;
    match (position[0], u32::try_from(position[1])) {
        (first, Ok(level)) if level < 52 && first < 1 << 52 && first.is_multiple_of(1 << level) => {
            Ok((first, level))
        }
        _ => Err(tensors.wrong("position", "is no place in a tree of blocks")),
    }
}

const VIEWS: [(View, &str); 2] = [(View::Raw, "raw"), (View::Unit, "unit")];

fn save_node(tensors: &mut TensorWriter, node: &Node<Moments>) {
    save_position(tensors, node.first, node.level);
    for (view, word) in VIEWS {
        if let Some(moment) = node.value.moments.get(view) {
            tensors.vector(&format!("{word}_count"), &[moment.count]);
            tensors.vector(&format!("{word}_mean"), &moment.mean);
            tensors.vector(&format!("{word}_scatter"), &moment.scatter);
        }
        if let Some(sums) = node.value.sums.get(view) {
            tensors.vector(&format!("{word}_class_counts"), &sums.counts);
            tensors.vector(&format!("{word}_class_sums"), &sums.sums);
        }
    }
}

fn load_node(tensors: &TensorReader<'_>) -> Result<Node<Moments>, OodError> {
    let (first, level) = load_position(tensors)?;
    let dim = tensors.dim();
    let mut value = Moments::default();
    for (view, word) in VIEWS {
        if tensors.has(&format!("{word}_count")) {
            *value.moments.get_mut(view) = Some(SecondMoment {
                count: tensors.vector::<f64>(&format!("{word}_count"), 1)?[0],
                mean: tensors.vector(&format!("{word}_mean"), dim)?,
                scatter: tensors
                    .vector(&format!("{word}_scatter"), qualm_linalg::packed_len(dim))?,
            });
        }
        if tensors.has(&format!("{word}_class_counts")) {
            let counts = tensors.any_vector::<u64>(&format!("{word}_class_counts"))?;
            let sums = tensors.vector(&format!("{word}_class_sums"), counts.len() * dim)?;
            *value.sums.get_mut(view) = Some(ClassSums::from_parts(counts, sums, dim));
        }
    }
    Ok(Node {
        first,
        level,
        value,
    })
}
