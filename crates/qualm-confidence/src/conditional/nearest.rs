//! How far statements are from any coherent probability, and the bets that show it.
//!
//! # What is measured
//! Each statement is a bet at its own price: on `P(A | B) = p` one unit brings
//! `X = 1[A and B] - p 1[B]`, nothing where B fails (de Finetti 1937). A probability over the
//! worlds agrees with all statements when every `E[X_i]` is 0. The distance is
//!
//! ```text
//! d = min over probabilities of sum_i |E[X_i]|
//! ```
//!
//! For `P(A) = p` the residual `|E[X]|` is |P(A) - p|; for `P(A | B) = p` it is
//! P(B) |P(A | B) - p|: a conditional belief weighs as much as its condition is likely.
//!
//! # Why it is the sure loss
//! Linear programming has two sides: d is also the largest loss that stakes of at most 1 on each
//! statement, bought or sold, bring in *every* world. Whoever holds all these beliefs takes each
//! of the bets as fair. Both sides are solved, and the stakes are tried in every world.
//!
//! # Conditions that cannot be
//! `P(A | B) = .6` and `P(not A | B) = .6` leave no residual where P(B) = 0, and still both bets
//! together lose .2 whenever they are on. So what has a condition without a chance in every
//! probability that agrees is looked at again, in the worlds alone where one of these conditions
//! holds, until nothing is left (Coletti and Scozzafava, "Probabilistic Logic in a Coherent
//! Setting", 2002: zero layers). Then `d` speaks of those worlds.

use crate::ConfidenceError;

use super::layer::Layer;
use super::set::{Statement, StatementSet};

/// Statements no further than this from a coherent probability are called coherent: what is left
/// are the rounding errors of the solver.
pub const COHERENT: f64 = 1e-6;

/// The most statements of one set.
pub const MOST_STATEMENTS: usize = 1000;

/// How far a set of statements is from coherence.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    /// The sum of residuals that no probability avoids; see [the module](self).
    pub distance: f64,
    /// What one nearest probability says of each statement; none where it gives the condition no
    /// chance. There may be other nearest ones.
    pub nearest: Vec<Option<f64>>,
    /// The bets that lose for sure, where the distance is above [`COHERENT`].
    pub book: Option<Book>,
}

/// Bets at the stated prices that lose in every world.
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    /// How many tickets of each statement are bought (sold where negative); the largest is 1.
    pub stakes: Vec<f64>,
    /// What is lost in the best of the worlds where a bet is on.
    pub sure_loss: f64,
    /// What is lost in the worst of them.
    pub most_loss: f64,
    /// Whether there are worlds in which all the bets are called off, so that nothing is lost.
    pub may_be_called_off: bool,
}

impl StatementSet {
    /// The nearest coherent probability.
    ///
    /// ```
    /// use qualm_confidence::conditional::StatementSet;
    ///
    /// let mut set = StatementSet::default();
    /// set.state("P(rain) = 0.6").unwrap();
    /// set.state("P(not rain) = 0.6").unwrap();
    /// let found = set.nearest()?;
    /// assert!((found.distance - 0.2).abs() < 1e-9);
    /// let book = found.book.unwrap();
    /// // Both tickets cost .6 and one of them pays 1.
    /// assert_eq!(book.stakes, [1.0, 1.0]);
    /// assert!((book.sure_loss - 0.2).abs() < 1e-9);
    /// # Ok::<(), qualm_confidence::ConfidenceError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfidenceError::Values`] if there are no statements or more than [`MOST_STATEMENTS`], if
    /// the facts rule out every world or a condition, or if the solver fails.
    pub fn nearest(&self) -> Result<Nearest, ConfidenceError> {
        let worlds = self.worlds();
        self.check(&worlds)?;
        let statements = self.statements();
        let mut nearest: Vec<Option<f64>> = statements.iter().map(|s| Some(s.p)).collect();
        let mut left: Vec<usize> = (0..statements.len()).collect();
        let mut distance = 0.0;
        while !left.is_empty() {
            let layer = Layer::of(statements, &worlds, &left);
            let (found, weights) = layer.closest(|_| 1)?;
            distance = found;
            if distance > COHERENT {
                for (at, &statement) in left.iter().enumerate() {
                    nearest[statement] = layer.says(at, &weights);
                }
                let book = Stakes {
                    stakes: layer.book()?,
                    expected: distance,
                }
                .on(statements, &left, &worlds)?;
                return Ok(Nearest {
                    distance,
                    nearest,
                    book: Some(book),
                });
            }
            let unlikely = layer.without_chance(&weights)?;
            left = unlikely.into_iter().map(|at| left[at]).collect();
        }
        Ok(Nearest {
            distance,
            nearest,
            book: None,
        })
    }

