use qualm_data::Head;

use super::Lowering;
use crate::detector::AffineMap;
use crate::view::View;

/// Below this a row has no direction, and what would be divided by its norm is left zero.
const NO_NORM: f32 = f32::MIN_POSITIVE;

/// Added where something may be divided by nothing, and rounded away elsewhere.
const NO_QUOTIENT: f64 = 1e-30;

/// Operations on rows of numbers, in `f32`. Every value is a row for each input; a value of width
/// one goes with every number of the row that it meets.
#[derive(Debug, Clone)]
pub struct Graph {
    operations: Vec<Operation>,
    widths: Vec<usize>,
    dim: usize,
    classes: usize,
    head: Option<Head>,
    /// What scores of the logits see in place of the head's, behind a shaper.
    shaped: Option<Value>,
}

/// The result of an operation, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value(usize);

impl Value {
    /// The number of its operation in [`Graph::operations`].
    pub fn number(self) -> usize {
        self.0
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// The features that enter the head.
    Features,
    /// The logits that leave it.
    Logits,
    /// The same numbers for every input.
    Row(Vec<f32>),
    /// `A x + c`: a linear map, `matrix` row-major with a row for each number of `offset`.
    Affine {
        /// `x`.
        of: Value,
        /// `A`.
        matrix: Vec<f32>,
        /// `c`.
        offset: Vec<f32>,
    },
    /// A function of each number.
    Each(Function, Value),
    /// Two values, number by number.
    Pair(Pairing, Value, Value),
    /// One number of each row.
    Fold(Folding, Value),
    /// The so many largest numbers of each row, the largest first.
    Largest(Value, usize),
    /// The row with zero in place of its largest number, the first of equals.
    WithoutLargest(Value),
    /// The row of a table whose number is the place of the largest number of `by`, the first of
    /// equals.
    RowAtLargest {
        /// What is searched.
        by: Value,
        /// Row-major, a row for each number of `by`.
        table: Vec<f32>,
    },
    /// One in the place of each of the so many largest numbers of each row, the first of equals,
    /// zero elsewhere.
    AmongLargest(Value, usize),
    /// The row of a table whose inner product with `of` is the `rank`-th largest, counted from one.
    RowInRank {
        /// What the rows are multiplied with.
        of: Value,
        /// Row-major, each row as wide as `of`.
        table: Vec<f32>,
        /// At most as many as the table has rows.
        rank: usize,
    },
}

/// A function of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Its exponential.
    Exp,
    /// Its natural logarithm.
    Log,
    /// Its square root.
    Sqrt,
    /// Its magnitude.
    Abs,
    /// Its negative.
    Neg,
    /// Its tangent.
    Tan,
}

/// What two numbers make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// Their sum.
    Add,
    /// The first less the second.
    Sub,
    /// Their product.
    Mul,
    /// The first divided by the second.
    Div,
    /// The larger.
    Max,
    /// The smaller.
    Min,
    /// The first to the power of the second.
    Pow,
    /// One where the first is larger than the second, else zero.
    Above,
}

/// What a row of numbers makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folding {
    /// Their sum.
    Sum,
    /// The largest.
    Max,
    /// The smallest.
    Min,
}

impl Graph {
    pub(crate) fn new(dim: Option<usize>, classes: Option<usize>, head: Option<&Head>) -> Self {
        Self {
            operations: Vec::new(),
            widths: Vec::new(),
            dim: dim.unwrap_or(0),
            classes: classes.unwrap_or(0),
            head: head.cloned(),
            shaped: None,
        }
    }

    /// The operations, each after those that it builds on.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Numbers of a value for each input.
    pub fn width(&self, value: Value) -> usize {
        self.widths[value.0]
    }

    fn push(&mut self, operation: Operation, width: usize) -> Value {
        // What two detectors' worth of steps share is computed once.
        if let Some(known) = self.operations.iter().position(|known| *known == operation) {
            return Value(known);
        }
        self.operations.push(operation);
        self.widths.push(width);
        Value(self.operations.len() - 1)
    }

    pub(crate) fn features(&mut self) -> Value {
        self.push(Operation::Features, self.dim)
    }

    pub(crate) fn logits(&mut self) -> Value {
        match self.shaped {
            Some(shaped) => shaped,
            None => self.push(Operation::Logits, self.classes),
        }
    }

