//! Changes of single letters within a word.

use qualm_stats::Stream;

const ALPHABET: std::ops::RangeInclusive<char> = 'a'..='z';

/// What is done to a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slip {
    /// It changes places with the next.
    Swap,
    /// Another letter stands in its place.
    Substitute,
    /// It is left out.
    Delete,
    /// A letter is put before it, or behind the last.
    Insert,
    /// A key beside its own on a QWERTY keyboard is struck.
    Neighbour,
}

/// Keys beside each key of a QWERTY keyboard: left, right, above and below.
fn beside(letter: char) -> &'static str {
    match letter.to_ascii_lowercase() {
        'q' => "wa",
        'w' => "qeas",
        'e' => "wrsd",
        'r' => "etdf",
        't' => "ryfg",
        'y' => "tugh",
        'u' => "yihj",
        'i' => "uojk",
        'o' => "ipkl",
        'p' => "ol",
        'a' => "qwsz",
        's' => "awedxz",
        'd' => "serfcx",
        'f' => "drtgvc",
        'g' => "ftyhbv",
        'h' => "gyujnb",
        'j' => "huikmn",
        'k' => "jiolm",
        'l' => "kop",
        'z' => "asx",
        'x' => "zsdc",
        'c' => "xdfv",
        'v' => "cfgb",
        'b' => "vghn",
        'n' => "bhjm",
        'm' => "njk",
        _ => "",
    }
}

/// All words that a slip makes of one, in the order of the places and of the alphabet; with `inner`
/// the first and the last letter stay where they are.
pub(crate) fn all(word: &str, slip: Slip, inner: bool) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let n = letters.len();
    let edge = usize::from(inner);
    let build = |f: &mut dyn FnMut(&mut Vec<char>)| {
        let mut changed = letters.clone();
        f(&mut changed);
        changed.into_iter().collect::<String>()
    };
    let mut made = Vec::new();
    match slip {
        Slip::Swap => {
            for at in edge..(n.saturating_sub(1 + edge)) {
                made.push(build(&mut |w| w.swap(at, at + 1)));
            }
        }
        Slip::Delete if n > 1 => {
            for at in edge..n - edge {
                made.push(build(&mut |w| {
                    w.remove(at);
                }));
            }
        }
        Slip::Delete => {}
        Slip::Substitute => {
            for at in edge..n.saturating_sub(edge) {
                for letter in ALPHABET {
                    made.push(build(&mut |w| w[at] = letter));
                }
            }
        }
        Slip::Insert => {
            for at in edge..=n.saturating_sub(edge) {
                for letter in ALPHABET {
                    made.push(build(&mut |w| w.insert(at, letter)));
                }
            }
        }
        Slip::Neighbour => {
            for at in edge..n.saturating_sub(edge) {
                for letter in beside(letters[at]).chars() {
                    made.push(build(&mut |w| w[at] = letter));
                }
            }
        }
    }
    made.retain(|changed| changed != word);
    let mut seen = std::collections::HashSet::new();
    made.retain(|changed| seen.insert(changed.clone()));
    made
}

/// One of those words, each equally likely.
pub(crate) fn one(word: &str, slip: Slip, inner: bool, stream: &mut Stream) -> Option<String> {
    let mut made = all(word, slip, inner);
    let drawn = stream.below(made.len());
    (drawn < made.len()).then(|| made.swap_remove(drawn))
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
        // "aab" stands for two places of one letter.
        assert_eq!(all("ab", Slip::Insert, false).len(), 3 * 26 - 2);
        assert_eq!(
            all("nod", Slip::Neighbour, true),
            ["nid", "npd", "nkd", "nld"]
        );
        assert!(all("a", Slip::Delete, false).is_empty());
        assert!(all("aa", Slip::Swap, false).is_empty());
    }

    #[test]
    fn distances_by_hand() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("ab", "ba"), 2);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn one_is_one_of_all() {
        let mut stream = Stream::new(1, 0);
        for slip in [Slip::Swap, Slip::Substitute, Slip::Delete, Slip::Insert] {
            let made = one("film", slip, false, &mut stream).unwrap();
            assert!(all("film", slip, false).contains(&made));
        }
        assert_eq!(one("a", Slip::Delete, false, &mut stream), None);
    }
}
