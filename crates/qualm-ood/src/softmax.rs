use qualm_linalg::{exp, largest, map, sum_of};

/// Turns a row of logits into its softmax probabilities.
pub(crate) fn softmax(row: &mut [f32]) {
    let Some((_, max)) = largest(row) else {
        return;
    };
    // The maximum goes first: a difference of large logits is exact where their normaliser is not.
    map(row, |x| exp(x - max));
    let share = sum_of(row, |x: f64| x).recip() as f32;
    map(row, |x| x * share);
}

#[cfg(test)]
mod tests {
    use super::softmax;

    #[test]
    fn by_hand() {
        let mut row = [0.0, 3f32.ln()];
        softmax(&mut row);
        assert!((row[0] - 0.25).abs() < 1e-6 && (row[1] - 0.75).abs() < 1e-6);
        let mut large = [1e5, 1e5 - 1.0];
        softmax(&mut large);
        assert!((large[0] - 0.731_058_6).abs() < 1e-6, "{large:?}");
        softmax(&mut []);
    }
}
