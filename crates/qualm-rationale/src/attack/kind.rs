use qualm_stats::Stream;

use crate::RationaleError;
use crate::attack::asked::Asked;
use crate::attack::sentences::{self, Gazetteer, Insertion};
use crate::attack::{Attacked, Outcome, words};
use crate::data::{Dataset, Example};
use crate::model::{Vocabulary, sentences_of};
use crate::thesaurus::{BuiltIn, Thesaurus};

/// Attacks by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// Ten random words as a sentence.
    AddRandom,
    /// A neutral sentence.
    AddCorpus,
    /// A sentence of the opposite sentiment about another thing.
    AddTemplate,
    /// The query turned round as a sentence.
    AddQuery,
    /// The same, denied besides.
    AddQueryStrong,
    /// Letters changed in important words.
    DeepWordBug,
    /// The same with every letter tried, without a draw.
    DeepWordBugAll,
    /// A typo in one word.
    Pruthi,
    /// Synonyms by weighted saliency, as in the paper.
    Pwws,
    /// The same as TextAttack has it.
    PwwsTextAttack,
    /// Synonyms of important words.
    Synonyms,
    /// Names, places, numbers and short forms exchanged.
    Checklist,
    /// Words left out while the class stays.
    Reduction,
}

/// What attacks draw on.
pub struct Supplies {
    /// Words for sentences of random words.
    pub vocabulary: Vec<String>,
    /// Sentences that say nothing of the class.
    pub neutral: Vec<String>,
    /// Others of that kind, for training with inserted sentences: an attack with the very sentences
    /// that a model was taught to leave alone would show nothing.
    pub taught: Vec<String>,
    /// Names for exchanged ones.
    pub names: Gazetteer,
    /// Synonyms and antonyms.
    pub thesaurus: Box<dyn Thesaurus>,
    /// Number of the class that speaks well, for templates; the other one speaks ill.
    pub good: usize,
    /// Distinct texts that a victim is asked about for one example, that as it was among them, at
    /// most; what was found up to there counts.
    pub budget: usize,
}

impl Supplies {
    /// Words and names of the data that a model was trained on; the neutral sentences and the
    /// thesaurus that are built in; the good class by its name, or else the second; as many queries
    /// as it takes.
    pub fn of(training: &Dataset) -> Self {
        const MOST_WORDS: usize = 5000;
        let texts = training
            .examples
            .iter()
            .map(|example| example.text.as_str());
        let words = Vocabulary::of(texts, 2, MOST_WORDS);
        let words = words
            .words()
            .iter()
            .filter(|word| crate::segment::is_word(word));
        let mut supplies = Self {
            vocabulary: words.cloned().collect(),
            neutral: Vec::new(),
            taught: Vec::new(),
            names: Gazetteer::of(training),
            thesaurus: Box::new(BuiltIn),
            good: good_class(training).unwrap_or(1),
            budget: usize::MAX,
        };
        supplies.set_neutral(sentences_of(sentences::NEUTRAL.into_iter()));
        supplies
    }

    /// Takes every second sentence for attacks and the others for training; a single one is for
    /// attacks.
    pub fn set_neutral(&mut self, pool: Vec<String>) {
        self.neutral = pool.iter().step_by(2).cloned().collect();
        self.taught = pool.into_iter().skip(1).step_by(2).collect();
    }
}

impl Attack {
    /// All attacks with their names and what each does.
    pub const ALL: [(Self, &'static str, &'static str); 13] = [
        (
            Self::AddRandom,
            "add-rand",
            "adds a sentence of ten random words",
        ),
        (
            Self::AddCorpus,
            "add-corpus",
            "adds a sentence that says nothing of the class",
        ),
        (
            Self::AddTemplate,
            "add-template",
            "adds a sentence of the opposite sentiment about another thing",
        ),
        (
            Self::AddQuery,
            "add-query",
            "adds the query with names and meanings exchanged",
        ),
        (
            Self::AddQueryStrong,
            "add-query-strong",
            "the same, denied besides",
        ),
        (
            Self::DeepWordBug,
            "deepwordbug",
            "swaps, substitutes, deletes, inserts a letter of important words",
        ),
        (
            Self::DeepWordBugAll,
            "deepwordbug-all",
            "the same, every letter tried and none drawn",
        ),
        (Self::Pruthi, "pruthi", "one typo in one word"),
        (
            Self::Pwws,
            "pwws",
            "synonyms by weighted saliency, as in the paper",
        ),
        (
            Self::PwwsTextAttack,
            "pwws-textattack",
            "the same as TextAttack has it",
        ),
        (Self::Synonyms, "synonyms", "synonyms of important words"),
        (
            Self::Checklist,
            "checklist",
            "exchanges names, places, numbers and short forms",
        ),
        (
            Self::Reduction,
            "reduction",
            "leaves words out while the class stays; shows what it hangs on",
        ),
    ];

