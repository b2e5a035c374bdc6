use std::time::Instant;

use qualm_net::Adam;
use qualm_stats::Stream;

use crate::RationaleError;
use crate::data::{Dataset, Example};
use crate::model::batch::{Lesson, PARTS, Part, Step};
use crate::model::classifier::{Classifier, Reading};
use crate::model::method::Method;
use crate::model::pretrained::Pretrained;
use crate::model::sequence::{Sequence, Unit};
use crate::model::vocabulary::Vocabulary;
use crate::segment::sentences;
use crate::victim::Input;

/// How a classifier is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// What is selected or left.
    pub unit: Unit,
    /// Passes over the texts at most.
    pub epochs: usize,
    /// Passes that are no better on the validation texts after which training ends: better is a higher
    /// accuracy, or the same at a lower cross-entropy.
    pub patience: usize,
    /// Texts of a step.
    pub batch: usize,
    /// Adam's learning rate.
    pub rate: f64,
    /// Share of the numbers of words' vectors that each step leaves out.
    pub dropout: f64,
    /// Width of vectors and convolutions.
    pub width: usize,
    /// Probability with which each pass keeps a sentence of a text: below 1 for a model that is to
    /// vote over parts of texts ([`crate::certify`]).
    pub keep: f64,
    /// Tokens of a text at most; what is longer is cut, and counted.
    pub longest: usize,
    /// Seed of first parameters, order, dropout and draws.
    pub seed: u64,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            unit: Unit::Token,
            epochs: 12,
            patience: 3,
            batch: 64,
            rate: 2e-3,
            dropout: 0.3,
            width: 64,
            keep: 1.0,
            longest: 512,
            seed: qualm_stats::random::DEFAULT_SEED,
        }
    }
}

/// One pass over the texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Epoch {
    /// Which, from 1.
    pub number: usize,
    /// Mean loss of its steps.
    pub loss: f64,
    /// Accuracy on the validation texts, as at test.
    pub accuracy: f64,
    /// Mean cross-entropy of the validation texts, as at test.
    pub validation_loss: f64,
    /// Whether all validation texts get one class.
    pub collapsed: bool,
}

/// How training went.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// All passes.
    pub epochs: Vec<Epoch>,
    /// The pass whose parameters were kept, from 1.
    pub best: usize,
    /// Texts that were cut.
    pub cut: usize,
    /// Seconds.
    pub seconds: f64,
}

impl Course {
    /// The pass whose parameters were kept.
    pub fn kept(&self) -> &Epoch {
        &self.epochs[self.best - 1]
    }
}

/// Words that stand once teach nothing that holds elsewhere.
const LEAST_COUNT: usize = 2;
/// Words at most: their vectors are most of a model.
const MOST_WORDS: usize = 30_000;
/// Share of the texts of a pass into which a sentence is inserted, where that is taught.
const AUGMENTED: f64 = 0.5;

/// Streams of randomness of one training, apart by what they are for.
const OF_PARAMETERS: u64 = 1 << 60;
const OF_ORDER: u64 = 2 << 60;
const OF_INSERTIONS: u64 = 3 << 60;

/// What a classifier is trained with.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// Texts to learn from.
    pub training: &'a Dataset,
    /// Texts to choose the best pass by.
    pub validation: &'a Dataset,
    /// Sentences that a method with `art` inserts.
    pub neutral: &'a [String],
    /// What words begin with; drawn where there is none.
    pub pretrained: Option<&'a Pretrained>,
}

impl<'a> Material<'a> {
    /// Texts alone.
    pub fn new(training: &'a Dataset, validation: &'a Dataset) -> Self {
        Self {
            training,
            validation,
            neutral: &[],
            pretrained: None,
        }
    }
}

