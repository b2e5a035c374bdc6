//! Recalibrators in files, with the answers that they were fitted on.

use std::io::Write;
use std::path::Path;

use qualm_data::AtomicFile;
use qualm_stats::random::hash_bytes;
use serde::{Deserialize, Serialize};

use super::{Part, Recalibrator};
use crate::ConfidenceError;

const FORMAT: &str = "qualm-recalibrator";
const VERSION: u64 = 1;
/// Bytes that a file may have: a million fitted answers with the largest method take 100 MB.
const MOST_BYTES: u64 = 1 << 30;
/// What ids are hashed with.
const HASH_SEED: u64 = 0;

/// The answers that something was fitted on, as hashes of 64 bits of their ids: enough to notice
/// that they come again, too little to tell what they were.
///
/// ```
/// use qualm_confidence::recalibrate::FittedIds;
///
/// let fitted = FittedIds::of(["q1", "q2"]);
/// assert_eq!(fitted.shared_with(["q2", "q3"]), Some("q2"));
/// assert_eq!(fitted.shared_with(["q3"]), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct FittedIds {
    /// Ascending.
    hashes: Vec<u64>,
}

impl FittedIds {
    /// The hashes of `ids`.
    pub fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> FittedIds {
        let mut hashes: Vec<u64> = ids.into_iter().map(hash).collect();
        hashes.sort_unstable();
        FittedIds { hashes }
    }

    /// Whether `id` is one of them. Another id is taken for one of a million with a probability
    /// of 5e-14.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.hashes.binary_search(&hash(id)).is_ok()
    }

    /// The first of `ids` that is one of them.
    pub fn shared_with<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        ids.into_iter().find(|id| self.contains(id))
    }

    /// Refuses `ids` with one of them among them: what was fitted on an answer knows its outcome.
    ///
    /// # Errors
    /// When an id is shared.
    pub fn refuse<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Result<(), ConfidenceError> {
        let Some(first) = self.shared_with(ids.clone()) else {
            return Ok(());
        };
        let (mut rows, mut shared) = (0, 0);
        for id in ids {
            rows += 1;
            shared += u64::from(self.contains(id));
        }
        // What the reader of tables without ids calls their rows.
        let hint = if first.starts_with("line ") {
            "; name the column of ids with --columns id=NAME if these are others"
        } else {
            ""
        };
        Err(ConfidenceError::Values(format!(
            "{shared} of {rows} rows were fitted on, '{first}' the first of them, and would look \
             better than new ones; leave them out{hint}"
        )))
    }
}

fn hash(id: &str) -> u64 {
    hash_bytes(HASH_SEED, id.as_bytes())
}

impl TryFrom<Vec<String>> for FittedIds {
    type Error = String;

    fn try_from(texts: Vec<String>) -> Result<FittedIds, String> {
        let parse = |text: &String| {
            u64::from_str_radix(text, 16)
                .map_err(|_| format!("`{text}` is no hash of 16 hexadecimal digits"))
        };
        let mut hashes: Vec<u64> = texts.iter().map(parse).collect::<Result<_, _>>()?;
        hashes.sort_unstable();
        Ok(FittedIds { hashes })
    }
}

impl From<FittedIds> for Vec<String> {
    fn from(ids: FittedIds) -> Vec<String> {
        ids.hashes
            .iter()
            .map(|hash| format!("{hash:016x}"))
            .collect()
    }
}

/// A recalibrator and what it was made from, as a file holds it.
///
/// ```
/// use qualm_confidence::recalibrate::{Answers, FittedIds, Method, Recalibrator, Saved};
///
/// let method = Method::Platt;
/// let answers = Answers::new(&[0.9, 0.8, 0.1], &[true, false, false])?;
/// let fitted = method.fit_confidence(&answers)?.recalibrator;
/// let saved = Saved {
///     method: method.to_string(),
///     part: "verbal_number".parse()?,
///     rows: 3,
///     ids: FittedIds::of(["a", "b", "c"]),
///     recalibrator: Recalibrator::Confidence(fitted),
/// };
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("platt.json");
/// saved.save(&path)?;
/// assert_eq!(Saved::load(&path)?, saved);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// The method, as text with its parameters.
    pub method: String,
    /// What was fitted; of nothing else does the function say anything.
    pub part: Part,
    /// Number of answers that were fitted.
    pub rows: u64,
    /// Their ids.
    pub ids: FittedIds,
    /// The function.
    pub recalibrator: Recalibrator,
}

/// The first look at a file: what it is.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u64,
}

/// The whole file.
#[derive(Serialize)]
struct Whole<'a> {
    format: &'static str,
    version: u64,
    #[serde(flatten)]
    saved: &'a Saved,
}

