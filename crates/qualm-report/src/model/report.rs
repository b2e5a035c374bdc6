//! A report, its blocks and its verdicts.

use serde::Serialize;

use super::{Bars, Curves, Gallery, Histograms, Table};

/// A title, one sentence that sums it up, and blocks in reading order.
///
/// ```
/// use qualm_report::{Block, Report};
///
/// let report = Report::new("Digits")
///     .summary("One method, one set.")
///     .push(Block::Text("Nothing to see yet.".into()));
/// assert_eq!(report.blocks.len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What the report is about; the name of the page in HTML.
    pub title: String,
    /// One sentence under the title; empty to leave it out.
    pub summary: String,
    /// The content, in reading order.
    pub blocks: Vec<Block>,
}

impl Report {
    /// A report with this title and nothing else yet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            summary: String::new(),
            blocks: Vec::new(),
        }
    }

    /// Sets the sentence under the title.
    #[must_use]
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = summary.into();
        self
    }

    /// Appends a block.
    #[must_use]
    pub fn push(mut self, block: impl Into<Block>) -> Self {
        self.blocks.push(block.into());
        self
    }
}

/// One part of a report.
///
/// Tables, plots and verdicts turn into blocks by themselves, so
/// [`Report::push`] takes them as they are.
///
/// ```
/// use qualm_report::{Block, Tone, Verdict};
///
/// let block: Block = Verdict::new(Tone::Good, "ViM wins on every set.").into();
/// assert!(matches!(block, Block::Verdict(_)));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", content = "content", rename_all = "snake_case")]
pub enum Block {
    /// Opens a section.
    Heading(String),
    /// A plain paragraph; line breaks in it count as spaces.
    Text(String),
    /// A conclusion in words.
    Verdict(Verdict),
    /// Rows and columns.
    Table(Table),
    /// Line plots, such as ROC curves.
    Curves(Curves),
    /// Overlaid histograms over shared bins.
    Histograms(Histograms),
    /// Estimates with intervals, grouped by set.
    Bars(Bars),
    /// Inputs to look at.
    Gallery(Gallery),
    /// Names and values that reproduce the run: seed, version, file hashes.
    Settings(Vec<(String, String)>),
    /// Blocks side by side where the medium is wide enough, else one after
    /// the other.
    Columns(Vec<Block>),
}

/// A conclusion in words and how to take it.
///
/// ```
/// use qualm_report::{Tone, Verdict};
///
/// let verdict = Verdict::new(Tone::Mixed, "ViM loses on Omniglot.");
/// assert_eq!(verdict.tone.label(), "Mixed");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// How to take it.
    pub tone: Tone,
    /// The conclusion.
    pub text: String,
}

impl Verdict {
    /// A verdict of this tone.
    #[must_use]
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            tone,
            text: text.into(),
        }
    }
}

/// How a verdict is to be taken.
///
/// ```
/// use qualm_report::Tone;
///
/// assert_eq!(Tone::Bad.symbol(), '✘');
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// What was hoped for.
    Good,
    /// Some of what was hoped for.
    Mixed,
    /// A reason not to go on.
    Bad,
    /// Neither: something to know.
    Note,
}

impl Tone {
    /// The tone in a word, so that colour never carries it alone.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Good => "Good",
            Self::Mixed => "Mixed",
            Self::Bad => "Bad",
            Self::Note => "Note",
        }
    }

    /// The tone as one character, one terminal column wide.
    #[must_use]
    pub fn symbol(self) -> char {
        match self {
            Self::Good => '✔',
            Self::Mixed => '≈',
            Self::Bad => '✘',
            Self::Note => 'i',
        }
    }
}

macro_rules! block_from {
    ($($content:ident),*) => {$(
        impl From<$content> for Block {
            fn from(content: $content) -> Self {
                Self::$content(content)
            }
        }
    )*};
}
block_from!(Verdict, Table, Curves, Histograms, Bars, Gallery);
