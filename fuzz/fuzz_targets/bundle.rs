//! Arbitrary bytes as a bundle.
#![no_main]

#[path = "../../crates/qualm-ood/tests/exercise/mod.rs"]
#[allow(dead_code)]
mod exercise;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| exercise::bundle(bytes));