impl Saved {
    /// Writes it as JSON.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), ConfidenceError> {
        let whole = Whole {
            format: FORMAT,
            version: VERSION,
            saved: self,
        };
        let mut text = serde_json::to_string(&whole)
            .map_err(|error| ConfidenceError::file(path, error.to_string()))?;
        text.push('\n');
        AtomicFile::save(path, |file| file.write_all(text.as_bytes()))?;
        Ok(())
    }

    /// Reads a file that [`Saved::save`] wrote, or that somebody says it did: every number is
    /// checked.
    ///
    /// # Errors
    /// When the file cannot be read, is something else, of a later version, or holds numbers that
    /// no fit gives.
    pub fn load(path: &Path) -> Result<Saved, ConfidenceError> {
        let fail = |reason: String| ConfidenceError::file(path, reason);
        let size = std::fs::metadata(path)
            .map_err(|error| fail(format!("open failed: {error}")))?
            .len();
        if size > MOST_BYTES {
            return Err(fail(format!(
                "{size} bytes are more than a recalibrator has; give a file of confidence fit"
            )));
        }
        let bytes = std::fs::read(path).map_err(|error| fail(format!("read failed: {error}")))?;
        let header: Header = serde_json::from_slice(&bytes).map_err(|error| {
            fail(format!(
                "is no recalibrator ({error}); give a file that confidence fit wrote"
            ))
        })?;
        if header.format != FORMAT {
            return Err(fail(format!(
                "its format is `{}`, not `{FORMAT}`; give a file that confidence fit wrote",
                header.format
            )));
        }
        if header.version != VERSION {
            return Err(fail(format!(
                "is of version {}, and this program reads version {VERSION}; fit it anew",
                header.version
            )));
        }
        serde_json::from_slice(&bytes)
            .map_err(|error| fail(format!("is damaged ({error}); fit it anew")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use crate::recalibrate::{Answers, Method, Scores};
    use qualm_stats::Stream;

    fn saved(method: Method) -> Saved {
        let recalibrator = if method.takes_confidence() {
            let confidence = [0.1, 0.4, 0.4, 0.6, 0.7, 1.0 / 3.0];
            let correct = [false, true, false, true, true, false];
            let answers = Answers::new(&confidence, &correct).unwrap();
            Recalibrator::Confidence(method.fit_confidence(&answers).unwrap().recalibrator)
        } else {
            let scores = Scores::from_logits(vec![0.1, 1.0, 0.3, 0.7, 1.0 / 3.0, 0.0], 3).unwrap();
            Recalibrator::Classes(method.fit_classes(&scores, &[1, 2]).unwrap().recalibrator)
        };
        Saved {
            method: method.to_string(),
            part: match method.takes_confidence() {
                true => Part::Kind(Kind::PTrue),
                false => Part::Probs,
            },
            rows: 6,
            ids: FittedIds::of(["a", "b"]),
            recalibrator,
        }
    }

    #[test]
    fn every_method_comes_back_from_its_file_to_the_last_digit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        for method in Method::ALL {
            let saved = saved(method);
            saved.save(&path).unwrap();
            assert_eq!(Saved::load(&path).unwrap(), saved, "{method}");
        }
    }

    #[test]
    fn files_that_are_something_else_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        saved(Method::Platt).save(&path).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        let told = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let told = Saved::load(&path).unwrap_err().to_string();
            assert!(told.contains("r.json: "), "{told}");
            told
        };
        assert!(told("{}").contains("is no recalibrator"));
        assert!(told("").contains("is no recalibrator"));
        assert!(told(&whole.replace(FORMAT, "other")).contains("its format is `other`"));
        assert!(told(&whole.replace("\"version\":1", "\"version\":2")).contains("fit it anew"));
        assert!(told(&whole.replace("\"slope\":", "\"slope\":1e999,\"x\":")).contains("damaged"));
        assert!(told(&whole.replace("platt\",\"slope", "pla\",\"slope")).contains("damaged"));
        assert!(told(&whole[..whole.len() / 2]).contains("is no recalibrator"));
        assert!(Saved::load(&folder.path().join("none")).is_err());
    }

    #[test]
    fn shared_ids_are_refused_with_the_first() {
        let ids = FittedIds::of(["a", "b", "c"]);
        ids.refuse(["d", "e"]).unwrap();
        let told = ids.refuse(["d", "c", "a"]).unwrap_err().to_string();
        assert!(
            told.starts_with("2 of 3 rows were fitted on, 'c' the first"),
            "{told}"
        );
    }

    /// Whatever stands in a file, it is refused or gives probabilities.
    #[test]
    fn damaged_files_are_refused_or_harmless() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        let scores = Scores::from_logits(vec![0.0, -700.0, 3.0, 1e300, 2.0, -1e300], 3).unwrap();
        let confidence = [0.0, 1e-300, 0.2, 0.5, 1.0];
        let mut stream = Stream::new(3, 0);
        let mut read = 0;
        for method in Method::ALL {
            saved(method).save(&path).unwrap();
            let whole = std::fs::read(&path).unwrap();
            for _ in 0..300 {
                let mut damaged = whole.clone();
                for _ in 0..=stream.below(3) {
                    let place = stream.below(damaged.len());
                    damaged[place] = b"0123456789-.eE,[]{}\":nul"[stream.below(24)];
                }
                std::fs::write(&path, &damaged).unwrap();
                let probabilities = match Saved::load(&path).map(|saved| saved.recalibrator) {
                    Err(_) => continue,
                    Ok(Recalibrator::Confidence(fitted)) => fitted.apply(&confidence),
                    Ok(Recalibrator::Classes(fitted)) => fitted.apply(&scores),
                };
                read += 1;
                if let Ok(probabilities) = probabilities {
                    let inside = probabilities.iter().all(|p| (0.0..=1.0).contains(p));
                    let text = String::from_utf8_lossy(&damaged);
                    assert!(inside, "{text}: {probabilities:?}");
                }
            }
        }
        assert!(read > 100, "{read} files were read");
    }
}
