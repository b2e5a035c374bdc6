use crate::RationaleError;
use crate::attack::Outcome;
use crate::attack::asked::Asked;
use crate::attack::words::draft::Draft;
use crate::attack::words::greedy::by_importance;

/// Input reduction (Feng et al., EMNLP 2018): words are left out, the least important first, as
/// long as the class stays. It is no attack that changes a class: what is left shows what the class
/// hangs on, and its outcome is always [`Outcome::Failed`].
pub(crate) fn reduction(
    asked: &mut Asked<'_>,
    draft: &mut Draft<'_>,
) -> Result<Outcome, RationaleError> {
    let words = (0..draft.len()).collect();
    let mut order = by_importance(asked, draft, words, "")?;
    order.reverse();
    let mut left = order.len();
    for at in order {
        // One word stays: a text is never empty.
        if left > 1 && asked.ask_one(&draft.with(at, ""))?.right {
            draft.write(at, "");
            left -= 1;
        }
    }
    Ok(Outcome::Failed)
}
