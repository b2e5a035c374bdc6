//! Models trained, tested and attacked: what selecting evidence buys, and against what.

mod evaluate;
mod outcome;
mod report;
mod texts;
mod verdict;

pub use evaluate::under_attack;
pub use outcome::{EvidenceWorth, Marks, Outcome, Tested, Trained, UnderAttack, Variant};
pub use report::{brief, report};
pub use texts::{Examples, examples};
pub use verdict::{Comparison, comparisons};

use crate::RationaleError;
use crate::attack::{Attack, Supplies};
use crate::data::Splits;
use crate::model::{Classifier, Epoch, Material, Method, Pretrained, Training, train};

/// What is to be trained and attacked.
pub struct Study {
    /// The texts.
    pub data: Splits,
    /// What is trained.
    pub methods: Vec<Method>,
    /// What the trained are attacked by; those that do not suit the data are left out.
    pub attacks: Vec<Attack>,
    /// Seeds: each method is trained once with each.
    pub seeds: Vec<u64>,
    /// How.
    pub training: Training,
    /// What words begin with.
    pub pretrained: Option<Pretrained>,
    /// What attacks draw on, and what is inserted while training.
    pub supplies: Supplies,
    /// Test texts that attacks on words are tried on, the first ones: they ask hundreds of times.
    pub rows_of_word_attacks: usize,
}

impl Study {
    /// Models to train.
    pub fn models(&self) -> usize {
        self.methods.len() * self.seeds.len()
    }

    /// Attacks that mean anything for these data.
    pub fn suitable(&self) -> impl Iterator<Item = Attack> {
        self.attacks
            .iter()
            .copied()
            .filter(|attack| self.data.tests.iter().all(|test| attack.suits(test)))
    }

    /// All that the figures depend on but method and seed.
    fn setting(&self) -> String {
        let training = Training {
            seed: 0,
            ..self.training.clone()
        };
        let sizes = |set: &crate::data::Dataset| format!("{} ({})", set.name, set.examples.len());
        let tests: Vec<String> = self.data.tests.iter().map(sizes).collect();
        let attacks: Vec<&str> = self.suitable().map(Attack::name).collect();
        format!(
            "{}; {}; {}; {}; {} rows of word attacks; words begin {}; {training:?}",
            sizes(&self.data.training),
            sizes(&self.data.validation),
            tests.join("; "),
            attacks.join(", "),
            self.rows_of_word_attacks,
            self.pretrained.as_ref().map_or("drawn", Pretrained::name),
        )
    }

    /// Trains and attacks all models, seed by seed and method by method. What `known` holds of this
    /// very study is taken from there. `trained` is given each new model with its outcome as it
    /// comes; an error of it ends the study.
    ///
    /// # Errors
    /// Of training, and what `trained` returns.
    pub fn run(
        &self,
        known: &[Outcome],
        trained: &mut dyn FnMut(&Classifier, &Outcome) -> Result<(), RationaleError>,
        epoch: &mut dyn FnMut(&str, u64, &Epoch),
    ) -> Result<Vec<Outcome>, RationaleError> {
        let setting = self.setting();
        let mut outcomes = Vec::with_capacity(self.models());
        for &seed in &self.seeds {
            for method in &self.methods {
                let name = method.to_string();
                let same =
                    |o: &&Outcome| (&o.setting, &o.method, o.seed) == (&setting, &name, seed);
                if let Some(done) = known.iter().find(same) {
                    outcomes.push(done.clone());
                    continue;
                }
                let (classifier, outcome) =
                    self.one(method, seed, &setting, &mut |e| epoch(&name, seed, e))?;
                trained(&classifier, &outcome)?;
                outcomes.push(outcome);
            }
        }
        Ok(outcomes)
    }

    fn one(
        &self,
        method: &Method,
        seed: u64,
        setting: &str,
        epoch: &mut dyn FnMut(&Epoch),
    ) -> Result<(Classifier, Outcome), RationaleError> {
        let options = Training {
            seed,
            ..self.training.clone()
        };
        let Splits {
            training,
            validation,
            tests,
        } = &self.data;
        let material = Material {
            training,
            validation,
            neutral: &self.supplies.taught,
            pretrained: self.pretrained.as_ref(),
        };
        let (classifier, course) = train(*method, &options, material, epoch)?;
        let kept = course.kept();
        let trained = Trained {
            epochs: course.epochs.len(),
            best: course.best,
            validation_accuracy: kept.accuracy,
            collapsed: kept.collapsed,
            cut: course.cut,
            seconds: course.seconds,
        };
        let tests = tests.iter().map(|set| self.test(&classifier, set, seed));
        let outcome = Outcome {
            setting: setting.to_owned(),
            method: method.to_string(),
            seed,
            trained,
            tests: tests.collect::<Result<_, _>>()?,
        };
        Ok((classifier, outcome))
    }

    fn test(
        &self,
        classifier: &Classifier,
        set: &crate::data::Dataset,
        seed: u64,
    ) -> Result<Tested, RationaleError> {
        let few = set.subset(&set.name, |row, _| row < self.rows_of_word_attacks);
        let attacks = self.suitable().map(|attack| {
            let set = if attack.adds_a_sentence() { set } else { &few };
            let unit = classifier.unit();
            let under = evaluate::under_attack(attack, classifier, unit, set, &self.supplies, seed);
            under.map(|(under, _)| under)
        });
        let readings = classifier.read(&set.inputs());
        Ok(Tested {
            name: set.name.clone(),
            right: evaluate::right(&readings, set),
            cut: readings
                .iter()
                .filter(|reading| reading.left_out > 0)
                .count(),
            evidence: evaluate::worth(classifier, &readings, set),
            attacks: attacks.collect::<Result<_, _>>()?,
        })
    }
}