    /// Lets `lower` see these logits in place of the head's.
    pub(crate) fn with_logits(
        &mut self,
        logits: Value,
        lower: impl FnOnce(&mut Self) -> Lowering,
    ) -> Lowering {
        let before = self.shaped.replace(logits);
        let lowered = lower(self);
        self.shaped = before;
        lowered
    }

    fn head(&self) -> Result<&Head, String> {
        let head = self.head.as_ref();
        head.ok_or_else(|| "it was fitted without a head".to_owned())
    }

    /// `W x`, for features that were shaped.
    ///
    /// # Errors
    /// Where there is no head.
    pub(crate) fn weigh(&mut self, features: Value) -> Lowering {
        let head = self.head()?;
        let (matrix, offset) = (head.weight().to_vec(), vec![0.0; head.classes()]);
        Ok(self.affine(features, matrix, offset))
    }

    /// `b`.
    ///
    /// # Errors
    /// Where there is no head.
    pub(crate) fn bias(&mut self) -> Lowering {
        let bias: Vec<f64> = self.head()?.bias().iter().map(|&b| b.into()).collect();
        Ok(self.row(bias))
    }

    pub(crate) fn affine(&mut self, of: Value, matrix: Vec<f32>, offset: Vec<f32>) -> Value {
        let width = offset.len();
        self.push(Operation::Affine { of, matrix, offset }, width)
    }

    pub(crate) fn row(&mut self, numbers: impl IntoIterator<Item = f64>) -> Value {
        let numbers: Vec<f32> = numbers.into_iter().map(|x| x as f32).collect();
        let width = numbers.len();
        self.push(Operation::Row(numbers), width)
    }

    pub(crate) fn number(&mut self, number: f64) -> Value {
        self.row([number])
    }

    pub(crate) fn each(&mut self, function: Function, of: Value) -> Value {
        let width = self.width(of);
        self.push(Operation::Each(function, of), width)
    }

    pub(crate) fn pair(&mut self, a: Value, pairing: Pairing, b: Value) -> Value {
        let width = self.width(a).max(self.width(b));
        self.push(Operation::Pair(pairing, a, b), width)
    }

    pub(crate) fn fold(&mut self, folding: Folding, of: Value) -> Value {
        self.push(Operation::Fold(folding, of), 1)
    }

    /// The `count` largest, or all where there are fewer.
    pub(crate) fn largest(&mut self, of: Value, count: usize) -> Value {
        let count = count.min(self.width(of));
        self.push(Operation::Largest(of, count), count)
    }

    pub(crate) fn without_largest(&mut self, of: Value) -> Value {
        let width = self.width(of);
        self.push(Operation::WithoutLargest(of), width)
    }

    pub(crate) fn row_at_largest(&mut self, by: Value, table: Vec<f32>) -> Value {
        let width = table.len() / self.width(by).max(1);
        self.push(Operation::RowAtLargest { by, table }, width)
    }

    pub(crate) fn among_largest(&mut self, of: Value, count: usize) -> Value {
        let width = self.width(of);
        self.push(Operation::AmongLargest(of, count.min(width)), width)
    }

    /// The row of `table` whose product with `of` is the `rank`-th largest; there are as many.
    pub(crate) fn row_in_rank(&mut self, of: Value, table: Vec<f32>, rank: usize) -> Value {
        let width = self.width(of);
        self.push(Operation::RowInRank { of, table, rank }, width)
    }

    /// The inner product with each row of `table`.
    pub(crate) fn products(&mut self, of: Value, table: Vec<f32>) -> Value {
        let offset = vec![0.0; table.len() / self.width(of).max(1)];
        self.affine(of, table, offset)
    }

    /// A map of the view of the features that it is of.
    pub(crate) fn map(&mut self, map: &AffineMap) -> Value {
        let of = match map.view {
            View::Raw => self.features(),
            View::Unit => self.unit(),
        };
        self.affine(of, map.matrix.clone(), map.offset.clone())
    }

    /// The features divided by their norm; a zero row stays zero.
    pub(crate) fn unit(&mut self) -> Value {
        let features = self.features();
        let norm = self.norm(features);
        let least = self.number(f64::from(NO_NORM));
        let norm = self.pair(norm, Pairing::Max, least);
        self.pair(features, Pairing::Div, norm)
    }