    /// The attack of this name.
    ///
    /// # Errors
    /// [`RationaleError::Unknown`] with the names there are.
    pub fn parse(name: &str) -> Result<Self, RationaleError> {
        let found = Self::ALL.iter().find(|(_, known, _)| *known == name.trim());
        found.map(|(attack, ..)| *attack).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|(_, name, _)| *name).collect();
            RationaleError::Unknown {
                what: "attack",
                word: name.trim().to_owned(),
                known: known.join(", "),
            }
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(attack, ..)| *attack == self)
            .map_or("", |(_, name, _)| name)
    }

    /// Whether it adds a sentence and leaves all words as they are.
    pub fn adds_a_sentence(self) -> bool {
        matches!(
            self,
            Self::AddRandom
                | Self::AddCorpus
                | Self::AddTemplate
                | Self::AddQuery
                | Self::AddQueryStrong
        )
    }

    /// Whether it means anything for such data: templates need bad and good, queries a query.
    pub fn suits(self, set: &Dataset) -> bool {
        match self {
            Self::AddTemplate => good_class(set).is_some(),
            Self::AddQuery | Self::AddQueryStrong => {
                set.examples.iter().any(|example| example.query.is_some())
            }
            _ => true,
        }
    }

    /// The sentences that it adds, and where; none for attacks on words.
    pub fn insertions(
        self,
        example: &Example,
        supplies: &Supplies,
        stream: &mut Stream,
    ) -> Vec<Insertion> {
        let turned = |strong, stream: &mut Stream| {
            let query = example.query.as_deref();
            query.map_or_else(Vec::new, |query| {
                let sentences = crate::segment::sentences(&example.text).len();
                let names = &supplies.names;
                let thesaurus = supplies.thesaurus.as_ref();
                sentences::add_query(query, sentences, names, thesaurus, strong, stream)
            })
        };
        match self {
            Self::AddRandom => sentences::add_random(&supplies.vocabulary, stream),
            Self::AddCorpus => sentences::add_corpus(&supplies.neutral, stream),
            Self::AddTemplate => sentences::add_template(example.label == supplies.good),
            Self::AddQuery => turned(false, stream),
            Self::AddQueryStrong => turned(true, stream),
            _ => Vec::new(),
        }
    }

    /// Attacks one example; of several sentences or places the worst counts.
    ///
    /// # Errors
    /// When the victim does not answer.
    pub fn run(
        self,
        victim: &dyn crate::Victim,
        example: &Example,
        supplies: &Supplies,
        stream: &mut Stream,
    ) -> Result<Attacked, RationaleError> {
        // Without the text as it was there is nothing to compare with.
        let mut asked = Asked::new(victim, example, supplies.budget.max(1));
        if self.adds_a_sentence() {
            let insertions = self.insertions(example, supplies, stream);
            return sentences::worst_within(&mut asked, example, &insertions);
        }
        if !asked
            .ask_one(&example.text)?
            .is_some_and(|answer| answer.right)
        {
            return Ok(Attacked::untouched(
                example,
                Outcome::Skipped,
                asked.queries(),
            ));
        }
        let mut draft = words::Draft::new(example);
        let thesaurus = supplies.thesaurus.as_ref();
        let (asked, draft) = (&mut asked, &mut draft);
        let outcome = match self {
            Self::DeepWordBug => words::deepwordbug(asked, draft, Some(stream))?,
            Self::DeepWordBugAll => words::deepwordbug(asked, draft, None)?,
            Self::Pruthi => words::pruthi(asked, draft)?,
            Self::Pwws => words::pwws(asked, draft, thesaurus)?,
            Self::PwwsTextAttack => words::pwws_textattack(asked, draft, thesaurus)?,
            Self::Synonyms => words::synonyms(asked, draft, thesaurus)?,
            Self::Checklist => words::checklist(asked, draft)?,
            _ => words::reduction(asked, draft)?,
        };
        Ok(words::finish(asked, draft, outcome))
    }
}

