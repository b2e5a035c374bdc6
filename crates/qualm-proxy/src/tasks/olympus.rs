use std::path::Path;

use serde::Deserialize;

use super::Entry;
use super::learned::Learned;
use super::table_file::{fault, text};
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::space::{Space, Variable};
use crate::words::problem;

pub(super) const ENTRY: Entry = Entry {
    word: "olympus",
    what: "a table of experiments, of the folder's olympus/SET; the truth is an oracle \
           learned from it",
    parameters: "set=crossed_barrel, measurement=the first",
    parse: |words, folder| {
        let folder = super::folder_of(words, folder)?;
        let is_name = |name: &String| !name.is_empty() && !name.contains(['/', '\\', '.']);
        let set = words.take_or("set", DEFAULT.to_owned(), "the name of a folder", is_name)?;
        let given = words.take_or("measurement", String::new(), "a column", |_| true)?;
        let measurement = (!given.is_empty()).then_some(given.as_str());
        let (space, all) = olympus(&folder.join("olympus").join(&set), measurement, Merge::Mean)?;
        let name = match measurement {
            None => format!("{}(set={set})", ENTRY.word),
            Some(measurement) => format!("{}(set={set},measurement={measurement})", ENTRY.word),
        };
        if all.labels().len() < FEWEST {
            return Err(problem(
                &name,
                format!(
                    "its {} designs are too few for a task with an oracle",
                    all.labels().len()
                ),
            ));
        }
        Ok(Box::new(Learned::oracle(&name, space, all)?))
    },
};

const DEFAULT: &str = "crossed_barrel";
/// Below, a tenth of the designs says nothing of how good the oracle is.
const FEWEST: usize = 100;

/// What `config.json` says.
#[derive(Deserialize)]
struct Config {
    parameters: Vec<Parameter>,
    measurements: Vec<Measurement>,
    default_goal: Goals,
    #[serde(default)]
    constraints: Constraints,
}

#[derive(Deserialize, Default)]
struct Constraints {
    /// `simplex` for shares of a mixture.
    #[serde(default)]
    parameters: String,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    low: Option<f64>,
    high: Option<f64>,
    #[serde(default)]
    options: Vec<serde_json::Value>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Continuous,
    Discrete,
    Categorical,
}

#[derive(Deserialize)]
struct Measurement {
    name: String,
    /// From the least to the most, of an ordinal measurement.
    #[serde(default)]
    options: Vec<serde_json::Value>,
}

