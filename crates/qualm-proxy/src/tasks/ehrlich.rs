use qualm_stats::Stream;

use super::{DATA_STREAM, Entry};
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::space::Space;
use crate::task::Task;
use crate::truth::{Oracle, Truth};
use crate::words::{Words, changed, problem, recipe};

pub(super) const ENTRY: Entry = Entry {
    word: "ehrlich",
    what: "Ehrlich function: sequences that must hold spaced motifs and may not hold banned pairs",
    parameters: "letters=16, length=24, motifs=2, size=4, quantisation=size, epistasis=0",
    parse: |words, _| Ehrlich::take(words).map(|task| Box::new(task) as _),
};

/// Sequences drawn for the data.
const ROWS: usize = 5_000;
/// The seed of motifs and bans, apart from that of the data: the truth is one function.
const STRUCTURE_SEED: u64 = 8;
/// Share of the pairs of neighbouring letters that are banned.
const BANNED: f64 = 0.25;

/// Ehrlich's holo function (Stanton et al., arXiv:2407.00236).
///
/// f(x) = prod over motifs of r(q), where q is the largest share of the motif's letters that stand in
/// x at its spacing from any one place, rounded down to a multiple of 1 / quantisation, and r(q) = q (1 + e q (q - 1)) with epistasis e. A sequence
/// that holds a banned pair of neighbours is infeasible. Motifs and bans are drawn so that one
/// sequence scores 1.
#[derive(Debug)]
pub struct Ehrlich {
    name: String,
    space: Space,
    sizes: Sizes,
    /// Letters and offsets of each motif.
    motifs: Vec<Vec<(usize, usize)>>,
    /// Whether letter b may follow letter a, at a * letters + b.
    allowed: Vec<bool>,
    optimum: Vec<f64>,
}

/// The sizes that tell one such function from another.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    letters: usize,
    length: usize,
    motifs: usize,
    size: usize,
    /// Steps in which a motif's share is counted, from 1 to its size.
    quantisation: usize,
    epistasis: f64,
}

const STANDARD: Sizes = Sizes {
    letters: 16,
    length: 24,
    motifs: 2,
    size: 4,
    quantisation: 4,
    epistasis: 0.0,
};

impl Ehrlich {
    fn take(words: &mut Words<'_>) -> Result<Self, ProxyError> {
        let within = |low: usize, high: usize| move |v: &usize| (low..=high).contains(v);
        let letters = "a whole number from 4 to 64";
        let letters = words.take_or("letters", STANDARD.letters, letters, within(4, 64))?;
        let length = "a whole number from 4 to 256";
        let length = words.take_or("length", STANDARD.length, length, within(4, 256))?;
        let motifs = words.count("motifs", STANDARD.motifs)?;
        let size = words.take_or("size", STANDARD.size, "a whole number from 2", |v| *v > 1)?;
        let quantisation = "a whole number from 1 to size";
        let quantisation = words.take_or("quantisation", size, quantisation, within(1, size))?;
        let epistasis = words.take_or("epistasis", 0.0, "a number from 0 to 3", |v| {
            (0.0..=3.0).contains(v)
        })?;
        if motifs.saturating_mul(size) > length.min(letters) {
            return Err(problem(
                words.word(),
                format!(
                    "{motifs} motifs of {size} do not fit {letters} letters and a length of {length}"
                ),
            ));
        }
        let name = changed(&[
            ("letters", letters as f64, STANDARD.letters as f64),
            ("length", length as f64, STANDARD.length as f64),
            ("motifs", motifs as f64, STANDARD.motifs as f64),
            ("size", size as f64, STANDARD.size as f64),
            ("quantisation", quantisation as f64, size as f64),
            ("epistasis", epistasis, STANDARD.epistasis),
        ]);
        let sizes = Sizes {
            letters,
            length,
            motifs,
            size,
            quantisation,
            epistasis,
        };
        Ok(Self::new(recipe(ENTRY.word, &name), sizes))
    }

