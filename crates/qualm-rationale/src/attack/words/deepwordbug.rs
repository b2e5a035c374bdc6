use qualm_stats::Stream;

use crate::RationaleError;
use crate::attack::Outcome;
use crate::attack::asked::Asked;
use crate::attack::words::draft::Draft;
use crate::attack::words::greedy::{UNKNOWN, by_importance, in_order};
use crate::attack::words::letters::{Slip, all, distance, one};
use crate::attack::words::stop_words::is_stop_word;

/// Letters of a text that may differ at most.
const FARTHEST: usize = 30;
const SLIPS: [Slip; 4] = [Slip::Swap, Slip::Substitute, Slip::Delete, Slip::Insert];

/// DeepWordBug (Gao et al., SPW 2018) as TextAttack's recipe has it: words by the importance that
/// blanking them shows, each with a letter swapped, substituted, left out or put in; no stop words,
/// each word once, at most 30 letters in all.
///
/// Each slip is drawn once a word; without a stream all of them are tried, so that the outcome does
/// not depend on a draw.
pub(crate) fn deepwordbug(
    asked: &mut Asked<'_>,
    draft: &mut Draft<'_>,
    mut stream: Option<&mut Stream>,
) -> Result<Outcome, RationaleError> {
    let words = (0..draft.len()).filter(|at| !is_stop_word(draft.word(*at)));
    let order = by_importance(asked, draft, words.collect(), UNKNOWN)?;
    in_order(asked, draft, &order, |draft, at| {
        let word = draft.word(at);
        let mut made: Vec<String> = match &mut stream {
            Some(stream) => SLIPS
                .iter()
                .filter_map(|slip| one(word, *slip, false, stream))
                .collect(),
            None => SLIPS
                .iter()
                .flat_map(|slip| all(word, *slip, false))
                .collect(),
        };
        // The sum over words bounds the distance of the texts.
        let changes = draft.changes().into_iter();
        let spent: usize = changes
            .map(|at| distance(draft.first(at), draft.word(at)))
            .sum();
        made.retain(|other| spent + distance(word, other) <= FARTHEST);
        made
    })
}