/// Trains a classifier and keeps the parameters of the pass that was best on the validation texts.
///
/// `observe` is told each pass.
///
/// # Errors
/// [`RationaleError::OneClass`], [`RationaleError::Parameter`] when neutral sentences are lacking,
/// and [`RationaleError::NoEvidence`] when a method needs evidence that no text has.
pub fn train(
    method: Method,
    options: &Training,
    material: Material<'_>,
    observe: &mut dyn FnMut(&Epoch),
) -> Result<(Classifier, Course), RationaleError> {
    let start = Instant::now();
    let Material {
        training,
        validation,
        neutral,
        pretrained,
    } = material;
    check(&method, training, neutral)?;
    let texts = training
        .examples
        .iter()
        .flat_map(|example| std::iter::once(example.text.as_str()).chain(example.query.as_deref()));
    let neutral_texts = neutral.iter().map(String::as_str);
    let known = texts.chain(neutral_texts.filter(|_| method.augmentation > 0.0));
    let words = Vocabulary::of(known, LEAST_COUNT, MOST_WORDS);
    let layout = Classifier::layout(&method, &words, training.classes.len(), options.width);
    let mut stream = Stream::new(options.seed, OF_PARAMETERS);
    let mut classifier = Classifier {
        method,
        unit: options.unit,
        longest: options.longest,
        classes: training.classes.clone(),
        words,
        parameters: layout.draw(&mut stream),
        layout,
    };
    if let Some(pretrained) = pretrained {
        let table = pretrained.table(&classifier.words, options.width)?;
        classifier.parameters[classifier.layout.words.clone()].copy_from_slice(&table);
    }
    classifier.parameters[classifier.layout.score_bias.clone()].fill(method.first_score() as f32);
    let lessons: Vec<Lesson> = training
        .examples
        .iter()
        .map(|example| lesson(&classifier, example, None))
        .collect();
    let cut = lessons.iter().filter(|l| l.sequence.left_out > 0).count();
    let mut adam = Adam::new(classifier.layout.len(), options.rate);
    let mut gradient = vec![0.0; classifier.layout.len()];
    let mut parts = vec![Part::default(); PARTS];
    let mut order: Vec<usize> = (0..lessons.len()).collect();
    let mut shuffling = Stream::new(options.seed, OF_ORDER);
    let mut epochs: Vec<Epoch> = Vec::new();
    // Below any accuracy: some pass is always kept.
    let mut best = (0, (-1.0, f64::INFINITY), classifier.parameters.clone());
    for number in 1..=options.epochs {
        let changed = vary(&classifier, training, neutral, options, number);
        let lessons: Vec<&Lesson> = (0..lessons.len())
            .map(|i| changed[i].as_ref().unwrap_or(&lessons[i]))
            .collect();
        shuffling.shuffle(&mut order);
        let mut sum = 0.0;
        let mut first = (number * lessons.len()) as u64;
        for rows in order.chunks(options.batch) {
            let batch: Vec<&Lesson> = rows.iter().map(|row| lessons[*row]).collect();
            let step = Step {
                method: &classifier.method,
                layout: &classifier.layout,
                parameters: &classifier.parameters,
                dropout: options.dropout,
            };
            let stream = |lesson| Stream::new(options.seed, first + lesson as u64);
            let mean = step.loss(&mut parts, &batch, &stream, &mut gradient);
            sum += mean * rows.len() as f64;
            adam.step(&mut classifier.parameters, &gradient);
            first += rows.len() as u64;
        }
        let epoch = validate(&classifier, validation, number, sum / order.len() as f64);
        observe(&epoch);
        let (accuracy, loss) = best.1;
        let better =
            epoch.accuracy > accuracy || epoch.accuracy == accuracy && epoch.validation_loss < loss;
        if better {
            let reached = (epoch.accuracy, epoch.validation_loss);
            best = (number, reached, classifier.parameters.clone());
        }
        epochs.push(epoch);
        if number - best.0 >= options.patience {
            break;
        }
    }
    classifier.parameters = best.2;
    let course = Course {
        epochs,
        best: best.0,
        cut,
        seconds: start.elapsed().as_secs_f64(),
    };
    Ok((classifier, course))
}

