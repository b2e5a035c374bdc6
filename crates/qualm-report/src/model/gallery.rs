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
    /// No more than its name.
    Nothing,
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
                _ => format!("{name} ({caption})"),
            }
        })
    }
}
