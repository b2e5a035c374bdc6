/// How the vectors of a text's tokens become one.
///
/// Means and largest values are over the tokens, marks of the ends among them and padding not, as
/// the library sentence-transformers takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// Their mean.
    Mean,
    /// The first one, which in BERT's kin is a mark made for it.
    Cls,
    /// The largest value of each number.
    Max,
}

impl Pool {
    /// Vectors `rows x length x dim` to `rows x dim`; `mask` (`rows x length`) is 1 where there is
    /// a token. A row without tokens gives zeros.
    pub fn pool(self, hidden: &[f32], mask: &[u32], length: usize) -> Vec<f32> {
        let (dim, rows) = (hidden.len() / mask.len().max(1), mask.len() / length.max(1));
        let mut pooled = vec![0.0; rows * dim];
        if dim == 0 {
            return pooled;
        }
        let texts = hidden
            .chunks(length * dim)
            .zip(mask.chunks(length))
            .zip(pooled.chunks_mut(dim));
        for ((vectors, mask), to) in texts {
            let tokens = vectors
                .chunks(dim)
                .zip(mask)
                .filter(|&(_, &there)| there != 0)
                .map(|(vector, _)| vector);
            match self {
                Self::Mean => mean(tokens, to),
                Self::Cls => {
                    if let Some(first) = tokens.into_iter().next() {
                        to.copy_from_slice(first);
                    }
                }
                Self::Max => {
                    for (number, vector) in tokens.enumerate() {
                        for (to, &x) in to.iter_mut().zip(vector) {
                            *to = if number == 0 { x } else { to.max(x) };
                        }
                    }
                }
            }
        }
        pooled
    }
}

/// The mean of vectors; zeros where there is none.
pub(crate) fn mean<'v>(vectors: impl Iterator<Item = &'v [f32]>, to: &mut [f32]) {
    let mut count = 0u32;
    for vector in vectors {
        count += 1;
        for (to, x) in to.iter_mut().zip(vector) {
            *to += x;
        }
    }
    if count > 0 {
        let share = 1.0 / count as f32;
        to.iter_mut().for_each(|x| *x *= share);
    }
}

/// Divides each row of `dim` numbers by its length; rows of zeros stay.
pub fn to_unit_length(rows: &mut [f32], dim: usize) {
    for row in rows.chunks_mut(dim.max(1)) {
        let square: f64 = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        if square > 0.0 {
            let share = 1.0 / square.sqrt();
            row.iter_mut()
                .for_each(|x| *x = (f64::from(*x) * share) as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_has_no_part() {
        // Two texts of two and one tokens, three places, two numbers each.
        let hidden = [
            1.0, -1.0, 3.0, -5.0, 100.0, 100.0, //
            -4.0, 2.0, 100.0, 100.0, 100.0, 100.0,
        ];
        let mask = [1, 1, 0, 1, 0, 0];
        let pooled = |pool: Pool| pool.pool(&hidden, &mask, 3);
        assert_eq!(pooled(Pool::Mean), [2.0, -3.0, -4.0, 2.0]);
        assert_eq!(pooled(Pool::Cls), [1.0, -1.0, -4.0, 2.0]);
        // Largest of negative numbers: not the zero that rows begin with.
        assert_eq!(pooled(Pool::Max), [3.0, -1.0, -4.0, 2.0]);
        assert_eq!(Pool::Max.pool(&hidden[..6], &[0, 0, 0], 3), [0.0, 0.0]);
    }

    #[test]
    fn rows_come_to_unit_length() {
        let mut rows = [3.0, 4.0, 0.0, 0.0];
        to_unit_length(&mut rows, 2);
        assert_eq!(rows, [0.6, 0.8, 0.0, 0.0]);
    }
}