fn check(method: &Method, training: &Dataset, neutral: &[String]) -> Result<(), RationaleError> {
    training.check_classes()?;
    if method.augmentation > 0.0 && neutral.is_empty() {
        return Err(RationaleError::parameter(
            &method.to_string(),
            "no neutral sentences are given to insert; give some or leave `art` out",
        ));
    }
    let known = |example: &Example| example.evidence.is_some();
    if method.supervision > 0.0 && !training.examples.iter().any(known) {
        return Err(RationaleError::NoEvidence {
            origin: training.name.clone(),
            method: method.to_string(),
        });
    }
    Ok(())
}

/// A lesson of an example; with a sentence inserted, first or last.
fn lesson(classifier: &Classifier, example: &Example, inserted: Option<(&str, bool)>) -> Lesson {
    let (example, at) = match inserted {
        None => (example.clone(), None),
        Some((sentence, first)) => {
            let (example, span) =
                example.with_sentence(sentence, if first { 0 } else { usize::MAX });
            (example, Some(span))
        }
    };
    let input = Input {
        text: &example.text,
        query: example.query.as_deref(),
    };
    let sequence = Sequence::of(
        input,
        &classifier.words,
        classifier.unit,
        classifier.longest,
    );
    let inserted = at.map_or_else(Vec::new, |span| {
        let touched = sequence.touched(&[span]).into_iter().enumerate();
        touched.filter(|(_, t)| *t).map(|(unit, _)| unit).collect()
    });
    Lesson {
        gold: example
            .evidence
            .as_ref()
            .map(|spans| sequence.touched(spans)),
        sequence,
        label: example.label,
        inserted,
    }
}

/// What a pass changes of the texts, drawn anew each time: for half of the examples a sentence is
/// inserted, where that is taught; of all, sentences are left out, where parts are to be voted over.
fn vary(
    classifier: &Classifier,
    training: &Dataset,
    neutral: &[String],
    options: &Training,
    number: usize,
) -> Vec<Option<Lesson>> {
    let mut stream = Stream::new(options.seed, OF_INSERTIONS + number as u64);
    let inserts = classifier.method.augmentation > 0.0;
    let examples = training.examples.iter();
    examples
        .map(|example| {
            let part = (options.keep < 1.0).then(|| {
                let mask =
                    (0..sentences(&example.text).len()).map(|_| stream.unit() < options.keep);
                example.with_sentences_kept(&mask.collect::<Vec<_>>())
            });
            let seen = part.as_ref().unwrap_or(example);
            if inserts && stream.unit() < AUGMENTED {
                let first = stream.unit() < 0.5;
                let sentence = &neutral[stream.below(neutral.len())];
                return Some(lesson(classifier, seen, Some((sentence, first))));
            }
            part.as_ref().map(|part| lesson(classifier, part, None))
        })
        .collect()
}

fn validate(classifier: &Classifier, validation: &Dataset, number: usize, loss: f64) -> Epoch {
    let readings = classifier.read(&validation.inputs());
    let classes: Vec<usize> = readings.iter().map(Reading::class).collect();
    let labels = validation.examples.iter().map(|example| example.label);
    let right = classes
        .iter()
        .zip(labels.clone())
        .filter(|(c, label)| *c == label);
    let rows = classes.len().max(1) as f64;
    let losses = readings.iter().zip(labels).map(|(reading, label)| {
        // A certain mistake costs a lot, not everything.
        -reading.probabilities[label].max(f64::MIN_POSITIVE).ln()
    });
    Epoch {
        number,
        loss,
        accuracy: right.count() as f64 / rows,
        validation_loss: losses.sum::<f64>() / rows,
        collapsed: classes.windows(2).all(|pair| pair[0] == pair[1]),
    }
}

/// Sentences of texts, for insertion.
pub fn sentences_of<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    texts
        .flat_map(|text| {
            sentences(text)
                .into_iter()
                .map(|span| text[span].to_owned())
        })
        .collect()
}
