//! Texts for models: read from files, cut into tokens, put into batches, pooled; and sentence
//! vectors from a table of token vectors, without a model. With the feature `lm`, language models
//! of the Llama family, whole.
//!
//! ```
//! use qualm_text::{Pool, TextColumns, Texts, TokenBatch, Tokens};
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("texts.csv");
//! std::fs::write(&path, "id,text,label\na1,How are you?,greeting\na2,\"Pay, please\",bill\n").unwrap();
//! let texts = Texts::open(&path, &TextColumns::default())?;
//! assert_eq!(texts.texts()[1], "Pay, please");
//! // Names of classes are numbered in their order.
//! assert_eq!(texts.labels(), Some(&[1, 0][..]));
//!
//! // Two texts as token numbers: a batch is as wide as its longest.
//! let tokens = |ids: &[u32]| Tokens { ids: ids.to_vec(), types: vec![0; ids.len()] };
//! let batches = TokenBatch::of(&[tokens(&[5, 6, 7]), tokens(&[8])], 16, 0);
//! assert_eq!((batches[0].length, &batches[0].ids[..]), (3, &[8, 0, 0, 5, 6, 7][..]));
//! assert_eq!(batches[0].places, [1, 0]);
//!
//! // A model gives a vector for each token; padding has no part in a text's.
//! let hidden = [1.0, 9.0, 9.0, 1.0, 2.0, 6.0];
//! assert_eq!(Pool::Mean.pool(&hidden, &batches[0].mask, 3), [1.0, 3.0]);
//! # Ok::<(), qualm_data::DataError>(())
//! ```

mod batch;
mod labels;
#[cfg(feature = "lm")]
pub mod lm;
mod pool;
mod table;
mod texts;
#[cfg(feature = "tokenizers")]
mod tokenizer;
#[cfg(not(feature = "tokenizers"))]
mod without_tokenizers;

pub use batch::{TokenBatch, Tokens};
pub use pool::{Pool, to_unit_length};
pub use table::{TokenTable, Vectors};
pub use texts::{TextColumns, Texts};
#[cfg(feature = "tokenizers")]
pub use tokenizer::Tokenizer;
#[cfg(not(feature = "tokenizers"))]
pub use without_tokenizers::Tokenizer;
