use qualm_data::{Head, Schema, Source};

use super::RulerRows;
use super::memory::{Classes, readable, statistics_bytes};
use super::run::FitOptions;
use crate::bundle::Shape;
use crate::method::Needs;
use crate::{OodError, Recipe};

/// What will be fitted.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) shape: Shape,
    /// The recipes that rows and head have what is needed for.
    pub(super) recipes: Vec<Recipe>,
    /// Why optional ones were left out, a sentence each.
    pub(super) warnings: Vec<String>,
}

/// Checks that rows and head have what every method needs, and that the statistics fit.
pub(super) fn admit(
    train: &dyn Source,
    head: Option<&Head>,
    recipes: &[Recipe],
    options: &FitOptions,
) -> Result<Admitted, OodError> {
    let schema = train.schema();
    if schema.rows == 0 {
        return Err(OodError::rows(
            train.name(),
            "holds no row; give rows to fit on",
        ));
    }
    let mut admitted = Admitted {
        shape: Shape::of(train.name(), schema, head)?,
        recipes: Vec::with_capacity(recipes.len()),
        warnings: Vec::new(),
    };
    for recipe in recipes {
        let needs = recipe.method().needs();
        let refused = recipe.method().refusal();
        let refused = refused.map(|why| OodError::fit(recipe.name(), why));
        let checked = refused
            .map_or(Ok(()), Err)
            .and_then(|()| check_needs(recipe, &needs, schema, head, train.name()))
            .and_then(|()| check_ruler(recipe, &needs, options))
            .and_then(|()| check_memory(recipe, &needs, schema, admitted.shape, options));
        match checked {
            Ok(()) => admitted.recipes.push(recipe.clone()),
            Err(error) => admitted.warnings.push(left_out(recipe, error)?),
        }
    }
    check_some(admitted.recipes.len(), &admitted.warnings)?;
    Ok(admitted)
}

/// The warning that an optional method is left out; the error itself for others.
pub(crate) fn left_out(recipe: &Recipe, error: OodError) -> Result<String, OodError> {
    if recipe.is_optional() {
        Ok(format!("left out: {error}"))
    } else {
        Err(error)
    }
}

/// Refuses a fit in which nothing is left.
pub(super) fn check_some(detectors: usize, warnings: &[String]) -> Result<(), OodError> {
    match (detectors, warnings.first()) {
        (0, Some(first)) => Err(OodError::fit(
            "all",
            format!("no method can be fitted to these rows ({first})"),
        )),
        _ => Ok(()),
    }
}

fn check_memory(
    recipe: &Recipe,
    needs: &Needs,
    schema: &Schema,
    shape: Shape,
    options: &FitOptions,
) -> Result<(), OodError> {
    let dim = shape.dim.unwrap_or(0);
    // Where only labels tell the classes, they are counted as they come (`class_watch.rs`).
    let classes = Classes::known(shape.classes.unwrap_or(0));
    let held = options.held_back_of(schema.rows);
    let bytes = statistics_bytes(needs, schema.rows, held, dim, classes);
    if bytes <= options.memory {
        return Ok(());
    }
    Err(OodError::fit(
        recipe.name(),
        format!(
            "its statistics over {} rows of width {dim} need {}, above the limit of {}; \
             raise the limit (--memory) or fit fewer rows",
            schema.rows,
            readable(bytes),
            readable(options.memory)
        ),
    ))
}

fn check_ruler(recipe: &Recipe, needs: &Needs, options: &FitOptions) -> Result<(), OodError> {
    let held_back = options.split.fraction * options.ruler.share(needs) > 0.0;
    if !needs.ruler || held_back || options.ruler == RulerRows::Reference {
        return Ok(());
    }
    Err(OodError::fit(
        recipe.name(),
        "compares its parts on rows that none of them was fitted on, and none is held back; hold \
         some back (--hold-back 0.2), or give others (--reference)",
    ))
}

fn check_needs(
    recipe: &Recipe,
    needs: &Needs,
    schema: &Schema,
    head: Option<&Head>,
    origin: &str,
) -> Result<(), OodError> {
    let lacks = |what: &str| Err(OodError::fit(recipe.name(), format!("needs {what}")));
    if needs.features && schema.dim.is_none() {
        return lacks(&format!("features, and {origin} holds none"));
    }
    if needs.head && head.is_none() {
        return lacks("the classifier's head (--head head.npz with weight and bias)");
    }
    if needs.logits && schema.classes.is_none() && (head.is_none() || schema.dim.is_none()) {
        return lacks(&format!(
            "logits: give a head (--head head.npz), or store `logits` in {origin}"
        ));
    }
    if needs.labels() && !schema.labels {
        return lacks(&format!("labels, and {origin} holds none"));
    }
    Ok(())
}
