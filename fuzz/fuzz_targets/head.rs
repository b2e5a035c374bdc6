//! Arbitrary bytes as a head.
#![no_main]

#[path = "../../crates/qualm-data/tests/exercise/mod.rs"]
#[allow(dead_code)]
mod exercise;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| exercise::head(bytes));
