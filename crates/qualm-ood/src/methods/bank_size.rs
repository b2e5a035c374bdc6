//! How many fitting rows a method's bank holds.

use std::sync::Arc;

use crate::OodError;
use crate::fit::FitContext;
use crate::recipe::Arguments;
use crate::statistics::{Bank, BankNeed};
use crate::tensors::{TensorReader, TensorWriter};

/// `bank=all`, `bank=N` (rows) or `share=S` (of the fitting rows). Rows are drawn by a seeded hash
/// of their numbers: shards and runs draw the same ones, and a smaller bank is a part of a larger.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum BankSize {
    /// Above 0, up to 1, which is all rows.
    Share(f64),
    /// At most that many.
    Rows(usize),
}

/// The array that tells how many rows of the bundle's bank are a detector's own.
const ROWS: &str = "bank_rows";

impl BankSize {
    /// Takes `bank` or `share`; where neither is given, the bank holds `share` of the rows.
    pub(super) fn take(arguments: &mut Arguments<'_>, share: f64) -> Result<Self, OodError> {
        let bank = arguments.take("bank");
        let given = arguments.take("share");
        match (bank, given) {
            (None, None) => Ok(Self::Share(share)),
            (Some("all"), None) => Ok(Self::Share(1.0)),
            (Some(value), None) => match value.parse() {
                Ok(rows) if rows > 0 => Ok(Self::Rows(rows)),
                _ => Err(arguments.wrong("bank", value, "`all` or a number of rows")),
            },
            (None, Some(value)) => match value.parse() {
                Ok(share) if share > 0.0 && share <= 1.0 => Ok(Self::Share(share)),
                _ => Err(arguments.wrong("share", value, "a share above 0, up to 1")),
            },
            (Some(_), Some(value)) => Err(arguments.wrong(
                "share",
                value,
                "another way to say what `bank` says; give one of them",
            )),
        }
    }

    /// What the first pass gathers: a share of rows whose number is not known yet is drawn from all
    /// of them.
    pub(super) fn gathered(self, logits: bool) -> BankNeed {
        let rows = match self {
            Self::Share(_) => None,
            Self::Rows(rows) => Some(rows),
        };
        BankNeed { rows, logits }
    }

    /// The bank itself.
    ///
    /// # Errors
    /// When there is no row to fit on.
    pub(super) fn bank(
        self,
        context: &FitContext<'_>,
        logits: bool,
    ) -> Result<Arc<Bank>, OodError> {
        let gathered = context.bank(self.gathered(logits))?;
        match self {
            Self::Share(share) if share < 1.0 => context.bank(BankNeed {
                rows: Some((share * gathered.len() as f64).ceil() as usize),
                logits,
            }),
            _ => Ok(gathered),
        }
    }

    /// Writes the bank of a detector.
    pub(super) fn save(bank: &Bank, tensors: &mut TensorWriter) {
        tensors.bank(bank);
        tensors.vector(ROWS, &[bank.len() as u64]);
    }

    /// The bank that was written.
    ///
    /// # Errors
    /// When it is missing, damaged, empty or holds fewer rows than are said.
    pub(super) fn load(tensors: &TensorReader<'_>, logits: bool) -> Result<Arc<Bank>, OodError> {
        let rows = tensors.vector::<u64>(ROWS, 1)?[0];
        let limit = usize::try_from(rows).unwrap_or(usize::MAX);
        let bank = tensors.bank(BankNeed {
            rows: Some(limit),
            logits,
        })?;
        if bank.is_empty() || bank.len() != limit {
            return Err(tensors.wrong(ROWS, "is not the number of rows that the bank can give"));
        }
        Ok(bank)
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use crate::Recipe;
    use crate::testing::{fit_scores, numbers};

    /// Every method that takes a size of the bank.
    const METHODS: [&str; 3] = ["knn(k=2,", "nnguide(k=2,", "relation("];

    #[test]
    fn every_bank_is_sized_and_drawn_alike() {
        let (train, rows) = (numbers(200, 3), numbers(20, 4));
        let head = || Head::new(numbers(8, 5), numbers(4, 6), 2).unwrap();
        let score = |recipe: String| fit_scores(&recipe, &train, 2, Some(head()), &rows);
        for method in METHODS {
            // A tenth of 100 rows.
            let share = score(format!("{method}share=0.1)"));
            assert_eq!(share, score(format!("{method}bank=10)")), "{method}");
            let all = score(format!("{method}bank=all)"));
            assert_ne!(share, all, "{method}");
            assert_eq!(all, score(format!("{method}share=1)")), "{method}");
            assert_eq!(all, score(format!("{method}bank=1000)")), "{method}");
            // Beside a method that holds all rows, the smaller bank is drawn from the file's.
            assert_eq!(share, score(format!("{method}bank=10),all=knn(k=1)")));
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for method in METHODS {
            for (size, allowed) in [
                ("bank=0", "`all` or a number of rows"),
                ("bank=some", "`all` or a number of rows"),
                ("share=0", "a share above 0, up to 1"),
                ("share=1.5", "a share above 0, up to 1"),
                ("share=NaN", "a share above 0, up to 1"),
                ("bank=9,share=0.1", "give one of them"),
            ] {
                let recipe = format!("{method}{size})");
                let error = recipe.parse::<Recipe>().unwrap_err().to_string();
                assert!(error.contains(allowed), "{recipe}: {error}");
            }
        }
    }
}
