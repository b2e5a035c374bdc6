//! Losses over a batch, each with its gradient.

use qualm_linalg::Elementary;

/// Mean squared error of `outputs` against `y`; its gradient goes to `of_outputs`.
///
/// # Panics
/// When lengths differ, or there is no label.
pub fn squared_error<T: Elementary>(outputs: &[T], y: &[T], of_outputs: &mut [T]) -> f64 {
    assert!(!y.is_empty(), "a loss has a label");
    assert_eq!(
        (outputs.len(), of_outputs.len()),
        (y.len(), y.len()),
        "an output a label"
    );
    let share = T::of(2.0 / y.len() as f64);
    let mut total = 0.0;
    for ((gradient, &output), &y) in of_outputs.iter_mut().zip(outputs).zip(y) {
        let error = output - y;
        total += error.into() * error.into();
        *gradient = share * error;
    }
    total / y.len() as f64
}

/// ListNet's loss of one list, the cross entropy -sum_i softmax(y)_i log softmax(f)_i (Cao et al.,
/// ICML 2007); its gradient softmax(f) - softmax(y) goes to `of_outputs`.
///
/// # Panics
/// When lengths differ, or the list is empty.
pub fn list_cross_entropy<T: Elementary>(outputs: &[T], y: &[T], of_outputs: &mut [T]) -> f64 {
    assert_eq!(
        (outputs.len(), of_outputs.len()),
        (y.len(), y.len()),
        "an output a label"
    );
    assert!(!y.is_empty(), "a list has an item");
    let log_sum = |x: &[T]| {
        let largest = x
            .iter()
            .map(|&x| x.into())
            .fold(f64::NEG_INFINITY, f64::max);
        largest
            + x.iter()
                .map(|&x| (x.into() - largest).exp())
                .sum::<f64>()
                .ln()
    };
    let (of_f, of_y) = (log_sum(outputs), log_sum(y));
    let mut total = 0.0;
    for ((gradient, &output), &y) in of_outputs.iter_mut().zip(outputs).zip(y) {
        let (log_f, p) = (output.into() - of_f, (y.into() - of_y).exp());
        total -= p * log_f;
        *gradient = T::of(log_f.exp() - p);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_items_by_hand() {
        let mut gradient = [0.0; 2];
        let loss = list_cross_entropy(&[0.0, 3f64.ln()], &[0.0, 0.0], &mut gradient);
        assert!((loss + 0.5 * (0.25f64.ln() + 0.75f64.ln())).abs() < 1e-12);
        assert!((gradient[0] + 0.25).abs() < 1e-12 && (gradient[1] - 0.25).abs() < 1e-12);
        assert_eq!(squared_error(&[1.0, 2.0], &[0.0, 0.0], &mut gradient), 2.5);
        assert_eq!(gradient, [1.0, 2.0]);
    }
}
