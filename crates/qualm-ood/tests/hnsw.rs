//! Neighbours found through a graph: the same bytes each time, nearly the scores of the exact
//! search, whatever else is fitted, and no trust in what a file says.
#![cfg(feature = "hnsw")]

mod exercise;

use qualm_data::MemorySet;
use qualm_ood::{
    BLOCK_ROWS, Bundle, FitInput, FitOptions, Recipe, Shard, Split, fit, fit_shard_pass1,
    fit_shard_pass2, merge_parts, score,
};
use qualm_stats::random::Stream;

const DIM: usize = 12;

fn rows(count: usize, seed: u64) -> MemorySet {
    let mut stream = Stream::new(seed, 0);
    let features = (0..count * DIM)
        .map(|at| (stream.normal() / (1 + at % DIM) as f64) as f32)
        .collect();
    MemorySet::new("rows").with_features(features, DIM).unwrap()
}

fn bundle(train: &MemorySet, recipes: &str, split: Split) -> Bundle {
    let input = FitInput { train, head: None };
    let recipes = Recipe::parse_list(recipes).unwrap();
    let options = FitOptions {
        split,
        ..FitOptions::default()
    };
    fit(input, &recipes, &options, &mut |_| {}).unwrap().bundle
}

fn scores(bundle: &Bundle, set: &MemorySet, detector: usize) -> Vec<f64> {
    let mut all = Vec::new();
    let mut sink = |scored: &qualm_ood::Scored<'_>| {
        all.extend_from_slice(scored.scores(detector));
        Ok(())
    };
    score(bundle, set, &mut sink).unwrap();
    all
}

#[test]
fn a_graph_finds_nearly_what_the_exact_search_finds() {
    let (train, test) = (rows(5000, 1), rows(500, 2));
    let fitted = bundle(
        &train,
        "knn(k=10),near=knn(k=10,index=hnsw),part=knn(k=10,index=hnsw,ef=20,share=0.5)",
        Split::none(),
    );
    let (exact, near) = (scores(&fitted, &test, 0), scores(&fitted, &test, 1));
    let equal = exact.iter().zip(&near).filter(|(a, b)| a == b).count();
    assert!(equal >= 490, "{equal} of 500");
    // A neighbour that is missed makes the distance larger, never smaller.
    assert!(exact.iter().zip(&near).all(|(a, b)| b >= &(a - 1e-6)));
    // Alone, through a file, and one row after another: the same.
    let alone = bundle(&train, "knn(k=10,index=hnsw)", Split::none());
    let alone = Bundle::from_bytes("alone", &alone.to_bytes().unwrap()).unwrap();
    assert_eq!(scores(&alone, &test, 0), near);
    let one = MemorySet::new("one").with_features(test.rows().features[..DIM].to_vec(), DIM);
    assert_eq!(scores(&alone, &one.unwrap(), 0), near[..1]);

    let notes: Vec<Option<String>> = fitted.detectors().iter().map(|d| d.note()).collect();
    assert_eq!(notes[0], None);
    let note = notes[1].as_deref().unwrap();
    assert!(
        note.contains("of the 10 nearest of 5000 fitting rows (over 256"),
        "{note}"
    );
    assert!(
        notes[2]
            .as_deref()
            .unwrap()
            .contains("of 2500 fitting rows"),
        "{notes:?}"
    );
    assert_eq!(alone.detectors()[0].note().as_deref(), Some(note));
}

#[test]
fn any_number_of_threads_and_shards() {
    let recipes = "knn(k=5,index=hnsw,bank=3000)";
    let train = rows(BLOCK_ROWS as usize * 2 + 700, 3);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let fit = || bundle(&train, recipes, Split::of(0.2)).to_bytes().unwrap();
        pool.unwrap().install(fit)
    };
    let one = run(1);
    assert!(one == run(3), "three threads gave other bytes than one");

    let folder = tempfile::tempdir().unwrap();
    let path = |name: String| folder.path().join(name);
    let input = FitInput {
        train: &train,
        head: None,
    };
    let options = FitOptions {
        split: Split::of(0.2),
        ..FitOptions::default()
    };
    let parsed = Recipe::parse_list(recipes).unwrap();
    let shards = [0, 1].map(|index| Shard::Part { index, count: 2 });
    let firsts = [0, 1].map(|at| path(format!("first{at}")));
    for (shard, out) in shards.into_iter().zip(&firsts) {
        fit_shard_pass1(input, &parsed, &options, shard, out, &mut |_| {}).unwrap();
    }
    let plan = path("plan".into());
    merge_parts(&[&firsts[0], &firsts[1]], &plan).unwrap();
    let seconds = [0, 1].map(|at| path(format!("second{at}")));
    for (shard, out) in shards.into_iter().zip(&seconds) {
        fit_shard_pass2(&train, &plan, shard, out, &mut |_| {}).unwrap();
    }
    let whole = path("whole".into());
    merge_parts(&[&plan, &seconds[0], &seconds[1]], &whole).unwrap();
    assert!(
        std::fs::read(whole).unwrap() == one,
        "shards gave other bytes"
    );
}

#[test]
fn damaged_graphs() {
    let mut bytes = bundle(&rows(60, 4), "knn(k=3,index=hnsw)", Split::of(0.2))
        .to_bytes()
        .unwrap();
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            bytes[at] ^= flip;
            exercise::bundle(&bytes);
            bytes[at] ^= flip;
        }
    }
    // A link out of the bank is named.
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let names = tensors.names();
    let links = names
        .iter()
        .find(|name| name.ends_with("/0/links"))
        .unwrap();
    let data = tensors.tensor(links).unwrap().data();
    let at = data.as_ptr() as usize - bytes.as_ptr() as usize;
    bytes[at + 3] = 0x10;
    let error = Bundle::from_bytes("model.qualm", &bytes)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("is no graph over the rows of the bank"),
        "{error}"
    );
}

#[test]
fn rows_that_are_all_alike() {
    let train = MemorySet::new("rows")
        .with_features([1.0f32, 2.0].repeat(500), 2)
        .unwrap();
    let fitted = bundle(&train, "knn(k=50,index=hnsw)", Split::none());
    assert!(scores(&fitted, &train, 0).iter().all(|&score| score == 0.0));
    // One row has nothing to be measured on.
    let single = MemorySet::new("row")
        .with_features(vec![1.0, 2.0], 2)
        .unwrap();
    let fitted = bundle(&single, "knn(k=1,index=hnsw)", Split::none());
    assert_eq!(fitted.detectors()[0].note(), None);
    assert_eq!(scores(&fitted, &single, 0), [0.0]);
}
