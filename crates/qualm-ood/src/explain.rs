use qualm_data::{Chunk, Key, Source};
use qualm_linalg::Neighbour;
use qualm_report::{Block, Cell, Column, Report, Table};
use serde::Serialize;

use crate::detector::Compared;
use crate::score::TileRows;
use crate::{Bundle, OodError};

/// Why one row has the scores that it has.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{FitInput, FitOptions, explain, fit};
/// let rows = (0..60).map(|i| ((i * 7919) % 101) as f32).collect();
/// let train = MemorySet::new("train").with_features(rows, 3)?;
/// let input = FitInput { train: &train, head: None };
/// let bundle = fit(input, &["knn(k=2)".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// let why = explain(&bundle, &train, 4)?;
/// assert_eq!((why.row, why.detectors.len(), why.neighbours.len()), (4, 1, 2));
/// assert_eq!(why.predicted, None, "knn does not look at logits");
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The row, counted from 0.
    pub row: u64,
    /// Its id, where rows have ids.
    pub id: Option<String>,
    /// The class that the classifier predicts, where any detector looks at its own logits.
    pub predicted: Option<u32>,
    /// One for each detector.
    pub detectors: Vec<ExplainedScore>,
    /// The nearest fitting rows by angle, nearest first, where the bundle holds them (knn).
    pub neighbours: Vec<ExplainedNeighbour>,
}

/// The score of one detector, taken apart.
///
/// ```
/// use qualm_data::{Head, MemorySet};
/// use qualm_ood::{FitInput, FitOptions, Recipe, explain, fit};
/// let rows = (0..60).map(|i| ((i * 7919) % 101) as f32).collect();
/// let train = MemorySet::new("train").with_features(rows, 3)?;
/// let head = Head::new(vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0], vec![0.0; 2], 3)?;
/// let input = FitInput { train: &train, head: Some(&head) };
/// let recipes = Recipe::parse_list("vim(dim=1)")?;
/// let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?.bundle;
/// let vim = &explain(&bundle, &train, 4)?.detectors[0];
/// assert_eq!(vim.terms[0].0, "virtual logit");
/// assert_eq!(vim.terms[0].1 + vim.terms[1].1, vim.score);
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedScore {
    /// The detector's name.
    pub name: String,
    /// Its method.
    pub method: String,
    /// The outlier score.
    pub score: f64,
    /// The share of reference rows that look at least as unlike, where there is a reference.
    pub p_value: Option<f64>,
    /// Terms that add up to the score (of ViM: the virtual logit and the energy).
    pub terms: Vec<(String, f64)>,
    /// What was measured of the row.
    pub parts: Vec<(String, f64)>,
    /// The detectors that this one combines, where it does.
    pub components: Vec<ExplainedComponent>,
}

/// One of the detectors that a detector combines.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{FitInput, FitOptions, Split, explain, fit};
/// let logits = (0..200).map(|i| ((i * 7919) % 101) as f32 / 10.0).collect();
/// let train = MemorySet::new("train").with_logits(logits, 2)?;
/// let input = FitInput { train: &train, head: None };
/// let options = FitOptions { split: Split::of(0.5), ..FitOptions::default() };
/// let recipe = "combined(msp,energy)".parse()?;
/// let bundle = fit(input, &[recipe], &options, &mut |_| {})?.bundle;
/// let combined = &explain(&bundle, &train, 4)?.detectors[0];
/// let names: Vec<&str> = combined.components.iter().map(|all| all.name.as_str()).collect();
/// assert_eq!(names, ["msp", "energy"]);
/// assert!(combined.components.iter().all(|all| all.p_value > 0.0 && all.p_value <= 1.0));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedComponent {
    /// Its name.
    pub name: String,
    /// Its outlier score.
    pub score: f64,
    /// The share of the rows that it is measured against that look at least as unlike.
    pub p_value: f64,
}

/// A fitting row near the explained one.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{FitInput, FitOptions, explain, fit};
/// let axes = vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
/// let train = MemorySet::new("train").with_features(axes, 3)?.with_labels(vec![7, 8, 9])?;
/// let input = FitInput { train: &train, head: None };
/// let bundle = fit(input, &["knn(k=1)".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// let new = MemorySet::new("new").with_features(vec![0.0, 5.0, 0.0], 3)?;
/// let nearest = &explain(&bundle, &new, 0)?.neighbours[0];
/// assert_eq!((nearest.row, nearest.label, nearest.distance), (1, Some(8), 0.0));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedNeighbour {
    /// Its number in the feature set that was fitted.
    pub row: u64,
    /// Its label, where rows had labels.
    pub label: Option<i64>,
    /// Euclidean distance of the two rows, each divided by its norm.
    pub distance: f64,
}

/// Neighbours that are shown.
const SHOWN: usize = 10;

