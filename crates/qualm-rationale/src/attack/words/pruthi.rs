use crate::RationaleError;
use crate::attack::Outcome;
use crate::attack::asked::Asked;
use crate::attack::words::draft::Draft;
use crate::attack::words::greedy::over_all;
use crate::attack::words::letters::{Slip, all};
use crate::attack::words::stop_words::is_stop_word;

const SLIPS: [Slip; 4] = [Slip::Swap, Slip::Delete, Slip::Insert, Slip::Neighbour];

/// Typos as Pruthi et al. (ACL 2019) have them, TextAttack's recipe: one word of four letters or
/// more, one of its inner letters swapped, left out, put in or struck beside; no stop words. Every
/// small letter is tried where one is put in, as in the paper; TextAttack draws one a place.
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
        let made = SLIPS.iter().flat_map(|slip| all(word, *slip, true));
        made.map(|other| vec![(at, other)]).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::words::tests::{Sums, example};

    #[test]
    fn one_inner_letter_of_one_long_word() {
        // `fun` has three letters and stays; `lovely` falls by its first inner swap.
        let victim = Sums::new(&[("fun", 1.0), ("lovely", 1.0), ("lvoely", -3.0)]);
        let example = example("Lovely, very fun");
        let mut asked = Asked::new(&victim, &example, usize::MAX);
        let mut draft = Draft::new(&example);
        let outcome = pruthi(&mut asked, &mut draft).unwrap();
        assert_eq!(
            (outcome, draft.text().as_str()),
            (Outcome::Succeeded, "Lvoely, very fun")
        );
        // Of `Lovely` 3 swaps, 4 deletions, 4 x 26 insertions and the keys that touch o, v, e, l (4, 4,
        // 5, 4); before its like or behind it a letter makes the same word: three pairs of places.
        assert_eq!(asked.queries(), 3 + 4 + (4 * 26 - 3) + 17);
        let victim = Sums::new(&[("fun", 1.0), ("lovely", 1.0)]);
        let mut asked = Asked::new(&victim, &example, usize::MAX);
        let mut draft = Draft::new(&example);
        assert_eq!(pruthi(&mut asked, &mut draft).unwrap(), Outcome::Failed);
        assert_eq!(draft.changes().len(), 1);
    }
}
