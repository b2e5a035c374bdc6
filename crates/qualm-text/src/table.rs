use qualm_data::{Chunk, DataError, KeyColumn, RowReader, Schema, Source, TensorFile};
use rayon::prelude::*;

use crate::pool::mean;
use crate::{Texts, Tokenizer, Tokens, to_unit_length};

/// Texts whose tokens are looked up at once.
const AT_ONCE: usize = 1024;

/// A table with a vector for each token, the fastest of encoders: a text is the mean of its tokens'
/// vectors (WordLlama, model2vec).
///
/// ```no_run
/// use qualm_text::TokenTable;
/// let table = TokenTable::open("l2_supercat_256.safetensors")?;
/// assert_eq!(table.dim(), 256);
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Clone)]
pub struct TokenTable {
    vectors: Vec<f32>,
    dim: usize,
}

impl TokenTable {
    /// Reads the array `embedding.weight` (tokens x D) of a safetensors or npz file; another one
    /// by `FILE:features=NAME`.
    ///
    /// # Errors
    /// [`DataError`] when the file cannot be read or the array is no matrix of finite numbers.
    pub fn open(spec: &str) -> Result<Self, DataError> {
        let file = if spec.contains(":features=") {
            TensorFile::open(spec)?
        } else {
            TensorFile::open(&format!("{spec}:features=embedding.weight"))?
        };
        let name = file.name().to_owned();
        let &[tokens, dim] = file.shape() else {
            return Err(DataError::malformed(
                name,
                "a table of token vectors has two axes; name another array with FILE:features=NAME",
            ));
        };
        let mut vectors = Vec::new();
        file.reader()?.read(tokens as usize, &mut vectors)?;
        if vectors.iter().any(|x| !x.is_finite()) {
            return Err(DataError::malformed(
                name,
                "the table holds NaN or infinity; get another copy",
            ));
        }
        Ok(Self {
            vectors,
            dim: dim as usize,
        })
    }

    /// D.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Writes the mean of the vectors of `tokens` to `to`.
    fn embed(&self, tokens: &Tokens, to: &mut [f32]) -> Result<(), String> {
        if tokens.ids.is_empty() {
            return Err("has no token, so there is no mean".to_owned());
        }
        let known = self.vectors.len() / self.dim;
        if let Some(id) = tokens.ids.iter().find(|&&id| id as usize >= known) {
            return Err(format!(
                "has token {id}, but the table has {known}: the tokenizer is another table's"
            ));
        }
        let vector = |&id: &u32| &self.vectors[id as usize * self.dim..][..self.dim];
        mean(tokens.ids.iter().map(vector), to);
        Ok(())
    }
}

/// Texts as means of token vectors: a feature set without logits.
pub struct Vectors {
    texts: Texts,
    tokenizer: Tokenizer,
    table: TokenTable,
    schema: Schema,
    unit_length: bool,
}

impl Vectors {
    /// Texts as means of token vectors, divided by their lengths where `unit_length`.
    pub fn new(texts: Texts, tokenizer: Tokenizer, table: TokenTable, unit_length: bool) -> Self {
        Self {
            schema: Schema {
                rows: texts.texts().len() as u64,
                dim: Some(table.dim),
                labels: texts.labels().is_some(),
                ids: texts.ids().is_some(),
                ..Schema::default()
            },
            texts,
            tokenizer,
            table,
            unit_length,
        }
    }
}

impl Source for Vectors {
    fn name(&self) -> &str {
        self.texts.name()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reader(&self) -> Result<Box<dyn RowReader + '_>, DataError> {
        Ok(Box::new(Pass {
            vectors: self,
            done: 0,
        }))
    }
}

struct Pass<'t> {
    vectors: &'t Vectors,
    done: usize,
}

impl RowReader for Pass<'_> {
    fn read(&mut self, chunk: &mut Chunk, max_rows: usize) -> Result<(), DataError> {
        let Vectors {
            texts,
            tokenizer,
            table,
            unit_length,
            ..
        } = self.vectors;
        chunk.clear(self.done as u64);
        let end = texts.texts().len().min(self.done.saturating_add(max_rows));
        for from in (self.done..end).step_by(AT_ONCE) {
            let texts = &texts.texts()[from..end.min(from + AT_ONCE)];
            // Marks of a text's ends were learned for attention, which a table has not.
            let tokens = tokenizer.encode(texts, false)?;
            let features = chunk.features.to_fill();
            let start = features.len();
            features.resize(start + tokens.len() * table.dim, 0.0);
            features[start..]
                .par_chunks_mut(table.dim)
                .zip(&tokens)
                .enumerate()
                .try_for_each(|(row, (to, tokens))| {
                    table.embed(tokens, to).map_err(|problem| {
                        DataError::malformed(
                            self.vectors.name(),
                            format!("row {} {problem}", from + row),
                        )
                    })
                })?;
            if *unit_length {
                to_unit_length(&mut features[start..], table.dim);
            }
        }
        let rows = self.done..end;
        if let Some(labels) = texts.labels() {
            chunk.labels.extend_from_slice(&labels[rows.clone()]);
        }
        if let Some(ids) = texts.ids() {
            chunk.ids = KeyColumn::Text(ids[rows.clone()].to_vec());
        }
        chunk.rows = rows.len();
        self.done = end;
        Ok(())
    }

    fn skip(&mut self, rows: u64) -> Result<(), DataError> {
        let left = self.vectors.texts.texts().len() - self.done;
        self.done += usize::try_from(rows).unwrap_or(left).min(left);
        Ok(())
    }
}

#[cfg(all(test, feature = "tokenizers"))]
mod tests {
    use qualm_data::{Format, MemorySet, Precision, write_features};

    use super::*;
    use crate::TextColumns;
    use crate::tokenizer::tests::words;

    fn vectors(text: &str, tokens: usize, unit_length: bool) -> Result<Vec<f32>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.safetensors");
        let table: Vec<f32> = (0..tokens * 2).map(|x| x as f32).collect();
        let set = MemorySet::new("table").with_features(table, 2).unwrap();
        write_features(&set, &path, Format::Safetensors, Precision::default()).unwrap();
        let missing = TokenTable::open(path.to_str().unwrap()).unwrap_err();
        assert!(
            missing.to_string().contains("embedding.weight"),
            "{missing}"
        );
        let spec = format!("{}:features=features", path.display());
        let table = TokenTable::open(&spec).unwrap();
        let path = folder.path().join("texts.txt");
        std::fs::write(&path, text).unwrap();
        let texts = Texts::open(&path, &TextColumns::default()).unwrap();
        let tokenizer = words(None).unwrap();
        let vectors = Vectors::new(texts, tokenizer, table, unit_length);
        match MemorySet::read(&vectors) {
            Ok(set) => Ok(set.rows().features.to_vec()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_text_is_the_mean_of_its_tokens() {
        // Tokens 4, 5, 6 are [8, 9], [10, 11] and [12, 13].
        assert_eq!(
            vectors("how are you\nhow\n", 7, false).unwrap(),
            [10.0, 11.0, 8.0, 9.0]
        );
        let unit = vectors("how", 7, true).unwrap();
        assert!((unit[0] - 8.0 / 145f32.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn a_text_without_a_mean_is_named() {
        let error = vectors("how\n\n", 7, false).unwrap_err();
        assert!(error.contains("row 1 has no token"), "{error}");
        let error = vectors("how\nyou\n", 6, false).unwrap_err();
        assert!(
            error.contains("row 1 has token 6, but the table has 6"),
            "{error}"
        );
    }
}
