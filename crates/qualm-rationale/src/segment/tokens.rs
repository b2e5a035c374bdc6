use std::ops::Range;

/// Where tokens stand, in bytes: words, and each run of one same other mark (`!!!`, `...`).
///
/// A word is a run of letters and digits; an apostrophe (`'`, `’`, or the back-tick that stands for
/// one in some data), a hyphen or an underscore between two of them belongs to it.
///
/// ```
/// use qualm_rationale::segment::tokens;
/// let text = "I`m so-so... really!!";
/// let tokens: Vec<&str> = tokens(text).into_iter().map(|span| &text[span]).collect();
/// assert_eq!(tokens, ["I`m", "so-so", "...", "really", "!!"]);
/// ```
pub fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut characters = text.char_indices().peekable();
    while let Some((start, first)) = characters.next() {
        if first.is_whitespace() {
            continue;
        }
        let mut end = start + first.len_utf8();
        if first.is_alphanumeric() {
            while let Some(&(at, next)) = characters.peek() {
                let inside = next.is_alphanumeric()
                    || joins(next)
                        && text[at + next.len_utf8()..].starts_with(char::is_alphanumeric);
                if !inside {
                    break;
                }
                end = at + next.len_utf8();
                characters.next();
            }
        } else {
            while characters.next_if(|&(_, next)| next == first).is_some() {
                end += first.len_utf8();
            }
        }
        found.push(start..end);
    }
    found
}

/// Where words stand: the tokens that are no marks.
pub fn words(text: &str) -> Vec<Range<usize>> {
    let mut found = tokens(text);
    found.retain(|span| is_word(&text[span.clone()]));
    found
}

/// Whether a token is a word, not a mark.
pub fn is_word(token: &str) -> bool {
    token.starts_with(char::is_alphanumeric)
}

fn joins(character: char) -> bool {
    matches!(character, '\'' | '’' | '`' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        tokens(text).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn marks_join_only_between_letters() {
        assert_eq!(
            cut("'well-' a--b _x"),
            ["'", "well", "-", "'", "a", "--", "b", "_", "x"]
        );
        assert_eq!(cut("4.5 stars"), ["4", ".", "5", "stars"]);
    }

    #[test]
    fn any_script_is_cut_at_characters() {
        assert_eq!(cut("Größe: 好的!☺☺"), ["Größe", ":", "好的", "!", "☺☺"]);
        assert!(cut(" \n\t").is_empty());
    }

    #[test]
    fn words_are_without_marks() {
        let text = "Oh, no!";
        let words: Vec<&str> = words(text).into_iter().map(|span| &text[span]).collect();
        assert_eq!(words, ["Oh", "no"]);
    }
}
