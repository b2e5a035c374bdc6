//! However many methods are fitted, the rows are read twice: counted by a reader that counts.

use std::sync::atomic::{AtomicU64, Ordering};

use qualm_data::{Chunk, DataError, Head, MemorySet, RowReader, Schema, Source};
use qualm_ood::{CATALOGUE, Entry, FitInput, FitOptions, Fitted, Recipe, fit};
use qualm_stats::Stream;

const ROWS: usize = 600;
const DIM: usize = 12;
const CLASSES: usize = 4;

/// Rows in memory that count how often they are read.
struct Counted {
    rows: MemorySet,
    read: AtomicU64,
}

struct CountingReader<'a> {
    inner: Box<dyn RowReader + 'a>,
    read: &'a AtomicU64,
}

impl RowReader for CountingReader<'_> {
    fn read(&mut self, chunk: &mut Chunk, max_rows: usize) -> Result<(), DataError> {
        self.inner.read(chunk, max_rows)?;
        self.read.fetch_add(chunk.rows as u64, Ordering::Relaxed);
        Ok(())
    }
}

impl Source for Counted {
    fn name(&self) -> &str {
        self.rows.name()
    }

    fn schema(&self) -> &Schema {
        self.rows.schema()
    }

    fn reader(&self) -> Result<Box<dyn RowReader + '_>, DataError> {
        Ok(Box::new(CountingReader {
            inner: self.rows.reader()?,
            read: &self.read,
        }))
    }
}

/// Rectified rows around four means, which the head tells apart.
fn rows_and_head() -> (Counted, Head) {
    let mut stream = Stream::new(3, 0);
    let means: Vec<f64> = (0..CLASSES * DIM).map(|_| 1.5 + stream.normal()).collect();
    let labels: Vec<i64> = (0..ROWS).map(|row| (row % CLASSES) as i64).collect();
    let features = labels
        .iter()
        .flat_map(|&label| means[label as usize * DIM..][..DIM].to_vec())
        .map(|mean| (mean + 1.5 * stream.normal()).max(0.0) as f32)
        .collect();
    let weight = means.iter().map(|&m| m.max(0.0) as f32).collect();
    let rows = MemorySet::new("rows")
        .with_features(features, DIM)
        .and_then(|set| set.with_labels(labels))
        .unwrap();
    let head = Head::new(weight, vec![0.1; CLASSES], DIM).unwrap();
    let read = AtomicU64::new(0);
    (Counted { rows, read }, head)
}

/// Methods that `all` stands for: not those that are made of others.
fn all_methods() -> usize {
    let alone = |entry: &&Entry| entry.word != "combined";
    CATALOGUE.iter().filter(alone).count()
}

fn fit_all(methods: &str, rows: &Counted, head: Option<&Head>) -> Fitted {
    let recipes = Recipe::parse_list(methods).unwrap();
    let input = FitInput { train: rows, head };
    fit(input, &recipes, &FitOptions::default(), &mut |_| {}).unwrap()
}

#[test]
fn all_methods_take_two_passes() {
    let (rows, head) = rows_and_head();
    let methods = "all,m=mahalanobis(ridge=0.01)";
    let fitted = fit_all(methods, &rows, Some(&head));
    assert_eq!(rows.read.load(Ordering::Relaxed), 2 * ROWS as u64);
    assert_eq!(fitted.passes, 2);
    assert!(fitted.warnings.is_empty(), "{:?}", fitted.warnings);
    assert_eq!(fitted.bundle.detectors().len(), all_methods() + 1);
}

#[test]
fn what_cannot_be_fitted_is_left_out_with_a_word() {
    let (rows, _) = rows_and_head();
    let fitted = fit_all("all", &rows, None);
    let names: Vec<&str> = fitted.bundle.names().collect();
    assert!(
        names.contains(&"knn") && names.contains(&"mahalanobis"),
        "{names:?}"
    );
    assert!(
        !names.contains(&"vim") && !names.contains(&"energy"),
        "{names:?}"
    );
    let about = |start: &str| fitted.warnings.iter().any(|w| w.starts_with(start));
    assert!(about("left out: vim: needs ") && about("left out: energy: needs logits"));
    assert_eq!(fitted.warnings.len() + names.len(), all_methods());
    // A method that is named must be fitted.
    let input = FitInput {
        train: &rows,
        head: None,
    };
    let named = Recipe::parse_list("knn,vim").unwrap();
    assert!(fit(input, &named, &FitOptions::default(), &mut |_| {}).is_err());
}
