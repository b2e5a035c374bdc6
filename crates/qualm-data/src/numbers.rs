use std::ops::{Deref, Range};
use std::sync::Arc;

/// A matrix of a chunk: numbers in a buffer that is reused from read to read, or a part of an
/// array in memory, which is shared and not copied.
///
/// ```
/// use qualm_data::Numbers;
/// let mut numbers = Numbers::from(vec![1.0, 2.0, 3.0]);
/// let part = numbers.part(1..3);
/// numbers.to_fill().push(4.0);
/// assert_eq!((&numbers[..], &part[..]), (&[4.0][..], &[2.0, 3.0][..]));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Numbers {
    buffer: Vec<f32>,
    /// What is held instead of the buffer, if anything.
    shared: Option<(Arc<Vec<f32>>, Range<usize>)>,
}

impl Numbers {
    /// Forgets all numbers and keeps the buffer.
    pub fn clear(&mut self) {
        self.shared = None;
        self.buffer.clear();
    }

    /// The buffer, to be changed. An array that was shared until now is left to its other holders:
    /// the buffer is empty then.
    pub fn to_fill(&mut self) -> &mut Vec<f32> {
        if self.shared.take().is_some() {
            self.buffer.clear();
        }
        &mut self.buffer
    }

    /// The numbers at `places`; shares them where this is an array in memory, else copies.
    ///
    /// # Panics
    /// When there are no such places.
    pub fn part(&self, places: Range<usize>) -> Self {
        match &self.shared {
            Some((array, held)) => {
                let part = held.start + places.start..held.start + places.end;
                assert!(
                    part.start <= part.end && part.end <= held.end,
                    "no such part"
                );
                Self {
                    buffer: Vec::new(),
                    shared: Some((Arc::clone(array), part)),
                }
            }
            None => self.buffer[places].to_vec().into(),
        }
    }

    /// Shares the numbers of `other` at `places`, and keeps the buffer for later.
    pub(crate) fn share(&mut self, other: &Self, places: Range<usize>) {
        self.shared = other.part(places).shared;
    }

    /// The numbers as an array of their own.
    pub fn into_vec(self) -> Vec<f32> {
        match self.shared {
            Some((array, held)) if held == (0..array.len()) => Arc::unwrap_or_clone(array),
            Some((array, held)) => array[held].to_vec(),
            None => self.buffer,
        }
    }
}

impl Deref for Numbers {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &self.shared {
            Some((array, held)) => &array[held.clone()],
            None => &self.buffer,
        }
    }
}

impl From<Vec<f32>> for Numbers {
    /// An array in memory, whose parts are shared from now on.
    fn from(array: Vec<f32>) -> Self {
        let all = 0..array.len();
        Self {
            buffer: Vec::new(),
            shared: Some((Arc::new(array), all)),
        }
    }
}

impl<T: AsRef<[f32]>> PartialEq<T> for Numbers {
    fn eq(&self, other: &T) -> bool {
        **self == *other.as_ref()
    }
}

impl AsRef<[f32]> for Numbers {
    fn as_ref(&self) -> &[f32] {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_no_copy() {
        let all = Numbers::from(vec![0.5, 1.5, 2.5, 3.5]);
        let part = all.part(1..4);
        assert!(std::ptr::eq(&all[2], &part[1]));
        assert_eq!(part.part(1..2), [2.5]);
        assert_eq!(all.clone().into_vec(), [0.5, 1.5, 2.5, 3.5]);
        assert_eq!(part.into_vec(), [1.5, 2.5, 3.5]);
    }

    #[test]
    fn filling_leaves_what_was_shared_alone() {
        let all = Numbers::from(vec![0.5, 1.5]);
        let mut chunk = Numbers::default();
        chunk.to_fill().push(7.0);
        chunk.share(&all, 0..1);
        assert_eq!(chunk, [0.5]);
        chunk.to_fill().push(9.0);
        assert_eq!(chunk, [9.0]);
        chunk.clear();
        assert!(chunk.is_empty() && all == [0.5, 1.5]);
    }
}
