//! A graph of plain operations as nodes of ONNX.

use qualm_ood::lower::{Folding, Function, Graph, Operation, Pairing, Value};

use crate::{Additions, Attribute, Element};

/// From this version on the axes of ReduceMax and ReduceMin are an input.
const AXES_AS_INPUT: i64 = 18;

/// Writes nodes under names that begin alike.
pub(super) struct Nodes<'a> {
    pub(super) to: &'a mut Additions,
    /// What names begin with; no other name of the model does.
    pub(super) prefix: &'a str,
    /// Version of the standard's operators that the model uses.
    pub(super) opset: i64,
    /// The constant [1]: the axis of a row's numbers.
    pub(super) axis: String,
}

impl<'a> Nodes<'a> {
    pub(super) fn new(to: &'a mut Additions, prefix: &'a str, opset: i64) -> Self {
        let axis = format!("{prefix}axis");
        to.integers(&axis, &[1], &[1]);
        Self {
            to,
            prefix,
            opset,
            axis,
        }
    }

    /// The name of a tensor of our own.
    pub(super) fn name(&self, what: &str) -> String {
        format!("{}{what}", self.prefix)
    }

    /// A node with one output, called as that is.
    pub(super) fn node(
        &mut self,
        op: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[Attribute<'_>],
    ) {
        self.to.node(op, output, inputs, &[output], attributes);
    }

    /// Writes all operations of a graph; returns the name of `result`.
    pub(super) fn graph(
        &mut self,
        graph: &Graph,
        result: Value,
        features: &str,
        logits: &str,
    ) -> String {
        let mut names: Vec<String> = Vec::new();
        for (number, operation) in graph.operations().iter().enumerate() {
            let name = self.name(&format!("value{number}"));
            let named = match operation {
                Operation::Features => features.to_owned(),
                Operation::Logits => logits.to_owned(),
                _ => name.clone(),
            };
            let of = |value: &Value| names[value.number()].as_str();
            match operation {
                Operation::Row(numbers) => {
                    self.to.floats(&name, &[1, numbers.len() as u64], numbers);
                }
                Operation::Affine {
                    of: x,
                    matrix,
                    offset,
                } => self.affine(of(x), matrix, offset, &name),
                Operation::Each(function, x) => self.node(each(*function), &[of(x)], &name, &[]),
                Operation::Pair(Pairing::Above, a, b) => self.above(of(a), of(b), &name),
                Operation::Pair(pairing, a, b) => {
                    self.node(pair(*pairing), &[of(a), of(b)], &name, &[]);
                }
                Operation::Fold(folding, x) => self.fold(*folding, of(x), &name),
                Operation::Largest(x, count) => {
                    let places = format!("{name}/places");
                    self.top(of(x), *count, &name, [&name, &places]);
                }
                Operation::WithoutLargest(x) => self.without_largest(of(x), graph.width(*x), &name),
                Operation::RowAtLargest { by, table } => {
                    self.row_at_largest(of(by), table, graph.width(*by), &name);
                }
                Operation::AmongLargest(x, count) => self.among_largest(of(x), *count, &name),
                Operation::RowInRank { of: x, table, rank } => {
                    self.row_in_rank(of(x), table, graph.width(*x), *rank, &name);
                }
                // Features, logits, and what a later version may add and `lower` never gives here.
                _ => {}
            }
            names.push(named);
        }
        names.swap_remove(result.number())
    }

    fn affine(&mut self, of: &str, matrix: &[f32], offset: &[f32], name: &str) {
        let (a, c) = (format!("{name}/matrix"), format!("{name}/offset"));
        let outputs = offset.len() as u64;
        self.to
            .floats(&a, &[outputs, matrix.len() as u64 / outputs.max(1)], matrix);
        self.to.floats(&c, &[outputs], offset);
        let transposed = [Attribute::Integer("transB", 1)];
        self.node("Gemm", &[of, &a, &c], name, &transposed);
    }

    /// Keeps the axis, with length one.
    pub(super) fn fold(&mut self, folding: Folding, of: &str, name: &str) {
        let axis = self.axis.clone();
        match folding {
            Folding::Sum => self.node("ReduceSum", &[of, &axis], name, &[]),
            Folding::Max | Folding::Min => {
                let op = match folding {
                    Folding::Max => "ReduceMax",
                    _ => "ReduceMin",
                };
                if self.opset >= AXES_AS_INPUT {
                    self.node(op, &[of, &axis], name, &[]);
                } else {
                    self.node(op, &[of], name, &[Attribute::Integers("axes", &[1])]);
                }
            }
        }
    }

    fn without_largest(&mut self, of: &str, width: usize, name: &str) {
        let part = |what: &str| format!("{name}/{what}");
        let (place, places, is_it, zero) =
            (part("place"), part("places"), part("is_it"), part("zero"));
        let axis = [Attribute::Integer("axis", 1)];
        self.node("ArgMax", &[of], &place, &axis);
        let numbers: Vec<i64> = (0..width as i64).collect();
        self.to.integers(&places, &[1, width as u64], &numbers);
        self.node("Equal", &[&places, &place], &is_it, &[]);
        self.to.floats(&zero, &[1], &[0.0]);
        self.node("Where", &[&is_it, &zero, of], name, &[]);
    }

    fn above(&mut self, a: &str, b: &str, name: &str) {
        let is_above = format!("{name}/is_above");
        self.node("Greater", &[a, b], &is_above, &[]);
        let f32 = [Attribute::Integer("to", Element::F32.code())];
        self.node("Cast", &[&is_above], name, &f32);
    }

    /// The `count` largest, of equals those that come first, and their places.
    fn top(&mut self, of: &str, count: usize, name: &str, outputs: [&str; 2]) {
        let k = format!("{name}/k");
        self.to.integers(&k, &[1], &[count as i64]);
        let axis = [Attribute::Integer("axis", 1)];
        self.to.node("TopK", name, &[of, &k], &outputs, &axis);
    }

    fn among_largest(&mut self, of: &str, count: usize, name: &str) {
        let part = |what: &str| format!("{name}/{what}");
        let (values, places) = (part("values"), part("places"));
        self.top(of, count, &part("top"), [&values, &places]);
        // Ones, as many as there are places, in the zeros of a whole row.
        let mut filled = |what: &str, number: f32, like: &str| {
            let (one, shape) = (
                part(&format!("{what}_number")),
                part(&format!("{what}_shape")),
            );
            self.to.floats(&one, &[1, 1], &[number]);
            self.node("Shape", &[like], &shape, &[]);
            self.node("Expand", &[&one, &shape], &part(what), &[]);
            part(what)
        };
        let (zeros, ones) = (filled("zeros", 0.0, of), filled("ones", 1.0, &places));
        let axis = [Attribute::Integer("axis", 1)];
        self.node("ScatterElements", &[&zeros, &places, &ones], name, &axis);
    }

    fn row_in_rank(&mut self, of: &str, table: &[f32], width: usize, rank: usize, name: &str) {
        let part = |what: &str| format!("{name}/{what}");
        let (data, products) = (part("table"), part("products"));
        let rows = table.len() / width.max(1);
        self.to.floats(&data, &[rows as u64, width as u64], table);
        let transposed = [Attribute::Integer("transB", 1)];
        self.node("Gemm", &[of, &data], &products, &transposed);
        let (values, places) = (part("values"), part("places"));
        self.top(&products, rank, &part("top"), [&values, &places]);
        let (last, place) = (part("rank"), part("place"));
        self.to.integers(&last, &[], &[rank as i64 - 1]);
        let axis = [Attribute::Integer("axis", 1)];
        self.node("Gather", &[&places, &last], &place, &axis);
        self.node("Gather", &[&data, &place], name, &[]);
    }

    fn row_at_largest(&mut self, by: &str, table: &[f32], rows: usize, name: &str) {
        let (place, data) = (format!("{name}/place"), format!("{name}/table"));
        let kept = [
            Attribute::Integer("axis", 1),
            Attribute::Integer("keepdims", 0),
        ];
        self.node("ArgMax", &[by], &place, &kept);
        let width = (table.len() / rows.max(1)) as u64;
        self.to.floats(&data, &[rows as u64, width], table);
        self.node("Gather", &[&data, &place], name, &[]);
    }
}

fn each(function: Function) -> &'static str {
    match function {
        Function::Exp => "Exp",
        Function::Log => "Log",
        Function::Sqrt => "Sqrt",
        Function::Abs => "Abs",
        Function::Neg => "Neg",
        Function::Tan => "Tan",
    }
}

fn pair(pairing: Pairing) -> &'static str {
    match pairing {
        Pairing::Add => "Add",
        Pairing::Sub => "Sub",
        Pairing::Mul => "Mul",
        Pairing::Div => "Div",
        Pairing::Max => "Max",
        Pairing::Min => "Min",
        Pairing::Pow => "Pow",
        Pairing::Above => "Greater",
    }
}
