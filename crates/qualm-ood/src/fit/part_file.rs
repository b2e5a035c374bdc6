//! What a part of a fit looks like in a file.

use qualm_data::Head;

use super::pass1::{Moments, Pass1};
use super::pass2::{HeldRows, PartSums, Pass2, TailNeeds};
use crate::OodError;
use crate::bundle::write_head;
use crate::method::Needs;
use crate::statistics::{
    Bank, BankNeed, ClassScatters, ClassSums, Extremes, Forest, Histogram, Node, SecondMoment,
    SumBy, Tails, TemperatureSums,
};
use crate::tensors::{TensorFile, TensorReader, TensorWriter};
use crate::view::View;

/// The arrays of a part of a first pass.
pub(super) fn of_first(
    head: Option<&Head>,
    forest: &Forest<Moments>,
    activations: Option<&Histogram>,
    extremes: &[Extremes],
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
    tensors.set_prefix("");
    if let Some(activations) = activations {
        tensors.vector("activations", &activations.counts);
    }
    if !extremes.is_empty() {
        let pairs: Vec<f32> = extremes.iter().flat_map(|e| [e.low, e.high]).collect();
        tensors.vector("extremes", &pairs);
    }
    if let Some(bank) = bank {
        tensors.bank(bank);
    }
    tensors
}

/// What a part of a first pass for these needs holds, without its tally. `classes` is the width of
/// logits.
pub(super) fn first(
    file: &TensorFile<'_>,
    needs: &Needs,
    classes: usize,
) -> Result<Pass1, OodError> {
    let mut pass = Pass1::default();
    for index in 0.. {
        let reader = file.reader(format!("node/{index}/"));
        if !reader.has("position") {
            break;
        }
        pass.forest.insert(load_node(&reader, needs, classes)?);
    }
    if needs.activations {
        let empty = Histogram::default();
        let counts = file.reader("").vector("activations", empty.counts.len())?;
        pass.activations = Some(Histogram { counts });
    }
    if !needs.extremes.is_empty() {
        let pairs = file
            .reader("")
            .vector::<f32>("extremes", 2 * needs.extremes.len())?;
        let pairs = pairs.as_chunks::<2>().0.iter();
        pass.extremes = pairs.map(|&[low, high]| Extremes { low, high }).collect();
    }
    if let Some(need) = needs.bank {
        let bank = file.reader("").bank(BankNeed { rows: None, ..need })?;
        pass.bank.add(bank.all(), need.rows);
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
    for (detector, tails) in &pass.tails {
        let all = || tails.classes.iter();
        let classes = all().flat_map(|(&class, numbers)| numbers.iter().map(move |_| class as u64));
        let numbers = all().flat_map(|(_, numbers)| numbers).copied();
        tensors.set_prefix(format!("tail/{detector}/"));
        tensors.vector("classes", &classes.collect::<Vec<u64>>());
        tensors.vector("numbers", &numbers.collect::<Vec<f64>>());
    }
    for (first, held) in &pass.held {
        tensors.set_prefix(format!("held/{first}/"));
        tensors.vector("parts", &held.parts);
        tensors.vector("predicted", &held.predicted);
        if !held.ruler.is_empty() {
            tensors.vector("ruler", &held.ruler);
        }
    }
    tensors
}

/// What a part of a second pass holds; rows have `width` parts, `tails` says of which detectors the
/// largest were kept.
pub(super) fn second(
    file: &TensorFile<'_>,
    width: usize,
    tails: &TailNeeds,
) -> Result<Pass2, OodError> {
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
    for (&detector, need) in tails {
        let reader = file.reader(format!("tail/{detector}/"));
        let numbers = reader.any_vector::<f64>("numbers")?;
        let classes = reader.vector::<u64>("classes", numbers.len())?;
        let own: &mut Tails = pass.tails.entry(detector).or_default();
        for (class, number) in classes.into_iter().zip(numbers) {
            own.add(class as usize, number, need.keep);
        }
    }
    for first in file.numbers_after("held/") {
        let reader = file.reader(format!("held/{first}/"));
        let held = HeldRows {
            parts: reader.any_vector("parts")?,
            predicted: reader.any_vector("predicted")?,
            ruler: match reader.has("ruler") {
                true => reader.any_vector("ruler")?,
                false => Vec::new(),
            },
        };
        let rows = held.parts.len() / width.max(1);
        if held.parts.len() != rows * width
            || (!held.predicted.is_empty() && held.predicted.len() != rows)
            || (!held.ruler.is_empty() && held.ruler.len() != rows)
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
            save_moment(tensors, &format!("{word}_"), moment);
        }
        if let Some(scatters) = node.value.scatters.get(view) {
            for (class, moment) in &scatters.classes {
                save_moment(tensors, &format!("{word}_class/{class}/"), moment);
            }
        }
    }
    for (kind, sums) in &node.value.sums {
        let word = kind.word();
        tensors.vector(&format!("{word}_counts"), &sums.counts);
        tensors.vector(&format!("{word}_sums"), &sums.sums);
    }
    if let Some(sums) = &node.value.temperature {
        tensors.vector("temperature_rows", &[sums.count, sums.labelled]);
        tensors.vector("temperature_grid", sums.grid.as_flattened());
    }
}

