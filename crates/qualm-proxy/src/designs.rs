use qualm_linalg::Rows;

/// Designs of one space, row by row: numbers as they are, categories by their number.
#[derive(Debug, Clone, PartialEq)]
pub struct Designs {
    values: Vec<f64>,
    width: usize,
}

impl Designs {
    /// Rows of `width` values each.
    ///
    /// # Panics
    /// When `width` is 0 or the values are no whole number of rows.
    pub fn new(values: Vec<f64>, width: usize) -> Self {
        assert!(width > 0, "a design has at least one value");
        assert!(values.len().is_multiple_of(width), "rows must be whole");
        Self { values, width }
    }

    /// Number of designs.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Values a design.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The values of one design.
    pub fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.width..][..self.width]
    }

    /// One design after the other.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.width)
    }

    /// As a matrix.
    pub fn rows(&self) -> Rows<'_, f64> {
        Rows::new(&self.values, self.width)
    }

    /// The designs at these places, in this order.
    pub fn pick(&self, places: &[usize]) -> Self {
        let values = places.iter().flat_map(|&at| self.row(at)).copied();
        Self::new(values.collect(), self.width)
    }
}

/// What equal designs have in common, as a key of maps.
pub(crate) fn key(design: &[f64]) -> Vec<u64> {
    // Adding 0 makes one zero of both.
    design.iter().map(|value| (value + 0.0).to_bits()).collect()
}
