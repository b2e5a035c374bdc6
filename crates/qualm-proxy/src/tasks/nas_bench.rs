use std::path::Path;

use super::Entry;
use super::table_file::{fault, text};
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::space::{Space, Variable};
use crate::task::Task;
use crate::truth::{Oracle, Truth};

pub(super) const ENTRY: Entry = Entry {
    word: "nas-bench-201",
    what: "test accuracy in percent of each of the 15,625 cells of a small network, by their six \
           operations; from the folder's nasbench201_mini/nasbench201_mini.csv.gz",
    parameters: "score=cifar10-test",
    parse: |words, folder| {
        let folder = super::folder_of(words, folder)?;
        let score = words.take_or("score", DEFAULT.to_owned(), "a column of the table", |_| {
            true
        })?;
        let path = folder.join("nasbench201_mini/nasbench201_mini.csv.gz");
        Ok(Box::new(NasBench201::read(&path, &score)?))
    },
};

const DEFAULT: &str = "cifar10-test";
const OPERATIONS: [&str; 5] = [
    "none",
    "skip_connect",
    "nor_conv_1x1",
    "nor_conv_3x3",
    "avg_pool_3x3",
];
/// Nodes that edges end at and start from, in the order of the table's texts.
const EDGES: [(usize, usize); 6] = [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)];
const CELLS: usize = 15_625;

/// Accuracy of every cell of NAS-Bench-201 (Dong and Yang, ICLR 2020): one of five operations on
/// each of six edges between four nodes.
///
/// The worse half is visible. Many cells compute the same and differ by training alone.
#[derive(Debug)]
pub struct NasBench201 {
    name: String,
    space: Space,
    /// Accuracy of each cell, by its number in base 5.
    scores: Vec<f64>,
}

impl NasBench201 {
    /// Reads a table with the columns `cellstr` and `score`, gzipped where its name ends in `.gz`.
    ///
    /// # Errors
    /// When it cannot be read, there is no such column, or not every cell stands in it once.
    pub fn read(path: &Path, score: &str) -> Result<Self, ProxyError> {
        let variable = |(to, from): &(usize, usize)| Variable::Category {
            name: format!("{from} to {to}"),
            levels: OPERATIONS.map(String::from).to_vec(),
        };
        Ok(Self {
            name: match score {
                DEFAULT => ENTRY.word.into(),
                _ => format!("{}(score={score})", ENTRY.word),
            },
            space: Space::new(EDGES.iter().map(variable).collect()),
            scores: read_scores(path, score)?,
        })
    }
}

fn read_scores(path: &Path, score: &str) -> Result<Vec<f64>, ProxyError> {
    let text = text(path)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let broken = |error: csv::Error| fault(path, error.to_string());
    let header = reader.headers().map_err(broken)?.clone();
    let column = |name: &str| {
        header
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| {
                let known: Vec<&str> = header.iter().collect();
                let known = known.join(", ");
                fault(
                    path,
                    format!("there is no column `{name}`; there are {known}"),
                )
            })
    };
    let (cell, score) = (column("cellstr")?, column(score)?);
    let mut scores = vec![f64::NAN; CELLS];
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(broken)?;
        let wrong = |problem| fault(path, format!("row {}: {problem}", row + 1));
        let number = number_of(&record[cell]).ok_or_else(|| wrong("`cellstr` is no cell"))?;
        let value = record[score].parse().ok().filter(|v: &f64| v.is_finite());
        let value = value.ok_or_else(|| wrong("the score is no number"))?;
        if !scores[number].is_nan() {
            return Err(wrong("the cell stands in an earlier row"));
        }
        scores[number] = value;
    }
    let missing = scores.iter().filter(|score| score.is_nan()).count();
    match missing {
        0 => Ok(scores),
        _ => Err(fault(
            path,
            format!("{missing} of {CELLS} cells are missing"),
        )),
    }
}

/// The number in base 5 of `|none~0|+|none~0|none~1|+|none~0|none~1|none~2|`.
fn number_of(cell: &str) -> Option<usize> {
    let edges: Vec<&str> = cell
        .split(['|', '+'])
        .filter(|edge| !edge.is_empty())
        .collect();
    if edges.len() != EDGES.len() {
        return None;
    }
    edges
        .iter()
        .zip(EDGES)
        .try_fold(0, |number, (edge, (_, from))| {
            let (operation, start) = edge.split_once('~')?;
            let level = OPERATIONS.iter().position(|known| *known == operation)?;
            (start.parse() == Ok(from)).then_some(number * OPERATIONS.len() + level)
        })
}

impl Task for NasBench201 {
    fn name(&self) -> &str {
        &self.name
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn oracle(&self) -> Oracle {
        Oracle::Table
    }

    fn labelled(&self, _seed: u64) -> Result<Labelled, ProxyError> {
        let levels = |number: usize| {
            (0..EDGES.len() as u32)
                .rev()
                .map(move |edge| (number / OPERATIONS.len().pow(edge) % OPERATIONS.len()) as f64)
        };
        let designs = Designs::new((0..CELLS).flat_map(levels).collect(), EDGES.len());
        Labelled::new(&self.name, designs, self.scores.clone(), Merge::Refuse)
    }

    fn evaluate(&self, designs: &Designs) -> Result<Vec<Truth>, ProxyError> {
        let number = |design: &[f64]| {
            design.iter().fold(0, |number, level| {
                number * OPERATIONS.len() + *level as usize
            })
        };
        Ok(designs
            .iter()
            .map(|design| Truth::of(self.scores[number(design)]))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::table_file::gzipped;
    use super::*;

    #[test]
    fn a_cell_is_a_number() {
        let cell = "|none~0|+|none~0|none~1|+|none~0|skip_connect~1|avg_pool_3x3~2|";
        assert_eq!(number_of(cell), Some(5 + 4));
        assert_eq!(
            number_of("|skip_connect~0|+|none~0|none~1|+|none~0|none~1|none~2|"),
            Some(3_125)
        );
        for wrong in [
            "",
            "|none~0|",
            "|none~1|+|none~0|none~1|+|none~0|none~1|none~2|",
            "|nothing~0|+|none~0|none~1|+|none~0|none~1|none~2|",
        ] {
            assert_eq!(number_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_table_with_holes_is_refused() {
        let said = |text: &str| {
            let file = gzipped(text);
            NasBench201::read(file.path(), DEFAULT)
                .unwrap_err()
                .to_string()
        };
        let cell = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
        let one = format!("cellstr,cifar10-test\n{cell},10\n");
        assert!(said(&one).contains("15624 of 15625 cells are missing"));
        assert!(
            said(&format!("{one}{cell},10\n")).contains("row 2: the cell stands in an earlier")
        );
        assert!(said(&format!("cellstr,cifar10-test\n{cell},oops\n")).contains("row 1: the score"));
        assert!(said("cellstr,a\n").contains("there is no column `cifar10-test`"));
    }
}
