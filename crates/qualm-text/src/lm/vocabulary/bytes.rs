//! Byte-level pair encoding (GPT-2): a text is cut into words, each byte of a word is written as
//! a printable character, and the merges of the vocabulary are applied in their order.

use std::sync::LazyLock;

use qualm_data::contained;
use tokenizers::Tokenizer;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel as Words;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;

use crate::lm::LmError;

/// Kinds of words by the names in GGUF files: those that set each digit apart, and GPT-2's.
const DIGITS_APART: [&str; 6] = [
    "smollm",
    "starcoder",
    "refact",
    "command-r",
    "codeshell",
    "exaone",
];
const AS_GPT2: [&str; 2] = ["gpt-2", "gpt2"];

pub(super) struct ByteLevel(Box<Tokenizer>);

impl ByteLevel {
    pub(super) fn new(
        origin: &str,
        words: &str,
        tokens: &[&str],
        merges: &[&str],
    ) -> Result<Self, LmError> {
        let apart = DIGITS_APART.contains(&words);
        if !apart && !AS_GPT2.contains(&words) {
            return Err(LmError::unsupported(
                origin,
                format!(
                    "texts are cut into words of the kind `{words}`; known are {} and {}",
                    DIGITS_APART.join(", "),
                    AS_GPT2[0]
                ),
            ));
        }
        let pairs: Option<Vec<(String, String)>> = merges
            .iter()
            .map(|merge| {
                let (left, right) = merge.split_once(' ')?;
                Some((left.to_owned(), right.to_owned()))
            })
            .collect();
        let wrong = |problem: String| LmError::malformed(origin, problem);
        let pairs = pairs.ok_or_else(|| wrong("a merge is no pair of tokens".to_owned()))?;
        let vocabulary: Vec<(String, u32)> = (0..)
            .zip(tokens)
            .map(|(id, &token)| (token.to_owned(), id))
            .collect();
        let model = contained(|| {
            let vocabulary = vocabulary
                .into_iter()
                .collect::<tokenizers::models::bpe::Vocab>();
            BPE::builder().vocab_and_merges(vocabulary, pairs).build()
        })
        .ok_or_else(|| wrong("tokens and merges do not fit together".to_owned()))?
        .map_err(|error| wrong(format!("tokens and merges do not fit together: {error}")))?;
        let mut steps = Vec::new();
        if apart {
            steps.push(PreTokenizerWrapper::Digits(Digits::new(true)));
        }
        steps.push(PreTokenizerWrapper::ByteLevel(Words::new(
            false, false, true,
        )));
        let mut tokenizer = Tokenizer::new(model);
        tokenizer.with_pre_tokenizer(Some(Sequence::new(steps)));
        Ok(Self(Box::new(tokenizer)))
    }

    pub(super) fn cut(&self, text: &str) -> Result<Vec<u32>, String> {
        let encoding = contained(|| self.0.encode_fast(text, false))
            .ok_or("the tokenizer gave up on it")?
            .map_err(|error| error.to_string())?;
        Ok(encoding.get_ids().to_vec())
    }
}

/// The bytes that the characters of a token stand for; a character that stands for none is itself.
pub(super) fn of(token: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for character in token.chars() {
        match CHARACTERS.iter().position(|&known| known == character) {
            Some(byte) => bytes.push(byte as u8),
            None => bytes.extend(character.to_string().bytes()),
        }
    }
    bytes
}

/// The character for each byte (GPT-2's `bytes_to_unicode`): itself where it is printable, else
/// the next one from 256 on.
static CHARACTERS: LazyLock<[char; 256]> = LazyLock::new(|| {
    let mut next = 256;
    std::array::from_fn(|byte| {
        let byte = byte as u8;
        if matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff) {
            return char::from(byte);
        }
        next += 1;
        char::from_u32(next - 1).unwrap_or(char::REPLACEMENT_CHARACTER)
    })
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_stand_for_bytes() {
        assert_eq!(of("Ġthe"), b" the");
        assert_eq!(of("Ċ"), b"\n");
        assert_eq!(of("Ã©"), "é".as_bytes());
        let mut distinct = CHARACTERS.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 256);
    }

    #[test]
    fn merges_apply_in_their_order_and_digits_stand_alone() {
        let tokens = ["a", "b", "1", "2", "Ġ", "ab", "12", "Ġa", "Ġab"];
        let merges = ["a b", "1 2", "Ġ a", "Ġ ab"];
        let cut = |words: &str, text: &str| {
            ByteLevel::new("file", words, &tokens, &merges)
                .unwrap()
                .cut(text)
                .unwrap()
        };
        assert_eq!(cut("smollm", "ab 12"), [5, 4, 2, 3]);
        // GPT-2's words keep digits, and the space before them, together.
        assert_eq!(cut("gpt-2", "ab 12"), [5, 4, 6]);
        assert_eq!(cut("gpt-2", "a ab"), [0, 8]);
        let error = ByteLevel::new("file", "qwen2", &tokens, &merges)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("`qwen2`"), "{error}");
        for merges in [&["a"][..], &["a c"], &["b a"]] {
            assert!(ByteLevel::new("file", "gpt-2", &tokens, merges).is_err());
        }
    }
}
