use std::ops::Range;

use super::{Bundle, FittedDetector};
use crate::detector::Detector;
use crate::fit::{Pass2, Split, TailNeeds, left_out};
use crate::method::Method;
use crate::reference::ReferenceRows;
use crate::statistics::Tails;
use crate::{OodError, Recipe};

impl Bundle {
    /// Which of the rows held back detectors measure their components against, where any does.
    pub(crate) fn ruler_split(&self) -> Option<Split> {
        // The rows of a smaller share are among those of a larger one.
        let fraction = self.settings.split.fraction * self.settings.ruler;
        (fraction > 0.0).then_some(Split {
            fraction,
            ..self.settings.split
        })
    }

    /// Which detectors want their largest numbers by class, by their place among all leaves.
    pub(crate) fn tails(&self) -> TailNeeds {
        let leaves = self.detectors.iter().flat_map(|f| leaves(&f.recipe));
        let need = |(at, (_, method)): (usize, (&str, &dyn Method))| {
            method.needs().tail.map(|need| (at, need))
        };
        leaves.enumerate().filter_map(need).collect()
    }

    /// Completes detectors and reference with the second pass. Returns why optional methods are
    /// left out, a sentence each.
    pub(crate) fn complete(&mut self, mut second: Pass2) -> Result<Vec<String>, OodError> {
        let sums = std::mem::take(&mut second.sums).finish();
        let means = sums.map(|sums| sums.means()).unwrap_or_default();
        let width = self.parts();
        let mut warnings = Vec::new();
        // Where the parts of the detectors that stay are among those of all.
        let mut places = Vec::with_capacity(self.detectors.len());
        let mut kept = Vec::with_capacity(self.detectors.len());
        let (mut start, mut leaf) = (0, 0);
        for mut fitted in std::mem::take(&mut self.detectors) {
            let own = start..start + fitted.detector.parts().len();
            start = own.end;
            let tails = leaf..leaf + leaves(&fitted.recipe).len();
            leaf = tails.end;
            let tails = tails.map(|leaf| second.tails.get(&leaf));
            let mut completed = complete(&mut fitted, tails, means.get(own.clone()));
            if self.settings.ruler > 0.0 && fitted.detector.lacks_ruler() {
                let rows = second.ruler_rows(own.clone(), width);
                completed = completed.and_then(|()| fitted.detector.set_ruler(&rows));
            }
            match completed {
                Ok(()) => {
                    kept.push(fitted);
                    places.push(own);
                }
                Err(problem) => {
                    let error = OodError::fit(fitted.recipe.name(), problem);
                    warnings.push(left_out(&fitted.recipe, error)?);
                }
            }
        }
        self.detectors = kept;
        let mut reference = ReferenceRows::new(self.detectors.len());
        for held in second.held.into_values() {
            for (row, parts) in held.parts.chunks_exact(width.max(1)).enumerate() {
                if held.is_ruler(row) {
                    continue;
                }
                let each = self.detectors.iter().zip(&places);
                let scores = each.map(|(fitted, own)| fitted.detector.score(&parts[own.clone()]));
                reference.push_scores(scores);
                reference.extend_predicted(held.predicted.get(row..=row).unwrap_or_default());
            }
        }
        self.reference = reference.checked()?;
        Ok(warnings)
    }

    /// Whether any detector lacks the rows that it measures its components against.
    pub(crate) fn lacks_ruler(&self) -> bool {
        self.detectors.iter().any(|f| f.detector.lacks_ruler())
    }

    /// Gives each detector that lacks them rows to measure its components against, as its parts of
    /// each of them.
    pub(crate) fn set_rulers(&mut self, rows: &[Vec<f64>]) -> Result<(), OodError> {
        for (fitted, rows) in self.detectors.iter_mut().zip(rows) {
            if fitted.detector.lacks_ruler() {
                let set = fitted.detector.set_ruler(rows);
                set.map_err(|problem| OodError::fit(fitted.recipe.name(), problem))?;
            }
        }
        Ok(())
    }
}

/// The components of a method with their names, or itself with none.
fn leaves(recipe: &Recipe) -> Vec<(&str, &dyn Method)> {
    let components = recipe.method().components();
    match components.is_empty() {
        true => vec![("", recipe.method())],
        false => components,
    }
}

/// Completes a detector, or each of its components, with the means of its parts and with the tails
/// of each leaf.
fn complete<'a>(
    fitted: &mut FittedDetector,
    tails: impl Iterator<Item = Option<&'a Tails>>,
    means: Option<&[f64]>,
) -> Result<(), String> {
    let FittedDetector { recipe, detector } = fitted;
    if detector.components().is_empty() {
        let tails = tails.flatten().next();
        return complete_leaf(recipe.method(), &mut **detector, means, tails);
    }
    let mut start = 0;
    let methods = leaves(recipe).into_iter();
    let components = methods.zip(detector.components_mut());
    for (((name, method), component), tails) in components.zip(tails) {
        let own: Range<usize> = start..start + component.parts().len();
        start = own.end;
        let means = means.and_then(|means| means.get(own));
        complete_leaf(method, &mut **component, means, tails)
            .map_err(|problem| format!("{name}: {problem}"))?;
    }
    Ok(())
}

fn complete_leaf(
    method: &dyn Method,
    detector: &mut dyn Detector,
    means: Option<&[f64]>,
    tails: Option<&Tails>,
) -> Result<(), String> {
    if method.needs().part_means {
        let means = means.ok_or("there is no row to fit on")?;
        detector.set_part_means(means)?;
    }
    tails.map_or(Ok(()), |tails| detector.set_tails(tails))
}
