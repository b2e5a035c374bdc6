use qualm_report::{Exhibit, Gallery, Piece, Shown};

use crate::RationaleError;
use crate::attack::{Attack, Attacked, Supplies};
use crate::data::Dataset;
use crate::measures::touched;
use crate::model::Classifier;
use crate::study::under_attack;

/// Texts to look at.
#[derive(Debug, Clone, Copy)]
pub struct Examples {
    /// How many.
    pub texts: usize,
    /// Seed of the attack's draws.
    pub seed: u64,
}

/// The first texts of a data set as an attack leaves them, with what the classifier selects marked
/// and what the attack wrote underlined.
///
/// # Errors
/// Of the attack.
pub fn examples(
    classifier: &Classifier,
    set: &Dataset,
    attack: Attack,
    supplies: &Supplies,
    options: Examples,
) -> Result<Gallery, RationaleError> {
    let few = set.subset(&set.name, |row, _| row < options.texts);
    let unit = classifier.unit();
    let (_, attacked) = under_attack(attack, classifier, unit, &few, supplies, options.seed)?;
    let inputs: Vec<_> = attacked.iter().map(|a| a.example.input()).collect();
    let readings = classifier.read(&inputs);
    let title = format!("{} under {}", classifier.method().label(), attack.name());
    let mut gallery = Gallery::new(title);
    for (attacked, reading) in attacked.iter().zip(&readings) {
        let class = &classifier.class_names()[reading.class()];
        gallery = gallery.push(Exhibit {
            name: attacked.example.id.clone(),
            caption: format!(
                "{}: predicted {class} with {:.2}, {} is right",
                attacked.outcome.word(),
                reading.probabilities[reading.class()],
                classifier.class_names()[attacked.example.label],
            ),
            shown: Shown::Passage {
                pieces: pieces(attacked, &reading.evidence.spans()),
            },
        });
    }
    Ok(gallery)
}

/// The text cut wherever a selection or what was written begins or ends.
fn pieces(attacked: &Attacked, selected: &[std::ops::Range<usize>]) -> Vec<Piece> {
    let text = &attacked.example.text;
    let mut cuts = vec![0, text.len()];
    for span in selected.iter().chain(&attacked.written) {
        cuts.extend([span.start, span.end]);
    }
    cuts.sort_unstable();
    cuts.dedup();
    let spans: Vec<_> = cuts.windows(2).map(|pair| pair[0]..pair[1]).collect();
    let selected = touched(&spans, selected);
    let added = touched(&spans, &attacked.written);
    let marks = selected.into_iter().zip(added);
    spans
        .into_iter()
        .zip(marks)
        .map(|(span, (selected, added))| Piece {
            text: text[span].to_owned(),
            selected,
            added,
        })
        .collect()
}
