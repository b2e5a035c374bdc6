//! All that can be said of a file of beliefs, as plain data.

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::Serialize;

use super::belief::{Belief, Branch};
use super::coherence::Coherence;
use super::file::{Beliefs, NamedSet};
use super::score::Scores;
use crate::ConfidenceError;

/// What was found in a file of beliefs; as JSON, it is what `qualm confidence conditional --json`
/// prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Examined {
    /// Scores by source.
    pub sources: Vec<SourceScores>,
    /// Each conditional belief, in the order of the file.
    pub beliefs: Vec<ExaminedBelief>,
    /// Each set of statements.
    pub sets: Vec<ExaminedSet>,
    /// Lines whose text states no conditional belief.
    pub unread: Vec<u64>,
}

/// The scores of one source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceScores {
    /// Whose they are.
    pub source: Option<String>,
    /// The scores.
    #[serde(flatten)]
    pub scores: Scores,
}

/// One conditional belief.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExaminedBelief {
    /// What it is called: its id, or its place among the beliefs, counted from 1.
    pub id: String,
    /// Who holds it.
    pub source: Option<String>,
    /// B, in words.
    pub given: Option<String>,
    /// P(A | B).
    pub p: Option<f64>,
    /// P(A | not B).
    pub p_else: Option<f64>,
    /// P(A), where it was stated.
    pub p_event: Option<f64>,
    /// The smallest and the largest P(A) that the branches imply.
    pub implied: (f64, f64),
    /// How it agrees with what else was said.
    #[serde(flatten)]
    pub coherence: Coherence,
    /// Whether the gap is above its noise; none without a gap.
    pub violated: Option<bool>,
    /// The branch that came about: `if` or `else`; none where none is known to.
    pub branch: Option<&'static str>,
    /// What was stated for that branch.
    pub scored: Option<f64>,
}

/// One set of statements.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExaminedSet {
    /// Source and name.
    pub title: String,
    /// The worlds that facts leave open.
    pub worlds: usize,
    /// The sum of residuals that no probability avoids.
    pub distance: f64,
    /// What the bets lose in the best world; none for a coherent set.
    pub sure_loss: Option<f64>,
    /// What they lose in the worst.
    pub most_loss: Option<f64>,
    /// Whether all the bets may be called off.
    pub may_be_called_off: bool,
    /// The statements.
    pub statements: Vec<ExaminedStatement>,
}

/// One statement of a set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExaminedStatement {
    /// As it was written.
    pub text: String,
    /// The stated probability.
    pub p: f64,
    /// What a nearest coherent probability says.
    pub nearest: Option<f64>,
    /// Tickets bought (sold where negative) in the bets that lose for sure.
    pub stake: Option<f64>,
}

impl Beliefs {
    /// Scores all beliefs by source, compares each with what else was said, and measures each set.
    ///
    /// # Errors
    /// As [`NamedSet::nearest`], for the first set that has no answer.
    pub fn examine(&self) -> Result<Examined, ConfidenceError> {
        let sources = self.by_source().into_iter();
        let sources = sources.map(|(source, beliefs)| SourceScores {
            source: source.map(str::to_owned),
            scores: Scores::of(beliefs),
        });
        let beliefs = self.beliefs.iter().zip(1..);
        let sets: Result<Vec<ExaminedSet>, ConfidenceError> =
            self.sets.par_iter().map(examine_set).collect();
        Ok(Examined {
            sources: sources.collect(),
            beliefs: beliefs.map(|(b, place)| examine_belief(b, place)).collect(),
            sets: sets?,
            unread: self.unread.clone(),
        })
    }
}

fn examine_belief(belief: &Belief, place: usize) -> ExaminedBelief {
    let coherence = belief.coherence();
    let resolved = belief.resolved();
    ExaminedBelief {
        id: belief.id.clone().unwrap_or_else(|| place.to_string()),
        source: belief.source.clone(),
        given: belief.given.clone(),
        p: belief.p,
        p_else: belief.p_else,
        p_event: belief.p_event,
        implied: belief.implied(),
        violated: coherence.violated(),
        coherence,
        branch: resolved.map(|resolved| match resolved.branch {
            Branch::If => "if",
            Branch::Else => "else",
        }),
        scored: resolved.map(|resolved| resolved.p),
    }
}

fn examine_set(named: &NamedSet) -> Result<ExaminedSet, ConfidenceError> {
    let found = named.nearest()?;
    let book = found.book.as_ref();
    let statements = named.set.statements().iter().zip(&found.nearest);
    let statements = statements
        .enumerate()
        .map(|(at, (statement, &nearest))| ExaminedStatement {
            text: statement.text.clone(),
            p: statement.p,
            nearest,
            stake: book.map(|book| book.stakes[at]),
        });
    Ok(ExaminedSet {
        title: named.title(),
        worlds: named.set.worlds().len(),
        distance: found.distance,
        sure_loss: book.map(|book| book.sure_loss),
        most_loss: book.map(|book| book.most_loss),
        may_be_called_off: book.is_some_and(|book| book.may_be_called_off),
        statements: statements.collect(),
    })
}
