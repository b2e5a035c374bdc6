use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::thread;

thread_local! {
    /// Whether this thread is inside a contained step.
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a step of a library that panics on some damaged files; nothing where it did, and where
/// panics unwind. The panic says nothing on standard error: what it would say means nothing to a
/// user. What the step worked on must be dropped unseen after that. Panics on other threads, those
/// of a thread pool that the step uses too, are silenced where these threads called
/// [`contain_thread`].
///
/// ```
/// assert_eq!(qualm_data::contained(|| 1 + 1), Some(2));
/// assert_eq!(qualm_data::contained(|| -> u8 { panic!("damaged") }), None);
/// ```
pub fn contained<T>(step: impl FnOnce() -> T) -> Option<T> {
    keep_quiet();
    let outer = CONTAINED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(step));
    CONTAINED.set(outer);
    done.ok()
}

/// Says that this thread works for steps that run inside [`contained`] on another thread and for
/// nothing else, so that from now on its panics say nothing. Whoever waits for it must hand them on,
/// as thread pools do.
///
/// ```
/// let done = std::thread::spawn(|| {
///     qualm_data::contain_thread();
///     panic!("damaged")
/// });
/// assert!(done.join().is_err());
/// ```
pub fn contain_thread() {
    keep_quiet();
    CONTAINED.set(true);
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
