use std::ops::Range;
use std::path::Path;

use qualm_data::DataError;

use crate::RationaleError;
use crate::data::file::read_text;
use crate::data::{Dataset, Example, Splits};
use crate::segment::tokens;

/// Counterfactually augmented IMDb (Kaushik et al., ICLR 2020): reviews, and the same reviews
/// edited by people until they say the opposite. The original reviews are learned from and chosen
/// by; the originals and, apart from them, the revised ones are tested on.
///
/// What differs between the two of a pair is the evidence. `folder` holds `train_paired.tsv.gz`,
/// `dev_paired.tsv.gz` and `test_paired.tsv.gz`: of each pair the original stands first.
///
/// # Errors
/// [`RationaleError`] that names file and row.
pub fn counterfactual(folder: &Path) -> Result<Splits, RationaleError> {
    let [training, _] = pairs(&folder.join("train_paired.tsv.gz"))?;
    let [validation, _] = pairs(&folder.join("dev_paired.tsv.gz"))?;
    let [original, revised] = pairs(&folder.join("test_paired.tsv.gz"))?;
    let part = |name: &str, examples| Dataset {
        name: format!("IMDb, {name}"),
        classes: ["negative", "positive"].map(str::to_owned).to_vec(),
        examples,
    };
    Ok(Splits {
        training: part("originals to train on", training),
        validation: part("originals to choose by", validation),
        tests: vec![
            part("original test", original),
            part("revised test", revised),
        ],
    })
}

/// Originals and revised reviews of a file.
fn pairs(path: &Path) -> Result<[Vec<Example>; 2], DataError> {
    let text = read_text(path)?;
    let name = path.display().to_string();
    let mut rows = Vec::new();
    for (line, number) in text.lines().zip(1..).skip(1) {
        let wrong =
            |problem: &str| DataError::malformed(&name, format!("line {number}: {problem}"));
        let fields: Vec<&str> = line.split('\t').collect();
        let [sentiment, review, pair] = fields[..] else {
            return Err(wrong("a line has three fields: Sentiment, Text, batch_id"));
        };
        let label = match sentiment {
            "Negative" => 0,
            "Positive" => 1,
            _ => return Err(wrong("the sentiment is neither Negative nor Positive")),
        };
        // Breaks of lines of the page that the review stood on.
        rows.push((label, review.replace("<br />", " "), pair.to_owned()));
    }
    let mut parts: [Vec<Example>; 2] = Default::default();
    for two in rows.chunks(2) {
        let [first, second] = two else {
            return Err(DataError::malformed(
                &name,
                "the last review has no partner",
            ));
        };
        if first.2 != second.2 {
            let problem = format!("`{}` and `{}` are no pair", first.2, second.2);
            return Err(DataError::malformed(&name, problem));
        }
        let evidence = differing(&first.1, &second.1);
        for ((part, (label, text, pair)), evidence) in
            parts.iter_mut().zip([first, second]).zip(evidence)
        {
            part.push(Example {
                id: pair.clone(),
                text: text.clone(),
                query: None,
                label: *label,
                evidence: Some(evidence),
            });
        }
    }
    Ok(parts)
}

/// The tokens of each text that are not part of a longest common subsequence of both.
fn differing(a: &str, b: &str) -> [Vec<Range<usize>>; 2] {
    let (in_a, in_b) = (tokens(a), tokens(b));
    let word = |text: &str, span: &Range<usize>| text[span.clone()].to_lowercase();
    let words_a: Vec<String> = in_a.iter().map(|span| word(a, span)).collect();
    let words_b: Vec<String> = in_b.iter().map(|span| word(b, span)).collect();
    let wide = words_b.len() + 1;
    // Lengths of longest common subsequences of what follows.
    let mut length = vec![0u32; (words_a.len() + 1) * wide];
    for i in (0..words_a.len()).rev() {
        for j in (0..words_b.len()).rev() {
            length[i * wide + j] = if words_a[i] == words_b[j] {
                length[(i + 1) * wide + j + 1] + 1
            } else {
                length[(i + 1) * wide + j].max(length[i * wide + j + 1])
            };
        }
    }
    let (mut only_a, mut only_b) = (Vec::new(), Vec::new());
    let (mut i, mut j) = (0, 0);
    while i < words_a.len() || j < words_b.len() {
        if i < words_a.len() && j < words_b.len() && words_a[i] == words_b[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == words_b.len()
            || i < words_a.len() && length[(i + 1) * wide + j] >= length[i * wide + j + 1]
        {
            only_a.push(in_a[i].clone());
            i += 1;
        } else {
            only_b.push(in_b[j].clone());
            j += 1;
        }
    }
    [only_a, only_b]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_edited_is_the_evidence() {
        let (a, b) = ("A dull, dull film.", "A bright film, really.");
        let [in_a, in_b] = differing(a, b);
        let cut = |text: &'static str, spans: Vec<Range<usize>>| -> Vec<&str> {
            spans.into_iter().map(|span| &text[span]).collect()
        };
        assert_eq!(cut(a, in_a), ["dull", ",", "dull"]);
        assert_eq!(cut(b, in_b), ["bright", ",", "really"]);
        let [none, all] = differing("", "x y");
        assert!(none.is_empty());
        assert_eq!(all, [0..1, 2..3]);
    }
}
