//! A fit that was interrupted goes on where it was, to the bytes of one run.

use std::sync::atomic::{AtomicU64, Ordering};

use qualm_data::{Chunk, DataError, Head, MemorySet, RowReader, Schema, Source};
use qualm_ood::{FitInput, FitOptions, Fitted, OodError, Recipe, Split, fit, fit_with_checkpoints};
use qualm_stats::Stream;

const DIM: usize = 4;
/// More than the 64 blocks of 4096 rows between two checkpoints.
const ROWS: usize = 300_000;
const METHODS: &str = "vim(dim=2),react,combined(vim(dim=2),msp)";

/// Rows whose reading ends in an error after so many.
struct Breaking {
    rows: MemorySet,
    left: AtomicU64,
}

struct BreakingReader<'a> {
    inner: Box<dyn RowReader + 'a>,
    left: &'a AtomicU64,
}

impl RowReader for BreakingReader<'_> {
    fn read(&mut self, chunk: &mut Chunk, max_rows: usize) -> Result<(), DataError> {
        self.inner.read(chunk, max_rows)?;
        let spend = |left: u64| left.checked_sub(chunk.rows as u64);
        let order = Ordering::Relaxed;
        match self.left.fetch_update(order, order, spend) {
            Ok(_) => Ok(()),
            Err(_) => Err(DataError::Shape("the power went".to_owned())),
        }
    }

    fn skip(&mut self, rows: u64) -> Result<(), DataError> {
        self.inner.skip(rows)
    }
}

impl Source for Breaking {
    fn name(&self) -> &str {
        self.rows.name()
    }

    fn schema(&self) -> &Schema {
        self.rows.schema()
    }

    fn reader(&self) -> Result<Box<dyn RowReader + '_>, DataError> {
        Ok(Box::new(BreakingReader {
            inner: self.rows.reader()?,
            left: &self.left,
        }))
    }
}

#[test]
fn an_interrupted_fit_goes_on() {
    let mut stream = Stream::new(5, 0);
    let features = (0..ROWS * DIM).map(|_| stream.normal() as f32).collect();
    let rows = MemorySet::new("rows").with_features(features, DIM).unwrap();
    let weight = (0..3 * DIM).map(|_| stream.normal() as f32).collect();
    let head = Head::new(weight, vec![3.0; 3], DIM).unwrap();
    let options = FitOptions {
        split: Split::of(0.1),
        ..FitOptions::default()
    };
    let recipes = Recipe::parse_list(METHODS).unwrap();
    let want = {
        let input = FitInput {
            train: &rows,
            head: Some(&head),
        };
        let fitted = fit(input, &recipes, &options, &mut |_| {}).unwrap();
        fitted.bundle.to_bytes().unwrap()
    };

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("checkpoints");
    let train = Breaking {
        rows,
        left: AtomicU64::new(0),
    };
    let attempt = |methods: &str, rows: u64| -> Result<Fitted, OodError> {
        train.left.store(rows, Ordering::Relaxed);
        let input = FitInput {
            train: &train,
            head: Some(&head),
        };
        let recipes = Recipe::parse_list(methods)?;
        fit_with_checkpoints(input, &recipes, &options, &folder, &mut |_| {})
    };
    // Twice interrupted: within the first pass, then within the second.
    for rows in [160_000, 310_000] {
        let error = attempt(METHODS, rows).unwrap_err().to_string();
        assert!(error.contains("the power went"), "{error}");
    }
    // What is left is less than the two passes over all rows.
    let fitted = attempt(METHODS, 310_000).unwrap();
    assert_eq!(fitted.bundle.to_bytes().unwrap(), want);
    let error = attempt("vim(dim=3)", u64::MAX).unwrap_err().to_string();
    assert!(error.contains("checkpoints of another fit"), "{error}");
}
