//! Whole numbers of rows that stand for a share of them, without the traps of rounding.
//!
//! `0.07 * 100` is `7.000000000000001` and `0.29 * 100` is `28.999999999999996` in floating
//! point, so rounding a product up or down is wrong for some shares. A division is rounded
//! correctly, so `7 / 100` is the very number that the text `0.07` stands for: comparing
//! `count / rows` with the share decides as a person would on paper.

/// The smallest `count` in `0..=rows` with `count / rows >= share`; `rows` if there is none.
pub(crate) fn smallest_count_reaching(share: f64, rows: u64) -> u64 {
    // The cast sends NaN and negative numbers to 0 and saturates above.
    let mut count = ((share * rows as f64).ceil() as u64).min(rows);
    while count > 0 && share_of(count - 1, rows) >= share {
        count -= 1;
    }
    while count < rows && share_of(count, rows) < share {
        count += 1;
    }
    count
}

/// The largest `count` in `0..=rows` with `count / rows <= share`; 0 if there is none.
pub(crate) fn largest_count_within(share: f64, rows: u64) -> u64 {
    let mut count = ((share * rows as f64).floor() as u64).min(rows);
    while count < rows && share_of(count + 1, rows) <= share {
        count += 1;
    }
    while count > 0 && share_of(count, rows) > share {
        count -= 1;
    }
    count
}

/// `count / rows`, correctly rounded below 2^53 rows.
pub(crate) fn share_of(count: u64, rows: u64) -> f64 {
    count as f64 / rows as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_share_of_every_size_is_exact() {
        for rows in 1..=400_u64 {
            for count in 0..=rows {
                let share = share_of(count, rows);
                assert_eq!(smallest_count_reaching(share, rows), count);
                assert_eq!(largest_count_within(share, rows), count);
            }
        }
    }

    #[test]
    fn products_that_round_the_wrong_way_do_not_matter() {
        assert_ne!((0.07_f64 * 100.0).ceil(), 7.0);
        assert_eq!(smallest_count_reaching(0.07, 100), 7);
        assert_ne!((0.29_f64 * 100.0).floor(), 29.0);
        assert_eq!(largest_count_within(0.29, 100), 29);
    }

    #[test]
    fn shares_outside_the_unit_interval_end_at_its_ends() {
        assert_eq!(largest_count_within(-0.1, 10), 0);
        assert_eq!(largest_count_within(7.0, 10), 10);
        assert_eq!(largest_count_within(f64::NAN, 10), 0);
        assert_eq!(smallest_count_reaching(0.0, 10), 0);
        assert_eq!(smallest_count_reaching(f64::INFINITY, 10), 10);
    }
}
