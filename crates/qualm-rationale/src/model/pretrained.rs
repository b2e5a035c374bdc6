use std::collections::HashMap;
use std::path::Path;

use qualm_data::DataError;
use qualm_linalg::{Rows, packed_len, product_nt, symmetric_eigen};
use safetensors::tensor::{Dtype, SafeTensors};
use serde::Deserialize;

use crate::RationaleError;
use crate::model::vocabulary::Vocabulary;

/// The tensor of token vectors, as BERT's family calls it.
const TENSOR: &str = "embeddings.word_embeddings.weight";
/// What marks a piece that goes on a word.
const GOES_ON: &str = "##";
/// Bytes of a file at most.
const MOST_BYTES: u64 = 4 << 30;
/// Deviation of what a word's vector begins with, as of those that are drawn.
const DEVIATION: f64 = 0.1;

/// Token vectors of an encoder that somebody trained on much text, all-MiniLM-L6-v2 say: words begin
/// with what they mean there in place of a draw. The encoder itself is not run.
#[derive(Debug, Clone)]
pub struct Pretrained {
    name: String,
    pieces: HashMap<String, usize>,
    vectors: Vec<f32>,
    dim: usize,
}

#[derive(Deserialize)]
struct TokenizerFile {
    model: WordPiece,
}

#[derive(Deserialize)]
struct WordPiece {
    vocab: HashMap<String, usize>,
}

impl Pretrained {
    /// Reads `tokenizer.json` (WordPiece) and `model.safetensors` of a folder.
    ///
    /// # Errors
    /// [`DataError`] that names the file: when it cannot be read or holds no such thing.
    pub fn open(folder: &Path) -> Result<Self, DataError> {
        let path = folder.join("tokenizer.json");
        let wrong = |path: &Path, problem: String| {
            DataError::malformed(path.display().to_string(), problem)
        };
        let tokenizer: TokenizerFile = serde_json::from_slice(&read(&path)?)
            .map_err(|error| wrong(&path, format!("no tokenizer of word pieces: {error}")))?;
        let path = folder.join("model.safetensors");
        let bytes = read(&path)?;
        let tensors = SafeTensors::deserialize(&bytes)
            .map_err(|error| wrong(&path, format!("no safetensors: {error}")))?;
        let view = tensors
            .tensor(TENSOR)
            .or_else(|_| tensors.tensor(&format!("bert.{TENSOR}")))
            .map_err(|_| wrong(&path, format!("there is no tensor `{TENSOR}`")))?;
        let &[rows, dim] = view.shape() else {
            return Err(wrong(&path, format!("`{TENSOR}` is no matrix")));
        };
        if view.dtype() != Dtype::F32 || dim == 0 {
            return Err(wrong(&path, format!("`{TENSOR}` must hold rows of f32")));
        }
        let vectors: Vec<f32> = view
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        if vectors.iter().any(|x| !x.is_finite()) {
            return Err(wrong(
                &path,
                format!("`{TENSOR}` holds numbers that are not finite"),
            ));
        }
        let mut pieces = tokenizer.model.vocab;
        pieces.retain(|_, row| *row < rows);
        Ok(Self {
            name: folder.display().to_string(),
            pieces,
            vectors,
            dim,
        })
    }

    /// The folder it was read from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The mean vector of a word's pieces, the longest that fits first; `None` where a part of it is
    /// no piece.
    fn vector(&self, word: &str) -> Option<Vec<f64>> {
        let mut sum = vec![0.0; self.dim];
        let (mut start, mut count) = (0, 0.0);
        while start < word.len() {
            let ends = word[start..]
                .char_indices()
                .map(|(at, c)| start + at + c.len_utf8());
            let ends: Vec<usize> = ends.collect();
            let (end, row) = ends.iter().rev().find_map(|end| {
                let piece = &word[start..*end];
                let row = if start == 0 {
                    self.pieces.get(piece)
                } else {
                    self.pieces.get(&format!("{GOES_ON}{piece}"))
                };
                row.map(|row| (*end, *row))
            })?;
            let vector = &self.vectors[row * self.dim..(row + 1) * self.dim];
            for (sum, x) in sum.iter_mut().zip(vector) {
                *sum += f64::from(*x);
            }
            (start, count) = (end, count + 1.0);
        }
        (count > 0.0).then(|| sum.into_iter().map(|x| x / count).collect())
    }

