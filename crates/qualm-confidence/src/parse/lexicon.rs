//! What phrases mean in numbers, by whom.

use std::path::Path;

use super::tables;
use crate::ConfidenceError;

/// A phrase with what it means: a value and the interval around it, from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The phrase as its origin writes it.
    pub phrase: String,
    /// The median of what people meant, or the middle of an official interval.
    pub value: f64,
    /// The low end.
    pub lo: f64,
    /// The high end.
    pub hi: f64,
}

/// Phrases with their intervals, by name.
///
/// Lexicons disagree ("likely" is 0.66 to 1 to the IPCC and 0.55 to 0.75 in the United Kingdom),
/// so that a word means nothing without one.
///
/// ```
/// use qualm_confidence::parse::Lexicon;
///
/// let ipcc = Lexicon::named("ipcc").unwrap();
/// let likely = ipcc.get("likely").unwrap();
/// assert_eq!((likely.lo, likely.hi), (0.66, 1.0));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Lexicon {
    name: String,
    entries: Vec<Entry>,
    aligned: bool,
}

impl Lexicon {
    /// The names that [`Lexicon::named`] knows, the default first.
    pub const NAMES: [&'static str; 8] = [
        "everyday",
        "capphrase",
        "probly",
        "ipcc",
        "us",
        "uk",
        "nato",
        "efsa",
    ];

    /// One of [`Lexicon::NAMES`]:
    /// - `capphrase`: median and 5 % to 95 % quantiles of what 5,174 people said of 19 phrases
    ///   (CAPphrase, Kucharski 2026, DOI 10.5281/zenodo.18750055, CC BY 4.0);
    /// - `probly`: the same of 46 people and 17 phrases (zonination/perceptions, MIT);
    /// - `ipcc`, `us`, `uk`, `nato`, `efsa`: official scales as transcribed in CAPphrase; the value
    ///   is the middle of the interval;
    /// - `everyday`: `capphrase`, four phrases of `probly` that it lacks, and hedges of everyday
    ///   language ("I think", "fairly sure") that this crate sets equal to one of these phrases.
    ///   Which one is our judgement; the interval is what people said of that phrase.
    pub fn named(name: &str) -> Result<Lexicon, ConfidenceError> {
        let lexicon = |rows: Vec<tables::Row>, aligned| Lexicon {
            name: name.to_owned(),
            entries: rows.into_iter().map(entry).collect(),
            aligned,
        };
        Ok(match name {
            "everyday" => {
                let mut rows = tables::CAPPHRASE.to_vec();
                rows.extend(tables::PROBLY.iter().filter(|row| {
                    matches!(
                        row.0,
                        "Probably" | "Probably Not" | "We Believe" | "We Doubt"
                    )
                }));
                lexicon(rows, true)
            }
            "capphrase" => lexicon(tables::CAPPHRASE.to_vec(), false),
            "probly" => lexicon(tables::PROBLY.to_vec(), false),
            "ipcc" => lexicon(middles(tables::IPCC), false),
            "us" => lexicon(middles(tables::US), false),
            "uk" => lexicon(middles(tables::UK), false),
            "nato" => lexicon(middles(tables::NATO), false),
            "efsa" => lexicon(middles(tables::EFSA), false),
            _ => {
                return Err(ConfidenceError::Values(format!(
                    "no lexicon is called {name}; there are {}, or name a .csv file with the \
                     columns phrase, value, lo and hi",
                    Lexicon::NAMES.join(", ")
                )));
            }
        })
    }

    /// The lexicon in a CSV file, called after the file.
    ///
    /// Its columns go by name: `phrase`, and `value`, `lo` and `hi` from 0 to 1, or `value_percent`,
    /// `lo_percent` and `hi_percent`. Without a value it is the middle of the interval; without an
    /// interval, the interval is the value.
    pub fn open(path: impl AsRef<Path>) -> Result<Lexicon, ConfidenceError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfidenceError::file(path, format!("read failed: {error}")))?;
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let header = reader
            .headers()
            .map_err(|error| ConfidenceError::file(path, format!("is no CSV: {error}")))?
            .clone();
        let column = |name: &str| header.iter().position(|found| found == name);
        let number = |name: &str| {
            column(name)
                .map(|at| (at, 1.0))
                .or_else(|| column(&format!("{name}_percent")).map(|at| (at, 100.0)))
        };
        let Some(phrase) = column("phrase") else {
            return Err(ConfidenceError::file(
                path,
                "has no column phrase; name the columns phrase, value, lo and hi in its first line",
            ));
        };
        let columns = [number("value"), number("lo"), number("hi")];
        let mut entries: Vec<Entry> = Vec::new();
        for record in reader.records() {
            let record = record
                .map_err(|error| ConfidenceError::file(path, format!("is no CSV: {error}")))?;
            let line = record.position().map_or(0, csv::Position::line);
            let refuse = |reason: String| ConfidenceError::line(path, line, reason);
            let mut numbers = [None; 3];
            for (number, column) in numbers.iter_mut().zip(columns) {
                let Some((at, unit)) = column else { continue };
                *number = share(record.get(at).unwrap_or(""), unit).map_err(refuse)?;
            }
            let entry = whole(record.get(phrase).unwrap_or(""), numbers).map_err(refuse)?;
            if entries
                .iter()
                .any(|e| e.phrase.eq_ignore_ascii_case(&entry.phrase))
            {
                return Err(refuse(format!("{} is there twice", entry.phrase)));
            }
            entries.push(entry);
        }
        if entries.is_empty() {
            return Err(ConfidenceError::file(path, "holds no phrases"));
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(Lexicon {
            name: name.into_owned(),
            entries,
            aligned: false,
        })
    }

    /// What results call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its phrases.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of a phrase, whatever its capitals.
    #[must_use]
    pub fn get(&self, phrase: &str) -> Option<&Entry> {
        self.position(phrase).map(|at| &self.entries[at])
    }

    pub(super) fn position(&self, phrase: &str) -> Option<usize> {
        self.entries
            .iter()
            .position(|entry| entry.phrase.eq_ignore_ascii_case(phrase))
    }

    /// Whether everyday hedges count as the phrases that they are set equal to.
    pub(super) fn aligned(&self) -> bool {
        self.aligned
    }
}

