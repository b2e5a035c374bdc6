//! Writes `rows.safetensors`, as many rows of width 2048 in f16 as asked for, and `head.npz`, a
//! head of 1000 classes, from random numbers: something to fit where only time and memory matter.
//!
//! ```sh
//! cargo run --release -p qualm-ood --example generate_rows -- 200000 folder
//! ```
#![allow(missing_docs)] // a program

#[path = "../benches/rows/mod.rs"]
mod rows;

use std::error::Error;
use std::path::PathBuf;

use qualm_data::{FloatType, Format, Precision, write_features};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(count), Some(folder), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("give a number of rows and a folder, as in `generate_rows 200000 .`".into());
    };
    let folder = PathBuf::from(folder);
    write_features(
        &rows::MadeRows::new(count.parse()?),
        &folder.join("rows.safetensors"),
        Format::Safetensors,
        Precision::uniform(FloatType::F16),
    )?;
    rows::head().save(&folder.join("head.npz"))?;
    Ok(())
}
