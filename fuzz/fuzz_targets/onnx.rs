//! Arbitrary bytes as an ONNX model.
#![no_main]

#[path = "../../crates/qualm-onnx/tests/exercise/mod.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| exercise::model(bytes));
