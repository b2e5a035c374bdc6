//! The display with the least expected loss.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::people::People;
use super::shown::Display;
use super::trial::Trial;

/// The largest alpha and beta that are tried: beta = 8 shows .9997 or more for everything.
pub const FARTHEST: f64 = 8.0;

/// Steps of the first grid from 0 to [`FARTHEST`].
const GRID: u32 = 16;

/// The finest step that is tried.
const FINEST: f64 = 1.0 / 256.0;

/// The display that these people are expected to do best with on these trials.
///
/// A search without chance: a grid over alpha and beta from 0 to [`FARTHEST`], then steps along
/// each axis from the best point, halved where none helps. It starts with the true display, so
/// that it ends with one that is at least as good on these trials, and leaves it only for a smaller
/// loss.
#[must_use]
pub fn optimise(people: &People, trials: &[Trial]) -> Display {
    let loss = |display: &Display| -> f64 {
        trials
            .iter()
            .map(|trial| people.expected(trial, *display).loss)
            .sum()
    };
    let mut best = (Display::TRUE, loss(&Display::TRUE));
    let coarse = FARTHEST / f64::from(GRID);
    let grid: Vec<Display> = (0..=GRID)
        .flat_map(|a| (0..=GRID).map(move |b| (f64::from(a), f64::from(b))))
        .map(|(a, b)| Display {
            alpha: a * coarse,
            beta: b * coarse,
        })
        .collect();
    try_all(grid, &loss, &mut best);
    let mut step = coarse / 2.0;
    while step >= FINEST {
        let around = [
            (-step, 0.0),
            (step, 0.0),
            (0.0, -step),
            (0.0, step),
            (step, -step),
            (-step, step),
        ];
        let near = around.map(|(alpha, beta)| Display {
            alpha: (best.0.alpha + alpha).clamp(0.0, FARTHEST),
            beta: (best.0.beta + beta).clamp(0.0, FARTHEST),
        });
        if !try_all(near.to_vec(), &loss, &mut best) {
            step /= 2.0;
        }
    }
    best.0
}

/// Whether one of the displays is better than the best, which it then replaces.
fn try_all(
    displays: Vec<Display>,
    loss: &(impl Fn(&Display) -> f64 + Sync),
    best: &mut (Display, f64),
) -> bool {
    let tried: Vec<(Display, f64)> = displays
        .into_par_iter()
        .map(|display| (display, loss(&display)))
        .collect();
    let mut found = false;
    for (display, value) in tried {
        if value < best.1 {
            *best = (display, value);
            found = true;
        }
    }
    found
}
