//! Conditional beliefs as people and models say them.

use super::belief::Belief;
use crate::parse::Parser;

impl Belief {
    /// Takes the branches from [`Belief::text`], and the condition where [`Belief::given`] does not
    /// name it. Says whether the text states a conditional belief; nothing is changed if not.
    ///
    /// "Unless B" states the branch without B: `given_true` always speaks of B itself. Words count
    /// as the parser's lexicon has them, a range as its middle. With
    /// [`Parser::hearing_beliefs`] a share at an "if" needs no word of belief.
    ///
    /// ```
    /// use qualm_confidence::conditional::Belief;
    /// use qualm_confidence::parse::Parser;
    ///
    /// let mut belief: Belief =
    ///     serde_json::from_str(r#"{"text": "60% if the bill passes, 25% if not."}"#)?;
    /// assert!(belief.hear(&Parser::default().hearing_beliefs()));
    /// assert_eq!((belief.p, belief.p_else), (Some(0.6), Some(0.25)));
    /// assert_eq!(belief.given.as_deref(), Some("the bill passes"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn hear(&mut self, parser: &Parser) -> bool {
        let Some(text) = self.text.as_deref() else {
            return false;
        };
        let Some(said) = parser.parse(text).conditional else {
            return false;
        };
        let other = said.p_else.and_then(|cue| cue.value);
        let (p, p_else) = match said.unless {
            false => (said.p.value, other),
            true => (other, said.p.value),
        };
        if p.is_none() && p_else.is_none() {
            return false;
        }
        let condition = Some(said.given.of(text).trim());
        let condition = condition.filter(|condition| !condition.is_empty());
        let given = self.given.take().or(condition.map(str::to_owned));
        (self.p, self.p_else, self.given) = (p, p_else, given);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard_by(parser: &Parser, text: &str) -> Option<(Option<f64>, Option<f64>, Option<String>)> {
        let mut belief: Belief =
            serde_json::from_value(serde_json::json!({ "text": text })).unwrap();
        let heard = belief.hear(parser);
        heard.then_some((belief.p, belief.p_else, belief.given))
    }

    fn heard(text: &str) -> Option<(Option<f64>, Option<f64>, Option<String>)> {
        heard_by(&Parser::default(), text)
    }

    #[test]
    fn branches_are_told_apart() {
        let given = |text: &str| Some(text.to_owned());
        assert_eq!(
            heard("80% if it rains."),
            Some((Some(0.8), None, given("it rains")))
        );
        // Without the event, not with it.
        assert_eq!(
            heard("I'm 90% sure unless it rains."),
            Some((None, Some(0.9), given("it rains")))
        );
    }

    #[test]
    fn both_branches_are_found_however_they_are_joined() {
        let both = Some((Some(0.6), Some(0.25), Some("it rains".into())));
        for text in [
            "He stays with 60 % if it rains, with 25 % if not.",
            "60% if it rains and 25% if it doesn't.",
            "60% if it rains, otherwise 25%.",
            "There is a 60% chance if it rains and a 25% chance if it does not rain.",
            "I'm 60% sure if it rains but 25% sure if it does not.",
            "If it rains, there is a 60% chance; otherwise 25%.",
        ] {
            assert_eq!(heard(text), both, "{text}");
        }
    }

    /// Where a text is known to state a belief, its numbers need no word of belief.
    #[test]
    fn beliefs_are_heard_that_could_be_facts_elsewhere() {
        let both = Some((Some(0.6), Some(0.25), Some("it rains".into())));
        let beliefs = Parser::default().hearing_beliefs();
        for text in [
            "He stays: 60% if it rains, 25% if not.",
            "He stays 60% if it rains and 25% otherwise.",
            "If it rains, I put it at 60%; if not, at 25%.",
        ] {
            assert_eq!(heard(text), None, "{text}");
            assert_eq!(heard_by(&beliefs, text), both, "{text}");
        }
        assert_eq!(heard_by(&beliefs, "If more than 5% vote, he stays."), None);
    }

    #[test]
    fn what_depends_on_nothing_is_no_conditional_belief() {
        assert_eq!(heard("I'm 80% sure."), None);
        assert_eq!(heard("If I recall, it is Lima."), None);
        assert_eq!(
            heard("It was probably Lima, but I wonder if it was Quito."),
            None
        );
        assert_eq!(heard(""), None);
    }

    #[test]
    fn a_condition_that_is_named_keeps_its_name() {
        let mut belief: Belief =
            serde_json::from_str(r#"{"text": "80% if it rains.", "given": "rain"}"#).unwrap();
        assert!(belief.hear(&Parser::default()));
        assert_eq!(belief.given.as_deref(), Some("rain"));
    }
}
