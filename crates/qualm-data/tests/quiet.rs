//! Panics of the Parquet library are told as an error and nothing else, other panics as ever. A
//! test of its own, because hooks belong to the whole program.
#![cfg(feature = "parquet")]

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use qualm_data::{
    Chunk, FeatureSet, Format, MemorySet, Precision, Source, contain_thread, write_features,
};

static TOLD: AtomicUsize = AtomicUsize::new(0);

/// Reads all rows, or says why not.
fn read(path: &str) -> Result<(), qualm_data::DataError> {
    let set = FeatureSet::open(path)?;
    let mut reader = set.reader()?;
    let mut chunk = Chunk::default();
    loop {
        reader.read(&mut chunk, 100)?;
        if chunk.rows == 0 {
            return Ok(());
        }
    }
}

#[test]
fn contained_panics_say_nothing_and_others_are_told() {
    panic::set_hook(Box::new(|_| {
        TOLD.fetch_add(1, Ordering::Relaxed);
    }));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let set = MemorySet::new("rows")
        .with_features((0..600).map(|x| x as f32).collect(), 3)
        .and_then(|set| set.with_labels((0..200).collect()))
        .unwrap();
    write_features(&set, &path, Format::Parquet, Precision::default()).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let mut contained = 0;
    for at in 0..bytes.len() {
        bytes[at] ^= 0x02;
        std::fs::write(&path, &bytes).unwrap();
        bytes[at] ^= 0x02;
        let error = read(path.to_str().unwrap()).err();
        let no_sense = error.is_some_and(|error| error.to_string().contains("make no sense"));
        contained += usize::from(no_sense);
    }
    assert!(contained > 0, "no damage made the library panic");
    let worker = thread::spawn(|| {
        contain_thread();
        panic!("in a pool that a library works with")
    });
    assert!(worker.join().is_err());
    assert_eq!(TOLD.load(Ordering::Relaxed), 0);
    // Behind the hook that contains, the one of before is still there.
    assert!(thread::spawn(|| panic!("of our own")).join().is_err());
    assert_eq!(TOLD.load(Ordering::Relaxed), 1);
}