/// Takes the scores of row `row` of `source` apart.
///
/// # Errors
/// When there is no such row, or as for [`score`](crate::score()).
pub fn explain(bundle: &Bundle, source: &dyn Source, row: u64) -> Result<Explanation, OodError> {
    let schema = source.schema();
    if row >= schema.rows {
        return Err(OodError::rows(
            source.name(),
            format!(
                "has {} rows, numbered from 0; there is no row {row}",
                schema.rows
            ),
        ));
    }
    let mut scorer = bundle.scorer(source.name(), schema)?;
    let mut chunk = Chunk::default();
    let mut reader = source.reader()?;
    reader.skip(row)?;
    reader.read(&mut chunk, 1)?;
    chunk.check_finite(source.name(), schema)?;
    scorer.measure(TileRows {
        features: &chunk.features,
        logits: &chunk.logits,
        rows: chunk.rows,
    });
    let mut explanation = Explanation {
        row,
        id: chunk.ids.get(0).map(|id: Key<'_>| id.to_string()),
        predicted: scorer.predicted(0),
        detectors: Vec::new(),
        neighbours: Vec::new(),
    };
    for (index, fitted) in bundle.detectors().iter().enumerate() {
        let parts = scorer.parts(0, index);
        let score = scorer.score(0, index);
        let reference = bundle.reference().map(|reference| reference.overall(index));
        let named = |(name, value): (&str, &f64)| (name.to_owned(), *value);
        explanation.detectors.push(ExplainedScore {
            name: fitted.recipe.name().to_owned(),
            method: fitted.recipe.text().to_owned(),
            score,
            p_value: reference
                .transpose()?
                .map(|reference| reference.p_value(score)),
            terms: fitted
                .detector
                .terms(parts)
                .into_iter()
                .map(|(name, value)| (name.into_owned(), value))
                .collect(),
            parts: fitted
                .detector
                .parts()
                .into_iter()
                .zip(parts)
                .map(named)
                .collect(),
            components: fitted
                .detector
                .compared(parts)
                .into_iter()
                .map(
                    |Compared {
                         name,
                         score,
                         p_value,
                     }| ExplainedComponent {
                        name,
                        score,
                        p_value,
                    },
                )
                .collect(),
        });
        let Some((bank, found)) = scorer.searched(0, index) else {
            continue;
        };
        if found.len() > explanation.neighbours.len() {
            let near = |neighbour: &Neighbour| {
                let at = neighbour.index as usize;
                let square = 2.0 - 2.0 * f64::from(neighbour.similarity);
                ExplainedNeighbour {
                    row: bank.row_numbers[at],
                    label: bank.labels.get(at).copied(),
                    distance: square.max(0.0).sqrt(),
                }
            };
            explanation.neighbours = found.iter().take(SHOWN).map(near).collect();
        }
    }
    Ok(explanation)
}

impl Explanation {
    /// The explanation for people.
    pub fn report(&self) -> Report {
        let id = self
            .id
            .as_ref()
            .map(|id| format!(" ({id})"))
            .unwrap_or_default();
        let predicted = match self.predicted {
            Some(class) => format!("The classifier predicts class {class}."),
            None => "No detector of this bundle looks at logits.".to_owned(),
        };
        let mut report = Report::new(format!("Row {}{id}", self.row)).summary(predicted);
        let columns = ["method", "score", "p-value", "made of", ""].map(|name| match name {
            "method" | "made of" => Column::text(name),
            _ => Column::number(name),
        });
        let mut table = Table::new(columns).title("Scores and what they are made of").note(
            "Outlier score: higher = less like the training data. p-value: share of the reference \
             that looks at least as unlike, counting the row itself.",
        );
        for detector in &self.detectors {
            for (index, (term, value)) in detector.terms.iter().enumerate() {
                let first = index == 0;
                table = table.row([
                    Cell::text(if first { detector.name.as_str() } else { "" }),
                    if first {
                        Cell::number(detector.score, 4)
                    } else {
                        Cell::text("")
                    },
                    match detector.p_value {
                        Some(p) if first => Cell::PValue(p),
                        None if first => Cell::Missing,
                        _ => Cell::text(""),
                    },
                    Cell::text(term.as_str()),
                    Cell::number(*value, 4),
                ]);
            }
        }
        report = report.push(table);
        report = self.combined().into_iter().fold(report, Report::push);
        if self.neighbours.is_empty() {
            return report.push(Block::Text(
                "The bundle holds no fitting rows to compare with; fit knn beside the others to see \
                 the nearest ones."
                    .to_owned(),
            ));
        }
        let columns = [
            Column::number("fitting row"),
            Column::number("class"),
            Column::number("distance"),
        ];
        let mut table = Table::new(columns)
            .title("Nearest fitting rows")
            .note("Euclidean distance of features divided by their norm: 0 same direction, 1.414 unrelated.");
        for neighbour in &self.neighbours {
            table = table.row([
                Cell::number(neighbour.row as f64, 0),
                neighbour
                    .label
                    .map_or(Cell::Missing, |label| Cell::number(label as f64, 0)),
                Cell::number(neighbour.distance, 4),
            ]);
        }
        report.push(table)
    }

    /// What the detectors that combine others make of them, where there are such.
    fn combined(&self) -> Option<Table> {
        let mut combining = self.detectors.iter().filter(|d| !d.components.is_empty());
        let columns = ["combined by", "method", "score", "p-value"].map(|name| match name {
            "combined by" | "method" => Column::text(name),
            _ => Column::number(name),
        });
        let table = Table::new(columns)
            .title("What is combined")
            .note("p-value: share of the rows that a component is measured against that look at least as unlike.");
        let first = combining.next()?;
        let all = std::iter::once(first).chain(combining);
        Some(all.fold(table, |table, detector| {
            let rows = detector.components.iter().enumerate();
            rows.fold(table, |table, (index, component)| {
                table.row([
                    Cell::text(if index == 0 {
                        detector.name.as_str()
                    } else {
                        ""
                    }),
                    Cell::text(component.name.as_str()),
                    Cell::number(component.score, 4),
                    Cell::PValue(component.p_value),
                ])
            })
        }))
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::{Head, MemorySet};

    use super::*;
    use crate::{FitInput, FitOptions, Recipe, Split, fit};

    #[test]
    fn terms_add_up_and_neighbours_come_nearest_first() {
        let rows = crate::testing::numbers(400 * 6, 5);
        let train = MemorySet::new("train")
            .with_features(rows, 6)
            .and_then(|set| set.with_labels((0..400).map(|row| row % 3).collect()))
            .unwrap();
        let weight = crate::testing::numbers(18, 6);
        let head = Head::new(weight, vec![2.0, 0.1, 0.2], 6).unwrap();
        let recipes = Recipe::parse_list("vim(dim=2),knn(k=3)").unwrap();
        let input = FitInput {
            train: &train,
            head: Some(&head),
        };
        let options = FitOptions {
            split: Split::of(0.25),
            ..FitOptions::default()
        };
        let bundle = fit(input, &recipes, &options, &mut |_| {}).unwrap().bundle;
        let found = explain(&bundle, &train, 17).unwrap();
        let vim = &found.detectors[0];
        let sum: f64 = vim.terms.iter().map(|(_, value)| value).sum();
        assert!((sum - vim.score).abs() < 1e-12);
        assert!(vim.p_value.is_some());
        assert_eq!(found.neighbours.len(), 3);
        assert!(
            found
                .neighbours
                .is_sorted_by(|a, b| a.distance <= b.distance)
        );
        assert_eq!(
            found.neighbours[0].label,
            Some((found.neighbours[0].row % 3) as i64)
        );
        let shown = qualm_report::to_terminal(&found.report(), 80, false);
        assert!(shown.contains("virtual logit"), "{shown}");
        let error = explain(&bundle, &train, 400).unwrap_err().to_string();
        assert!(error.contains("no row 400"), "{error}");
    }

    #[test]
    fn neighbours_are_named_by_their_rows_whatever_the_bank() {
        let rows = crate::testing::numbers(100 * 3, 5);
        let train = MemorySet::new("train")
            .with_features(rows.clone(), 3)
            .unwrap();
        let head = Head::new(crate::testing::numbers(6, 6), vec![0.1, 0.2], 3).unwrap();
        let explained = |recipes: &str| {
            let input = FitInput {
                train: &train,
                head: Some(&head),
            };
            let recipes = Recipe::parse_list(recipes).unwrap();
            let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})
                .unwrap()
                .bundle;
            let bundle = Bundle::from_bytes("bundle", &bundle.to_bytes().unwrap()).unwrap();
            explain(&bundle, &train, 17).unwrap().neighbours
        };
        let unit = |row: u64| {
            let row = &rows[row as usize * 3..][..3];
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            [row[0] / norm, row[1] / norm, row[2] / norm]
        };
        // Beside a larger bank, of which the smaller is a part.
        let neighbours = explained("knn(k=5,bank=20),nnguide(k=9)");
        assert_eq!(neighbours.len(), 5);
        for near in &neighbours {
            let squares = unit(17).into_iter().zip(unit(near.row));
            let squared: f32 = squares.map(|(a, b)| (a - b) * (a - b)).sum();
            assert!((near.distance - f64::from(squared).sqrt()).abs() < 1e-3);
        }
        // Guides are near by angle and energy together.
        assert!(explained("nnguide(k=9)").is_empty());
    }
}
