//! Sets of statements about the same events.

use super::event::{Event, Names};
use super::words::{Token, Words};

/// One stated probability: `P(event) = p` or `P(event | given) = p`.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// As it was written.
    pub text: String,
    /// What the probability is of.
    pub event: Event,
    /// What it is under the condition of.
    pub given: Option<Event>,
    /// The probability.
    pub p: f64,
}

impl Statement {
    /// Whether a bet on it is on in this world, or called off because its condition fails.
    #[must_use]
    pub fn is_on(&self, world: u32) -> bool {
        self.given
            .as_ref()
            .is_none_or(|given| given.happens_in(world))
    }

    /// What one unit of a bet at the stated price brings in this world: the ticket costs `p` and
    /// pays 1 where the event happens; where the condition fails, the bet is called off and the
    /// price given back (de Finetti 1937).
    ///
    /// ```
    /// use qualm_confidence::conditional::StatementSet;
    ///
    /// let mut set = StatementSet::default();
    /// set.state("P(rain | clouds) = 0.6")?;
    /// let bet = &set.statements()[0];
    /// // Worlds: bit 0 for rain, bit 1 for clouds.
    /// assert_eq!([0b00, 0b10, 0b11].map(|world| bet.gain(world)), [0.0, -0.6, 0.4]);
    /// # Ok::<(), String>(())
    /// ```
    #[must_use]
    pub fn gain(&self, world: u32) -> f64 {
        if self.is_on(world) {
            f64::from(u8::from(self.event.happens_in(world))) - self.p
        } else {
            0.0
        }
    }
}

/// What one source says of a group of events, and what is known of them.
///
/// ```
/// use qualm_confidence::conditional::StatementSet;
///
/// let mut set = StatementSet::default();
/// set.fact("not (home and away)")?;
/// set.state("P(home) = 60 %")?;
/// set.state("P(home or away) = .8")?;
/// assert_eq!(set.statements().len(), 2);
/// // One of the four worlds is ruled out.
/// assert_eq!(set.worlds(), [0b00, 0b01, 0b10]);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StatementSet {
    names: Names,
    facts: Vec<Event>,
    statements: Vec<Statement>,
}

impl StatementSet {
    /// Adds a stated probability, written `P(event) = p` or `P(event | given) = p`, with p from 0
    /// to 1 or in percent. Events are written as in [`Event::parse`].
    ///
    /// # Errors
    /// One sentence that says what is wrong with the text, without the name of a file.
    pub fn state(&mut self, text: &str) -> Result<(), String> {
        let mut names = self.names.clone();
        let mut words = Words::of(text)?;
        words.expect(&Token::Name("P"))?;
        words.expect(&Token::Open)?;
        let event = Event::read(&mut words, &mut names)?;
        let given = if words.take(&Token::Bar) {
            Some(Event::read(&mut words, &mut names)?)
        } else {
            None
        };
        words.expect(&Token::Close)?;
        words.expect(&Token::Equals)?;
        let number = words.number()?;
        let p = if words.take(&Token::Percent) {
            number / 100.0
        } else {
            number
        };
        words.end()?;
        if !(0.0..=1.0).contains(&p) {
            return Err(format!(
                "the probability {p} is not between 0 and 1: write percent as `60%`"
            ));
        }
        self.names = names;
        self.statements.push(Statement {
            text: text.trim().to_owned(),
            event,
            given,
            p,
        });
        Ok(())
    }

    /// Adds an event that is known to happen: worlds without it are left out.
    ///
    /// # Errors
    /// As [`StatementSet::state`].
    pub fn fact(&mut self, text: &str) -> Result<(), String> {
        let mut names = self.names.clone();
        let fact = Event::parse(text, &mut names)?;
        self.names = names;
        self.facts.push(fact);
        Ok(())
    }

    /// The names of the events.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The statements, in the order in which they were added.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The worlds that the facts leave open.
    #[must_use]
    pub fn worlds(&self) -> Vec<u32> {
        (0..self.names.worlds())
            .filter(|&world| self.facts.iter().all(|fact| fact.happens_in(world)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read_as_people_write_them() {
        let mut set = StatementSet::default();
        for text in ["P(A)=.5", "P( A and not B ) = 30%", "P(A|B) = 1"] {
            set.state(text).unwrap();
        }
        let p: Vec<f64> = set.statements().iter().map(|s| s.p).collect();
        assert_eq!(p, [0.5, 0.3, 1.0]);
        assert!(set.statements()[2].given.is_some());
        assert_eq!(set.names().list(), ["A", "B"]);
    }

    #[test]
    fn what_cannot_be_read_leaves_the_set_as_it_was() {
        let mut set = StatementSet::default();
        for (text, word) in [
            ("A = 0.5", "`P`"),
            ("P(A) = 1.5", "1.5"),
            ("P(A) = 60", "60"),
            ("P(A) = -0.1", "`-`"),
            ("P(A) = 1e-3", "1e"),
            ("P(A) 0.5", "`=`"),
            ("P(A | B | C) = 0.5", "`|`"),
            ("P(A) = 0.5 or so", "`or`"),
            ("P(A) =", "a number"),
        ] {
            let error = set.state(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
        assert_eq!(set, StatementSet::default());
    }
}
