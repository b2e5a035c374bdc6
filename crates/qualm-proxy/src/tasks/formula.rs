//! Chemical formulas as fractions of elements.

/// Elements and their amounts, in the order in which they stand: `Ba0.4K0.6Fe2As2`. Nothing where the
/// text is no such formula.
pub(super) fn amounts(formula: &str) -> Option<Vec<(String, f64)>> {
    let mut found: Vec<(String, f64)> = Vec::new();
    let mut rest = formula.trim();
    while let Some(first) = rest.chars().next() {
        if !first.is_ascii_uppercase() {
            return None;
        }
        let small = rest[1..]
            .find(|c: char| !c.is_ascii_lowercase())
            .unwrap_or(rest.len() - 1);
        let (element, after) = rest.split_at(1 + small);
        let digits = after
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(after.len());
        let (amount, after) = after.split_at(digits);
        let amount: f64 = if amount.is_empty() {
            1.0
        } else {
            amount.parse().ok()?
        };
        match found.iter_mut().find(|(known, _)| known == element) {
            Some((_, known)) => *known += amount,
            None => found.push((element.into(), amount)),
        }
        rest = after;
    }
    let total: f64 = found.iter().map(|(_, amount)| amount).sum();
    (total > 0.0).then_some(found)
}

/// Fractions of each of `elements` in each formula.
pub(super) fn fractions(all: &[Vec<(String, f64)>], elements: &[String]) -> Vec<f64> {
    let mut values = Vec::with_capacity(all.len() * elements.len());
    for amounts in all {
        let total: f64 = amounts.iter().map(|(_, amount)| amount).sum();
        let of = |element: &String| {
            let found = amounts.iter().find(|(known, _)| known == element);
            found.map_or(0.0, |(_, amount)| amount / total)
        };
        values.extend(elements.iter().map(of));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_read() {
        let found = amounts("Ba0.4K0.6Fe2As2").expect("a formula");
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((names, found[1].1), (vec!["Ba", "K", "Fe", "As"], 0.6));
        assert_eq!(
            amounts("CuO1Cu"),
            Some(vec![("Cu".into(), 2.0), ("O".into(), 1.0)])
        );
        for wrong in ["", "x2", "Fe-2", "Fe(SO4)2", "Fe0"] {
            assert_eq!(amounts(wrong), None, "{wrong}");
        }
        let one = fractions(
            &[amounts("FeO3").expect("a formula")],
            &["O".into(), "Cu".into()],
        );
        assert_eq!(one, [0.75, 0.0]);
    }
}