/// One for all measurements, or one each.
#[derive(Deserialize)]
#[serde(untagged)]
enum Goals {
    One(Goal),
    Each(Vec<Goal>),
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Goal {
    Maximize,
    Minimize,
}

/// Reads a table of Olympus (Hase et al. 2021): `data.csv` without a header and the `config.json`
/// that names its columns. Labels are a measurement, the first unless named, negated where less is
/// better.
///
/// A parameter with options is a category; of a measurement with options the label is the place of
/// the option, from 0. Other parameters are numbers between the bounds that the
/// configuration names, or the table's own where it goes beyond them. Where it calls them a simplex
/// and the whole table is on it, they are the shares of a mixture.
///
/// # Errors
/// When a file cannot be read, a cell is no number or none of its column's options (both with row
/// and column), or designs were measured twice and `merge` refuses that.
pub fn olympus(
    folder: &Path,
    measurement: Option<&str>,
    merge: Merge,
) -> Result<(Space, Labelled), ProxyError> {
    let path = folder.join("config.json");
    let config: Config =
        serde_json::from_str(&text(&path)?).map_err(|error| fault(&path, error.to_string()))?;
    let measured = measured(&config, measurement).map_err(|problem| fault(&path, problem))?;
    let table = folder.join("data.csv");
    let rows = rows(&table, config.parameters.len() + config.measurements.len())?;
    let column = |at: usize| rows.iter().map(move |row| row.get(at).unwrap_or_default());
    let mut variables = Vec::with_capacity(config.parameters.len());
    let mut columns = Vec::with_capacity(config.parameters.len());
    for (at, parameter) in config.parameters.iter().enumerate() {
        let (variable, values) = variable(&table, parameter, column(at))?;
        variables.push(variable);
        columns.push(values);
    }
    let Measurement { name, options } = &config.measurements[measured];
    let cells = column(config.parameters.len() + measured);
    let labels = match options[..] {
        [] => numbers(&table, name, cells)?,
        _ => places(&table, name, &texts(options), cells)?,
    };
    let sign = match goal(&config.default_goal, measured) {
        Some(Goal::Maximize) => 1.0,
        Some(Goal::Minimize) => -1.0,
        None => {
            return Err(fault(
                &path,
                "`default_goal` has not one goal a measurement",
            ));
        }
    };
    let designs: Vec<f64> = (0..rows.len())
        .flat_map(|row| columns.iter().map(move |values| values[row]))
        .collect();
    let width = variables.len();
    let numbers_alone = config.parameters.iter().all(|p| p.kind == Kind::Continuous);
    let mut space = Space::new(variables);
    // Some that are called one are none: the paints of `colors_bob` sum to anything.
    if config.constraints.parameters == "simplex" && numbers_alone {
        let mixture = space.clone().with_mixture(0..width);
        if designs
            .chunks_exact(width)
            .all(|design| mixture.contains(design))
        {
            space = mixture;
        }
    }
    let labelled = Labelled::new(
        folder
            .file_name()
            .map_or_else(|| ENTRY.word.into(), |name| name.to_string_lossy()),
        Designs::new(designs, width),
        labels.iter().map(|label| sign * label).collect(),
        merge,
    )?;
    Ok((space, labelled))
}

/// The place of a measurement among all.
fn measured(config: &Config, wanted: Option<&str>) -> Result<usize, String> {
    if config.parameters.is_empty() || config.measurements.is_empty() {
        return Err("it names no parameters or no measurements".into());
    }
    let Some(wanted) = wanted else { return Ok(0) };
    let mut names = config.measurements.iter().map(|m| m.name.as_str());
    names
        .clone()
        .position(|name| name == wanted)
        .ok_or_else(|| {
            let known = names.by_ref().collect::<Vec<_>>().join(", ");
            format!("there is no measurement `{wanted}`; there are {known}")
        })
}

fn goal(goals: &Goals, measured: usize) -> Option<Goal> {
    match goals {
        Goals::One(goal) => Some(*goal),
        Goals::Each(goals) => goals.get(measured).copied(),
    }
}

fn rows(path: &Path, width: usize) -> Result<Vec<csv::StringRecord>, ProxyError> {
    let text = text(path)?;
    let rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes())
        .records()
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| fault(path, error.to_string()))?;
    match rows.iter().position(|row| row.len() != width) {
        Some(at) => Err(fault(
            path,
            format!(
                "row {} has {} cells and config.json names {width} columns",
                at + 1,
                rows[at].len()
            ),
        )),
        None if rows.is_empty() => Err(fault(path, "it has no rows")),
        None => Ok(rows),
    }
}

/// A column as a variable with its values.
fn variable<'a>(
    path: &Path,
    parameter: &Parameter,
    cells: impl Iterator<Item = &'a str>,
) -> Result<(Variable, Vec<f64>), ProxyError> {
    let name = parameter.name.clone();
    if parameter.kind == Kind::Continuous {
        let values = numbers(path, &name, cells)?;
        let all = || values.iter().copied();
        let low = all().chain(parameter.low).fold(f64::INFINITY, f64::min);
        let high = all()
            .chain(parameter.high)
            .fold(f64::NEG_INFINITY, f64::max);
        return Ok((Variable::Real { name, low, high }, values));
    }
    let levels = texts(&parameter.options);
    let values = places(path, &name, &levels, cells)?;
    Ok((Variable::Category { name, levels }, values))
}

fn texts(options: &[serde_json::Value]) -> Vec<String> {
    let text = |option: &serde_json::Value| match option.as_str() {
        Some(text) => text.into(),
        None => option.to_string(),
    };
    options.iter().map(text).collect()
}