    pub(crate) fn squared_norm(&mut self, of: Value) -> Value {
        let squares = self.pair(of, Pairing::Mul, of);
        self.fold(Folding::Sum, squares)
    }

    pub(crate) fn norm(&mut self, of: Value) -> Value {
        let square = self.squared_norm(of);
        self.each(Function::Sqrt, square)
    }

    /// `a / b`; zero where both are nothing.
    pub(crate) fn ratio(&mut self, a: Value, b: Value) -> Value {
        let least = self.number(NO_QUOTIENT);
        let b = self.pair(b, Pairing::Add, least);
        self.pair(a, Pairing::Div, b)
    }

    /// `||part|| / ||whole||`, at most one; one where both are nothing.
    pub(crate) fn share_of_norm(&mut self, part: Value, whole: Value) -> Value {
        let least = self.number(NO_QUOTIENT);
        let (part, whole) = (self.norm(part), self.norm(whole));
        let part = self.pair(part, Pairing::Add, least);
        let whole = self.pair(whole, Pairing::Add, least);
        let share = self.pair(part, Pairing::Div, whole);
        let one = self.number(1.0);
        self.pair(share, Pairing::Min, one)
    }

    pub(crate) fn neg(&mut self, of: Value) -> Value {
        self.each(Function::Neg, of)
    }

    /// `value * factor`.
    pub(crate) fn times(&mut self, value: Value, factor: f64) -> Value {
        if factor == 1.0 {
            return value;
        }
        let factor = self.number(factor);
        self.pair(value, Pairing::Mul, factor)
    }

    /// `l - max l`, divided by a temperature: at most zero.
    pub(crate) fn below_largest(&mut self, temperature: f64) -> Value {
        let logits = self.logits();
        let max = self.fold(Folding::Max, logits);
        let below = self.pair(logits, Pairing::Sub, max);
        self.times(below, 1.0 / temperature)
    }

    /// `sum exp((l - max l) / T)`: one over the largest probability.
    pub(crate) fn partition(&mut self, temperature: f64) -> Value {
        let below = self.below_largest(temperature);
        let exponentials = self.each(Function::Exp, below);
        self.fold(Folding::Sum, exponentials)
    }

    /// `exp((l - max l) / T)`, with zero in the place of the largest.
    pub(crate) fn others(&mut self, temperature: f64) -> Value {
        let below = self.below_largest(temperature);
        let exponentials = self.each(Function::Exp, below);
        self.without_largest(exponentials)
    }

    /// The sum of these: what the predicted class lacks to be certain, however little.
    pub(crate) fn rest(&mut self, temperature: f64) -> Value {
        let others = self.others(temperature);
        self.fold(Folding::Sum, others)
    }

    /// One less the largest probability, to all digits.
    pub(crate) fn doubt(&mut self, temperature: f64) -> Value {
        let (one, rest) = (self.number(1.0), self.rest(temperature));
        let all = self.pair(one, Pairing::Add, rest);
        self.pair(rest, Pairing::Div, all)
    }

    /// `log(1 + x)` to all digits, for `x` from zero on: `x log(u) / (u - 1)` with `u` what `1 + x`
    /// is rounded to (Kahan).
    pub(crate) fn log_of_one_and(&mut self, x: Value) -> Value {
        let (one, least) = (self.number(1.0), self.number(NO_QUOTIENT));
        let u = self.pair(one, Pairing::Add, x);
        let log = self.each(Function::Log, u);
        let log = self.pair(log, Pairing::Add, least);
        let difference = self.pair(u, Pairing::Sub, one);
        let difference = self.pair(difference, Pairing::Add, least);
        let quotient = self.pair(log, Pairing::Div, difference);
        self.pair(x, Pairing::Mul, quotient)
    }

    /// The softmax of the logits.
    pub(crate) fn probabilities(&mut self) -> Value {
        let below = self.below_largest(1.0);
        let exponentials = self.each(Function::Exp, below);
        let partition = self.partition(1.0);
        self.pair(exponentials, Pairing::Div, partition)
    }

    /// `T log sum exp(l / T)`.
    pub(crate) fn log_sum_exp(&mut self, temperature: f64) -> Value {
        let partition = self.partition(temperature);
        let log = self.each(Function::Log, partition);
        let log = self.times(log, temperature);
        let logits = self.logits();
        let max = self.fold(Folding::Max, logits);
        self.pair(max, Pairing::Add, log)
    }
}
