//! Arbitrary bytes as a Parquet file. The Parquet library panics on some of them; the reader has
//! to contain that, so the hook that would end the search at once is taken out. A panic that gets
//! through still ends it.
#![no_main]

#[path = "../../crates/qualm-data/tests/exercise/mod.rs"]
#[allow(dead_code)]
mod exercise;

libfuzzer_sys::fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    bytes.splice(..bytes.len().min(4), *b"PAR1");
    exercise::feature_set(&bytes);
});