fn save_moment(tensors: &mut TensorWriter, prefix: &str, moment: &SecondMoment) {
    tensors.vector(&format!("{prefix}count"), &[moment.count]);
    tensors.vector(&format!("{prefix}mean"), &moment.mean);
    tensors.vector(&format!("{prefix}scatter"), &moment.scatter);
}

fn load_moment(tensors: &TensorReader<'_>, prefix: &str) -> Result<SecondMoment, OodError> {
    let dim = tensors.dim();
    let scatter = tensors.vector(&format!("{prefix}scatter"), qualm_linalg::packed_len(dim))?;
    Ok(SecondMoment {
        count: tensors.scalar(&format!("{prefix}count"))?,
        mean: tensors.vector(&format!("{prefix}mean"), dim)?,
        scatter,
    })
}

fn load_node(
    tensors: &TensorReader<'_>,
    needs: &Needs,
    classes: usize,
) -> Result<Node<Moments>, OodError> {
    let (first, level) = load_position(tensors)?;
    let mut value = Moments::default();
    for (view, word) in VIEWS {
        if tensors.has(&format!("{word}_count")) {
            let moment = load_moment(tensors, &format!("{word}_"))?;
            *value.moments.get_mut(view) = Some(moment);
        }
        if *needs.class_scatters.get(view) {
            let mut scatters = ClassScatters::default();
            for class in tensors.numbers_after(&format!("{word}_class/")) {
                let moment = load_moment(tensors, &format!("{word}_class/{class}/"))?;
                scatters.classes.insert(class as usize, moment);
            }
            *value.scatters.get_mut(view) = Some(scatters);
        }
    }
    for kind in needs.sums.iter() {
        let word = kind.word();
        // A node of a block without fitting rows has no sums.
        if !tensors.has(&format!("{word}_counts")) {
            continue;
        }
        let width = if kind.of.logits() {
            classes
        } else {
            tensors.dim()
        };
        let counts = tensors.any_vector::<u64>(&format!("{word}_counts"))?;
        if kind.by == SumBy::All && counts.len() != 1 {
            return Err(tensors.wrong(&format!("{word}_counts"), "must hold one number"));
        }
        let sums = tensors.vector(&format!("{word}_sums"), counts.len() * width)?;
        let sums = ClassSums::from_parts(counts, sums, width);
        value.sums.insert(kind, sums);
    }
    if needs.temperature {
        let mut sums = TemperatureSums::default();
        let rows = tensors.vector::<f64>("temperature_rows", 2)?;
        (sums.count, sums.labelled) = (rows[0], rows[1]);
        let grid = tensors.vector::<f64>("temperature_grid", 3 * sums.grid.len())?;
        let points = sums.grid.iter_mut().zip(grid.as_chunks::<3>().0);
        points.for_each(|(to, from)| *to = *from);
        value.temperature = Some(sums);
    }
    Ok(Node {
        first,
        level,
        value,
    })
}
