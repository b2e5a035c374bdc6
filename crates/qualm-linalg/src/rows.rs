/// A row-major matrix seen as its rows: `len x width`.
///
/// ```
/// use qualm_linalg::Rows;
/// let x = Rows::new(&[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], 2);
/// assert_eq!((x.len(), x.width()), (3, 2));
/// assert_eq!(x.row(1), [3.0, 4.0]);
/// assert_eq!(x.range(1, 3).data(), [3.0, 4.0, 5.0, 6.0]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a, T> {
    data: &'a [T],
    width: usize,
}

impl<'a, T> Rows<'a, T> {
    /// Rows of `width` numbers each.
    ///
    /// # Panics
    /// When `data` is not a whole number of rows: a mistake of the caller, since matrices are
    /// checked where they enter the program.
    pub fn new(data: &'a [T], width: usize) -> Self {
        assert!(
            width > 0 && data.len().is_multiple_of(width),
            "a matrix must hold whole rows"
        );
        Self { data, width }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.data.len() / self.width
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Numbers a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All numbers, row after row.
    pub fn data(&self) -> &'a [T] {
        self.data
    }

    /// Row `index`.
    pub fn row(&self, index: usize) -> &'a [T] {
        &self.data[index * self.width..(index + 1) * self.width]
    }

    /// Rows `start..end`.
    pub fn range(&self, start: usize, end: usize) -> Self {
        Self {
            data: &self.data[start * self.width..end * self.width],
            width: self.width,
        }
    }
}
