//! Events made of named ones: `rain and not (wind or snow)`.

use super::words::{Token, Words};

/// The most named events of one set: they make 2^12 = 4096 worlds, all of which are looked at.
pub const MOST_EVENTS: usize = 12;

/// How deep parentheses and `not` may be nested.
const DEEPEST: usize = 64;

/// The names of events, in the order in which they first appeared. A world says of each whether it
/// happens: bit `i` of the world's number belongs to name `i`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    /// The names.
    #[must_use]
    pub fn list(&self) -> &[String] {
        &self.0
    }

    /// All worlds: 2 to the number of names.
    #[must_use]
    pub fn worlds(&self) -> u32 {
        1 << self.0.len()
    }

    /// The place of a name, which is added where it is new.
    fn place(&mut self, name: &str) -> Result<usize, String> {
        if let Some(place) = self.0.iter().position(|known| known == name) {
            return Ok(place);
        }
        if self.0.len() == MOST_EVENTS {
            return Err(format!(
                "`{name}` is event number {} of its set, and {} events make {} worlds, more than \
                 the {} that are searched: split the set",
                MOST_EVENTS + 1,
                MOST_EVENTS + 1,
                2_u32 << MOST_EVENTS,
                1_u32 << MOST_EVENTS
            ));
        }
        self.0.push(name.to_owned());
        Ok(self.0.len() - 1)
    }
}

/// An event: a named one, or one made of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The event at this place of [`Names`].
    Named(usize),
    /// What happens where the other does not.
    Not(Box<Event>),
    /// What happens where all of these do.
    All(Vec<Event>),
    /// What happens where any of these does.
    Any(Vec<Event>),
}

impl Event {
    /// Reads an event; `not` binds before `and`, `and` before `or`. Names are words, or anything
    /// in double quotes.
    ///
    /// ```
    /// use qualm_confidence::conditional::{Event, Names};
    ///
    /// let mut names = Names::default();
    /// let event = Event::parse("\"heavy rain\" and not (wind or snow)", &mut names)?;
    /// assert_eq!(names.list(), ["heavy rain", "wind", "snow"]);
    /// assert!(event.happens_in(0b001) && !event.happens_in(0b011));
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    /// One sentence that says what is wrong where, without the name of a file.
    pub fn parse(text: &str, names: &mut Names) -> Result<Event, String> {
        let mut words = Words::of(text)?;
        let event = Event::read(&mut words, names)?;
        words.end()?;
        Ok(event)
    }

    /// Reads as much as is an event.
    pub(super) fn read(words: &mut Words<'_>, names: &mut Names) -> Result<Event, String> {
        any(words, names, 0)
    }

    /// Whether it happens in this world.
    #[must_use]
    pub fn happens_in(&self, world: u32) -> bool {
        match self {
            Event::Named(place) => world >> place & 1 == 1,
            Event::Not(event) => !event.happens_in(world),
            Event::All(events) => events.iter().all(|event| event.happens_in(world)),
            Event::Any(events) => events.iter().any(|event| event.happens_in(world)),
        }
    }
}

fn any(words: &mut Words<'_>, names: &mut Names, depth: usize) -> Result<Event, String> {
    let mut events = vec![all(words, names, depth)?];
    while words.take(&Token::Or) {
        events.push(all(words, names, depth)?);
    }
    Ok(one_or(events, Event::Any))
}

fn all(words: &mut Words<'_>, names: &mut Names, depth: usize) -> Result<Event, String> {
    let mut events = vec![single(words, names, depth)?];
    while words.take(&Token::And) {
        events.push(single(words, names, depth)?);
    }
    Ok(one_or(events, Event::All))
}

fn single(words: &mut Words<'_>, names: &mut Names, depth: usize) -> Result<Event, String> {
    if depth > DEEPEST {
        return Err(format!(
            "parentheses and `not` are nested deeper than {DEEPEST}: write it flatter"
        ));
    }
    if words.take(&Token::Not) {
        return Ok(Event::Not(Box::new(single(words, names, depth + 1)?)));
    }
    if words.take(&Token::Open) {
        let event = any(words, names, depth + 1)?;
        words.expect(&Token::Close)?;
        return Ok(event);
    }
    Ok(Event::Named(names.place(words.name()?)?))
}

fn one_or(mut events: Vec<Event>, many: impl FnOnce(Vec<Event>) -> Event) -> Event {
    match events.len() {
        1 => events.remove(0),
        _ => many(events),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(text: &str) -> Vec<bool> {
        let mut names = Names::default();
        let event = Event::parse(text, &mut names).unwrap();
        (0..names.worlds())
            .map(|world| event.happens_in(world))
            .collect()
    }

    #[test]
    fn not_binds_before_and_and_and_before_or() {
        assert_eq!(truth("a"), [false, true]);
        assert_eq!(truth("not a and b"), [false, false, true, false]);
        assert_eq!(truth("not (a and b)"), [true, true, true, false]);
        assert_eq!(
            truth("a or b and c"),
            [false, true, false, true, false, true, true, true]
        );
        assert_eq!(truth("NOT not a"), [false, true]);
        // What happens always and what never does are events too.
        assert_eq!(truth("a or not a"), [true, true]);
        assert_eq!(truth("a and not a"), [false, false]);
    }

    #[test]
    fn what_is_no_event_is_refused_in_words() {
        let refused = |text: &str| Event::parse(text, &mut Names::default()).unwrap_err();
        assert!(refused("").contains("ends where a name"));
        assert!(refused("a and").contains("ends where a name"));
        assert!(refused("a b").contains("`b`"));
        assert!(refused("(a or b").contains("`)`"));
        assert!(refused("a and 3").contains("`3`"));
        assert!(refused("\"a").contains("quote"));
        assert!(refused("a & b").contains("`&`"));
        assert!(refused(&"(".repeat(100_000)).contains("deeper than 64"));
        assert!(refused(&"not ".repeat(100_000)).contains("deeper than 64"));
        let many: Vec<String> = (0..13).map(|i| format!("e{i}")).collect();
        let error = refused(&many.join(" or "));
        assert!(error.contains("8192") && error.contains("4096"), "{error}");
        // A long row is no deep one.
        assert_eq!(truth(&vec!["a"; 50_000].join(" and ")), [false, true]);
    }
}
