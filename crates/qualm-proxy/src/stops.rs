//! Rules that end a search. No rule knows the truth. A recipe names one with its parameters:
//! `support(level=0.95)`.

use crate::error::ProxyError;
use crate::words::{self, Named, Words, changed, recipe};

/// The rules that are looked at where nothing else is asked for.
pub const STANDARD: &str = "support,spread,gain,steps";

/// A rule that ends a search: something is measured of each step, and the first step where it is
/// above a limit is not taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StopRule {
    /// A detector's median score of a step's designs against a quantile of those of the visible
    /// designs; each detector, on designs and on the proxy's features, is a rule of its own.
    Support {
        /// The share of visible designs within the limit.
        level: f64,
    },
    /// The same of the standard deviation that the proxy states, where it states one.
    Spread {
        /// The share of visible designs within the limit.
        level: f64,
    },
    /// A trust region of predictions: how far their median has risen above that of the start.
    Gain {
        /// In standard deviations of the labels.
        limit: f64,
    },
    /// So many steps, whatever happens.
    Steps {
        /// Their number.
        n: usize,
    },
}

/// Share of visible designs whose score lies below the limit of a support rule.
pub(crate) const STANDARD_LEVEL: f64 = 0.99;
/// RoMA's radius.
const GAIN: f64 = 4.0;
/// As conservative models search.
const STEPS: usize = 50;

impl StopRule {
    /// The recipe as text, in its shortest form that means the same.
    pub fn text(&self) -> String {
        match *self {
            Self::Support { level } => {
                recipe(SUPPORT.word, &changed(&[("level", level, STANDARD_LEVEL)]))
            }
            Self::Spread { level } => {
                recipe(SPREAD.word, &changed(&[("level", level, STANDARD_LEVEL)]))
            }
            Self::Gain { limit } => recipe(GAINED.word, &changed(&[("limit", limit, GAIN)])),
            Self::Steps { n } => recipe(FIXED.word, &changed(&[("n", n as f64, STEPS as f64)])),
        }
    }
}

/// What there is to know about a stop rule, for help pages and the parser.
#[derive(Debug)]
pub struct Entry {
    /// The word that recipes use.
    pub word: &'static str,
    /// What it does in one line.
    pub what: &'static str,
    /// Source.
    pub paper: &'static str,
    /// Parameters with their defaults.
    pub parameters: &'static str,
    parse: fn(&mut Words<'_>) -> Result<StopRule, ProxyError>,
}

const SUPPORT: Entry = Entry {
    word: "support",
    what: "stops before the median score of a detector exceeds this quantile of visible designs; one \
           rule for each detector",
    paper: "",
    parameters: "level=0.99",
    parse: |words| level(words).map(|level| StopRule::Support { level }),
};

const SPREAD: Entry = Entry {
    word: "spread",
    what: "the same with the standard deviation that the proxy states",
    paper: "",
    parameters: "level=0.99",
    parse: |words| level(words).map(|level| StopRule::Spread { level }),
};

const GAINED: Entry = Entry {
    word: "gain",
    what: "stops before the median prediction has risen by this many standard deviations of the labels",
    paper: "Yu et al., NeurIPS 2021",
    parameters: "limit=4",
    parse: |words| {
        let limit = words.positive("limit", GAIN)?;
        Ok(StopRule::Gain { limit })
    },
};

const FIXED: Entry = Entry {
    word: "steps",
    what: "stops after so many steps",
    paper: "Trabucco et al., ICML 2021",
    parameters: "n=50",
    parse: |words| words.count("n", STEPS).map(|n| StopRule::Steps { n }),
};

fn level(words: &mut Words<'_>) -> Result<f64, ProxyError> {
    let within = |level: &f64| *level > 0.0 && *level <= 1.0;
    words.take_or(
        "level",
        STANDARD_LEVEL,
        "a share above 0, 1 at most",
        within,
    )
}

/// Every stop rule.
pub static STOPS: &[Entry] = &[SUPPORT, SPREAD, GAINED, FIXED];

/// Stop rules separated by commas.
///
/// # Errors
/// When a recipe is not understood, or given twice.
///
/// ```
/// use qualm_proxy::stops::{self, StopRule};
/// let rules = stops::parse_list("support(level=0.95),steps(n=20)")?;
/// assert_eq!(rules, [StopRule::Support { level: 0.95 }, StopRule::Steps { n: 20 }]);
/// # Ok::<(), qualm_proxy::ProxyError>(())
/// ```
pub fn parse_list(text: &str) -> Result<Vec<StopRule>, ProxyError> {
    words::parse_list(
        text,
        STOPS,
        |entry, words| (entry.parse)(words),
        StopRule::text,
    )
}

/// A list of rules as text.
pub(crate) fn text_of(rules: &[StopRule]) -> String {
    let texts: Vec<String> = rules.iter().map(StopRule::text).collect();
    texts.join(",")
}

impl Named for Entry {
    const KIND: &'static str = "stop rule";

    fn word(&self) -> &'static str {
        self.word
    }

    fn parameters(&self) -> &'static str {
        self.parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_come_back_in_their_shortest_form() {
        let list = "support(level=0.99),spread(level=0.5),gain(limit=2),steps(n=50)";
        let rules = parse_list(list).expect("recipes");
        assert_eq!(
            text_of(&rules),
            "support,spread(level=0.5),gain(limit=2),steps"
        );
        assert_eq!(parse_list(STANDARD).expect("recipes").len(), STOPS.len());
    }

    #[test]
    fn levels_are_shares() {
        for (wrong, said) in [
            ("support(level=99)", "a share above 0"),
            ("steps(n=0)", "a whole number from 1"),
            ("gain(limits=2)", "there are limit=4"),
            (
                "luck",
                "there is no such stop rule; there are support, spread, gain, steps",
            ),
        ] {
            let error = parse_list(wrong).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