    /// Vectors of `width` numbers for the words of a vocabulary, row by row: the first principal
    /// components of what the words are here, of the deviation that drawn vectors have. Words that
    /// are unknown here are zeros.
    ///
    /// # Errors
    /// [`RationaleError::Parameter`] when there are fewer dimensions, or words, than `width`.
    pub(crate) fn table(
        &self,
        words: &Vocabulary,
        width: usize,
    ) -> Result<Vec<f32>, RationaleError> {
        let found: Vec<(usize, Vec<f64>)> = words
            .words()
            .iter()
            .zip(1..)
            .filter_map(|(word, row)| Some((row, self.vector(word)?)))
            .collect();
        if self.dim < width || found.len() < width {
            return Err(RationaleError::parameter(
                &self.name,
                format!(
                    "{} of the training words have vectors of {} numbers here; at least {width} of \
                     both are needed",
                    found.len(),
                    self.dim
                ),
            ));
        }
        let mut rows: Vec<f64> = found
            .iter()
            .flat_map(|(_, vector)| vector)
            .copied()
            .collect();
        let mut mean = vec![0.0; self.dim];
        qualm_linalg::add_rows(&mut mean, &rows);
        for row in rows.chunks_exact_mut(self.dim) {
            for (x, mean) in row.iter_mut().zip(&mean) {
                *x -= mean / found.len() as f64;
            }
        }
        let mut scatter = vec![0.0; self.dim * self.dim];
        let all = Rows::new(&rows, self.dim);
        qualm_linalg::product_tn(&mut scatter, all, all);
        let mut packed = Vec::with_capacity(packed_len(self.dim));
        for row in 0..self.dim {
            packed.extend_from_slice(&scatter[row * self.dim..row * self.dim + row + 1]);
        }
        let axes = symmetric_eigen(&packed, self.dim).vectors;
        let axes = Rows::new(&axes[..width * self.dim], self.dim);
        let mut shown = vec![0.0; found.len() * width];
        product_nt(&mut shown, all, axes);
        let squares: f64 = shown.iter().map(|x| x * x).sum();
        let scale = DEVIATION / (squares / shown.len() as f64).sqrt().max(f64::MIN_POSITIVE);
        let mut table = vec![0.0; words.len() * width];
        for ((row, _), vector) in found.iter().zip(shown.chunks_exact(width)) {
            let to = &mut table[row * width..(row + 1) * width];
            for (to, x) in to.iter_mut().zip(vector) {
                *to = (scale * x) as f32;
            }
        }
        Ok(table)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    let failed = |error| DataError::io(path, "read", error);
    if std::fs::metadata(path).map_err(failed)?.len() > MOST_BYTES {
        let problem = "the file is larger than any such model";
        return Err(DataError::malformed(path.display().to_string(), problem));
    }
    std::fs::read(path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pretrained() -> Pretrained {
        let pieces = ["good", "bad", "##ly", "so"];
        Pretrained {
            name: "here".to_owned(),
            pieces: pieces.iter().map(|p| (*p).to_owned()).zip(0..).collect(),
            vectors: vec![2.0, 0.0, 0.0, -2.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.5],
            dim: 3,
        }
    }

    #[test]
    fn words_are_the_mean_of_their_longest_pieces() {
        let pretrained = pretrained();
        assert_eq!(pretrained.vector("good"), Some(vec![2.0, 0.0, 0.0]));
        assert_eq!(pretrained.vector("badly"), Some(vec![-1.0, 2.0, 0.0]));
        assert_eq!(pretrained.vector("lyso"), None);
        assert_eq!(pretrained.vector(""), None);
    }

    #[test]
    fn the_table_keeps_what_tells_words_apart() {
        let words = ["good", "bad", "so", "unheard"].map(str::to_owned).to_vec();
        let words = Vocabulary::from_words(words);
        let table = pretrained().table(&words, 1).unwrap();
        // The first component tells good from bad; what is unknown is zero.
        assert_eq!((table[0], table[4]), (0.0, 0.0));
        assert!(
            (table[1] + table[2]).abs() < 1e-6 && table[3].abs() < 1e-6,
            "{table:?}"
        );
        let mean = table[1..4].iter().map(|x| x * x).sum::<f32>() / 3.0;
        assert!((mean.sqrt() - 0.1).abs() < 1e-6);
        let error = pretrained().table(&words, 4).unwrap_err().to_string();
        assert!(error.contains("3 of the training words"), "{error}");
    }

    #[test]
    fn a_folder_of_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = Pretrained::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("tokenizer.json"), "{error}");
        let vocab = "{\"model\": {\"vocab\": {\"a\": 0}}}";
        std::fs::write(folder.path().join("tokenizer.json"), vocab).unwrap();
        std::fs::write(folder.path().join("model.safetensors"), "no").unwrap();
        let error = Pretrained::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("no safetensors"), "{error}");
    }
}
