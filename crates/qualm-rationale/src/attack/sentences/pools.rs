use qualm_stats::Stream;

use crate::attack::sentences::Insertion;

/// Sentences that say nothing good or bad of anything.
pub const NEUTRAL: [&str; 40] = [
    "The train to the coast leaves at nine.",
    "The river is two hundred miles long.",
    "It rained on Thursday afternoon.",
    "The library has three floors.",
    "Most of the island is covered by forest.",
    "The bridge was built in 1932.",
    "The bus stops in front of the town hall.",
    "A new timetable comes into force in May.",
    "The lake freezes in most winters.",
    "The museum is closed on Mondays.",
    "Wheat is grown in the north of the region.",
    "The tower has 214 steps.",
    "The meeting was moved to Wednesday.",
    "The harbour lies on the eastern shore.",
    "The wind came from the west.",
    "The road runs along the valley.",
    "The school has about six hundred pupils.",
    "The post office opens at eight.",
    "The mountain is 2,300 metres high.",
    "The ferry takes forty minutes.",
    "The census is held every ten years.",
    "The village has a well and a mill.",
    "The committee has nine members.",
    "The clock stands in the market square.",
    "The office is on the second floor.",
    "The temperature was eleven degrees.",
    "The next station is four miles away.",
    "The canal joins two rivers.",
    "The document has twenty pages.",
    "The shop sells paper and ink.",
    "The path leads past the old quarry.",
    "The term begins in September.",
    "The plane landed at a quarter past six.",
    "The city lies at the mouth of the river.",
    "The house has five windows to the street.",
    "The form must be signed twice.",
    "The lighthouse stands on a rock.",
    "The field was ploughed in October.",
    "The council met in the morning.",
    "The line crosses the border twice.",
];

/// Sentences drawn an example, of which the worst counts.
const DRAWN: usize = 3;
/// Words of a sentence of random words.
const WORDS: usize = 10;

/// AddRand (Chen et al., NAACL 2022): ten words drawn from a vocabulary, three times, at either end.
pub fn add_random(words: &[String], stream: &mut Stream) -> Vec<Insertion> {
    if words.is_empty() {
        return Vec::new();
    }
    let drawn = (0..DRAWN).flat_map(|_| {
        let words: Vec<&str> = (0..WORDS)
            .map(|_| words[stream.below(words.len())].as_str())
            .collect();
        Insertion::at_both_ends("random words", &format!("{}.", words.join(" ")))
    });
    drawn.collect()
}

/// AddCorpus, after AddWiki (Chen et al., NAACL 2022): a sentence of a pool that says nothing of the
/// class, three times, at either end.
pub fn add_corpus(pool: &[String], stream: &mut Stream) -> Vec<Insertion> {
    if pool.is_empty() {
        return Vec::new();
    }
    let drawn = (0..DRAWN).flat_map(|_| {
        let sentence = &pool[stream.below(pool.len())];
        Insertion::at_both_ends("corpus", sentence)
    });
    drawn.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_sentences_at_two_places() {
        let words = ["a", "b"].map(str::to_owned);
        let made = add_random(&words, &mut Stream::new(1, 0));
        assert_eq!(made.len(), 6);
        assert_eq!(made[0].sentence.split(' ').count(), 10);
        assert_eq!((made[0].at, made[1].at), (0, usize::MAX));
        let made = add_corpus(&NEUTRAL.map(str::to_owned), &mut Stream::new(1, 0));
        assert!(NEUTRAL.contains(&made[5].sentence.as_str()));
        assert!(add_corpus(&[], &mut Stream::new(1, 0)).is_empty());
    }
}