/// The place of each cell among the options.
fn places<'a>(
    path: &Path,
    name: &str,
    options: &[String],
    cells: impl Iterator<Item = &'a str>,
) -> Result<Vec<f64>, ProxyError> {
    cells
        .enumerate()
        .map(|(row, cell)| {
            let place = options.iter().position(|option| same(option, cell));
            place.map(|place| place as f64).ok_or_else(|| ProxyError::Design {
                origin: path.display().to_string(),
                problem: format!(
                    "row {}: column `{name}` holds `{cell}`, which config.json does not name among \
                     its options",
                    row + 1
                ),
            })
        })
        .collect()
}

/// Whether two texts are one option: `70` is `70.0`.
fn same(option: &str, cell: &str) -> bool {
    option == cell
        || match (option.parse::<f64>(), cell.parse::<f64>()) {
            (Ok(option), Ok(cell)) => option == cell,
            _ => false,
        }
}

fn numbers<'a>(
    path: &Path,
    name: &str,
    cells: impl Iterator<Item = &'a str>,
) -> Result<Vec<f64>, ProxyError> {
    cells
        .enumerate()
        .map(|(row, cell)| match cell.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(ProxyError::Design {
                origin: path.display().to_string(),
                problem: format!(
                    "row {}: column `{name}` holds `{cell}`, which is no finite number",
                    row + 1
                ),
            }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{
        "parameters": [
            {"name": "heat", "type": "continuous", "low": 0.0, "high": 5.0},
            {"name": "salt", "type": "categorical", "options": ["NaCl", "KCl"]},
            {"name": "time", "type": "discrete", "options": [70.0, 80.0]}
        ],
        "measurements": [{"name": "yield"}, {"name": "waste"},
            {"name": "look", "options": ["bad", "good"]}],
        "default_goal": ["maximize", "minimize", "maximize"]
    }"#;

    fn read(
        config: &str,
        data: &str,
        measurement: Option<&str>,
    ) -> Result<(Space, Labelled), ProxyError> {
        let folder = tempfile::tempdir().expect("a place for it");
        for (name, text) in [("config.json", config), ("data.csv", data)] {
            std::fs::write(folder.path().join(name), text).expect("it can be written");
        }
        olympus(folder.path(), measurement, Merge::Refuse)
    }

    #[test]
    fn columns_are_what_the_configuration_says() {
        let data = "1.5,KCl,70,0.5,3,good\n7,NaCl,80.0,0.25,4,bad\n";
        let (space, all) = read(CONFIG, data, None).expect("it is well formed");
        assert_eq!(all.designs().values(), [1.5, 1.0, 0.0, 7.0, 0.0, 1.0]);
        assert_eq!(all.labels(), [0.5, 0.25]);
        // A row beyond the named bound widens it.
        assert_eq!(
            space.variables()[0],
            Variable::Real {
                name: "heat".into(),
                low: 0.0,
                high: 7.0
            }
        );
        let (_, waste) = read(CONFIG, data, Some("waste")).expect("it is well formed");
        assert_eq!(waste.labels(), [-3.0, -4.0]);
        let (_, look) = read(CONFIG, data, Some("look")).expect("it is well formed");
        assert_eq!(look.labels(), [1.0, 0.0]);
    }

    #[test]
    fn bad_tables_are_one_sentence() {
        let said = |data: &str| read(CONFIG, data, None).unwrap_err().to_string();
        assert!(
            said("1,KCl,70,2,1,bad\n2,LiCl,70,3,1,bad\n")
                .contains("row 2: column `salt` holds `LiCl`")
        );
        assert!(said("1,KCl,90,2,1,bad\n").contains("row 1: column `time` holds `90`"));
        assert!(said("NaN,KCl,70,2,1,bad\n").contains("row 1: column `heat` holds `NaN`"));
        assert!(said("1,KCl,70,2\n").contains("row 1 has 4 cells and config.json names 6"));
        assert!(said("1,KCl,70,2,1,bad\n1,KCl,70,3,1,bad\n").contains("--aggregate mean"));
        assert!(said("").contains("no rows"));
        let other = read(CONFIG, "1,KCl,70,2,1,bad\n", Some("cost"))
            .unwrap_err()
            .to_string();
        assert!(other.contains("there is no measurement `cost`; there are yield, waste, look"));
        let broken = read("{", "", None).unwrap_err().to_string();
        assert!(broken.contains("config.json"), "{broken}");
    }
}
