use qualm_data::Chunk;

use super::admit::Admitted;
use super::blocks::Sorted;
use super::memory::{Classes, readable, statistics_bytes};
use super::run::FitOptions;
use crate::method::Needs;
use crate::{OodError, Recipe};

/// Counts the classes of the fitting rows where neither head nor logits tell how many there are,
/// and refuses a fit whose statistics outgrow the memory, before they are gathered.
pub(super) struct ClassWatch<'a> {
    recipes: &'a [Recipe],
    rows: u64,
    held: u64,
    dim: usize,
    memory: u64,
    found: Classes,
    /// Whether there was a row of each class, up to the largest so far.
    seen: Vec<bool>,
}

impl<'a> ClassWatch<'a> {
    /// The watch over these rows; nothing where there is nothing to count.
    pub(super) fn new(
        admitted: &'a Admitted,
        rows: u64,
        options: &FitOptions,
    ) -> Option<ClassWatch<'a>> {
        let shape = admitted.shape;
        let counts = shape.classes.is_none() && Needs::of(&admitted.recipes).labels();
        counts.then(|| Self {
            recipes: &admitted.recipes,
            rows,
            held: options.held_back_of(rows),
            dim: shape.dim.unwrap_or(0),
            memory: options.memory,
            found: Classes::default(),
            seen: Vec::new(),
        })
    }

    /// Takes in the labels of a block's fitting rows, which [`Sorted`] bounds.
    ///
    /// # Errors
    /// When a method's statistics of that many classes need more memory than is allowed.
    pub(super) fn see(&mut self, chunk: &Chunk, sorted: &Sorted) -> Result<(), OodError> {
        let before = self.found;
        for label in sorted.fit.iter().filter_map(|&row| chunk.labels.get(row)) {
            let class = *label as usize;
            if class >= self.seen.len() {
                self.seen.resize(class + 1, false);
            }
            if !std::mem::replace(&mut self.seen[class], true) {
                self.found.present += 1;
            }
        }
        self.found.span = self.seen.len();
        if self.found == before {
            return Ok(());
        }
        for recipe in self.recipes {
            let needs = recipe.method().needs();
            let bytes = statistics_bytes(&needs, self.rows, self.held, self.dim, self.found);
            if bytes > self.memory {
                return Err(OodError::fit(
                    recipe.name(),
                    format!(
                        "its statistics over labels up to {} need {}, above the limit of {}; raise \
                         the limit (--memory), leave the method out, or number classes from 0 \
                         without gaps",
                        self.found.span - 1,
                        readable(bytes),
                        readable(self.memory)
                    ),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::MemorySet;

    use crate::testing::numbers;
    use crate::{FitInput, FitOptions, Recipe, fit};

    /// The error of a fit to 200 rows of width 4 that may take `memory` bytes.
    fn error(recipe: &str, memory: u64, label: impl Fn(i64) -> i64) -> Option<String> {
        let train = MemorySet::new("rows")
            .with_features(numbers(800, 9), 4)
            .and_then(|set| set.with_labels((0..200).map(label).collect()))
            .unwrap();
        let input = FitInput {
            train: &train,
            head: None,
        };
        let options = FitOptions {
            memory,
            ..FitOptions::default()
        };
        let recipes = Recipe::parse_list(recipe).unwrap();
        let fitted = fit(input, &recipes, &options, &mut |_| {});
        fitted.err().map(|error| error.to_string())
    }

    #[test]
    fn classes_that_only_the_rows_tell_are_counted() {
        // The scatter takes 10 numbers in 2 nodes, 160 bytes, and the sums of a class 4, 64 bytes.
        let fits = |memory| error("mahalanobis(ridge=1)", memory, |row| row % 4).is_none();
        assert!(fits(160 + 4 * 64) && !fits(160 + 4 * 64 - 1));
        // Places up to the largest label are taken, whether there are rows or not.
        let few = error("mahalanobis(ridge=1)", 100_000, |row| row % 4 * 1000).unwrap();
        assert!(
            few.starts_with("mahalanobis: ") && few.contains("labels up to 3000 need 192.2 kB"),
            "{few}"
        );
        // Rows out of distribution are not gathered.
        assert!(error("mahalanobis(ridge=1)", 1000, |row| row % 4 - 1).is_none());
    }
}
