use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use qualm_stats::{Stream, spearman};

use super::Entry;
use super::global_epistasis::GlobalEpistasis;
use super::table_file::{fault, text};
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::space::{Space, Variable};
use crate::task::{Cut, Task};
use crate::truth::{Oracle, Truth};

pub(super) const ENTRY: Entry = Entry {
    word: "gfp",
    what: "brightness of a fluorescent protein by its amino acids; the truth is a curve of summed \
           effects, learned from the folder's gfp/avgfp.tsv.gz",
    parameters: "",
    parse: |words, folder| {
        let path = super::folder_of(words, folder)?.join("gfp/avgfp.tsv.gz");
        Ok(Box::new(Gfp::read(&path)?))
    },
};

/// A letter is part of the space when so many variants have it at its place.
const COMMON: usize = 10;
/// Designs in so many are held back to say how good the oracle is.
const HELD_BACK: usize = 10;

/// Brightness of green fluorescent protein (Sarkisyan et al., Nature 2016), as the log10 of the
/// measured light.
///
/// A design chooses a letter for each place that was ever changed: the wild type's or one that
/// stands there in at least ten measured variants. Variants with a rarer letter or with a stop are
/// left out. Labels are measurements. The truth of a design cannot be: nearly none that a search
/// proposes was measured; it is a sigmoid of summed effects, fitted to nine tenths of
/// the variants, which knows nothing of pairs and saturates at its brightest. Labels between the 50th
/// and the 60th percentile are visible, at most 5,000 of them, as in Design-Bench.
#[derive(Debug)]
pub struct Gfp {
    space: Space,
    labelled: Labelled,
    left_out: usize,
    /// The first weight of each place.
    firsts: Vec<usize>,
    oracle: GlobalEpistasis,
    rank: Option<f64>,
}

/// A variant's changes: place and new letter.
type Changes = Vec<(usize, char)>;

impl Gfp {
    /// Reads a table of variants, between tabs, gzipped where its name ends in `.gz`, and fits the
    /// oracle.
    ///
    /// # Errors
    /// When it cannot be read, a variant is none, or one stands there twice with two scores.
    pub fn read(path: &Path) -> Result<Self, ProxyError> {
        let Variants {
            wild,
            variants,
            scores,
        } = read_variants(path)?;
        let mut counts: HashMap<(usize, char), usize> = HashMap::new();
        for change in variants.iter().flatten() {
            *counts.entry(*change).or_default() += 1;
        }
        // Letters of each place, the wild type's first.
        let mut letters: BTreeMap<usize, Vec<char>> = BTreeMap::new();
        let mut common: Vec<&(usize, char)> =
            counts.keys().filter(|key| counts[*key] >= COMMON).collect();
        common.sort_unstable();
        for &&(place, letter) in common.iter().filter(|change| change.1 != '*') {
            letters
                .entry(place)
                .or_insert_with(|| vec![wild[&place]])
                .push(letter);
        }
        if letters.is_empty() {
            return Err(fault(
                path,
                format!("no change stands in {COMMON} variants or more"),
            ));
        }
        let (mut designs, mut labels) = (Vec::new(), Vec::new());
        for (changes, score) in variants.iter().zip(&scores) {
            if let Some(design) = design_of(&letters, changes) {
                designs.extend(design);
                labels.push(*score);
            }
        }
        let left_out = variants.len() - labels.len();
        let designs = Designs::new(designs, letters.len());
        let labelled = Labelled::new(ENTRY.word, designs, labels, Merge::Refuse)?;
        let mut weights = 0;
        let firsts: Vec<usize> = letters
            .values()
            .map(|letters| {
                let first = weights;
                weights += letters.len() - 1;
                first
            })
            .collect();
        let variable = |(place, letters): (&usize, &Vec<char>)| Variable::Category {
            name: format!("place {place}"),
            levels: letters.iter().map(char::to_string).collect(),
        };
        let space = Space::new(letters.iter().map(variable).collect());
        let (oracle, rank) = fit(&labelled, &firsts, weights);
        Ok(Self {
            space,
            labelled,
            left_out,
            firsts,
            oracle,
            rank,
        })
    }

    /// Variants that are no design of the space.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Rank correlation of the oracle with measurements that it has not seen.
    pub fn rank(&self) -> Option<f64> {
        self.rank
    }
}

/// What a table says.
struct Variants {
    /// The wild type's letter at each place that is changed somewhere.
    wild: HashMap<usize, char>,
    variants: Vec<Changes>,
    scores: Vec<f64>,
}

fn read_variants(path: &Path) -> Result<Variants, ProxyError> {
    let text = text(path)?;
    let mut wild = HashMap::new();
    let (mut variants, mut scores) = (Vec::new(), Vec::new());
    for (at, line) in text.lines().enumerate().skip(1) {
        let wrong = |problem: &str| fault(path, format!("line {}: {problem}", at + 1));
        let mut cells = line.split('\t');
        let names = cells.next().unwrap_or_default();
        let score = cells.nth(1).and_then(|cell| cell.parse().ok());
        let score = score.filter(|score: &f64| score.is_finite());
        scores.push(score.ok_or_else(|| wrong("the third cell is no score"))?);
        let mut changes = Changes::new();
        for name in names.split(',') {
            let (from, place, to) = change_of(name)
                .ok_or_else(|| wrong(&format!("`{name}` is no change such as A108D")))?;
            if *wild.entry(place).or_insert(from) != from {
                return Err(wrong(&format!(
                    "`{name}` names another wild type than before"
                )));
            }
            changes.push((place, to));
        }
        variants.push(changes);
    }
    match variants.is_empty() {
        true => Err(fault(path, "it has a header and no variants")),
        false => Ok(Variants {
            wild,
            variants,
            scores,
        }),
    }
}

