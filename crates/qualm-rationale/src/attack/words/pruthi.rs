use crate::RationaleError;
use crate::attack::Outcome;
use crate::attack::asked::Asked;
use crate::attack::words::draft::Draft;
use crate::attack::words::greedy::over_all;
use crate::attack::words::letters::{Slip, all};
use crate::attack::words::stop_words::is_stop_word;

const SLIPS: [Slip; 4] = [Slip::Swap, Slip::Delete, Slip::Insert, Slip::Neighbour];

/// Typos as Pruthi et al. (ACL 2019) have them, TextAttack's recipe: one word of four letters or
/// more, one of its inner letters swapped, left out, put in or struck beside; no stop words; all of
/// them tried.
pub(crate) fn pruthi(
    asked: &mut Asked<'_>,
    draft: &mut Draft<'_>,
) -> Result<Outcome, RationaleError> {
    const SHORTEST: usize = 4;
    const MOST_WORDS: usize = 1;
    let words = (0..draft.len()).filter(|at| {
        let word = draft.word(*at);
        word.chars().count() >= SHORTEST && !is_stop_word(word)
    });
    let words = words.collect();
    over_all(asked, draft, words, MOST_WORDS, |draft, at| {
        let word = draft.word(at);
        SLIPS
            .iter()
            .flat_map(|slip| all(word, *slip, true))
            .collect()
    })
}
