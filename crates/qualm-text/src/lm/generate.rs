//! Answers, token by token, of many prompts at once: when one ends, the next prompt takes its
//! seat.

use std::ops::ControlFlow::{self, Break, Continue};

use qualm_linalg::{exp, largest, map};
use qualm_stats::random::{DEFAULT_SEED, Stream, hash_bytes};
use rayon::prelude::*;

use super::cache::Cache;
use super::forward::Step;
use super::read::{log_total, rest};
use super::{Context, LanguageModel, LmError};

/// Answers that grow at once: enough that the weights are read once for many of them, few enough
/// that their logits fit.
const SEATS: usize = 64;

/// Tokens of new prompts that are read beside the answers that grow.
const NEW_TOKENS: usize = 512;

/// How far answers go.
#[derive(Debug, Clone, Copy)]
pub struct Generate<'a> {
    /// Tokens after which an answer is cut; at least one.
    pub max_tokens: usize,
    /// An answer ends before the first of these.
    pub stop: &'a [&'a str],
    /// Layers whose hidden states of the prompt's last token are wanted as well.
    pub layers: &'a [usize],
}

impl Default for Generate<'_> {
    /// 32 tokens.
    fn default() -> Self {
        Self {
            max_tokens: 32,
            stop: &[],
            layers: &[],
        }
    }
}

/// How answers are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Sampling {
    /// Answers to each prompt.
    pub copies: usize,
    /// Logits are divided by it: below 1 the likely gets likelier.
    pub temperature: f64,
    /// The draws depend on it, on the prompt's tokens and on the copy's number alone.
    pub seed: u64,
}

