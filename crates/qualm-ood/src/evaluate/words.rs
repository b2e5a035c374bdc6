//! Numbers and names as parts of sentences.

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [others @ .., last] => {
            let others: Vec<&str> = others.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", others.join(", "), last.as_ref())
        }
    }
}

/// A share that someone chose, in percent and without needless zeros: `5 %`, `2.5 %`.
pub(super) fn level(share: f64) -> String {
    let text = format!("{:.4}", 100.0 * share);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A share that was counted, in percent with one decimal.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A number of things: `1 set`, `3 sets`.
pub(super) fn count(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn chosen_levels_show_no_rounding_error() {
        assert_eq!(level(0.07), "7 %");
        assert_eq!(level(0.025), "2.5 %");
        assert_eq!(level(0.1), "10 %");
        assert_eq!(percent(0.0504), "5.0 %");
        assert_eq!(
            (count(1, "set"), count(0, "set")),
            ("1 set".into(), "0 sets".into())
        );
    }
}