impl Default for Lexicon {
    fn default() -> Lexicon {
        let everyday = Lexicon::named("everyday");
        everyday.unwrap_or(Lexicon {
            name: "none".to_owned(),
            entries: Vec::new(),
            aligned: false,
        })
    }
}

fn entry((phrase, value, lo, hi): tables::Row) -> Entry {
    Entry {
        phrase: phrase.to_owned(),
        value: value / 100.0,
        lo: lo / 100.0,
        hi: hi / 100.0,
    }
}

fn middles(rows: &[tables::Interval]) -> Vec<tables::Row> {
    rows.iter()
        .map(|&(phrase, lo, hi)| (phrase, (lo + hi) / 2.0, lo, hi))
        .collect()
}

/// A number in a cell as a share of `unit`; an empty cell is none.
fn share(cell: &str, unit: f64) -> Result<Option<f64>, String> {
    if cell.is_empty() {
        return Ok(None);
    }
    let number: f64 = cell
        .parse()
        .map_err(|_| format!("{cell:?} is no number; write a share as 0.85"))?;
    if !(0.0..=unit).contains(&number) {
        return Err(format!(
            "{cell} is not from 0 to {unit}; columns in percent are called value_percent, \
             lo_percent and hi_percent"
        ));
    }
    Ok(Some(number / unit))
}

fn whole(phrase: &str, numbers: [Option<f64>; 3]) -> Result<Entry, String> {
    if !phrase.chars().any(char::is_alphabetic) {
        return Err("has no phrase in words".to_owned());
    }
    let [value, lo, hi] = numbers;
    let (value, lo, hi) = match (value, lo, hi) {
        (Some(value), None, None) => (value, value, value),
        (Some(value), Some(lo), Some(hi)) => (value, lo, hi),
        (None, Some(lo), Some(hi)) => ((lo + hi) / 2.0, lo, hi),
        _ => {
            return Err(format!(
                "{phrase} needs a value, or lo and hi, or all three"
            ));
        }
    };
    if lo > value || value > hi {
        return Err(format!("{phrase} has a value outside its lo and hi"));
    }
    Ok(Entry {
        phrase: phrase.to_owned(),
        value,
        lo,
        hi,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_are_lexicons() {
        for name in Lexicon::NAMES {
            let lexicon = Lexicon::named(name).unwrap();
            assert_eq!(lexicon.name(), name);
            for entry in lexicon.entries() {
                assert!(
                    entry.lo <= entry.value && entry.value <= entry.hi,
                    "{entry:?}"
                );
            }
        }
        let error = Lexicon::named("imf").unwrap_err().to_string();
        assert!(error.contains("capphrase"), "{error}");
    }

    fn opened(text: &str) -> Result<Lexicon, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ours.csv");
        std::fs::write(&path, text).unwrap();
        Lexicon::open(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_says_its_units_in_its_header() {
        let lexicon = opened("phrase,value,lo,hi\nDead cert,.98,.9,1\nCoin flip,0.5,,\n").unwrap();
        assert_eq!(lexicon.name(), "ours");
        assert_eq!(lexicon.get("dead cert").unwrap().lo, 0.9);
        assert_eq!(lexicon.get("coin flip").unwrap().hi, 0.5);
        let lexicon = opened("phrase,lo_percent,hi_percent\nodds on,60,90\n").unwrap();
        assert_eq!(lexicon.get("odds on").unwrap().value, 0.75);
    }

    #[test]
    fn a_bad_line_is_named() {
        for (text, said) in [
            ("phrase,value\nlikely,75\n", "line 2: 75 is not from 0 to 1"),
            ("phrase,value\nlikely,\n", "line 2: likely needs a value"),
            (
                "phrase,value\nlikely,high\n",
                "line 2: \"high\" is no number",
            ),
            ("phrase,value\nlikely,nan\n", "line 2: nan is not from"),
            ("phrase,value\nx,.1\nX,.2\n", "line 3: X is there twice"),
            (
                "phrase,value,lo,hi\nx,.1,.2,.3\n",
                "line 2: x has a value outside",
            ),
            ("words,value\nlikely,.7\n", "has no column phrase"),
            ("phrase,value\n", "holds no phrases"),
        ] {
            let error = opened(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