impl Default for Sampling {
    /// Ten answers at temperature 1.
    fn default() -> Self {
        Self {
            copies: 10,
            temperature: 1.0,
            seed: DEFAULT_SEED,
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Generation {
    /// Its tokens, as far as they begin before a stop.
    pub tokens: Vec<u32>,
    /// The model's log-probability of each, at temperature 1.
    pub log_probs: Vec<f64>,
    /// Its text up to the stop.
    pub text: String,
    /// Log-probability of what ended it, a stop or the model's own mark (0 where the stop lies
    /// within a token of the answer); `None` where it was cut.
    pub ended: Option<f64>,
    /// Hidden states of the prompt's last token, one after the other for the layers asked for.
    pub hidden: Vec<f32>,
}

impl LanguageModel {
    /// The likeliest next token, again and again, after each prompt.
    ///
    /// # Errors
    /// [`LmError::Prompt`] when a prompt with its answer cannot be read by this model,
    /// [`LmError::Parameter`] when there is no such layer.
    pub fn greedy<P: AsRef<[u32]>>(
        &self,
        context: &Context,
        prompts: &[P],
        options: &Generate<'_>,
    ) -> Result<Vec<Generation>, LmError> {
        let answers = self.generate(context, &slices(prompts), options, None)?;
        Ok(answers.into_iter().flatten().collect())
    }

    /// Answers to each prompt drawn at a temperature.
    ///
    /// # Errors
    /// As [`LanguageModel::greedy`], and [`LmError::Parameter`] for a temperature that is not
    /// above zero.
    pub fn sample<P: AsRef<[u32]>>(
        &self,
        context: &Context,
        prompts: &[P],
        options: &Generate<'_>,
        sampling: &Sampling,
    ) -> Result<Vec<Vec<Generation>>, LmError> {
        if !(sampling.temperature > 0.0 && sampling.temperature.is_finite()) {
            return Err(LmError::Parameter(format!(
                "nothing can be drawn at temperature {}; give one above 0, or take the greedy answer",
                sampling.temperature
            )));
        }
        self.generate(context, &slices(prompts), options, Some(sampling))
    }

    fn generate(
        &self,
        context: &Context,
        prompts: &[&[u32]],
        options: &Generate<'_>,
        sampling: Option<&Sampling>,
    ) -> Result<Vec<Vec<Generation>>, LmError> {
        self.check(context, prompts, options.max_tokens.max(1))?;
        self.check_layers(options.layers)?;
        let copies = sampling.map_or(1, |sampling| sampling.copies);
        let mut answers: Vec<Vec<(usize, Generation)>> = vec![Vec::new(); prompts.len()];
        let mut waiting = prompts.iter().enumerate().take(match copies {
            0 => 0,
            _ => prompts.len(),
        });
        let mut seated: Vec<Seat> = Vec::new();
        loop {
            let (mut taken, mut new) = (seated.len(), 0);
            while new < NEW_TOKENS
                && (taken == 0 || taken + copies <= SEATS)
                && let Some((number, prompt)) = waiting.next()
            {
                let next = rest(context, prompt).to_vec();
                (taken, new) = (taken + copies, new + next.len());
                seated.push(Seat::new(number, next));
            }
            if seated.is_empty() {
                break;
            }
            let logits = self.read_seats(context, &mut seated, options.layers);
            let rows = logits.par_chunks(self.shape.vocabulary);
            let steps: Vec<Vec<Next>> = seated
                .into_par_iter()
                .zip(rows)
                .map(|(seat, logits)| {
                    let prompt = prompts[seat.prompt];
                    let seats = seat.part(copies, sampling, prompt).into_iter();
                    let step = |mut seat: Seat| {
                        let token = match (sampling, &mut seat.stream) {
                            (Some(sampling), Some(stream)) => {
                                drawn(logits, sampling.temperature, stream)
                            }
                            _ => likeliest(logits),
                        };
                        let log_prob = f64::from(logits[token]) - log_total(logits);
                        self.step(seat, token as u32, log_prob, options)
                    };
                    seats.map(step).collect()
                })
                .collect();
            seated = Vec::new();
            for step in steps.into_iter().flatten() {
                match step {
                    Continue(seat) => seated.push(seat),
                    Break((prompt, copy, answer)) => answers[prompt].push((copy, answer)),
                }
            }
        }
        let in_order = |mut answers: Vec<(usize, Generation)>| {
            answers.sort_unstable_by_key(|(copy, _)| *copy);
            answers.into_iter().map(|(_, answer)| answer).collect()
        };
        Ok(answers.into_iter().map(in_order).collect())
    }

    /// Lets all seats read what they have not yet, and gives the logits after each.
    fn read_seats(&self, context: &Context, seats: &mut [Seat], layers: &[usize]) -> Vec<f32> {
        let width = self.shape.width;
        let mut last = vec![0.0; seats.len() * width];
        let mut hidden = vec![Vec::new(); seats.len()];
        let mut lengths = Vec::new();
        let mut steps = Vec::new();
        for seat in seats.iter_mut() {
            lengths.push(seat.next.len());
            steps.push(Step {
                cache: &mut seat.cache,
                tokens: &seat.next,
            });
        }
        self.read_on(&context.cache, &mut steps, layers, |states| {
            let end = states.last.len() - width;
            if states.first + states.last.len() / width == lengths[states.step] {
                last[states.step * width..][..width].copy_from_slice(&states.last[end..]);
                for tapped in states.tapped {
                    hidden[states.step].extend_from_slice(&tapped[end..]);
                }
            }
        });
        for (seat, hidden) in seats.iter_mut().zip(hidden) {
            // The prompt's own comes first, later ones belong to the answer.
            if seat.tokens.is_empty() {
                seat.hidden = hidden;
            }
        }
        self.logits(&last)
    }

    /// Adds a token to an answer: see [`Next`].
    fn step(&self, mut seat: Seat, token: u32, log_prob: f64, options: &Generate<'_>) -> Next {
        if self.vocabulary.ends(token) {
            let end = seat.bytes.len();
            return Break(seat.over(end, Some(log_prob)));
        }
        seat.starts.push(seat.bytes.len());
        seat.bytes.extend(self.vocabulary.bytes(&[token]));
        seat.tokens.push(token);
        seat.log_probs.push(log_prob);
        let stops = options
            .stop
            .iter()
            .filter_map(|stop| find(&seat.bytes, stop.as_bytes()));
        if let Some(end) = stops.min() {
            let first = seat.starts.partition_point(|&start| start < end);
            seat.tokens.truncate(first);
            let ended = seat.log_probs.drain(first..).sum();
            return Break(seat.over(end, Some(ended)));
        }
        if seat.tokens.len() >= options.max_tokens.max(1) {
            let end = seat.bytes.len();
            return Break(seat.over(end, None));
        }
        seat.next = vec![token];
        Continue(seat)
    }
}

fn slices<P: AsRef<[u32]>>(prompts: &[P]) -> Vec<&[u32]> {
    prompts.iter().map(AsRef::as_ref).collect()
}

/// What a token makes of a seat: it goes on, or is free with the answer of a prompt and copy.
type Next = ControlFlow<(usize, usize, Generation), Seat>;

/// An answer that grows.
#[derive(Clone)]
struct Seat {
    prompt: usize,
    copy: usize,
    stream: Option<Stream>,
    cache: Cache,
    /// Tokens that the model has not read yet.
    next: Vec<u32>,
    tokens: Vec<u32>,
    log_probs: Vec<f64>,
    /// The bytes of all tokens, and where each token's begin.
    bytes: Vec<u8>,
    starts: Vec<usize>,
    hidden: Vec<f32>,
}

impl Seat {
    fn new(prompt: usize, next: Vec<u32>) -> Self {
        Self {
            prompt,
            copy: 0,
            stream: None,
            cache: Cache::default(),
            next,
            tokens: Vec::new(),
            log_probs: Vec::new(),
            bytes: Vec::new(),
            starts: Vec::new(),
            hidden: Vec::new(),
        }
    }

    /// A seat for each copy, once the prompt that they share was read.
    fn part(self, copies: usize, sampling: Option<&Sampling>, prompt: &[u32]) -> Vec<Self> {
        let Some(sampling) = sampling.filter(|_| self.tokens.is_empty()) else {
            return vec![self];
        };
        let bytes: Vec<u8> = prompt
            .iter()
            .flat_map(|token| token.to_le_bytes())
            .collect();
        let mut seats = vec![self; copies];
        for (copy, seat) in seats.iter_mut().enumerate() {
            seat.copy = copy;
            let stream = hash_bytes(copy as u64, &bytes);
            seat.stream = Some(Stream::new(sampling.seed, stream));
        }
        seats
    }

    /// The answer, with the first `end` bytes as its text.
    fn over(self, end: usize, ended: Option<f64>) -> (usize, usize, Generation) {
        let answer = Generation {
            tokens: self.tokens,
            log_probs: self.log_probs,
            text: String::from_utf8_lossy(&self.bytes[..end]).into_owned(),
            ended,
            hidden: self.hidden,
        };
        (self.prompt, self.copy, answer)
    }
}

/// Where `part` begins in `whole`, as a text that must not be empty.
fn find(whole: &[u8], part: &[u8]) -> Option<usize> {
    let starts = whole.windows(part.len().max(1));
    starts.into_iter().position(|window| window == part)
}

/// The first of the likeliest tokens.
fn likeliest(logits: &[f32]) -> usize {
    largest(logits).map_or(0, |(token, _)| token)
}

/// A token with probability proportional to `exp(logit / temperature)`.
fn drawn(logits: &[f32], temperature: f64, stream: &mut Stream) -> usize {
    let max = largest(logits).map_or(0.0, |(_, max)| max);
    let mut weights = logits.to_vec();
    let divisor = temperature as f32;
    map(&mut weights, |logit| exp((logit - max) / divisor));
    let total: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
    let mut left = stream.unit() * total;
    for (token, &weight) in weights.iter().enumerate() {
        left -= f64::from(weight);
        if left < 0.0 {
            return token;
        }
    }
    // Only rounding leads here.
    likeliest(logits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_the_logits() {
        // Probabilities 1/7, 2/7, 4/7 at temperature 1; 1/21, 4/21, 16/21 at one half.
        let logits = [1f32, 2.0, 4.0].map(f32::ln);
        for (temperature, expected) in [
            (1.0, [1.0 / 7.0, 2.0 / 7.0]),
            (0.5, [1.0 / 21.0, 4.0 / 21.0]),
        ] {
            let mut stream = Stream::new(DEFAULT_SEED, 0);
            let mut counts = [0f64; 3];
            for _ in 0..20_000 {
                counts[drawn(&logits, temperature, &mut stream)] += 1.0 / 20_000.0;
            }
            for (count, expected) in counts.iter().zip(expected) {
                assert!((count - expected).abs() < 0.01, "{counts:?}");
            }
        }
        // What cannot be told from zero is never drawn.
        let mut stream = Stream::new(DEFAULT_SEED, 1);
        assert!((0..100).all(|_| drawn(&[0.0, -1e30], 1e-3, &mut stream) == 0));
    }

    #[test]
    fn a_stop_is_found_where_it_begins() {
        assert_eq!(find(b"one\ntwo\n", b"\n"), Some(3));
        assert_eq!(find(b"one", b"\n"), None);
        assert_eq!(find(b"o", b"one"), None);
        assert_eq!(find(b"one", b""), None);
    }
}