    fn check(&self, worlds: &[u32]) -> Result<(), ConfidenceError> {
        let refused = |why: String| Err(ConfidenceError::Values(why));
        let statements = self.statements();
        if statements.is_empty() {
            return refused("the set holds no statement: add one like `P(A) = 0.5`".into());
        }
        if statements.len() > MOST_STATEMENTS {
            return refused(format!(
                "the set holds {} statements, more than {MOST_STATEMENTS}: split it",
                statements.len()
            ));
        }
        if worlds.is_empty() {
            return refused("the facts contradict each other: no world is left".into());
        }
        let never_on = |statement: &&Statement| !worlds.iter().any(|&world| statement.is_on(world));
        if let Some(statement) = statements.iter().find(never_on) {
            return refused(format!(
                "the condition of `{}` cannot happen: leave the statement out",
                statement.text
            ));
        }
        Ok(())
    }
}

/// Stakes as they were solved for, and the loss that the other side of the program promises.
struct Stakes {
    stakes: Vec<f64>,
    expected: f64,
}

impl Stakes {
    /// Tries them in every world, without the solver and its columns.
    fn on(
        self,
        statements: &[Statement],
        left: &[usize],
        worlds: &[u32],
    ) -> Result<Book, ConfidenceError> {
        let largest = self.stakes.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        let mut stakes = vec![0.0; statements.len()];
        for (&at, stake) in left.iter().zip(&self.stakes) {
            let stake = stake / largest;
            stakes[at] = if stake.abs() < 1e-9 { 0.0 } else { stake };
        }
        let gain = |world: u32| -> f64 {
            let bets = stakes.iter().zip(statements);
            bets.map(|(stake, bet)| stake * bet.gain(world)).sum()
        };
        let (on, off): (Vec<u32>, Vec<u32>) = worlds
            .iter()
            .partition(|&&world| left.iter().any(|&at| statements[at].is_on(world)));
        let losses: Vec<f64> = on.iter().map(|&world| -gain(world)).collect();
        let sure_loss = losses.iter().copied().fold(f64::INFINITY, f64::min);
        // A NaN, which no stake should be, fails the comparison too.
        let as_promised = (sure_loss - self.expected).abs() <= COHERENT;
        if !as_promised {
            return Err(ConfidenceError::Values(format!(
                "the two sides of the linear program disagree: the distance is {}, but the bets \
                 lose {sure_loss}: round the stated probabilities, or split the set",
                self.expected
            )));
        }
        Ok(Book {
            stakes,
            sure_loss,
            most_loss: losses.into_iter().fold(f64::NEG_INFINITY, f64::max),
            may_be_called_off: !off.is_empty(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Event;
    use super::*;
    use proptest::prelude::*;

    fn set(texts: &[&str]) -> StatementSet {
        let mut set = StatementSet::default();
        for text in texts {
            set.state(text).unwrap();
        }
        set
    }

    #[track_caller]
    fn distance(texts: &[&str], expected: f64) -> Nearest {
        let set = set(texts);
        let found = set.nearest().unwrap();
        assert!(
            (found.distance - expected).abs() < 1e-7,
            "{texts:?}: {}",
            found.distance
        );
        if let Some(book) = &found.book {
            proves(&set, book);
        }
        assert_eq!(found.book.is_some(), expected > 0.0);
        found
    }

    /// Every world where a bet is on loses at least as much as promised.
    fn proves(set: &StatementSet, book: &Book) {
        let largest = book.stakes.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        assert!((largest - 1.0).abs() < 1e-12);
        assert!(book.sure_loss > 0.0 && book.sure_loss <= book.most_loss);
        let mut called_off = false;
        for world in set.worlds() {
            let bets = || book.stakes.iter().zip(set.statements());
            let gain: f64 = bets().map(|(stake, bet)| stake * bet.gain(world)).sum();
            if bets().any(|(&stake, bet)| stake != 0.0 && bet.is_on(world)) {
                assert!(gain <= -book.sure_loss + 1e-9, "world {world:b}: {gain}");
            } else {
                assert!(gain == 0.0);
                called_off = true;
            }
        }
        assert_eq!(called_off, book.may_be_called_off);
    }

    #[test]
    fn sets_worked_by_hand() {
        // Two tickets for .6, of which one pays.
        distance(&["P(A) = .6", "P(not A) = .6"], 0.2);
        // Sold for .4 each, one of which must be paid.
        let found = distance(&["P(A) = .4", "P(not A) = .4"], 0.2);
        assert_eq!(found.book.unwrap().stakes, [-1.0, -1.0]);
        // A conjunction dearer than its part.
        distance(&["P(A) = .2", "P(A and B) = .5"], 0.3);
        // P(A or B) is at most P(A) + P(B).
        distance(&["P(A) = .2", "P(B) = .3", "P(A or B) = .7"], 0.2);
        // P(A and B) is at least P(A) + P(B) - 1.
        distance(&["P(A) = .8", "P(B) = .7", "P(A and B) = .4"], 0.1);
        // Two prices of one ticket.
        distance(&["P(A) = .5", "P(A) = .6"], 0.1);
        distance(&["P(A or not A) = .9"], 0.1);
    }

    #[test]
    fn coherent_sets_have_no_distance() {
        let found = distance(&["P(A) = .5", "P(B) = .5", "P(A and B) = .1"], 0.0);
        assert_eq!(found.nearest, [Some(0.5), Some(0.5), Some(0.1)]);
        distance(
            &[
                "P(A | B) = .6",
                "P(A | not B) = .25",
                "P(B) = .5",
                "P(A) = .425",
            ],
            0.0,
        );
        distance(&["P(A) = 0", "P(B) = 1", "P(B | A) = .3"], 0.0);
        distance(&["P(A | B) = .9", "P(B | A) = .1"], 0.0);
    }

    #[test]
    fn the_gap_of_a_conditional_belief_is_its_sure_loss() {
        let found = distance(
            &[
                "P(A) = .5",
                "P(B) = .5",
                "P(A | B) = .6",
                "P(A | not B) = .25",
            ],
            0.075,
        );
        let stakes = found.book.unwrap().stakes;
        // The ticket for A is worth less than it costs.
        assert!((stakes[0] - 1.0).abs() < 1e-9);
        assert!((stakes[1] + 0.35).abs() < 1e-6, "{stakes:?}");
    }

    #[test]
    fn conditions_without_a_chance_are_looked_at_in_their_own_worlds() {
        let found = distance(&["P(A | B) = .6", "P(not A | B) = .6"], 0.2);
        assert!(found.book.unwrap().may_be_called_off);
        // The same behind a statement about something else, and behind P(B) = 0.
        distance(
            &["P(A | B) = .6", "P(not A | B) = .6", "P(C | D) = .5"],
            0.2,
        );
        let found = distance(&["P(B) = 0", "P(A | B) = .6", "P(not A | B) = .6"], 0.2);
        assert_eq!(found.book.unwrap().stakes[0], 0.0);
        // Where B is likely, residuals count as much as B does: .5 * .2.
        distance(&["P(B) = .5", "P(A | B) = .6", "P(not A | B) = .6"], 0.1);
        // Two layers down: C and D, both without a chance, contradict each other given D.
        distance(
            &[
                "P(B) = 0",
                "P(C | B) = 0",
                "P(A | B and C) = .7",
                "P(not A | B and C) = .7",
            ],
            0.4,
        );
    }

    #[test]
    fn facts_rule_worlds_out() {
        let mut outcomes = set(&["P(home) = .5", "P(away) = .3", "P(draw) = .3"]);
        assert_eq!(outcomes.nearest().unwrap().book, None);
        outcomes.fact("home or away or draw").unwrap();
        outcomes
            .fact("not (home and away or home and draw or away and draw)")
            .unwrap();
        let found = outcomes.nearest().unwrap();
        assert!((found.distance - 0.1).abs() < 1e-9);
        proves(&outcomes, &found.book.unwrap());
        outcomes.fact("home and draw").unwrap();
        let error = outcomes.nearest().unwrap_err().to_string();
        assert!(error.contains("no world"), "{error}");
    }

    #[test]
    fn what_cannot_be_bet_on_is_refused() {
        let error = set(&["P(A | B and not B) = .5"]).nearest().unwrap_err();
        assert!(error.to_string().contains("P(A | B and not B)"), "{error}");
        let error = StatementSet::default().nearest().unwrap_err();
        assert!(error.to_string().contains("no statement"), "{error}");
    }

    /// Events over four names, to state a probability of.
    const EVENTS: [&str; 9] = [
        "a",
        "b",
        "c",
        "not d",
        "a and b",
        "b or c",
        "a and not c",
        "c and d",
        "not (a or d)",
    ];

    /// The statements `(event, given)` with the probabilities that `weights` over 16 worlds give.
    fn stated(weights: &[f64], pairs: &[(usize, Option<usize>)], shift: f64) -> StatementSet {
        let mut set = StatementSet::default();
        // Names in a fixed order, so that worlds mean the same everywhere.
        set.state("P(a or b or c or d or not a) = 1").unwrap();
        let total: f64 = weights.iter().sum();
        let mut names = set.names().clone();
        let events = EVENTS.map(|text| Event::parse(text, &mut names).unwrap());
        for &(event, given) in pairs {
            let mass = |test: &dyn Fn(u32) -> bool| -> f64 {
                let inside = weights
                    .iter()
                    .zip(0_u32..)
                    .filter(|&(_, world)| test(world));
                inside.map(|(weight, _)| weight / total).sum()
            };
            let condition = |world: u32| given.is_none_or(|g| events[g].happens_in(world));
            let both = mass(&|world| condition(world) && events[event].happens_in(world));
            let p = (both / mass(&condition) + shift).clamp(0.0, 1.0);
            let given = given.map_or(String::new(), |g| format!(" | {}", EVENTS[g]));
            set.state(&format!("P({}{given}) = {p:.17}", EVENTS[event]))
                .unwrap();
        }
        assert_eq!(set.names(), &names);
        set
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_a_probability_says_is_coherent(
            weights in prop::collection::vec(0.01f64..1.0, 16),
            pairs in prop::collection::vec((0usize..9, prop::option::of(0usize..9)), 1..12),
        ) {
            let found = stated(&weights, &pairs, 0.0).nearest().unwrap();
            prop_assert!(found.distance <= COHERENT, "{}", found.distance);
            prop_assert_eq!(found.book, None);
        }

        #[test]
        fn a_contradiction_is_found_and_proved(
            weights in prop::collection::vec(0.01f64..1.0, 16),
            pairs in prop::collection::vec((0usize..9, prop::option::of(0usize..9)), 1..9),
            shift in 0.02f64..0.3,
        ) {
            // A probability, and one of its statements again at another price.
            let mut set = stated(&weights, &pairs, 0.0);
            let p = set.statements().last().unwrap().p;
            let other = if p + shift <= 1.0 { p + shift } else { p - shift };
            let text = set.statements().last().unwrap().text.clone();
            let claim = text.split(" = ").next().unwrap();
            set.state(&format!("{claim} = {other:.17}")).unwrap();
            let found = set.nearest().unwrap();
            // Not further than that one statement is off, where its condition is certain.
            prop_assert!(found.distance > COHERENT && found.distance <= shift + 1e-9);
            proves(&set, &found.book.unwrap());
        }
    }
}
