//! Changes of single letters within a word.

use std::collections::HashSet;
use std::ops::Range;

use qualm_stats::Stream;

/// What is done to a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slip {
    /// It changes places with the next.
    Swap,
    /// Another letter stands in its place.
    Substitute,
    /// It is left out.
    Delete,
    /// A letter is put before it.
    Insert,
    /// A key that touches its own on a QWERTY keyboard is struck.
    Neighbour,
}

/// Keys that touch a key of a QWERTY keyboard, in the case of the letter: those beside it, above it
/// and below it. Each row stands half a key to the right of the one above, and keys above are counted
/// to either side (as TextAttack does; it also has `x` beside `a`, which is two keys away).
fn beside(letter: char) -> Vec<char> {
    const ROWS: [&[u8]; 3] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];
    let small = letter.to_ascii_lowercase();
    let place = ROWS.iter().enumerate().find_map(|(row, keys)| {
        let column = keys.iter().position(|key| char::from(*key) == small)?;
        Some((row as isize, column as isize))
    });
    let Some((row, column)) = place else {
        return Vec::new();
    };
    let mut near = vec![(row, column - 1), (row, column + 1)];
    match row {
        0 => near.extend((-1..=1).map(|by| (1, column + by))),
        1 => {
            near.extend((-1..=1).map(|by| (0, column + by)));
            near.extend((-1..=0).map(|by| (2, column + by)));
        }
        _ => near.extend((0..=1).map(|by| (1, column + by))),
    }
    let key = |(row, column): (isize, isize)| {
        let keys = ROWS.get(usize::try_from(row).ok()?)?;
        let key = char::from(*keys.get(usize::try_from(column).ok()?)?);
        Some(if letter.is_ascii_uppercase() {
            key.to_ascii_uppercase()
        } else {
            key
        })
    };
    near.into_iter().filter_map(key).collect()
}

/// Where a slip may happen in a word of `n` letters; with `inner` the first and the last letter stay
/// where they are. Nowhere in a word of one letter, and nothing is put behind the last one, as in
/// TextAttack.
fn places(slip: Slip, n: usize, inner: bool) -> Range<usize> {
    let edge = usize::from(inner);
    let end = match slip {
        Slip::Swap => n.saturating_sub(1),
        _ if n < 2 => 0,
        _ => n,
    };
    edge..end.saturating_sub(edge).max(edge)
}

/// The word with this slip at this place.
fn slipped(letters: &[char], slip: Slip, at: usize, letter: char) -> String {
    let mut made = letters.to_vec();
    match slip {
        Slip::Swap => made.swap(at, at + 1),
        Slip::Delete => drop(made.remove(at)),
        Slip::Substitute | Slip::Neighbour => made[at] = letter,
        Slip::Insert => made.insert(at, letter),
    }
    made.into_iter().collect()
}

/// All words that a slip makes of one, in the order of the places and of the alphabet, each once.
/// Letters put in are small ones.
pub(crate) fn all(word: &str, slip: Slip, inner: bool) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut made = Vec::new();
    for at in places(slip, letters.len(), inner) {
        let choices: Vec<char> = match slip {
            Slip::Swap | Slip::Delete => vec![letters[at]],
            Slip::Substitute | Slip::Insert => ('a'..='z').collect(),
            Slip::Neighbour => beside(letters[at]),
        };
        made.extend(choices.into_iter().map(|c| slipped(&letters, slip, at, c)));
    }
    let mut seen = HashSet::new();
    made.retain(|changed| changed != word && seen.insert(changed.clone()));
    made
}

/// One draw of a slip, as TextAttack draws it: a place, then a letter in either case. `None` where it
/// makes the word itself or the word is too short.
pub(crate) fn one(word: &str, slip: Slip, stream: &mut Stream) -> Option<String> {
    let letters: Vec<char> = word.chars().collect();
    let places = places(slip, letters.len(), false);
    if places.is_empty() {
        return None;
    }
    let at = places.start + stream.below(places.len());
    let choices: Vec<char> = match slip {
        Slip::Swap | Slip::Delete => vec![letters[at]],
        Slip::Substitute | Slip::Insert => ('a'..='z').chain('A'..='Z').collect(),
        Slip::Neighbour => beside(letters[at]),
    };
    let letter = choices.get(stream.below(choices.len()))?;
    let made = slipped(&letters, slip, at, *letter);
    (made != word).then_some(made)
}

/// The least number of letters put in, left out or changed that make one word of the other
/// (Levenshtein).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = changed.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_a_short_word() {
        assert_eq!(all("abc", Slip::Swap, false), ["bac", "acb"]);
        assert_eq!(all("abcd", Slip::Swap, true), ["acbd"]);
        assert_eq!(all("abc", Slip::Delete, false), ["bc", "ac", "ab"]);
        assert_eq!(all("abcd", Slip::Delete, true), ["acd", "abd"]);
        assert_eq!(all("ab", Slip::Substitute, false).len(), 2 * 25);
        // `aab` is met at two places.
        assert_eq!(all("ab", Slip::Insert, false).len(), 2 * 26 - 1);
        assert_eq!(all("abc", Slip::Insert, true)[0], "aabc");
        assert_eq!(
            all("nod", Slip::Neighbour, true),
            ["nid", "npd", "nkd", "nld"]
        );
        assert_eq!(
            all("NOD", Slip::Neighbour, true),
            ["NID", "NPD", "NKD", "NLD"]
        );
        assert!(all("aa", Slip::Swap, false).is_empty());
        for slip in [Slip::Swap, Slip::Substitute, Slip::Delete, Slip::Insert] {
            assert!(all("a", slip, false).is_empty());
            assert!(all("ab", slip, true).is_empty());
            assert!(all("", slip, true).is_empty());
        }
    }

    #[test]
    fn keys_touch_each_other_both_ways() {
        let keys = |letter| beside(letter).into_iter().collect::<String>();
        assert_eq!((keys('q').as_str(), keys('p').as_str()), ("was", "ol"));
        assert_eq!((keys('s').as_str(), keys('M').as_str()), ("adqwezx", "NJK"));
        for a in 'a'..='z' {
            assert!(beside(a).into_iter().all(|b| beside(b).contains(&a)), "{a}");
        }
        assert!(beside('é').is_empty());
    }

    #[test]
    fn distances_by_hand() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("ab", "ba"), 2);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn places_and_letters_are_drawn_alike() {
        let mut stream = Stream::new(1, 0);
        let mut seen: HashSet<String> = HashSet::new();
        let mut none = 0;
        for _ in 0..20_000 {
            match one("ab", Slip::Substitute, &mut stream) {
                Some(made) => drop(seen.insert(made)),
                None => none += 1,
            }
        }
        // Two places, 52 letters, of which the word's own makes nothing new: one draw of 52.
        assert_eq!(seen.len(), 2 * 51);
        assert!(
            (none as f64 / 20_000.0 - 1.0 / 52.0).abs() < 0.004,
            "{none}"
        );
        assert_eq!(one("aa", Slip::Swap, &mut stream), None);
        assert_eq!(one("a", Slip::Delete, &mut stream), None);
        for _ in 0..100 {
            let made = one("ab", Slip::Insert, &mut stream).unwrap();
            assert!(made.ends_with('b') && made.len() == 3);
        }
    }
}
