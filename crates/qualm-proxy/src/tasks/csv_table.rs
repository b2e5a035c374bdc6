use std::collections::HashMap;
use std::path::Path;

use super::command::Command;
use super::formula::{amounts, fractions};
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::space::{Space, Variable};
use crate::task::{Cut, Task};
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
    cut: Cut,
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

/// A table as it was read.
#[derive(Debug)]
pub struct Columns {
    /// Name of the file.
    pub origin: String,
    /// Variables of the designs.
    pub space: Space,
    /// Designs.
    pub designs: Designs,
    /// The target, then the truth where that is a column of its own.
    pub numbers: Vec<Vec<f64>>,
    /// Rows that were left out.
    pub left_out: usize,
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
            ..
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
            cut: Cut::LOWER_HALF,
        })
    }

    /// With another cut of what is visible.
    pub fn with_cut(mut self, cut: Cut) -> Self {
        self.cut = cut;
        self
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

    fn cut(&self) -> Cut {
        self.cut
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

fn key(design: &[f64]) -> Vec<u64> {
    // Adding 0 makes one zero of both.
    design.iter().map(|value| (value + 0.0).to_bits()).collect()
}

/// How a table is to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Names of the columns of a file without a header.
    pub columns: Option<Vec<String>>,
    /// A column of chemical formulas, which becomes the fractions of their elements.
    pub formula: Option<String>,
    /// Columns that are no part of a design.
    pub ignored: Vec<String>,
    /// Leave out rows whose formula cannot be read, and count them.
    pub skip_bad: bool,
}

impl Columns {
    /// Reads designs, and the columns that are apart from them.
    ///
    /// # Errors
    /// See [`CsvTable::read`].
    pub fn read(path: &Path, apart: &[&str], reading: &Reading) -> Result<Self, ProxyError> {
        let origin = path.file_name().map_or_else(
            || path.display().to_string(),
            |n| n.to_string_lossy().into(),
        );
        let fault = |problem: String| ProxyError::File {
            path: path.display().to_string(),
            problem,
        };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(reading.columns.is_none())
            .from_path(path)
            .map_err(|error| fault(error.to_string()))?;
        let header = match &reading.columns {
            Some(names) => csv::StringRecord::from(names.clone()),
            None => reader
                .headers()
                .map_err(|error| fault(error.to_string()))?
                .clone(),
        };
        let places: Vec<usize> = apart
            .iter()
            .map(|name| {
                header
                    .iter()
                    .position(|column| column == *name)
                    .ok_or_else(|| {
                        let known: Vec<&str> = header.iter().collect();
                        fault(format!(
                            "there is no column `{name}`; there are {}",
                            known.join(", ")
                        ))
                    })
            })
            .collect::<Result<_, _>>()?;
        let mut records: Vec<csv::StringRecord> = reader
            .records()
            .collect::<Result<_, _>>()
            .map_err(|error| fault(error.to_string()))?;
        if let Some(record) = records.iter().find(|record| record.len() != header.len()) {
            return Err(fault(format!(
                "a row has {} cells and there are {} columns",
                record.len(),
                header.len()
            )));
        }
        let all = records.len();
        let formula = header
            .iter()
            .position(|name| reading.formula.as_deref() == Some(name));
        if let Some(at) = formula.filter(|_| reading.skip_bad) {
            records.retain(|record| amounts(&record[at]).is_some());
        }
        let left_out = all - records.len();
        if records.is_empty() {
            return Err(fault("it has a header and no rows".into()));
        }
        let numbers = places
            .iter()
            .map(|&at| {
                let cells = records.iter().enumerate();
                cells
                    .map(|(row, record)| number(&origin, row, &header[at], &record[at]))
                    .collect()
            })
            .collect::<Result<Vec<Vec<f64>>, _>>()?;
        let designs: Vec<usize> = (0..header.len())
            .filter(|at| {
                !places.contains(at) && !reading.ignored.iter().any(|name| *name == header[*at])
            })
            .collect();
        if designs.is_empty() {
            return Err(fault("there is no column beside the labels".into()));
        }
        let mut columns: Vec<(Variable, Vec<f64>)> = Vec::with_capacity(designs.len());
        for at in designs {
            let cells: Vec<&str> = records.iter().map(|record| record[at].trim()).collect();
            if reading.formula.as_deref() == Some(&header[at]) {
                columns.extend(elements(&origin, &header[at], &cells)?);
            } else {
                columns.push(variable(&origin, &header[at], &cells)?);
            }
        }
        let values =
            (0..records.len()).flat_map(|row| columns.iter().map(move |(_, column)| column[row]));
        let designs = Designs::new(values.collect(), columns.len());
        let space = Space::new(columns.into_iter().map(|(variable, _)| variable).collect());
        Ok(Self {
            origin,
            space,
            designs,
            numbers,
            left_out,
        })
    }
}

/// A column of formulas as one of fractions for each element, in the order in which they appear.
fn elements(
    origin: &str,
    name: &str,
    cells: &[&str],
) -> Result<Vec<(Variable, Vec<f64>)>, ProxyError> {
    let read = cells.iter().enumerate().map(|(row, cell)| {
        amounts(cell).ok_or_else(|| ProxyError::Design {
            origin: origin.into(),
            problem: format!(
                "row {}: column `{name}` holds `{cell}`, which is no chemical formula",
                row + 1
            ),
        })
    });
    let read: Vec<Vec<(String, f64)>> = read.collect::<Result<_, _>>()?;
    let mut elements: Vec<String> = Vec::new();
    for (element, _) in read.iter().flatten() {
        if !elements.contains(element) {
            elements.push(element.clone());
        }
    }
    let all = fractions(&read, &elements);
    let columns = elements.iter().enumerate().map(|(at, element)| {
        let values: Vec<f64> = all
            .iter()
            .skip(at)
            .step_by(elements.len())
            .copied()
            .collect();
        let variable = Variable::Real {
            name: element.clone(),
            low: 0.0,
            high: 1.0,
        };
        (variable, values)
    });
    Ok(columns.collect())
}

/// A cell as a finite number.
fn number(origin: &str, row: usize, column: &str, cell: &str) -> Result<f64, ProxyError> {
    let said = cell.trim().parse::<f64>();
    match said {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(value) => Err(ProxyError::NotFinite {
            origin: origin.into(),
            row: row + 1,
            column: format!("column `{column}`"),
            value,
        }),
        Err(_) => Err(ProxyError::Design {
            origin: origin.into(),
            problem: format!(
                "row {}: column `{column}` holds `{cell}`, which is no number",
                row + 1
            ),
        }),
    }
}

/// A column as a variable with its values: numbers where all are, else levels by their words.
fn variable(origin: &str, name: &str, cells: &[&str]) -> Result<(Variable, Vec<f64>), ProxyError> {
    if let Some(row) = cells.iter().position(|cell| cell.is_empty()) {
        return Err(ProxyError::Design {
            origin: origin.into(),
            problem: format!(
                "row {}: column `{name}` is empty; fill it or leave the row out",
                row + 1
            ),
        });
    }
    if cells.iter().all(|cell| cell.parse::<f64>().is_ok()) {
        let values = cells.iter().enumerate();
        let values: Vec<f64> = values
            .map(|(row, cell)| number(origin, row, name, cell))
            .collect::<Result<_, _>>()?;
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        return Ok((
            Variable::Real {
                name: name.into(),
                low,
                high,
            },
            values,
        ));
    }
    let mut levels: Vec<String> = Vec::new();
    let mut values = Vec::with_capacity(cells.len());
    for cell in cells {
        let level = levels
            .iter()
            .position(|level| level == cell)
            .unwrap_or_else(|| {
                levels.push((*cell).into());
                levels.len() - 1
            });
        values.push(level as f64);
    }
    Ok((
        Variable::Category {
            name: name.into(),
            levels,
        },
        values,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
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