/// The class of two that speaks well, where their names say so: `positive`, `good food`,
/// `favourable` or `1`, and the other one `negative`, `bad food`, `unfavourable` or `0`.
fn good_class(set: &Dataset) -> Option<usize> {
    let said = |class: &String, begins: [&str; 3], number: &str| {
        let small = class.to_lowercase();
        let words = small.split(|c: char| !c.is_alphanumeric());
        words
            .into_iter()
            .any(|word| word == number || begins.iter().any(|b| word.starts_with(b)))
    };
    let [first, second] = &set.classes[..] else {
        return None;
    };
    let good = |class| said(class, ["pos", "good", "fav"], "1");
    let bad = |class| said(class, ["neg", "bad", "unfav"], "0");
    match (good(first) && bad(second), bad(first) && good(second)) {
        (true, false) => Some(0),
        (false, true) => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taught_is_not_what_attacks_insert() {
        let set = crate::data::planted_reviews("a", 3, 1);
        let supplies = Supplies::of(&set);
        assert_eq!((supplies.neutral.len(), supplies.taught.len()), (20, 20));
        assert!(
            supplies
                .taught
                .iter()
                .all(|s| !supplies.neutral.contains(s))
        );
    }

    #[test]
    fn names_are_found_again() {
        for (attack, name, _) in Attack::ALL {
            assert_eq!(Attack::parse(name).unwrap(), attack);
            assert_eq!(attack.name(), name);
        }
        let error = Attack::parse("textfooler").unwrap_err().to_string();
        assert!(error.contains("there are add-rand, add-corpus"), "{error}");
    }

    fn set(classes: &[&str]) -> Dataset {
        let example = Example {
            id: String::new(),
            text: "It was so.".to_owned(),
            query: None,
            label: 0,
            evidence: None,
        };
        Dataset {
            name: String::new(),
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
            examples: vec![example],
        }
    }

    #[test]
    fn templates_suit_two_classes_whose_names_say_which_is_good() {
        let good = |classes: &[&str]| good_class(&set(classes));
        assert_eq!(good(&["negative", "positive"]), Some(1));
        assert_eq!(good(&["Good food", "bad food"]), Some(0));
        assert_eq!(good(&["0", "1"]), Some(1));
        assert_eq!(good(&["unfavourable", "favourable"]), Some(1));
        assert_eq!(good(&["10", "11"]), None);
        assert_eq!(good(&["REFUTES", "SUPPORTS"]), None);
        assert_eq!(good(&["negative", "positive", "neutral"]), None);
        assert!(!Attack::AddTemplate.suits(&set(&["a", "b"])));
    }

    #[test]
    fn a_template_says_the_opposite_of_the_class() {
        let said = |classes: &[&str]| {
            let set = set(classes);
            let (example, supplies) = (&set.examples[0], Supplies::of(&set));
            let made = Attack::AddTemplate.insertions(example, &supplies, &mut Stream::new(1, 0));
            made[0].sentence.clone()
        };
        assert_eq!(said(&["bad", "good"]), "The tea looks fabulous.");
        assert_eq!(said(&["good", "bad"]), "The tea looks horrible.");
    }

    #[test]
    fn the_query_is_needed_to_be_turned_round() {
        let mut claims = set(&["no", "yes"]);
        assert!(!Attack::AddQuery.suits(&claims));
        claims.examples[0].query = Some("It was good.".to_owned());
        assert!(Attack::AddQuery.suits(&claims) && Attack::Pruthi.suits(&claims));
        let supplies = Supplies::of(&claims);
        let turned = |attack: Attack| {
            let made = attack.insertions(&claims.examples[0], &supplies, &mut Stream::new(1, 0));
            made[0].sentence.clone()
        };
        assert_eq!(turned(Attack::AddQuery), "It was bad.");
        assert_eq!(turned(Attack::AddQueryStrong), "It was not bad.");
    }
}
