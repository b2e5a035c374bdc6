//! Words and letters changed, one word after another.

mod checklist;
mod deepwordbug;
mod draft;
mod greedy;
mod letters;
mod pruthi;
mod pwws;
mod reduction;
mod stop_words;
mod synonyms;

pub(crate) use checklist::checklist;
pub(crate) use deepwordbug::deepwordbug;
pub(crate) use draft::Draft;
pub(crate) use greedy::finish;
pub(crate) use pruthi::pruthi;
pub(crate) use pwws::{pwws, pwws_textattack};
pub(crate) use reduction::reduction;
pub(crate) use synonyms::{like, synonyms};
