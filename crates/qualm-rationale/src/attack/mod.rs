//! Attacks on texts: words and characters changed, sentences added.
