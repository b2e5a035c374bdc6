use qualm_linalg::Rows;

/// Root mean squared distance of rows from where each of them started.
///
/// # Panics
/// When there are not as many rows as starts, or their widths differ.
///
/// ```
/// use qualm_linalg::Rows;
/// use qualm_proxy::measures::moved;
/// let start = [0.0, 0.0, 1.0, 1.0];
/// let now = [3.0, 4.0, 1.0, 2.0]; // 5 and 1 away
/// assert_eq!(moved(Rows::new(&now, 2), Rows::new(&start, 2)), 13f64.sqrt());
/// ```
pub fn moved(rows: Rows<'_, f64>, start: Rows<'_, f64>) -> f64 {
    assert_eq!(
        (rows.len(), rows.width()),
        (start.len(), start.width()),
        "each row has a start"
    );
    (squares(rows.data(), start.data()) / rows.len() as f64).sqrt()
}

/// Root mean squared distance of rows from the nearest of others: for searches in which no row
/// comes from a row.
///
/// # Panics
/// When widths differ.
///
/// ```
/// use qualm_linalg::Rows;
/// use qualm_proxy::measures::apart;
/// let start = [0.0, 10.0];
/// assert_eq!(apart(Rows::new(&[9.0, 13.0, 10.0], 1), Rows::new(&start, 1)), (10.0f64 / 3.0).sqrt());
/// ```
pub fn apart(rows: Rows<'_, f64>, others: Rows<'_, f64>) -> f64 {
    assert_eq!(rows.width(), others.width(), "rows have one width");
    let nearest = |row: &[f64]| {
        let all = others.data().chunks_exact(others.width());
        all.map(|other| squares(row, other))
            .fold(f64::INFINITY, f64::min)
    };
    let all = rows.data().chunks_exact(rows.width()).map(nearest);
    (all.sum::<f64>() / rows.len() as f64).sqrt()
}

fn squares(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum()
}
