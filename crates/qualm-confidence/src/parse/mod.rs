//! Reads the confidence that a text states: in numbers, in words, or not at all.
//!
//! A [`Parser`] cuts a text into words once, finds every statement of confidence in it, and says
//! which one governs. A number counts only behind a label ("Confidence: 85%"), in a frame of belief
//! ("85 % sure", "a one in ten chance"), or as the whole reply: numbers in an answer are none.
//! Words have the interval that a [`Lexicon`] gives them. Nothing is imputed: what has no value says
//! why in its [`Status`](crate::Status).
//!
//! ```
//! use qualm_confidence::Status;
//! use qualm_confidence::parse::Parser;
//!
//! let parser = Parser::default();
//! let read = parser.parse("I'm almost certain I'm wrong, but it was Lima.");
//! assert_eq!((read.cue.status, read.cue.value), (Status::Words, Some(0.05)));
//!
//! let read = parser.parse("60% if the bill passes, 25% if not.");
//! let belief = read.conditional.unwrap();
//! assert_eq!(belief.p.value, Some(0.6));
//! assert_eq!(belief.p_else.unwrap().value, Some(0.25));
//! ```

mod choose;
mod frames;
mod lexicon;
mod lines;
mod numbers;
mod parser;
mod phrases;
mod resolve;
mod result;
mod roles;
mod scale;
mod scan;
mod spelling;
mod tables;
mod tokens;
mod vocabulary;

pub use lexicon::{Entry, Lexicon};
pub use lines::{Line, Lines};
pub use parser::Parser;
pub use result::{Conditional, Cue, Flag, Flags, Parsed, Rule, Span};
pub use scale::Scale;
