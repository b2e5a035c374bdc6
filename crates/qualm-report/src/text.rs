//! What text media share: one clean line, and its width in columns.

use unicode_width::UnicodeWidthStr;

/// Columns that a text takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Asks for the colourful and wider form of the character before it. Those
/// who measure text by character do not see the difference, so it goes.
const EMOJI_FORM: char = '\u{fe0f}';

/// Characters that a terminal obeys rather than shows: names come from
/// files, and a name must not clear the screen or reverse the line.
fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text on one line: runs of white space become a space, commands the
/// replacement character.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| word.replace(EMOJI_FORM, "").replace(is_command, "\u{fffd}"))
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_not_obeyed() {
        assert_eq!(one_line("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
        assert_eq!(one_line("x\u{202e}y\0"), "x\u{fffd}y\u{fffd}");
    }

    #[test]
    fn lines_join_with_one_space() {
        assert_eq!(one_line(" two\r\n\tlines "), "two lines");
        assert_eq!(width("é中"), 3);
        assert_eq!(one_line("\u{2601}\u{fe0f}"), "\u{2601}");
    }
}
