//! Tokens: texts to numbers and back.

mod bytes;
mod pieces;

use std::collections::HashMap;
use std::path::Path;

use bytes::ByteLevel;
use pieces::Pieces;
use qualm_data::DataError;

use super::LmError;
use super::gguf::Gguf;

/// What a model's tokens are, and how texts are cut into them.
pub(crate) struct Vocabulary {
    /// The bytes that each token stands for; none for one that marks something.
    bytes: Vec<Vec<u8>>,
    cutter: Cutter,
    /// Put before a text.
    first: Option<u32>,
    /// Each ends an answer.
    ends: Vec<u32>,
    /// Tokens that mark something, by name.
    marks: HashMap<String, u32>,
    /// How turns of a conversation are written, in the file's own language of templates.
    template: Option<String>,
}

enum Cutter {
    ByteLevel(ByteLevel),
    Pieces(Pieces),
}

/// Kinds of tokens in a GGUF file.
const CONTROL: i64 = 3;
const UNKNOWN: i64 = 2;

impl Vocabulary {
    /// The vocabulary of a GGUF file.
    pub(crate) fn of(file: &Gguf) -> Result<Self, LmError> {
        let origin = file.name();
        let missing = |key| LmError::malformed(origin, format!("there is no `{key}`"));
        let tokens = file
            .texts("tokenizer.ggml.tokens")?
            .ok_or_else(|| missing("tokenizer.ggml.tokens"))?;
        let kinds = file.integers("tokenizer.ggml.token_type")?;
        if kinds
            .as_ref()
            .is_some_and(|kinds| kinds.len() != tokens.len())
        {
            return Err(LmError::malformed(
                origin,
                "there are more or fewer kinds of tokens than tokens",
            ));
        }
        let kind = |token: usize| kinds.as_ref().map_or(0, |kinds| kinds[token]);
        let token = |key: &str| -> Result<Option<u32>, LmError> {
            match file.size(&format!("tokenizer.ggml.{key}"))? {
                Some(token) if token >= tokens.len() => Err(LmError::malformed(
                    origin,
                    format!("`{key}` is token {token} of {}", tokens.len()),
                )),
                token => Ok(token.map(|token| token as u32)),
            }
        };
        let first = token("bos_token_id")?;
        let (cutter, bytes, adds_first) = match file.text("tokenizer.ggml.model")? {
            Some("gpt2") => {
                let pre = file.text("tokenizer.ggml.pre")?.unwrap_or("default");
                let merges = file
                    .texts("tokenizer.ggml.merges")?
                    .ok_or_else(|| missing("tokenizer.ggml.merges"))?;
                let cutter = ByteLevel::new(origin, pre, &tokens, &merges)?;
                let bytes = tokens.iter().map(|token| bytes::of(token)).collect();
                (Cutter::ByteLevel(cutter), bytes, false)
            }
            Some("llama") => {
                let scores = file
                    .numbers("tokenizer.ggml.scores")?
                    .ok_or_else(|| missing("tokenizer.ggml.scores"))?;
                if scores.len() != tokens.len() {
                    return Err(LmError::malformed(
                        origin,
                        "there are more or fewer scores than tokens",
                    ));
                }
                let tokens: Vec<Vec<u8>> = tokens
                    .iter()
                    .map(|token| pieces::of(&token.replace('\u{2581}', " ")))
                    .collect();
                let space = file
                    .flag("tokenizer.ggml.add_space_prefix")?
                    .unwrap_or(true);
                let usable = |token: usize| !matches!(kind(token), CONTROL | UNKNOWN);
                let cutter = Pieces::new(&tokens, &scores, usable, space);
                (Cutter::Pieces(cutter), tokens, true)
            }
            other => {
                return Err(LmError::unsupported(
                    origin,
                    format!(
                        "the tokens are of the kind {}; `gpt2` and `llama` are known",
                        other.map_or("that the file does not tell".to_owned(), |name| format!(
                            "`{name}`"
                        ))
                    ),
                ));
            }
        };
        let adds_first = file
            .flag("tokenizer.ggml.add_bos_token")?
            .unwrap_or(adds_first);
        let mut ends: Vec<u32> = ["eos_token_id", "eot_token_id", "eom_token_id"]
            .into_iter()
            .filter_map(|key| token(key).transpose())
            .collect::<Result<_, _>>()?;
        ends.dedup();
        let marks = (0..tokens.len()).filter(|&token| kind(token) == CONTROL);
        let mut vocabulary = Self {
            bytes,
            cutter,
            first: first.filter(|_| adds_first),
            ends,
            marks: marks
                .map(|token| (tokens[token].to_owned(), token as u32))
                .collect(),
            template: file.text("tokenizer.chat_template")?.map(str::to_owned),
        };
        vocabulary.silence_marks();
        Ok(vocabulary)
    }

