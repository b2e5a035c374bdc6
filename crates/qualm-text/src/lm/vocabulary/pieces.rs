//! Pieces with scores (SentencePiece as Llama uses it): a text starts as its characters, and the
//! two neighbours whose union has the highest score are joined, the leftmost of equals, until no
//! union is a piece. A character that is no piece is said in bytes.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

pub(super) struct Pieces {
    /// Token and score of each piece.
    pieces: HashMap<Vec<u8>, (u32, f64)>,
    /// Tokens that stand for one byte whatever the text.
    bytes: HashMap<u8, u32>,
    /// Whether a text is cut as if it began with a space.
    space: bool,
}

/// The bytes of a piece; `<0x0A>` is byte ten.
pub(super) fn of(piece: &str) -> Vec<u8> {
    byte(piece.as_bytes()).map_or_else(|| piece.as_bytes().to_vec(), |byte| vec![byte])
}

fn byte(piece: &[u8]) -> Option<u8> {
    let digits = piece.strip_prefix(b"<0x")?.strip_suffix(b">")?;
    let digits = str::from_utf8(digits)
        .ok()
        .filter(|digits| digits.len() == 2)?;
    u8::from_str_radix(digits, 16).ok()
}

/// A part of the text between its neighbours; of length zero once it is joined to the left one.
#[derive(Clone, Copy)]
struct Part {
    start: usize,
    length: usize,
    left: Option<usize>,
    right: Option<usize>,
}

/// Two neighbours that can be joined: the best is the greatest.
struct Union {
    score: f64,
    left: usize,
    right: usize,
    length: usize,
}

impl Ord for Union {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = self.score.total_cmp(&other.score);
        by_score.then(other.left.cmp(&self.left))
    }
}

impl PartialOrd for Union {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Union {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Union {}

impl Pieces {
    /// Of tokens by their bytes; those that are not `usable` mark something.
    pub(super) fn new(
        tokens: &[Vec<u8>],
        scores: &[f64],
        usable: impl Fn(usize) -> bool,
        space: bool,
    ) -> Self {
        let mut pieces = HashMap::new();
        let mut bytes = HashMap::new();
        for (token, (piece, &score)) in tokens.iter().zip(scores).enumerate() {
            if !usable(token) {
                continue;
            }
            // Of a byte that stands there twice, the first says the byte and the last the piece.
            if let &[byte] = piece.as_slice() {
                bytes.entry(byte).or_insert(token as u32);
            }
            pieces.insert(piece.clone(), (token as u32, score));
        }
        Self {
            pieces,
            bytes,
            space,
        }
    }

    /// The tokens of `text`, and whether a space was put before it.
    pub(super) fn cut(&self, text: &str, start: bool) -> (Vec<u32>, bool) {
        let space = self.space && start && !text.is_empty();
        let text = if space {
            format!(" {text}")
        } else {
            text.to_owned()
        };
        let mut parts: Vec<Part> = Vec::new();
        for (at, (start, character)) in text.char_indices().enumerate() {
            if let Some(last) = parts.last_mut() {
                last.right = Some(at);
            }
            parts.push(Part {
                start,
                length: character.len_utf8(),
                left: at.checked_sub(1),
                right: None,
            });
        }
        let mut unions = BinaryHeap::new();
        for left in 0..parts.len() {
            unions.extend(self.union(&text, &parts, left));
        }
        while let Some(union) = unions.pop() {
            let (left, right) = (parts[union.left], parts[union.right]);
            // Either may have been joined to another since.
            let stale = left.length == 0
                || right.length == 0
                || left.length + right.length != union.length
                || left.right != Some(union.right);
            if stale {
                continue;
            }
            parts[union.left].length = union.length;
            parts[union.left].right = right.right;
            parts[union.right].length = 0;
            if let Some(next) = right.right {
                parts[next].left = Some(union.left);
            }
            unions.extend(self.union(&text, &parts, union.left));
            if let Some(before) = left.left {
                unions.extend(self.union(&text, &parts, before));
            }
        }
        let mut tokens = Vec::new();
        for part in parts.iter().filter(|part| part.length > 0) {
            let piece = &text.as_bytes()[part.start..part.start + part.length];
            match self.pieces.get(piece) {
                Some(&(token, _)) => tokens.push(token),
                None => tokens.extend(piece.iter().filter_map(|byte| self.bytes.get(byte))),
            }
        }
        (tokens, space)
    }

    /// What `left` makes with its right neighbour, where that is a piece.
    fn union(&self, text: &str, parts: &[Part], left: usize) -> Option<Union> {
        let right = parts[left].right?;
        let length = parts[left].length + parts[right].length;
        let bytes = &text.as_bytes()[parts[left].start..][..length];
        let &(_, score) = self.pieces.get(bytes)?;
        Some(Union {
            score,
            left,
            right,
            length,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_union_comes_first() {
        let names = [
            "a", "b", "c", "ab", "bc", "abc", " ", " a", "<0xC3>", "<0xA9>",
        ];
        let tokens: Vec<Vec<u8>> = names.iter().map(|name| of(name)).collect();
        let scores = [0.0, 0.0, 0.0, -2.0, -1.0, -3.0, 0.0, -4.0, 0.0, 0.0];
        let cut = |text: &str, space: bool| {
            Pieces::new(&tokens, &scores, |_| true, space).cut(text, true)
        };
        // "bc" beats "ab", and then "a" + "bc" is a piece, too.
        assert_eq!(cut("abc", false), (vec![5], false));
        assert_eq!(cut("abab", false), (vec![3, 3], false));
        assert_eq!(cut("a", true), (vec![7], true));
        assert_eq!(cut("é", false), (vec![8, 9], false));
        assert_eq!(cut("", true), (vec![], false));
    }
}