    fn new(name: String, sizes: Sizes) -> Self {
        let Sizes {
            letters,
            length,
            motifs,
            size,
            ..
        } = sizes;
        let mut stream = Stream::new(STRUCTURE_SEED, 0);
        // Every letter stands in at most one motif; one after the other they are a walk that is
        // allowed whatever else is banned.
        let mut walk: Vec<usize> = (0..letters).collect();
        stream.shuffle(&mut walk);
        walk.truncate(motifs * size);
        let mut allowed: Vec<bool> = (0..letters * letters)
            .map(|_| stream.unit() >= BANNED)
            .collect();
        (0..letters).for_each(|letter| allowed[letter * letters + letter] = true);
        walk.windows(2)
            .for_each(|pair| allowed[pair[0] * letters + pair[1]] = true);
        let room = length / motifs;
        let motifs: Vec<Vec<(usize, usize)>> = walk
            .chunks(size)
            .map(|motif| {
                motif
                    .iter()
                    .copied()
                    .zip(offsets(size, room, &mut stream))
                    .collect()
            })
            .collect();
        // Each motif at its own part of the sequence, each letter repeated up to the next.
        let mut optimum = Vec::with_capacity(length);
        for motif in &motifs {
            let start = optimum.len();
            for (at, &(letter, _)) in motif.iter().enumerate() {
                let end = motif.get(at + 1).map_or(room, |next| next.1);
                optimum.resize(start + end, letter as f64);
            }
        }
        optimum.resize(length, optimum[optimum.len() - 1]);
        let names: Vec<String> = (0..letters).map(|letter| letter.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Self {
            name,
            space: Space::sequence(length, &names),
            sizes,
            motifs,
            allowed,
            optimum,
        }
    }

    /// A sequence that scores 1.
    pub fn optimum(&self) -> &[f64] {
        &self.optimum
    }

    fn follows(&self, a: usize, b: usize) -> bool {
        self.allowed[a * self.sizes.letters + b]
    }

    fn value(&self, design: &[f64]) -> Truth {
        let x: Vec<usize> = design.iter().map(|&letter| letter as usize).collect();
        if !x.windows(2).all(|pair| self.follows(pair[0], pair[1])) {
            return Truth::Infeasible;
        }
        let share = |motif: &Vec<(usize, usize)>| {
            let span = motif[motif.len() - 1].1;
            let found = (0..x.len() - span).map(|start| {
                motif
                    .iter()
                    .filter(|(letter, offset)| x[start + offset] == *letter)
                    .count()
            });
            let steps = self.sizes.quantisation;
            let found = found.max().unwrap_or(0) * steps / motif.len();
            let q = found as f64 / steps as f64;
            q * (1.0 + self.sizes.epistasis * q * (q - 1.0))
        };
        Truth::Value(self.motifs.iter().map(share).product())
    }
}

/// Growing offsets from 0 that stay below `room`.
fn offsets(size: usize, room: usize, stream: &mut Stream) -> Vec<usize> {
    let mut places: Vec<usize> = (1..room).collect();
    stream.shuffle(&mut places);
    places.truncate(size - 1);
    places.push(0);
    places.sort_unstable();
    places
}

impl Task for Ehrlich {
    fn name(&self) -> &str {
        &self.name
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn oracle(&self) -> Oracle {
        Oracle::Exact
    }

    /// Walks over allowed pairs.
    fn labelled(&self, seed: u64) -> Result<Labelled, ProxyError> {
        let mut stream = Stream::new(seed, DATA_STREAM);
        let length = self.space.width();
        let mut designs = Vec::with_capacity(ROWS * length);
        let mut labels = Vec::with_capacity(ROWS);
        for _ in 0..ROWS {
            let start = designs.len();
            let mut letter = stream.below(self.sizes.letters);
            for _ in 0..length {
                designs.push(letter as f64);
                let next: Vec<usize> = (0..self.sizes.letters)
                    .filter(|&b| self.follows(letter, b))
                    .collect();
                letter = next[stream.below(next.len())];
            }
            labels.push(match self.value(&designs[start..]) {
                Truth::Value(value) => value,
                Truth::Infeasible => f64::NAN,
            });
        }
        Labelled::new(
            &self.name,
            Designs::new(designs, length),
            labels,
            Merge::Refuse,
        )
    }

    fn evaluate(&self, designs: &Designs) -> Result<Vec<Truth>, ProxyError> {
        Ok(designs.iter().map(|design| self.value(design)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(recipe: &str) -> Box<dyn Task> {
        super::super::parse_list(recipe, None)
            .expect("a recipe")
            .remove(0)
    }

    #[test]
    fn the_planted_optimum_scores_one() {
        for (letters, length, motifs, size) in [(16, 24, 2, 4), (32, 32, 4, 4), (8, 9, 2, 2)] {
            let task = Ehrlich::new(
                "e".into(),
                Sizes {
                    letters,
                    length,
                    motifs,
                    size,
                    quantisation: size,
                    epistasis: 1.0,
                },
            );
            assert_eq!(task.value(task.optimum()), Truth::Value(1.0));
        }
    }

    #[test]
    fn a_missing_letter_and_a_banned_pair() {
        let task = Ehrlich::new(
            "e".into(),
            Sizes {
                epistasis: 0.5,
                ..STANDARD
            },
        );
        let mut x = task.optimum().to_vec();
        let (first, second) = (task.motifs[0][0], task.motifs[0][1]);
        // The first letter stands up to the second; without it the motif is three quarters there.
        x[..second.1].fill(second.0 as f64);
        let r = 0.75 * (1.0 + 0.5 * 0.75 * -0.25);
        assert_eq!(task.value(&x), Truth::Value(r));
        // Counted in halves, three letters of four are two.
        let halves = Sizes {
            quantisation: 2,
            ..STANDARD
        };
        let coarse = Ehrlich::new("e".into(), halves);
        assert_eq!(coarse.value(&x), Truth::Value(0.5));
        let banned = (0..16)
            .find(|&b| !task.follows(first.0, b))
            .expect("a quarter are banned");
        x[0] = first.0 as f64;
        x[1] = banned as f64;
        assert_eq!(task.value(&x), Truth::Infeasible);
    }

    #[test]
    fn data_are_feasible_and_differ() {
        let data = task("ehrlich").labelled(1).expect("every walk is allowed");
        let (low, high) = data.range();
        assert!(low >= 0.0 && high > 0.2 && high < 1.0, "{low} {high}");
        assert!(super::super::parse_list("ehrlich(motifs=9)", None).is_err());
    }
}
