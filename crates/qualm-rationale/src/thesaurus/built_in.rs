use crate::thesaurus::Thesaurus;

/// A few hundred common words, so that everything works without a file. WordNet knows more.
///
/// ```
/// use qualm_rationale::thesaurus::{BuiltIn, Thesaurus};
/// assert_eq!(BuiltIn.synonyms("awful"), ["terrible", "horrible", "dreadful"]);
/// assert_eq!(BuiltIn.antonym("won").as_deref(), Some("lost"));
/// assert!(BuiltIn.synonyms("xylophone").is_empty());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn;

/// Words of like meaning.
const GROUPS: [&[&str]; 60] = [
    &["awful", "terrible", "horrible", "dreadful"],
    &["bad", "poor", "lousy"],
    &["good", "fine", "decent"],
    &["great", "excellent", "superb", "terrific"],
    &["wonderful", "marvellous", "fantastic"],
    &["lovely", "delightful", "charming"],
    &["beautiful", "gorgeous", "pretty"],
    &["ugly", "hideous", "unsightly"],
    &["boring", "dull", "tedious"],
    &["exciting", "thrilling", "gripping"],
    &["funny", "amusing", "hilarious"],
    &["sad", "unhappy", "sorrowful"],
    &["happy", "glad", "cheerful", "pleased"],
    &["angry", "mad", "furious"],
    &["love", "adore", "cherish"],
    &["like", "enjoy", "fancy"],
    &["hate", "detest", "loathe"],
    &["dislike", "disfavour"],
    &["fun", "enjoyable", "entertaining"],
    &["nice", "pleasant", "agreeable"],
    &["nasty", "unpleasant", "foul"],
    &["stupid", "foolish", "silly"],
    &["clever", "smart", "bright"],
    &["brilliant", "dazzling", "splendid"],
    &["perfect", "flawless", "faultless"],
    &["broken", "damaged", "ruined"],
    &["best", "finest"],
    &["worst", "poorest"],
    &["disappointing", "unsatisfying"],
    &["tired", "weary", "exhausted"],
    &["sick", "ill", "unwell"],
    &["big", "large", "huge"],
    &["small", "little", "tiny"],
    &["fast", "quick", "rapid"],
    &["slow", "sluggish"],
    &["easy", "simple", "effortless"],
    &["hard", "difficult", "tough"],
    &["new", "recent", "fresh"],
    &["old", "aged", "ancient"],
    &["cheap", "inexpensive"],
    &["expensive", "costly", "dear"],
    &["clean", "spotless", "tidy"],
    &["dirty", "filthy", "grimy"],
    &["film", "movie", "picture"],
    &["story", "tale", "plot"],
    &["actor", "performer", "player"],
    &["begin", "start", "commence"],
    &["end", "finish", "conclude"],
    &["help", "aid", "assist"],
    &["friend", "pal", "buddy"],
    &["house", "home", "dwelling"],
    &["job", "work", "employment"],
    &["money", "cash", "funds"],
    &["thanks", "gratitude"],
    &["interesting", "engaging", "absorbing"],
    &["strange", "odd", "peculiar"],
    &["true", "real", "genuine"],
    &["false", "untrue", "wrong"],
    &["rude", "impolite", "discourteous"],
    &["friendly", "amiable", "kind"],
];

/// Words of opposite meaning.
const OPPOSITES: [(&str, &str); 64] = [
    ("good", "bad"),
    ("great", "terrible"),
    ("best", "worst"),
    ("better", "worse"),
    ("happy", "sad"),
    ("love", "hate"),
    ("like", "dislike"),
    ("beautiful", "ugly"),
    ("wonderful", "awful"),
    ("excellent", "poor"),
    ("exciting", "boring"),
    ("easy", "difficult"),
    ("fast", "slow"),
    ("big", "small"),
    ("large", "tiny"),
    ("high", "low"),
    ("new", "old"),
    ("young", "elderly"),
    ("first", "last"),
    ("early", "late"),
    ("hot", "cold"),
    ("warm", "cool"),
    ("light", "dark"),
    ("clean", "dirty"),
    ("cheap", "expensive"),
    ("rich", "broke"),
    ("strong", "weak"),
    ("safe", "dangerous"),
    ("true", "false"),
    ("right", "wrong"),
    ("open", "closed"),
    ("full", "empty"),
    ("alive", "dead"),
    ("born", "died"),
    ("win", "lose"),
    ("won", "lost"),
    ("begin", "end"),
    ("began", "ended"),
    ("start", "stop"),
    ("started", "stopped"),
    ("buy", "sell"),
    ("give", "take"),
    ("gave", "took"),
    ("arrive", "leave"),
    ("arrived", "left"),
    ("remember", "forget"),
    ("accept", "reject"),
    ("include", "exclude"),
    ("includes", "excludes"),
    ("increase", "decrease"),
    ("success", "failure"),
    ("successful", "unsuccessful"),
    ("friend", "enemy"),
    ("husband", "wife"),
    ("man", "woman"),
    ("father", "mother"),
    ("son", "daughter"),
    ("brother", "sister"),
    ("king", "queen"),
    ("actor", "actress"),
    ("north", "south"),
    ("east", "west"),
    ("always", "never"),
    ("more", "less"),
];

impl Thesaurus for BuiltIn {
    fn synonyms(&self, word: &str) -> Vec<String> {
        let group = GROUPS.iter().find(|group| group.contains(&word));
        let others = group.into_iter().flat_map(|group| group.iter());
        let others = others.filter(|other| **other != word);
        others.map(|other| (*other).to_owned()).collect()
    }

    fn antonym(&self, word: &str) -> Option<String> {
        let pair = OPPOSITES.iter().find(|(a, b)| *a == word || *b == word);
        pair.map(|(a, b)| if *a == word { *b } else { *a }.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_word_stands_twice() {
        let mut seen = HashSet::new();
        assert!(
            GROUPS
                .iter()
                .flat_map(|g| g.iter())
                .all(|word| seen.insert(word))
        );
        let mut seen = HashSet::new();
        assert!(
            OPPOSITES
                .iter()
                .all(|(a, b)| seen.insert(a) && seen.insert(b))
        );
    }
}
