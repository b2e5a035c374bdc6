//! Arbitrary bytes as an npz file.
#![no_main]

#[path = "../../crates/qualm-data/tests/exercise/mod.rs"]
#[allow(dead_code)]
mod exercise;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    bytes.splice(..bytes.len().min(4), *b"PK\x03\x04");
    exercise::feature_set(&bytes);
});
