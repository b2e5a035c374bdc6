//! Fits and scores on demand, for `bench/peers`: `fit RECIPE`, `score` and `save FILE` on standard
//! input, one line of answer each.
//!
//! `cargo run --release -p qualm-ood --example time_methods -- FOLDER`, with `train.npy`,
//! `labels.npy`, `test.npy`, `weight.npy` and `bias.npy` in the folder. Times are those of fitting
//! and scoring rows that are in memory.
#![allow(clippy::print_stdout)] // a program that answers

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use qualm_data::{Chunk, FeatureSet, Head, MemorySet, Source};
use qualm_ood::{Bundle, FitInput, FitOptions, Recipe, fit, score};

struct Bench {
    train: MemorySet,
    test: MemorySet,
    head: Head,
    bundle: Option<Bundle>,
    scores: Vec<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .ok_or("give the folder of the arrays")?;
    let mut bench = Bench::open(&folder)?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (command, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let start = Instant::now();
        match bench.answer(command, argument) {
            Ok(()) => println!("ok {}", start.elapsed().as_secs_f64()),
            Err(error) => println!("failed {error}"),
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// All numbers of a one-dimensional or row-major array.
fn array(folder: &str, name: &str) -> Result<Chunk, Box<dyn Error>> {
    let set = FeatureSet::open(&format!("{folder}/{name}.npy"))?;
    Ok(MemorySet::read(&set)?.rows().clone())
}

impl Bench {
    fn open(folder: &str) -> Result<Self, Box<dyn Error>> {
        let set = |name: &str| FeatureSet::open(&format!("{folder}/{name}.npy"));
        let train = MemorySet::read(&set("train")?)?;
        let dim = train.schema().dim.ok_or("train.npy must have rows")?;
        let labels = std::fs::read(format!("{folder}/labels.npy"))?;
        let head = Head::new(
            array(folder, "weight")?.features.into_vec(),
            last_numbers(
                &std::fs::read(format!("{folder}/bias.npy"))?,
                f32::from_le_bytes,
            ),
            dim,
        )?;
        Ok(Self {
            train: train.with_labels(last_numbers(&labels, i64::from_le_bytes))?,
            test: MemorySet::read(&set("test")?)?,
            head,
            bundle: None,
            scores: Vec::new(),
        })
    }

    fn answer(&mut self, command: &str, argument: &str) -> Result<(), Box<dyn Error>> {
        match command {
            "fit" => {
                self.bundle = None;
                let input = FitInput {
                    train: &self.train,
                    head: Some(&self.head),
                };
                let recipes = Recipe::parse_list(argument)?;
                let fitted = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?;
                self.bundle = Some(fitted.bundle);
            }
            "score" => {
                let bundle = self.bundle.as_ref().ok_or("fit first")?;
                self.scores.clear();
                let scores = &mut self.scores;
                score(bundle, &self.test, &mut |scored| {
                    scores.extend_from_slice(scored.scores(0));
                    Ok(())
                })?;
            }
            "save" => {
                let mut header = format!(
                    "{{'descr': '<f8', 'fortran_order': False, 'shape': ({},), }}",
                    self.scores.len()
                );
                header.push_str(&" ".repeat(63 - (header.len() + 10) % 64));
                header.push('\n');
                let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
                bytes.extend((header.len() as u16).to_le_bytes());
                bytes.extend(header.bytes());
                bytes.extend(self.scores.iter().flat_map(|score| score.to_le_bytes()));
                std::fs::write(argument, bytes)?;
            }
            other => return Err(format!("no command `{other}`").into()),
        }
        Ok(())
    }
}

/// The numbers of a one-dimensional npy file, which follow its header.
fn last_numbers<T, const WIDTH: usize>(file: &[u8], number: fn([u8; WIDTH]) -> T) -> Vec<T> {
    let header = 10 + usize::from(u16::from_le_bytes([file[8], file[9]]));
    let numbers = file[header..].as_chunks::<WIDTH>().0;
    numbers.iter().map(|&bytes| number(bytes)).collect()
}
