use std::ops::Range;

/// Where sentences stand, in bytes, without the space around them.
///
/// A text with line breaks has a sentence a line: whoever wrote lines has cut it. In any other a
/// sentence ends after `.`, `!` or `?` (and closing quotes or brackets behind them) where white
/// space follows, unless the next letter is a small one.
///
/// ```
/// use qualm_rationale::segment::sentences;
/// let text = "It broke. Twice!! (Mr. i. e. nobody helped.) Never again";
/// let sentences: Vec<&str> = sentences(text).into_iter().map(|span| &text[span]).collect();
/// assert_eq!(sentences, ["It broke.", "Twice!!", "(Mr. i. e. nobody helped.)", "Never again"]);
/// ```
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if text.trim().contains('\n') {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            push_trimmed(&mut found, text, start..start + line.len());
            start += line.len();
        }
        return found;
    }
    let mut start = 0;
    let mut ended = false;
    for (at, character) in text.char_indices() {
        match character {
            '.' | '!' | '?' => ended = true,
            '"' | '\'' | '”' | '’' | ')' | ']' => {}
            _ if ended && character.is_whitespace() => {
                let next = text[at..].chars().find(|next| next.is_alphanumeric());
                if next.is_some_and(|next| !next.is_lowercase()) {
                    push_trimmed(&mut found, text, start..at);
                    start = at;
                }
                ended = false;
            }
            _ => ended = false,
        }
    }
    push_trimmed(&mut found, text, start..text.len());
    found
}

fn push_trimmed(found: &mut Vec<Range<usize>>, text: &str, span: Range<usize>) {
    let part = &text[span.clone()];
    let kept = part.trim();
    if !kept.is_empty() {
        let start = span.start + (part.len() - part.trim_start().len());
        found.push(start..start + kept.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        sentences(text)
            .into_iter()
            .map(|span| &text[span])
            .collect()
    }

    #[test]
    fn lines_are_sentences_where_there_are_lines() {
        assert_eq!(cut("A. B . c\n\n D e\n"), ["A. B . c", "D e"]);
        assert_eq!(cut("One line. Two\n"), ["One line.", "Two"]);
    }

    #[test]
    fn small_letters_go_on() {
        assert_eq!(
            cut("about 4.5 stars, e.g. here. \"Yes.\" She left"),
            ["about 4.5 stars, e.g. here.", "\"Yes.\"", "She left"]
        );
        assert!(cut("  ").is_empty());
        assert_eq!(cut("wow ... !"), ["wow ... !"]);
    }
}
