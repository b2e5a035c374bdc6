//! The loss of a batch and its gradient.

use std::ops::Range;

use qualm_linalg::Elementary;
use qualm_stats::Stream;
use rayon::prelude::*;

use crate::model::choice::cross_entropy;
use crate::model::layout::Layout;
use crate::model::method::{Method, Slopes};
use crate::model::pass::Pass;
use crate::model::sequence::Sequence;

/// Parts of a batch that run beside each other, each with a gradient of its own. Fixed, so that the
/// bytes do not depend on the number of threads.
pub(crate) const PARTS: usize = 4;

/// What is learned from: a sequence, its class and what is known of its units.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lesson {
    pub(crate) sequence: Sequence,
    pub(crate) label: usize,
    /// Which units people gave as evidence, where they were asked.
    pub(crate) gold: Option<Vec<bool>>,
    /// Units that were inserted and must not be selected.
    pub(crate) inserted: Vec<usize>,
}

/// Buffers of a part, and its sums.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part<T> {
    pass: Pass<T>,
    gradient: Vec<T>,
    loss: f64,
}

/// What a step is taken with, whatever the batch.
pub(crate) struct Step<'a, T> {
    pub(crate) method: &'a Method,
    pub(crate) layout: &'a Layout,
    pub(crate) parameters: &'a [T],
    /// Share of the numbers of words' vectors that are left out.
    pub(crate) dropout: f64,
}

impl<T: Elementary + Send + Sync> Step<'_, T> {
    /// The mean loss of a batch; `gradient` (of all parameters) is replaced by its gradient. Each
    /// part draws from the stream that `stream` names for its first lesson.
    pub(crate) fn loss(
        &self,
        parts: &mut [Part<T>],
        batch: &[&Lesson],
        stream: &(dyn Fn(usize) -> Stream + Sync),
        gradient: &mut [T],
    ) -> f64 {
        let each = batch.len().div_ceil(parts.len()).max(1);
        let lessons = batch.par_chunks(each).enumerate();
        let share = 1.0 / batch.len() as f64;
        parts
            .par_iter_mut()
            .zip(lessons)
            .for_each(|(part, (number, lessons))| {
                part.run(self, lessons, share, &mut stream(number * each));
            });
        gradient.fill(T::ZERO);
        let mut sum = 0.0;
        for (part, lessons) in parts.iter().zip(batch.chunks(each)) {
            sum += part.loss;
            let dense = &mut gradient[..self.layout.dense()];
            qualm_linalg::add_multiple(dense, T::ONE, &part.gradient);
            let sequences: Vec<&Sequence> = lessons.iter().map(|lesson| &lesson.sequence).collect();
            part.pass.of_words(self.layout, &sequences, gradient);
        }
        sum
    }
}

impl<T: Elementary> Part<T> {
    fn run(&mut self, step: &Step<'_, T>, lessons: &[&Lesson], share: f64, stream: &mut Stream) {
        let Step {
            method,
            layout,
            parameters,
            dropout,
        } = *step;
        self.gradient.clear();
        self.gradient.resize(layout.dense(), T::ZERO);
        let sequences: Vec<&Sequence> = lessons.iter().map(|lesson| &lesson.sequence).collect();
        let pass = &mut self.pass;
        let dropout = (dropout > 0.0).then_some((dropout, &mut *stream));
        pass.read(layout, parameters, &sequences, dropout);
        pass.score(layout, parameters);
        let ranges = ranges(&sequences);
        let mut slopes = vec![Slopes::None; lessons.len()];
        if method.selects() {
            for (range, slopes) in ranges.iter().zip(&mut slopes) {
                let scores = &pass.scores[range.clone()];
                let (gates, s) = method.training_gates(scores, || stream.unit());
                pass.gates[range.clone()].copy_from_slice(&gates);
                *slopes = s;
            }
        }
        let logits = pass.predict(layout, parameters);
        let mut of_logits = logits.to_vec();
        let mut loss = 0.0;
        let rows = of_logits.chunks_exact_mut(layout.sizes.classes);
        for (row, lesson) in rows.zip(lessons) {
            loss += softmax_loss(row, lesson.label, share);
        }
        let gates = pass.gates.clone();
        pass.backward(
            layout,
            parameters,
            &of_logits,
            &mut self.gradient,
            |scores, of_gates| {
                let mut of_scores = Vec::with_capacity(scores.len());
                for ((range, slopes), lesson) in ranges.iter().zip(&slopes).zip(lessons) {
                    let (scores, gates) = (&scores[range.clone()], &gates[range.clone()]);
                    let mut of = method.pull(slopes, scores, gates, &of_gates[range.clone()]);
                    loss += scores_loss(method, lesson, scores, &mut of, share);
                    of_scores.append(&mut of);
                }
                of_scores
            },
        );
        self.loss = loss;
    }
}

