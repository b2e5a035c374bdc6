use std::cell::Cell;
use std::fmt;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::thread;

use super::damaged;
use crate::DataError;
use crate::bytes::Bytes;

thread_local! {
    /// Whether this thread is inside a contained step.
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a step of the Parquet library, which panics on some damaged files. What it worked on is
/// dropped unseen after that, so nothing half-changed is used again; the error is all that is said
/// of it.
pub(super) fn contained<T, E: fmt::Display>(
    bytes: &Bytes,
    step: impl FnOnce() -> Result<T, E>,
) -> Result<T, DataError> {
    keep_quiet();
    let outer = CONTAINED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(step));
    CONTAINED.set(outer);
    match done {
        Ok(done) => done.map_err(|error| damaged(bytes, error)),
        Err(_) => Err(damaged(bytes, "its pages make no sense")),
    }
}

/// Puts a panic hook before the one there is, once: contained panics say nothing, all others,
/// those of other threads at the same time too, say what they said before. A hook that is set
/// later replaces it.
fn keep_quiet() {
    static SET: Once = Once::new();
    // A hook cannot be set while a thread unwinds.
    if thread::panicking() {
        return;
    }
    SET.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // Where the thread is being torn down its flag is gone, and nothing is contained.
            if !CONTAINED.try_with(Cell::get).unwrap_or(false) {
                before(info);
            }
        }));
    });
}