/// A, 108 and D of `A108D`.
fn change_of(name: &str) -> Option<(char, usize, char)> {
    let mut letters = name.chars();
    let (from, to) = (letters.next()?, letters.next_back()?);
    let is_letter = |c: char| c.is_ascii_uppercase() || c == '*';
    let place = letters.as_str().parse().ok()?;
    (is_letter(from) && is_letter(to)).then_some((from, place, to))
}

/// Levels of each place, where every change has one.
fn design_of(letters: &BTreeMap<usize, Vec<char>>, changes: &Changes) -> Option<Vec<f64>> {
    let mut design = vec![0.0; letters.len()];
    for (place, letter) in changes {
        let known = letters.get(place)?;
        let level = known.iter().position(|known| known == letter)?;
        let at = letters.range(..place).count();
        design[at] = level as f64;
    }
    Some(design)
}

/// The weights that a design has: none where it is the wild type.
fn weights_of<'a>(firsts: &'a [usize], design: &'a [f64]) -> impl Iterator<Item = usize> + 'a {
    firsts
        .iter()
        .zip(design)
        .filter(|(_, level)| **level > 0.0)
        .map(|(first, level)| first + *level as usize - 1)
}

/// A model of all but a tenth of the designs, with its rank correlation on that tenth.
fn fit(all: &Labelled, firsts: &[usize], weights: usize) -> (GlobalEpistasis, Option<f64>) {
    let mut places: Vec<usize> = (0..all.labels().len()).collect();
    Stream::new(0, 0).shuffle(&mut places);
    let (held, known) = places.split_at(places.len() / HELD_BACK);
    let labels =
        |places: &[usize]| -> Vec<f64> { places.iter().map(|&at| all.labels()[at]).collect() };
    let rows: Vec<Vec<usize>> = known
        .iter()
        .map(|&at| weights_of(firsts, all.designs().row(at)).collect())
        .collect();
    let model = GlobalEpistasis::fit(weights, &rows, &labels(known));
    let said: Vec<f64> = held
        .iter()
        .map(|&at| model.value(weights_of(firsts, all.designs().row(at))))
        .collect();
    let rank = spearman(&said, &labels(held)).ok();
    (model, rank)
}

impl Task for Gfp {
    fn name(&self) -> &str {
        ENTRY.word
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn oracle(&self) -> Oracle {
        let rank = self
            .rank
            .map_or("unknown".into(), |rank| format!("{rank:.3}"));
        Oracle::Learned(format!(
            "oracle, not truth: a sigmoid of summed effects with rank correlation {rank} on labels \
             unseen"
        ))
    }

    fn labelled(&self, _seed: u64) -> Result<Labelled, ProxyError> {
        Ok(self.labelled.clone())
    }

    fn cut(&self) -> Cut {
        Cut {
            from: 50.0,
            to: 60.0,
            at_most: Some(5_000),
        }
    }

    fn evaluate(&self, designs: &Designs) -> Result<Vec<Truth>, ProxyError> {
        Ok(designs
            .iter()
            .map(|design| Truth::of(self.oracle.value(weights_of(&self.firsts, design))))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::table_file::gzipped;
    use super::*;

    #[test]
    fn a_variant_is_a_design_and_rare_letters_are_left_out() {
        // Twelve letters at each of two places, in all combinations; two rare variants.
        let letters = "CDEFGHIKLMNP";
        let mut text = "variant\tn\tscore\tnorm\n".to_owned();
        for (at, letter) in letters.chars().enumerate() {
            for (other, second) in letters.chars().enumerate() {
                let score = 1.0 + (at + other) as f64 / 10.0;
                text += &format!("A1{letter},A5{second}\t2\t{score}\t0\n");
            }
        }
        text += "A1C,D9E\t2\t1\t0\nA1C,K3*\t2\t1\t0\n";
        let task = Gfp::read(gzipped(&text).path()).expect("variants differ");
        assert_eq!((task.space().width(), task.left_out()), (2, 2));
        assert_eq!(task.space().variables()[1].name(), "place 5");
        let all = task.labelled(0).expect("it was read");
        assert_eq!(
            (all.designs().row(0), all.labels()[0]),
            (&[1.0, 1.0][..], 1.0)
        );
        assert_eq!(all.designs().row(13), [2.0, 2.0]);
        // Both effects add up: the oracle ranks them.
        assert!(task.rank().expect("scores differ") > 0.95);
        let truth = task.evaluate(&Designs::new(vec![1.0, 1.0, 12.0, 12.0], 2));
        let truth = truth.expect("a model does not fail");
        match truth[..] {
            [Truth::Value(dim), Truth::Value(bright)] => assert!(dim < bright),
            _ => panic!("{truth:?}"),
        }
    }

    #[test]
    fn bad_lines_are_named() {
        let said = |line: &str| {
            let text = format!("variant\tn\tscore\tnorm\nA1C\t1\t2.0\t0\n{line}\n");
            Gfp::read(gzipped(&text).path()).unwrap_err().to_string()
        };
        assert!(said("A1C\t1\tbright\t0").contains("line 3: the third cell is no score"));
        assert!(said("AC\t1\t1.0\t0").contains("line 3: `AC` is no change"));
        assert!(said("D1C\t1\t1.0\t0").contains("`D1C` names another wild type"));
        assert!(said("A2C\t1\t1.0\t0").contains("no change stands in 10 variants"));
        assert_eq!(change_of("A108D"), Some(('A', 108, 'D')));
        assert_eq!(change_of("A"), None);
    }
}
