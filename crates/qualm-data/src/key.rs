use std::fmt;

/// A column of names: ids or groups, as integers or as text.
///
/// ```
/// use qualm_data::{Key, KeyColumn};
/// let patients = KeyColumn::Text(vec!["mary".into(), "mary".into(), "john".into()]);
/// assert_eq!(patients.len(), 3);
/// assert_eq!(patients.get(2), Some(Key::Text("john")));
/// assert!(KeyColumn::default().is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyColumn {
    /// Integers.
    Int(Vec<i64>),
    /// Text.
    Text(Vec<String>),
}

impl Default for KeyColumn {
    fn default() -> Self {
        Self::Int(Vec::new())
    }
}

/// One entry of a [`KeyColumn`].
///
/// ```
/// use qualm_data::Key;
/// let keys = [Key::Int(12), Key::Text("cat.png")];
/// assert_eq!(keys.map(|key| key.to_string()), ["12", "cat.png"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key<'a> {
    /// An integer.
    Int(i64),
    /// A text.
    Text(&'a str),
}

impl KeyColumn {
    /// Number of entries.
    pub fn len(&self) -> usize {
        match self {
            Self::Int(keys) => keys.len(),
            Self::Text(keys) => keys.len(),
        }
    }

    /// Whether the column has no entry, which is how a feature set without it looks.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets the entries and keeps the buffer.
    pub fn clear(&mut self) {
        match self {
            Self::Int(keys) => keys.clear(),
            Self::Text(keys) => keys.clear(),
        }
    }

    /// Appends entries `start..end` of `other`, taking on its kind when `self` is empty.
    pub(crate) fn extend_from(&mut self, other: &Self, start: usize, end: usize) {
        match (&mut *self, other) {
            (Self::Int(to), Self::Int(from)) => to.extend_from_slice(&from[start..end]),
            (Self::Text(to), Self::Text(from)) => to.extend_from_slice(&from[start..end]),
            (_, Self::Int(from)) => *self = Self::Int(from[start..end].to_vec()),
            (_, Self::Text(from)) => *self = Self::Text(from[start..end].to_vec()),
        }
    }

    /// The integers to append to; texts are forgotten.
    pub(crate) fn ints_mut(&mut self) -> &mut Vec<i64> {
        match self {
            Self::Int(keys) => keys,
            texts => {
                *texts = Self::Int(Vec::new());
                texts.ints_mut()
            }
        }
    }

    /// The texts to append to; integers are forgotten.
    pub(crate) fn texts_mut(&mut self) -> &mut Vec<String> {
        match self {
            Self::Text(keys) => keys,
            ints => {
                *ints = Self::Text(Vec::new());
                ints.texts_mut()
            }
        }
    }

    /// Entry `row`, where there is one.
    pub fn get(&self, row: usize) -> Option<Key<'_>> {
        match self {
            Self::Int(keys) => keys.get(row).copied().map(Key::Int),
            Self::Text(keys) => keys.get(row).map(|key| Key::Text(key)),
        }
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(key) => write!(f, "{key}"),
            Self::Text(key) => f.write_str(key),
        }
    }
}
