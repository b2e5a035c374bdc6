//! Fewer points for the same picture.
//!
//! Ramer (1972) and Douglas and Peucker (1973): a stretch of a curve becomes
//! a straight line where no point of it lies further than a tolerance from
//! that line. The crates that do this bring geometry types of their own; on
//! pairs of numbers it is shorter than the conversion.

/// The tolerance to begin with, in thousandths of the plot: half a pixel on
/// a large screen.
const TOLERANCE: f64 = 0.5;

/// A point on the grid of a plot, from 0 to 1000 on either axis.
pub(crate) type GridPoint = (i32, i32);

/// Drops points that the eye would not miss, until at most `most` (at least
/// 2) are left.
pub(crate) fn thin(points: &[GridPoint], most: usize) -> Vec<GridPoint> {
    let mut points = points.to_vec();
    points.dedup();
    let mut tolerance = TOLERANCE;
    let mut thinned = simplify(&points, tolerance);
    while thinned.len() > most.max(2) {
        tolerance *= 2.0;
        thinned = simplify(&thinned, tolerance);
    }
    thinned
}

fn simplify(points: &[GridPoint], tolerance: f64) -> Vec<GridPoint> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let last = points.len() - 1;
    let mut keep = vec![false; points.len()];
    keep[0] = true;
    keep[last] = true;
    let mut stretches = vec![(0, last)];
    while let Some((start, end)) = stretches.pop() {
        let furthest = (start + 1..end)
            .map(|i| (i, distance(points[i], points[start], points[end])))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((middle, distance)) = furthest
            && distance > tolerance
        {
            keep[middle] = true;
            stretches.push((start, middle));
            stretches.push((middle, end));
        }
    }
    points
        .iter()
        .zip(&keep)
        .filter_map(|(point, keep)| keep.then_some(*point))
        .collect()
}

/// The distance of a point from the segment between two others.
fn distance(point: GridPoint, start: GridPoint, end: GridPoint) -> f64 {
    let [px, py, sx, sy, ex, ey] =
        [point.0, point.1, start.0, start.1, end.0, end.1].map(f64::from);
    let (dx, dy) = (ex - sx, ey - sy);
    let length_squared = dx * dx + dy * dy;
    let t = if length_squared > 0.0 {
        (((px - sx) * dx + (py - sy) * dy) / length_squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (px - sx - t * dx).hypot(py - sy - t * dy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_straight_line_keeps_its_ends() {
        let line: Vec<GridPoint> = (0..=1000).map(|i| (i, i)).collect();
        assert_eq!(thin(&line, 300), [(0, 0), (1000, 1000)]);
    }

    #[test]
    fn a_corner_stays() {
        let corner = [(0, 0), (0, 500), (0, 1000), (500, 1000), (1000, 1000)];
        assert_eq!(thin(&corner, 300), [(0, 0), (0, 1000), (1000, 1000)]);
    }

    #[test]
    fn a_closed_curve_does_not_collapse() {
        let square = [(0, 0), (0, 9), (9, 9), (9, 0), (0, 0)];
        assert_eq!(thin(&square, 300), square);
    }

    #[test]
    fn few_points_pass_through() {
        assert_eq!(thin(&[], 10), []);
        assert_eq!(thin(&[(1, 2), (1, 2)], 10), [(1, 2)]);
    }

    proptest! {
        #[test]
        fn every_point_stays_close_to_the_thinned_curve(
            points in prop::collection::vec((0..=1000, 0..=1000), 2..60),
        ) {
            let thinned = thin(&points, usize::MAX);
            prop_assert_eq!(thinned.first(), points.first());
            prop_assert_eq!(thinned.last(), points.last());
            for point in points {
                let near = thinned
                    .windows(2)
                    .map(|ends| distance(point, ends[0], ends[1]))
                    .chain(thinned.iter().map(|p| distance(point, *p, *p)))
                    .fold(f64::INFINITY, f64::min);
                prop_assert!(near <= TOLERANCE);
            }
        }

        #[test]
        fn the_limit_holds(
            points in prop::collection::vec((0..=1000, 0..=1000), 0..300),
            most in 2usize..40,
        ) {
            prop_assert!(thin(&points, most).len() <= most);
        }
    }
}
