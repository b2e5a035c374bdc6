use std::ops::Range;

use qualm_report::Piece;

use crate::measures::touched;

/// A text cut wherever something selected or added begins or ends, both in bytes, for reports.
///
/// ```
/// let pieces = qualm_rationale::passage("So fine.", &[3..7], &[]);
/// let texts: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
/// assert_eq!(texts, ["So ", "fine", "."]);
/// assert!(pieces[1].selected && !pieces[1].added && !pieces[2].selected);
/// ```
pub fn passage(text: &str, selected: &[Range<usize>], added: &[Range<usize>]) -> Vec<Piece> {
    let mut cuts = vec![0, text.len()];
    for span in selected.iter().chain(added) {
        cuts.extend([span.start, span.end]);
    }
    cuts.sort_unstable();
    cuts.dedup();
    let spans: Vec<_> = cuts.windows(2).map(|pair| pair[0]..pair[1]).collect();
    let marks = touched(&spans, selected)
        .into_iter()
        .zip(touched(&spans, added));
    spans
        .into_iter()
        .zip(marks)
        .map(|(span, (selected, added))| Piece {
            text: text[span].to_owned(),
            selected,
            added,
        })
        .collect()
}
