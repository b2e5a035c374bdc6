use std::path::Path;

use qualm_data::{DataError, contained};
use sha2::{Digest, Sha256};
use tokenizers::TruncationParams;

use crate::Tokens;

/// Tokens of a text beyond which it is cut, where neither the file nor the caller says it: what
/// BERT and its kin take.
const LONGEST: usize = 512;

/// No tokenizer is larger; a file that is would only fill the memory.
const LARGEST_FILE: u64 = 1 << 28;

/// A Hugging Face tokenizer, as `tokenizer.json` holds it.
///
/// Texts are cut, never padded: batches pad ([`crate::TokenBatch`]).
///
/// ```no_run
/// use qualm_text::Tokenizer;
/// let tokenizer = Tokenizer::open("tokenizer.json".as_ref(), Some(256))?;
/// let tokens = tokenizer.encode(&["How are you?".into()], true)?;
/// println!("{:?}", tokens[0].ids);
/// # Ok::<(), qualm_data::DataError>(())
/// ```
pub struct Tokenizer {
    name: String,
    inner: Box<tokenizers::Tokenizer>,
    padding: u32,
    identity: String,
}

impl Tokenizer {
    /// Reads a tokenizer; texts of more than `longest` tokens are cut, by default of more than the
    /// file says, else 512.
    ///
    /// # Errors
    /// [`DataError`] when the file cannot be read or is no tokenizer, or `longest` leaves no room
    /// for a text beside the tokens that mark its ends.
    pub fn open(path: &Path, longest: Option<usize>) -> Result<Self, DataError> {
        let name = path.display().to_string();
        let failed = |error| DataError::io(path, "read", error);
        if std::fs::metadata(path).map_err(failed)?.len() > LARGEST_FILE {
            return Err(DataError::malformed(
                &name,
                "the file is larger than any tokenizer; give a tokenizer.json",
            ));
        }
        let bytes = std::fs::read(path).map_err(failed)?;
        let hash = Sha256::digest(&bytes);
        let no_tokenizer =
            |problem: &str| DataError::malformed(&name, format!("no tokenizer: {problem}"));
        let mut inner = contained(|| tokenizers::Tokenizer::from_bytes(bytes))
            .ok_or_else(|| no_tokenizer("its parts do not fit together"))?
            .map_err(|error| no_tokenizer(&error.to_string()))?;
        let padding = inner.get_padding().map_or(0, |padding| padding.pad_id);
        inner.with_padding(None);
        let told = inner.get_truncation().cloned();
        let longest = longest
            .or(told.as_ref().map(|told| told.max_length))
            .unwrap_or(LONGEST);
        // The crate subtracts without looking.
        let added = inner.get_post_processor().map_or(0, |processor| {
            tokenizers::PostProcessor::added_tokens(processor, false)
        });
        if longest <= added {
            return Err(DataError::malformed(
                &name,
                format!(
                    "it marks the ends of a text with {added} tokens, so {longest} tokens leave no room for one; allow more"
                ),
            ));
        }
        let truncation = TruncationParams {
            max_length: longest,
            stride: 0,
            ..told.unwrap_or_default()
        };
        inner
            .with_truncation(Some(truncation))
            .map_err(|error| no_tokenizer(&error.to_string()))?;
        Ok(Self {
            identity: format!("{hash:x?} {longest}"),
            name,
            inner: Box::new(inner),
            padding,
        })
    }

    /// The token that batches are padded with.
    pub fn padding(&self) -> u32 {
        self.padding
    }

    /// Tells this tokenizer from one that gives other tokens.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The tokens of each text, on all cores; `marks` adds those that mark its ends.
    ///
    /// # Errors
    /// [`DataError::Malformed`] when the tokenizer cannot take a text apart.
    pub fn encode(&self, texts: &[String], marks: bool) -> Result<Vec<Tokens>, DataError> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let wrong =
            |problem: &str| DataError::malformed(&self.name, format!("no tokens: {problem}"));
        // A tokenizer of other people meets texts of other people.
        let encoded = contained(|| self.inner.encode_batch_fast(texts, marks))
            .ok_or_else(|| wrong("the tokenizer gave up on a text"))?
            .map_err(|error| wrong(&error.to_string()))?;
        let tokens = encoded.iter().map(|encoding| Tokens {
            ids: encoding.get_ids().to_vec(),
            types: encoding.get_type_ids().to_vec(),
        });
        Ok(tokens.collect())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A tokenizer of five words between marks.
    pub(crate) const WORDS: &str = r#"{
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": [{"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true}],
        "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
        "decoder": null,
        "model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab":
            {"[PAD]": 0, "[CLS]": 1, "[SEP]": 2, "[UNK]": 3, "how": 4, "are": 5, "you": 6}}
    }"#;

    pub(crate) fn words(longest: Option<usize>) -> Result<Tokenizer, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokenizer.json");
        std::fs::write(&path, WORDS).unwrap();
        Tokenizer::open(&path, longest)
    }

    #[test]
    fn texts_are_cut_and_marked() {
        let texts = ["How are YOU".to_owned(), String::new(), "why".to_owned()];
        let ids = |longest, marks| -> Vec<Vec<u32>> {
            let tokens = words(longest).unwrap().encode(&texts, marks).unwrap();
            tokens.into_iter().map(|tokens| tokens.ids).collect()
        };
        assert_eq!(
            ids(None, true),
            [vec![1, 4, 5, 6, 2], vec![1, 2], vec![1, 3, 2]]
        );
        assert_eq!(
            ids(Some(4), true),
            [vec![1, 4, 5, 2], vec![1, 2], vec![1, 3, 2]]
        );
        assert_eq!(ids(None, false), [vec![4, 5, 6], vec![], vec![3]]);
    }

    #[test]
    fn what_is_no_tokenizer_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokenizer.json");
        for content in ["", "{}", "[1]", "{\"model\": {\"type\": \"BPE\"}}"] {
            std::fs::write(&path, content).unwrap();
            let error = Tokenizer::open(&path, None).err().unwrap().to_string();
            assert!(error.contains("no tokenizer"), "{error}");
        }
        let error = words(Some(2)).err().unwrap().to_string();
        assert!(error.contains("leave no room"), "{error}");
        assert!(Tokenizer::open(&folder.path().join("none"), None).is_err());
    }
}
