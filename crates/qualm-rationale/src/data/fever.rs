use std::collections::HashMap;
use std::path::Path;

use qualm_data::DataError;
use qualm_stats::random::{DEFAULT_SEED, hash_bytes, unit_hash};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::RationaleError;
use crate::data::file::{json_lines, read_text};
use crate::data::{Dataset, Example, Splits};

/// FEVER in the form of ERASER: claims, the sentences of an article, and which of them are the
/// evidence. `val.jsonl.gz` is learned from, but for a fifth of its articles, which is chosen by;
/// `test.jsonl.gz` is tested on.
///
/// The article is the text, a sentence a line; the claim is the query. The published training part
/// is not needed. `folder` also holds `docs.jsonl.gz`.
///
/// # Errors
/// [`RationaleError`] that names file and row.
pub fn fever(folder: &Path) -> Result<Splits, RationaleError> {
    let mut articles: HashMap<String, Vec<String>> = HashMap::new();
    let path = folder.join("docs.jsonl.gz");
    for (_, article) in lines::<Article>(&path)? {
        articles.insert(article.doc, article.sentences);
    }
    let read = |file: &str| claims(&folder.join(file), &articles);
    let (known, test) = (read("val.jsonl.gz")?, read("test.jsonl.gz")?);
    let chosen_by = |(article, _): &&(String, Example)| {
        unit_hash(DEFAULT_SEED, hash_bytes(DEFAULT_SEED, article.as_bytes())) < 0.2
    };
    let part = |name: &str, examples| Dataset {
        name: format!("FEVER, {name}"),
        classes: ["REFUTES", "SUPPORTS"].map(str::to_owned).to_vec(),
        examples,
    };
    let take = |validation: bool| {
        let examples = known.iter().filter(|claim| chosen_by(claim) == validation);
        examples.map(|(_, example)| example.clone()).collect()
    };
    Ok(Splits {
        training: part("validation file, four fifths of the articles", take(false)),
        validation: part("validation file, a fifth of the articles", take(true)),
        tests: vec![part(
            "test file",
            test.into_iter().map(|(_, e)| e).collect(),
        )],
    })
}

#[derive(Deserialize)]
struct Article {
    doc: String,
    sentences: Vec<String>,
}

#[derive(Deserialize)]
struct Claim {
    id: String,
    label: String,
    claim: String,
    docs: Vec<String>,
    evidence: Vec<(String, usize)>,
}

fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<(usize, T)>, DataError> {
    json_lines(&path.display().to_string(), &read_text(path)?)
}

fn claims(
    path: &Path,
    articles: &HashMap<String, Vec<String>>,
) -> Result<Vec<(String, Example)>, DataError> {
    let claims = lines::<Claim>(path)?.into_iter();
    claims
        .map(|(number, claim)| {
            let wrong = |problem: String| {
                let name = path.display().to_string();
                DataError::malformed(name, format!("line {number}: {problem}"))
            };
            let label = match claim.label.as_str() {
                "REFUTES" => 0,
                "SUPPORTS" => 1,
                other => return Err(wrong(format!("`{other}` is neither REFUTES nor SUPPORTS"))),
            };
            let mut text = String::new();
            let mut evidence = Vec::new();
            for doc in &claim.docs {
                let sentences = articles.get(doc);
                let sentences =
                    sentences.ok_or_else(|| wrong(format!("there is no article `{doc}`")))?;
                for (at, sentence) in sentences.iter().enumerate() {
                    if !text.is_empty() {
                        text.push('\n');
                    }
                    let start = text.len();
                    // A line break within a sentence would make two of it.
                    text.push_str(&sentence.replace('\n', " "));
                    let named = |(from, number): &(String, usize)| from == doc && *number == at;
                    if claim.evidence.iter().any(named) {
                        evidence.push(start..text.len());
                    }
                }
            }
            let example = Example {
                id: claim.id,
                text,
                query: Some(claim.claim),
                label,
                evidence: Some(evidence),
            };
            Ok((claim.docs.join(" "), example))
        })
        .collect()
}
