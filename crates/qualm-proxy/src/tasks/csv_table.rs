use std::collections::HashMap;
use std::path::Path;

use super::columns::{Columns, Reading};
use super::command::Command;
use crate::designs::{Designs, key};
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::space::Space;
use crate::task::Task;
use crate::truth::{Oracle, Truth};

/// Who knows the truth about designs that are not in the user's table.
#[derive(Debug)]
enum Knows {
    /// Nobody: the table's labels are all there is.
    Table(HashMap<Vec<u64>, f64>),
    /// The user's command.
    Command(Command),
}

/// A user's table: a design a row, numbers and words, and a label.
///
/// Columns of numbers become variables between their least and largest value, all others categories
/// whose levels are the words that stand there. The truth is a command's, or a column's; a design
/// that the table does not hold is then infeasible, and counted.
#[derive(Debug)]
pub struct CsvTable {
    name: String,
    space: Space,
    labelled: Labelled,
    knows: Knows,
    left_out: usize,
}

/// Where the truth of a [`CsvTable`] comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TruthFrom {
    /// The column that is learned from.
    Target,
    /// Another column.
    Column(String),
    /// A command that reads designs as CSV and prints a number a line.
    Command(String),
}

impl CsvTable {
    /// Reads a table with a header.
    ///
    /// # Errors
    /// When the file cannot be read, a column is not there, a cell is empty or no finite number
    /// where one must be, or labels conflict and `merge` refuses that.
    pub fn read(
        path: &Path,
        target: &str,
        truth: TruthFrom,
        merge: Merge,
        reading: &Reading,
    ) -> Result<Self, ProxyError> {
        let apart: Vec<&str> = match &truth {
            TruthFrom::Column(column) => vec![target, column],
            _ => vec![target],
        };
        let Columns {
            origin,
            space,
            designs,
            numbers,
            left_out,
        } = Columns::read(path, &apart, reading)?;
        let labelled = Labelled::new(origin.as_str(), designs.clone(), numbers[0].clone(), merge)?;
        let knows = match truth {
            TruthFrom::Command(command) => Knows::Command(Command::new(command)),
            _ => {
                let truths = numbers.last().cloned().unwrap_or_default();
                let truths = Labelled::new(origin.as_str(), designs, truths, merge)?;
                let known = truths
                    .designs()
                    .iter()
                    .map(key)
                    .zip(truths.labels().iter().copied());
                Knows::Table(known.collect())
            }
        };
        Ok(Self {
            name: origin,
            space,
            labelled,
            knows,
            left_out,
        })
    }

    /// Rows that were left out because their formula cannot be read.
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}

impl Task for CsvTable {
    fn name(&self) -> &str {
        &self.name
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn oracle(&self) -> Oracle {
        match &self.knows {
            Knows::Table(_) => Oracle::Table,
            Knows::Command(command) => Oracle::Command(command.text().into()),
        }
    }

    fn labelled(&self, _seed: u64) -> Result<Labelled, ProxyError> {
        Ok(self.labelled.clone())
    }

    fn evaluate(&self, designs: &Designs) -> Result<Vec<Truth>, ProxyError> {
        match &self.knows {
            Knows::Command(command) => command.evaluate(&self.space, designs),
            Knows::Table(known) => Ok(designs
                .iter()
                .map(|design| {
                    known
                        .get(&key(design))
                        .map_or(Truth::Infeasible, |value| Truth::of(*value))
                })
                .collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Variable;
    use std::io::Write;

    fn table(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a place for it");
        file.write_all(text.as_bytes()).expect("it can be written");
        file
    }

    fn read(text: &str, truth: TruthFrom, merge: Merge) -> Result<CsvTable, ProxyError> {
        CsvTable::read(table(text).path(), "y", truth, merge, &Reading::default())
    }

    #[test]
    fn numbers_and_words_become_variables() {
        let task = read(
            "x,kind,y\n1,b,0.5\n3,a,0.7\n2,b,0.1\n",
            TruthFrom::Target,
            Merge::Refuse,
        );
        let task = task.expect("it is well formed");
        assert_eq!(
            task.space().variables()[0],
            Variable::Real {
                name: "x".into(),
                low: 1.0,
                high: 3.0
            }
        );
        let known = task
            .evaluate(&Designs::new(vec![3.0, 1.0, 3.0, 0.0], 2))
            .expect("a table does not fail");
        assert_eq!(known, [Truth::Value(0.7), Truth::Infeasible]);
    }

    #[test]
    fn another_column_holds_the_truth() {
        let truth = TruthFrom::Column("real".into());
        let task =
            read("x,y,real\n1,0.5,9\n2,0.7,8\n", truth, Merge::Refuse).expect("it is well formed");
        assert_eq!(task.space().width(), 1);
        let known = task
            .evaluate(&Designs::new(vec![2.0], 1))
            .expect("a table does not fail");
        assert_eq!(known, [Truth::Value(8.0)]);
    }

    #[test]
    fn formulas_become_fractions_and_a_file_may_lack_a_header() {
        let file = table("CuO,1\nFeO3,2\n");
        let reading = Reading {
            columns: Some(vec!["what".into(), "y".into()]),
            formula: Some("what".into()),
            ignored: Vec::new(),
            skip_bad: false,
        };
        let task = CsvTable::read(file.path(), "y", TruthFrom::Target, Merge::Refuse, &reading);
        let task = task.expect("it is well formed");
        let names: Vec<&str> = task
            .space()
            .variables()
            .iter()
            .map(Variable::name)
            .collect();
        let data = task.labelled(0).expect("it was read");
        assert_eq!(names, ["Cu", "O", "Fe"]);
        assert_eq!(data.designs().values(), [0.5, 0.5, 0.0, 0.0, 0.75, 0.25]);
    }

    #[test]
    fn formulas_that_cannot_be_read_are_named_or_left_out_and_counted() {
        let file = table("what,y\nCuO,1\nFeO=z,2\nCu,3\n");
        let mut reading = Reading {
            formula: Some("what".into()),
            ..Reading::default()
        };
        let read = |reading: &Reading| Columns::read(file.path(), &["y"], reading);
        let said = read(&reading).unwrap_err().to_string();
        assert!(
            said.contains("row 2: column `what` holds `FeO=z`"),
            "{said}"
        );
        reading.skip_bad = true;
        let columns = read(&reading).expect("two rows are left");
        assert_eq!((columns.designs.len(), columns.left_out), (2, 1));
    }

    #[test]
    fn bad_tables_are_one_sentence() {
        let said = |text: &str| {
            read(text, TruthFrom::Target, Merge::Refuse)
                .unwrap_err()
                .to_string()
        };
        assert!(said("x,z\n1,2\n").contains("there is no column `y`; there are x, z"));
        assert!(said("x,y\n1,2\n2,oops\n").contains("row 2: column `y` holds `oops`"));
        assert!(said("x,y\n1,2\nNaN,3\n").contains("row 2: column `x` is NaN"));
        assert!(said("x,y\n1,2\n,3\n").contains("row 2: column `x` is empty"));
        assert!(said("x,y\n").contains("no rows"));
        assert!(said("x,y\n1,2\n1,3\n").contains("--aggregate mean"));
        assert!(said("x,y\n1,2\n2,2\n").contains("labels are 2"));
    }
}
