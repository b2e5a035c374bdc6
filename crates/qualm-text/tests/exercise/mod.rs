//! What the fuzz target and the test of hostile files do with arbitrary bytes.

use std::path::Path;

use qualm_text::{TextColumns, Texts};

/// Bytes as a file of texts in each format: rows that belong together, or one sentence.
pub(crate) fn texts(folder: &Path, bytes: &[u8]) {
    for format in ["csv", "tsv", "jsonl", "txt"] {
        let path = folder.join(format!("texts.{format}"));
        std::fs::write(&path, bytes).expect("a folder of this program's own can be written to");
        match Texts::open(&path, &TextColumns::default()) {
            Ok(texts) => {
                let rows = texts.texts().len();
                assert!(rows <= bytes.len());
                assert!(texts.labels().is_none_or(|labels| labels.len() == rows));
                assert!(texts.ids().is_none_or(|ids| ids.len() == rows));
            }
            Err(error) => {
                let error = error.to_string();
                assert!(!error.contains('\n'), "{error}");
            }
        }
    }
}
