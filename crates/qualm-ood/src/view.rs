use crate::statistics::SumOf;

/// A way to look at a row of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// As stored.
    Raw,
    /// Divided by its Euclidean norm; a zero row stays zero.
    Unit,
}

impl View {
    /// What sums of this view are of.
    pub(crate) const fn summed(self) -> SumOf {
        match self {
            Self::Raw => SumOf::Raw,
            Self::Unit => SumOf::Unit,
        }
    }
}

/// One thing for each [`View`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PerView<T> {
    /// For [`View::Raw`].
    pub(crate) raw: T,
    /// For [`View::Unit`].
    pub(crate) unit: T,
}

impl<T> PerView<T> {
    /// The one for `view`.
    pub(crate) fn get(&self, view: View) -> &T {
        match view {
            View::Raw => &self.raw,
            View::Unit => &self.unit,
        }
    }

    /// The one for `view`, to be changed.
    pub(crate) fn get_mut(&mut self, view: View) -> &mut T {
        match view {
            View::Raw => &mut self.raw,
            View::Unit => &mut self.unit,
        }
    }
}

impl PerView<bool> {
    /// Only `view`.
    pub(crate) fn only(view: View) -> Self {
        Self {
            raw: view == View::Raw,
            unit: view == View::Unit,
        }
    }

    /// What either asks for.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            raw: self.raw || other.raw,
            unit: self.unit || other.unit,
        }
    }

    /// Whether any view is asked for.
    pub(crate) fn any(self) -> bool {
        self.raw || self.unit
    }
}

/// Writes each row of width `dim`, divided by its Euclidean norm, to `unit`; returns how many
/// rows are zero and so have no direction.
pub(crate) fn normalise_rows(rows: &[f32], dim: usize, unit: &mut Vec<f32>) -> usize {
    use rayon::prelude::*;
    unit.resize(rows.len(), 0.0);
    unit.par_chunks_exact_mut(dim)
        .zip(rows.par_chunks_exact(dim))
        .with_min_len(64)
        .map(|(to, from)| {
            let norm = qualm_linalg::norm(from);
            let inverse = if norm > 0.0 { 1.0 / norm } else { 0.0 };
            qualm_linalg::scale(to, from, inverse);
            usize::from(norm == 0.0)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_get_length_one_and_zero_rows_are_counted() {
        let mut unit = Vec::new();
        assert_eq!(normalise_rows(&[3.0, 4.0, 0.0, 0.0], 2, &mut unit), 1);
        assert_eq!(unit, [0.6, 0.8, 0.0, 0.0]);
    }
}
