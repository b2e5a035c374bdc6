//! Language models: a real small one against what it is known to say, files of our own making
//! against their damage, and SmolLM2 where it is at hand.
#![cfg(feature = "lm")]

mod container;
mod data;
mod exercise;
mod hostile;
mod smollm2;
mod stories;
