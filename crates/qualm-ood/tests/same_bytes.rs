//! A fit has the same bytes for any number of threads, any chunk size, and merged from shards.

use qualm_data::{Chunk, DataError, Head, KeyColumn, MemorySet, RowReader, Schema, Source};
use qualm_ood::{
    BLOCK_ROWS, Bundle, FitInput, FitOptions, Merged, Recipe, Shard, Split, fit, fit_shard_pass1,
    fit_shard_pass2, merge_parts,
};
use qualm_stats::random::Stream;

const DIM: usize = 24;
const CLASSES: usize = 5;
const METHODS: &str = "vim(dim=8),residual(dim=4,origin=mean),msp,energy,mahalanobis,\
                       maha=mahalanobis(normalize),knn(k=7),\
                       react,dice,klmatching,tempscale,rmd,cosine,openmax,relation(bank=50),weiper(r=6),\
                       combined(vim(dim=8),knn(k=3),openmax,react(p=90)+gen)";

/// Four classes of correlated rows, in three and a half blocks; some rows are outliers.
fn rows() -> MemorySet {
    let count = BLOCK_ROWS as usize * 7 / 2;
    let mut stream = Stream::new(3, 0);
    let mut features = Vec::with_capacity(count * DIM);
    let labels: Vec<i64> = (0..count)
        .map(|row| if row % 97 == 0 { -1 } else { (row % 4) as i64 })
        .collect();
    for &label in &labels {
        let common = stream.normal();
        for column in 0..DIM {
            let centre = if column as i64 == label { 3.0 } else { 0.0 };
            features.push((centre + common + stream.normal() / (1.0 + column as f64)) as f32);
        }
    }
    let groups = (0..count).map(|row| (row / 3) as i64).collect();
    MemorySet::new("rows")
        .with_features(features, DIM)
        .and_then(|set| set.with_labels(labels))
        .and_then(|set| set.with_groups(KeyColumn::Int(groups)))
        .unwrap()
}

fn head() -> Head {
    let mut stream = Stream::new(4, 0);
    let weight = (0..CLASSES * DIM).map(|_| stream.normal() as f32).collect();
    Head::new(weight, vec![0.5, 0.1, -0.2, 0.3, 0.0], DIM).unwrap()
}

fn options() -> FitOptions {
    FitOptions {
        split: Split::of(0.25),
        ..FitOptions::default()
    }
}

fn one_run(train: &dyn Source) -> Vec<u8> {
    let head = head();
    let recipes = Recipe::parse_list(METHODS).unwrap();
    let input = FitInput {
        train,
        head: Some(&head),
    };
    fit(input, &recipes, &options(), &mut |_| {})
        .unwrap()
        .bundle
        .to_bytes()
        .unwrap()
}

#[test]
fn any_number_of_threads() {
    let train = rows();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| one_run(&train))
    };
    let one = run(1);
    for threads in [2, 7] {
        assert!(
            run(threads) == one,
            "{threads} threads gave other bytes than one"
        );
    }
}

/// A source that hands out what it is asked for in reads of a few rows.
struct Nibbling(MemorySet, usize);

impl Source for Nibbling {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn schema(&self) -> &Schema {
        self.0.schema()
    }
    fn reader(&self) -> Result<Box<dyn RowReader + '_>, DataError> {
        Ok(Box::new(NibblingReader {
            inner: self.0.reader()?,
            rows: self.1,
        }))
    }
}

struct NibblingReader<'a> {
    inner: Box<dyn RowReader + 'a>,
    rows: usize,
}

impl RowReader for NibblingReader<'_> {
    fn read(&mut self, chunk: &mut Chunk, max_rows: usize) -> Result<(), DataError> {
        chunk.clear(0);
        let mut part = Chunk::default();
        while chunk.rows < max_rows {
            self.inner
                .read(&mut part, self.rows.min(max_rows - chunk.rows))?;
            if part.rows == 0 {
                break;
            }
            chunk.features.to_fill().extend_from_slice(&part.features);
            chunk.labels.extend_from_slice(&part.labels);
            if let (KeyColumn::Int(to), KeyColumn::Int(from)) = (&mut chunk.groups, &part.groups) {
                to.extend_from_slice(from);
            }
            chunk.rows += part.rows;
        }
        Ok(())
    }
}

#[test]
fn any_chunk_size() {
    let whole = one_run(&rows());
    for chunk in [1, 1000, 5000] {
        assert!(
            one_run(&Nibbling(rows(), chunk)) == whole,
            "chunks of {chunk}"
        );
    }
}

