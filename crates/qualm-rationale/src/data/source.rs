use std::path::Path;

use crate::RationaleError;
use crate::data::{Splits, counterfactual, fever, planted, table, tweets};

/// Where texts come from, as people write it:
///
/// - `planted`: reviews that are generated;
/// - `tweets:PATH`, `fever:FOLDER`, `cad:FOLDER`: published data;
/// - a path to a CSV or JSON lines: one's own, of which a tenth is held back to choose by and a tenth
///   to test on, by the hash of each text.
///
/// # Errors
/// [`RationaleError`] that names what is wrong with the file.
pub fn open(source: &str, seed: u64) -> Result<Splits, RationaleError> {
    if source == "planted" {
        return Ok(planted(seed));
    }
    match source.split_once(':') {
        Some(("tweets", path)) => tweets(Path::new(path)),
        Some(("fever", path)) => fever(Path::new(path)),
        Some(("cad", path)) => counterfactual(Path::new(path)),
        _ => {
            let whole = table(Path::new(source), None)?;
            Ok(Splits::of(&whole, seed))
        }
    }
}
