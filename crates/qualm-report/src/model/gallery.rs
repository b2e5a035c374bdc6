//! Inputs to look at.

use serde::Serialize;

/// Inputs in an order that means something, each as it is: small pictures, texts, or names alone
/// where there is no more. Only HTML shows pictures.
///
/// ```
/// use qualm_report::{Exhibit, Gallery, Shown};
///
/// let gallery = Gallery::new("Most suspicious").push(Exhibit {
///     name: "textures/knitted/14.jpg".into(),
///     caption: "score 12.1".into(),
///     shown: Shown::Nothing,
/// });
/// assert_eq!(gallery.exhibits.len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gallery {
    /// What these inputs have in common.
    pub title: String,
    /// The inputs, in order.
    pub exhibits: Vec<Exhibit>,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exhibit {
    /// What it is called.
    pub name: String,
    /// What is to be known of it, in a few words.
    pub caption: String,
    /// The input itself.
    #[serde(flatten)]
    pub shown: Shown,
}

/// What is shown of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "shown", rename_all = "snake_case")]
pub enum Shown {
    /// A picture.
    Picture {
        /// A whole PNG file. JSON leaves it out.
        #[serde(skip)]
        png: Vec<u8>,
    },
    /// A text.
    Text {
        /// The text.
        text: String,
    },
    /// A text with some of its parts marked.
    Passage {
        /// The text, piece by piece.
        pieces: Vec<Piece>,
    },
    /// No more than its name.
    Nothing,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// What stands there.
    pub text: String,
    /// Whether it was selected: shown on a ground of its own, in plain text as `[piece]`.
    pub selected: bool,
    /// Whether it was added by somebody else: underlined, in plain text as `{piece}`.
    pub added: bool,
}

impl Piece {
    /// The piece in a medium without colours.
    fn plain(&self) -> String {
        let Self {
            text,
            selected,
            added,
        } = self;
        match (selected, added) {
            (false, false) => text.clone(),
            (true, false) => format!("[{text}]"),
            (false, true) => format!("{{{text}}}"),
            (true, true) => format!("{{[{text}]}}"),
        }
    }
}

impl Gallery {
    /// A gallery without inputs yet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            exhibits: Vec::new(),
        }
    }

    /// Appends an input.
    #[must_use]
    pub fn push(mut self, exhibit: Exhibit) -> Self {
        self.exhibits.push(exhibit);
        self
    }

    /// Each input in a line, for a medium without pictures.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        self.exhibits.iter().map(|exhibit| {
            let Exhibit { name, caption, .. } = exhibit;
            match &exhibit.shown {
                Shown::Text { text } => format!("{text} ({name}, {caption})"),
                Shown::Passage { pieces } => {
                    let text: String = pieces.iter().map(Piece::plain).collect();
                    format!("{text} ({name}, {caption})")
                }
                _ => format!("{name} ({caption})"),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_pieces_are_told_apart_without_colours() {
        let piece = |text: &str, selected, added| Piece {
            text: text.into(),
            selected,
            added,
        };
        let gallery = Gallery::new("Texts").push(Exhibit {
            name: "a".into(),
            caption: "good".into(),
            shown: Shown::Passage {
                pieces: vec![
                    piece("So ", false, false),
                    piece("fine", true, false),
                    piece(". ", false, false),
                    piece("Bad ", false, true),
                    piece("tea", true, true),
                ],
            },
        });
        let lines: Vec<String> = gallery.lines().collect();
        assert_eq!(lines, ["So [fine]. {Bad }{[tea]} (a, good)"]);
    }
}