fn merged(train: &[(MemorySet, Shard)], folder: &std::path::Path) -> (Vec<u8>, bool) {
    let head = head();
    let recipes = Recipe::parse_list(METHODS).unwrap();
    let path = |name: String| folder.join(name);
    let mut parts = Vec::new();
    for (index, (set, shard)) in train.iter().enumerate() {
        let out = path(format!("p1.{index}"));
        let input = FitInput {
            train: set,
            head: Some(&head),
        };
        fit_shard_pass1(input, &recipes, &options(), *shard, &out, &mut |_| {}).unwrap();
        parts.push(out);
    }
    // Last to first: the order of the files must not matter.
    let files: Vec<_> = parts.iter().rev().map(|path| path.as_path()).collect();
    let plan = path("plan".into());
    assert!(matches!(
        merge_parts(&files, &plan).unwrap(),
        Merged::Plan { .. }
    ));
    let mut parts = vec![plan.clone()];
    for (index, (set, shard)) in train.iter().enumerate() {
        let out = path(format!("p2.{index}"));
        fit_shard_pass2(set, &plan, *shard, &out, &mut |_| {}).unwrap();
        parts.insert(0, out);
    }
    let files: Vec<_> = parts.iter().map(|path| path.as_path()).collect();
    let bundle = path("bundle".into());
    let Merged::Bundle { exact } = merge_parts(&files, &bundle).unwrap() else {
        panic!("a plan and its parts make a bundle")
    };
    (std::fs::read(bundle).unwrap(), exact)
}

#[test]
fn shards_cut_between_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let parts: Vec<_> = (0..3)
        .map(|index| (rows(), Shard::Part { index, count: 3 }))
        .collect();
    let (bytes, exact) = merged(&parts, folder.path());
    assert!(exact);
    assert!(
        bytes == one_run(&rows()),
        "merged shards differ from one run"
    );
}

#[test]
fn shards_cut_anywhere_agree_closely() {
    let folder = tempfile::tempdir().unwrap();
    let whole = rows();
    let cuts = [0, 5001, 5500, whole.rows().rows];
    let parts: Vec<_> = cuts
        .windows(2)
        .map(|pair| {
            let keep: Vec<usize> = (pair[0]..pair[1]).collect();
            (
                whole.select("shard", &keep).unwrap(),
                Shard::Starting(pair[0] as u64),
            )
        })
        .collect();
    let (bytes, exact) = merged(&parts, folder.path());
    assert!(!exact);
    let (merged, one) = (
        Bundle::from_bytes("merged", &bytes).unwrap(),
        Bundle::from_bytes("one", &one_run(&whole)).unwrap(),
    );
    for detector in 0..one.detectors().len() {
        let scores = |bundle: &Bundle| -> Vec<f64> {
            bundle.reference().unwrap().scores(detector).collect()
        };
        let (a, b) = (scores(&merged), scores(&one));
        assert_eq!(a.len(), b.len());
        let mean = b.iter().sum::<f64>() / b.len() as f64;
        let sd = (b.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / b.len() as f64).sqrt();
        let worst = a
            .iter()
            .zip(&b)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        // Ranks magnify a last digit where two scores of the ruler nearly meet.
        let near = match one.detectors()[detector].name() {
            "combined" => 1e-3,
            _ => 1e-5,
        };
        assert!(
            worst <= near * sd,
            "detector {detector}: {worst:e} against {sd:e}"
        );
    }
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let set = rows();
    let head = head();
    let part = |methods: &str, index, out: &str| {
        let recipes = Recipe::parse_list(methods).unwrap();
        let input = FitInput {
            train: &set,
            head: Some(&head),
        };
        let shard = Shard::Part { index, count: 2 };
        fit_shard_pass1(input, &recipes, &options(), shard, &path(out), &mut |_| {}).unwrap();
    };
    part("vim(dim=8)", 0, "a");
    part("vim(dim=8)", 1, "b");
    part("vim(dim=7)", 1, "c");
    let merge = |files: &[&str]| {
        let paths: Vec<_> = files.iter().map(|file| path(file)).collect();
        let paths: Vec<_> = paths.iter().map(|path| path.as_path()).collect();
        merge_parts(&paths, &path("out")).unwrap_err().to_string()
    };
    assert!(merge(&["a", "c"]).contains("another fit"));
    assert!(merge(&["a", "b", "b"]).contains("holds too"));
    assert!(merge(&[]).contains("no part"));
    assert!(merge(&["b"]).contains("does not start at row 0"));
    let paths = [path("a"), path("b")];
    merge_parts(&[&paths[0], &paths[1]], &path("plan")).unwrap();
    assert!(
        Bundle::load(&path("plan"))
            .unwrap_err()
            .to_string()
            .contains("a plan")
    );
    let one = Shard::Part { index: 0, count: 2 };
    fit_shard_pass2(&set, &path("plan"), one, &path("p2"), &mut |_| {}).unwrap();
    assert!(merge(&["plan", "p2"]).contains("a part is missing"));
}
