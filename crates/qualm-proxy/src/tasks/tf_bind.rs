use std::collections::HashMap;
use std::fs;
use std::path::Path;

use qualm_stats::spearman;

use super::Entry;
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::space::Space;
use crate::task::Task;
use crate::truth::{Oracle, Truth};

pub(super) const ENTRY: Entry = Entry {
    word: "tf-bind-8",
    what: "how strongly a protein (SIX6) binds each of the 65,536 DNA sequences of 8 bases; from \
           the folder's tfbind8/SIX6_REF_R1_8mers.txt",
    parameters: "",
    parse: |words, folder| {
        let folder = super::folder_of(words, folder)?.join("tfbind8");
        let second = folder.join("SIX6_REF_R2_8mers.txt");
        let task = TfBind8::read(
            &folder.join("SIX6_REF_R1_8mers.txt"),
            second.exists().then_some(second.as_path()),
        )?;
        Ok(Box::new(task))
    },
};

const LENGTH: usize = 8;
const BASES: &str = "ACGT";
const SEQUENCES: usize = 1 << (2 * LENGTH);

/// Binding of a transcription factor, measured for every DNA sequence of 8 bases (Barrera et al.,
/// Science 2016); Design-Bench's TFBind8 without its doubled palindromes.
///
/// The table names both strands of a sequence in one row, so a palindrome stands there once. The
/// worse half is visible. A second measurement of the same protein bounds what any proxy can reach.
#[derive(Debug)]
pub struct TfBind8 {
    space: Space,
    /// Score of each sequence, by its number in base 4.
    scores: Vec<f64>,
    ceiling: Option<f64>,
}

impl TfBind8 {
    /// Reads a table of 8-mers, and a second replicate for the noise ceiling.
    ///
    /// # Errors
    /// When a file cannot be read, or does not hold every sequence once.
    pub fn read(first: &Path, second: Option<&Path>) -> Result<Self, ProxyError> {
        let scores = read_scores(first)?;
        let ceiling = match second {
            None => None,
            Some(path) => {
                let again = read_scores(path)?;
                // Once a pair of strands.
                let once: Vec<usize> = (0..SEQUENCES)
                    .filter(|&at| at <= other_strand(at))
                    .collect();
                let of =
                    |scores: &[f64]| -> Vec<f64> { once.iter().map(|&at| scores[at]).collect() };
                spearman(&of(&scores), &of(&again)).ok()
            }
        };
        Ok(Self {
            space: Space::sequence(LENGTH, &["A", "C", "G", "T"]),
            scores,
            ceiling,
        })
    }
}

/// Number of the sequence that binds base by base, read backwards.
fn other_strand(mut sequence: usize) -> usize {
    let mut other = 0;
    for _ in 0..LENGTH {
        // A is 0 and pairs with T, 3; C is 1 and pairs with G, 2.
        other = other * 4 + (3 - sequence % 4);
        sequence /= 4;
    }
    other
}

fn read_scores(path: &Path) -> Result<Vec<f64>, ProxyError> {
    let fault = |problem: String| ProxyError::File {
        path: path.display().to_string(),
        problem,
    };
    let text = fs::read_to_string(path).map_err(|error| {
        fault(format!(
            "{error}; docs/data.md says where the table is found"
        ))
    })?;
    let mut found: HashMap<usize, f64> = HashMap::with_capacity(SEQUENCES);
    for (at, line) in text.lines().enumerate().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let number = |cell: Option<&&str>| {
            let word = cell.filter(|word| word.len() == LENGTH)?;
            word.chars()
                .try_fold(0, |number, base| Some(number * 4 + BASES.find(base)?))
        };
        let read = || {
            let score: f64 = cells.get(2)?.trim().parse().ok()?;
            Some((number(cells.first())?, number(cells.get(1))?, score))
        };
        let (one, other, score) =
            read()
                .filter(|(.., score)| score.is_finite())
                .ok_or_else(|| {
                    fault(format!(
                        "line {} is not two 8-mers and a score, between tabs",
                        at + 1
                    ))
                })?;
        if other != other_strand(one) || found.insert(one, score).is_some() {
            return Err(fault(format!(
                "line {} is no pair of strands, or stands there twice",
                at + 1
            )));
        }
        found.insert(other, score);
    }
    if found.len() != SEQUENCES {
        return Err(fault(format!(
            "it holds {} of {SEQUENCES} sequences",
            found.len()
        )));
    }
    Ok((0..SEQUENCES).map(|at| found[&at]).collect())
}

impl Task for TfBind8 {
    fn name(&self) -> &str {
        ENTRY.word
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn oracle(&self) -> Oracle {
        Oracle::Table
    }

    fn labelled(&self, _seed: u64) -> Result<Labelled, ProxyError> {
        let bases = |number: usize| {
            (0..LENGTH)
                .rev()
                .map(move |place| (number >> (2 * place) & 3) as f64)
        };
        let designs = Designs::new((0..SEQUENCES).flat_map(bases).collect(), LENGTH);
        Labelled::new(self.name(), designs, self.scores.clone(), Merge::Refuse)
    }

    fn evaluate(&self, designs: &Designs) -> Result<Vec<Truth>, ProxyError> {
        let number = |design: &[f64]| {
            design
                .iter()
                .fold(0, |number, base| number * 4 + *base as usize)
        };
        Ok(designs
            .iter()
            .map(|design| Truth::of(self.scores[number(design)]))
            .collect())
    }

    fn noise_ceiling(&self) -> Option<f64> {
        self.ceiling
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strands_pair_up() {
        // AACCGGTT is its own other strand; AAAAAAAA pairs with TTTTTTTT.
        let number = |word: &str| {
            word.chars()
                .fold(0, |n, base| n * 4 + BASES.find(base).expect("a base"))
        };
        assert_eq!(other_strand(number("AACCGGTT")), number("AACCGGTT"));
        assert_eq!(other_strand(0), SEQUENCES - 1);
        assert_eq!(
            (0..SEQUENCES).filter(|&at| other_strand(at) == at).count(),
            256
        );
    }
}
