use qualm_report::{Exhibit, Gallery, Shown};

use crate::RationaleError;
use crate::attack::{Attack, Supplies};
use crate::data::Dataset;
use crate::model::Classifier;
use crate::passage::passage;
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
                pieces: passage(
                    &attacked.example.text,
                    &reading.evidence.spans(),
                    &attacked.written,
                ),
            },
        });
    }
    Ok(gallery)
}