/// Units of each sequence among those of all.
pub(crate) fn ranges(sequences: &[&Sequence]) -> Vec<Range<usize>> {
    let mut end = 0;
    let units = sequences.iter().map(|sequence| sequence.units.len());
    units
        .map(|units| {
            end += units;
            end - units..end
        })
        .collect()
}

/// Turns logits into `share (softmax - onehot)` and gives `share` times their cross-entropy.
fn softmax_loss<T: Elementary>(logits: &mut [T], label: usize, share: f64) -> f64 {
    let values: Vec<f64> = logits.iter().map(|l| (*l).into()).collect();
    let probabilities = softmax(&values);
    for (class, (logit, p)) in logits.iter_mut().zip(&probabilities).enumerate() {
        *logit = T::of(share * (p - f64::from(u8::from(class == label))));
    }
    -share * probabilities[label].max(f64::MIN_POSITIVE).ln()
}

/// Probabilities of logits; none of no logits.
///
/// ```
/// let p = qualm_rationale::model::softmax(&[0.0, 3f64.ln()]);
/// assert!((p[0] - 0.25).abs() < 1e-15 && (p[1] - 0.75).abs() < 1e-15);
/// ```
pub fn softmax(logits: &[f64]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut p: Vec<f64> = logits.iter().map(|l| (l - most).exp()).collect();
    let sum: f64 = p.iter().sum();
    p.iter_mut().for_each(|p| *p /= sum);
    p
}

