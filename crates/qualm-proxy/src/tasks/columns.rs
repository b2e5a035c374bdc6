use std::path::Path;

use super::formula::{amounts, fractions};
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::space::{Space, Variable};

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
    /// See [`CsvTable::read`](super::CsvTable::read).
    pub fn read(path: &Path, apart: &[&str], reading: &Reading) -> Result<Self, ProxyError> {
        let origin = path.file_name().map_or_else(
            || path.display().to_string(),
            |n| n.to_string_lossy().into(),
        );
        let fault = |problem: String| ProxyError::File {
            path: path.display().to_string(),
            problem,
        };
        let no_table = |error: &csv::Error| match error.kind() {
            csv::ErrorKind::Io(error) => fault(error.to_string()),
            _ => fault(format!("it is no table of text with commas: {error}")),
        };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(reading.columns.is_none())
            .from_path(path)
            .map_err(|error| no_table(&error))?;
        let header = match &reading.columns {
            Some(names) => csv::StringRecord::from(names.clone()),
            None => reader.headers().map_err(|error| no_table(&error))?.clone(),
        };
        if header.iter().all(str::is_empty) {
            return Err(fault(
                "it is empty; write a header and a row for each design".into(),
            ));
        }
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
            .map_err(|error| no_table(&error))?;
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
        let mut fractions = None;
        for at in designs {
            let cells: Vec<&str> = records.iter().map(|record| record[at].trim()).collect();
            if reading.formula.as_deref() == Some(&header[at]) {
                let start = columns.len();
                columns.extend(elements(&origin, &header[at], &cells)?);
                fractions = Some(start..columns.len());
            } else {
                columns.push(variable(&origin, &header[at], &cells)?);
            }
        }
        let values =
            (0..records.len()).flat_map(|row| columns.iter().map(move |(_, column)| column[row]));
        let designs = Designs::new(values.collect(), columns.len());
        let mut space = Space::new(columns.into_iter().map(|(variable, _)| variable).collect());
        if let Some(places) = fractions {
            space = space.with_mixture(places);
        }
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
pub(super) fn number(
    origin: &str,
    row: usize,
    column: &str,
    cell: &str,
) -> Result<f64, ProxyError> {
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
