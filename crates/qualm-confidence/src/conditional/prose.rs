//! Conditional beliefs as people and models say them.

use super::belief::Belief;
use crate::parse::Parser;

impl Belief {
    /// Takes the branches from [`Belief::text`], and the condition where [`Belief::given`] does not
    /// name it. Says whether the text states a conditional belief; nothing is changed if not.
    ///
    /// "Unless B" states the branch without B: `given_true` always speaks of B itself. Words count
    /// as the parser's lexicon has them, a range as its middle.
    ///
    /// ```
    /// use qualm_confidence::conditional::Belief;
    /// use qualm_confidence::parse::Parser;
    ///
    /// let mut belief: Belief =
    ///     serde_json::from_str(r#"{"text": "60% if the bill passes, 25% if not."}"#)?;
    /// assert!(belief.hear(&Parser::default()));
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

    fn heard(text: &str) -> Option<(Option<f64>, Option<f64>, Option<String>)> {
        let mut belief: Belief =
            serde_json::from_value(serde_json::json!({ "text": text })).unwrap();
        let heard = belief.hear(&Parser::default());
        heard.then_some((belief.p, belief.p_else, belief.given))
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
    fn what_depends_on_nothing_is_no_conditional_belief() {
        assert_eq!(heard("I'm 80% sure."), None);
        assert_eq!(heard("If I recall, it is Lima."), None);
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