    /// The vocabulary of a file `tok512.bin` and its like, of llama2.c: the longest piece's length,
    /// then for each token a score, a length and as many bytes.
    pub(crate) fn of_stories(path: &Path, vocabulary: usize) -> Result<Self, LmError> {
        let origin = path.display().to_string();
        let file = std::fs::read(path).map_err(|error| DataError::io(path, "read", error))?;
        let wrong = || LmError::malformed(&origin, "no tokens of llama2.c: it ends within a token");
        let word = |bytes: &[u8]| [bytes[0], bytes[1], bytes[2], bytes[3]];
        let mut rest = file.get(4..).ok_or_else(wrong)?;
        let (mut tokens, mut scores) = (Vec::new(), Vec::new());
        while tokens.len() < vocabulary {
            let (header, after) = rest.split_at_checked(8).ok_or_else(wrong)?;
            let length =
                usize::try_from(i32::from_le_bytes(word(&header[4..]))).unwrap_or(usize::MAX);
            let (piece, after) = after.split_at_checked(length).ok_or_else(wrong)?;
            scores.push(f64::from(f32::from_le_bytes(word(header))));
            tokens.push(pieces::of(&String::from_utf8_lossy(piece)));
            rest = after;
        }
        // Tokens 0, 1 and 2 are the unknown one, the first and the last of a text.
        let cutter = Pieces::new(&tokens, &scores, |token| token > 2, true);
        let names = ["<unk>", "<s>", "</s>"].into_iter().zip(0..);
        let mut vocabulary = Self {
            bytes: tokens,
            cutter: Cutter::Pieces(cutter),
            first: Some(1),
            ends: vec![1, 2],
            marks: names
                .map(|(name, token)| (name.to_owned(), token))
                .collect(),
            template: None,
        };
        vocabulary.silence_marks();
        Ok(vocabulary)
    }

    fn silence_marks(&mut self) {
        for &mark in self.marks.values() {
            if let Some(bytes) = self.bytes.get_mut(mark as usize) {
                bytes.clear();
            }
        }
    }

    /// Tokens that there are.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The token that a text starts with, where the model wants one.
    pub(crate) fn first(&self) -> Option<u32> {
        self.first
    }

    /// Whether an answer ends at `token`.
    pub(crate) fn ends(&self, token: u32) -> bool {
        self.ends.contains(&token)
    }

    /// The token that marks something, by its name.
    pub(crate) fn mark(&self, name: &str) -> Option<u32> {
        self.marks.get(name).copied()
    }

    /// How turns of a conversation are written.
    pub(crate) fn template(&self) -> Option<&str> {
        self.template.as_deref()
    }

    /// The bytes of tokens, one after the other.
    pub(crate) fn bytes(&self, tokens: &[u32]) -> Vec<u8> {
        let bytes = |&token: &u32| {
            self.bytes
                .get(token as usize)
                .map_or(&[][..], Vec::as_slice)
        };
        tokens.iter().flat_map(bytes).copied().collect()
    }

    /// Cuts `text`; marks in it are text like any other. `start` tells a text's beginning from a
    /// part that goes on.
    pub(crate) fn cut(&self, text: &str, start: bool) -> Result<Vec<u32>, String> {
        let (tokens, space) = match &self.cutter {
            Cutter::ByteLevel(cutter) => (cutter.cut(text)?, false),
            Cutter::Pieces(cutter) => cutter.cut(text, start),
        };
        // A vocabulary without some byte would lose it without a word.
        let said = self.bytes(&tokens);
        if &said[usize::from(space)..] != text.as_bytes() {
            return Err(
                "it has a character that the model has no token for; leave it out".to_owned(),
            );
        }
        Ok(tokens)
    }
}