/// Losses of the scores of one lesson: of the prior, of people's evidence and of inserted units,
/// each the mean over the units that it is about. Their slopes are added to `of_scores`.
fn scores_loss(
    method: &Method,
    lesson: &Lesson,
    scores: &[f64],
    of_scores: &mut [f64],
    share: f64,
) -> f64 {
    let mut loss = 0.0;
    let mut add = |unit: usize, value: f64, slope: f64| {
        loss += share * value;
        of_scores[unit] += share * slope;
    };
    method.sparsity(scores, &mut add);
    if let Some(gold) = lesson.gold.as_ref().filter(|_| method.supervision > 0.0) {
        let weight = method.supervision / scores.len() as f64;
        for (unit, (score, gold)) in scores.iter().zip(gold).enumerate() {
            let (value, slope) = cross_entropy(*score, *gold);
            add(unit, weight * value, weight * slope);
        }
    }
    let weight = method.augmentation / lesson.inserted.len().max(1) as f64;
    for &unit in &lesson.inserted {
        let (value, slope) = cross_entropy(scores[unit], false);
        add(unit, weight * value, weight * slope);
    }
    loss
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Unit;
    use crate::model::layout::Sizes;
    use crate::model::vocabulary::Vocabulary;
    use crate::victim::Input;

    fn lessons(unit: Unit) -> (Vocabulary, Vec<Lesson>) {
        let words = ["it", "broke", ".", "who", "fine", "works", "!"];
        let words = Vocabulary::from_words(words.map(str::to_owned).to_vec());
        let lesson = |text, query, label, gold: Option<Vec<usize>>, inserted: Vec<usize>| {
            let sequence = Sequence::of(Input { text, query }, &words, unit, 100);
            let units = sequence.units.len();
            Lesson {
                gold: gold.map(|gold| (0..units).map(|unit| gold.contains(&unit)).collect()),
                sequence,
                label,
                inserted,
            }
        };
        let lessons = vec![
            lesson(
                "It broke. It works! Fine.",
                Some("who broke"),
                0,
                Some(vec![0]),
                vec![2],
            ),
            lesson("Works fine! It works.", None, 1, Some(vec![0, 1]), vec![]),
            lesson("Who broke it.", None, 2, None, vec![0]),
            lesson("Fine.", None, 1, Some(vec![]), vec![]),
            lesson("It works. Works. Fine. Broke!", None, 0, None, vec![]),
        ];
        (words, lessons)
    }

    /// Every parameter's gradient of every kind of model against finite differences.
    #[test]
    fn gradients_are_those_of_finite_differences() {
        for unit in [Unit::Token, Unit::Sentence] {
            let (words, lessons) = lessons(unit);
            for name in [
                "fc",
                "fc-sup",
                "vib(beta=.5)",
                "vib(hard=1)",
                "vib-sup-art(sup=.7,art=2)",
                "spectra(temperature=2,ratio=.5,sup=1)",
            ] {
                let method = Method::parse(name).unwrap();
                let sizes = Sizes {
                    words: words.len(),
                    classes: 3,
                    width: 4,
                };
                let layout = Layout::new(sizes, method.selector());
                let mut stream = Stream::new(5, 0);
                let mut parameters: Vec<f64> = layout.draw(&mut stream);
                // Large, so that gates differ; and no bias 0, where what is shut out would stand
                // on the corner of every activation.
                for x in &mut parameters {
                    *x = 2.0 * *x + 0.1 * stream.normal();
                }
                let batch: Vec<&Lesson> = lessons.iter().collect();
                let mut parts: Vec<Part<f64>> = vec![Part::default(); PARTS];
                let mut gradient = vec![0.0; layout.len()];
                let mut value = |parameters: &[f64], gradient: &mut [f64]| {
                    let step = Step {
                        method: &method,
                        layout: &layout,
                        parameters,
                        dropout: 0.25,
                    };
                    let stream = |lesson| Stream::new(9, lesson as u64);
                    step.loss(&mut parts, &batch, &stream, gradient)
                };
                value(&parameters, &mut gradient);
                assert!(gradient.iter().filter(|g| **g != 0.0).count() > layout.len() / 3);
                let mut unused = gradient.clone();
                for i in 0..layout.len() {
                    let mut at = |h: f64| {
                        let mut moved = parameters.clone();
                        moved[i] += h;
                        value(&moved, &mut unused)
                    };
                    let slope = (at(1e-6) - at(-1e-6)) / 2e-6;
                    assert!(
                        (slope - gradient[i]).abs() < 1e-5,
                        "{name} {i}: {slope} {}",
                        gradient[i]
                    );
                }
            }
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bytes() {
        let (words, lessons) = lessons(Unit::Token);
        let method = Method::parse("vib-sup").unwrap();
        let sizes = Sizes {
            words: words.len(),
            classes: 3,
            width: 8,
        };
        let layout = Layout::new(sizes, method.selector());
        let parameters: Vec<f32> = layout.draw(&mut Stream::new(5, 0));
        let batch: Vec<&Lesson> = lessons.iter().collect();
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let mut gradient = vec![0.0; layout.len()];
                let mut parts = vec![Part::default(); PARTS];
                let stream = |lesson| Stream::new(9, lesson as u64);
                let step = Step {
                    method: &method,
                    layout: &layout,
                    parameters: &parameters,
                    dropout: 0.2,
                };
                let loss = step.loss(&mut parts, &batch, &stream, &mut gradient);
                (loss.to_bits(), gradient)
            })
        };
        assert_eq!(on(1), on(3));
    }
}
