use qualm_data::{Chunk, Source};
use qualm_stats::{Bootstrap, Ranking};
use rayon::prelude::*;

use super::alarms::{Judge, trap};
use super::compare::compare;
use super::halves::Halves;
use super::options::{EvaluationInput, EvaluationOptions};
use super::result::{DetectorResult, Evaluation, RowCount, SetResult};
use super::scores::{AllScores, Scores};
use crate::fit::check_label;
use crate::{Bundle, OodError};

/// Compares fitted detectors on in-distribution and out-of-distribution rows.
///
/// ```
/// use qualm_data::{Head, MemorySet};
/// use qualm_ood::{EvaluationInput, EvaluationOptions, FitInput, FitOptions, Recipe, evaluate, fit};
/// use qualm_stats::Stream;
///
/// // Rows near a plane of a space of four dimensions, and rows away from it.
/// let mut stream = Stream::new(1, 0);
/// let mut rows = |name: &str, count: usize, away: f64| {
///     let rows = (0..count).flat_map(|_| {
///         let mut row = [0.0; 4].map(|_: f64| stream.normal());
///         row[2] = 0.1 * row[2] + away;
///         row[3] *= 0.1;
///         row.map(|x| x as f32)
///     });
///     MemorySet::new(name).with_features(rows.collect(), 4)
/// };
/// let (train, test) = (rows("train", 300, 0.0)?, rows("test", 200, 0.0)?);
/// let (far, near) = (rows("far", 100, 2.0)?, rows("near", 100, 0.1)?);
/// let head = Head::new(vec![1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0], vec![0.0, 0.0], 4)?;
///
/// let recipes = Recipe::parse_list("vim(dim=2),msp")?;
/// let input = FitInput { train: &train, head: Some(&head) };
/// let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?.bundle;
///
/// let input = EvaluationInput {
///     bundle: &bundle,
///     train: Some(&train),
///     test: &test,
///     ood: vec![("far".into(), &far), ("near".into(), &near)],
/// };
/// let evaluation = evaluate(&input, &EvaluationOptions::default(), &mut |_| {})?;
/// let auroc = |name| evaluation.figure(name).map(|figure| figure.value);
/// assert!(auroc("vim.far.auroc") > auroc("msp.far.auroc"));
/// println!("{}", qualm_report::to_terminal(&evaluation.summary(), 80, false));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
///
/// Every row is scored once and its scores are kept: 8 bytes a row and detector. From them come
///
/// - the ranking metrics of each detector on each set, AUROC and FPR95 with stratified bootstrap
///   intervals ([`SetResult`]), and their plain, unweighted means over the sets
///   ([`Evaluation::figures`]);
/// - a paired DeLong test of every detector against one of them, the baseline
///   ([`Comparison`](crate::Comparison));
/// - false alarms and detections at a level ([`FalseAlarms`](crate::FalseAlarms),
///   [`Promise`](crate::Promise)). They need a reference: the bundle's own, or where it has none,
///   the test rows themselves. These are then cut into two halves, by a seed and never through a
///   group, and each half is the other's reference;
/// - the trap: the false alarms that thresholds from the fitting rows would raise. Detectors know
///   the rows that they were fitted on, new rows look odd beside them, and the promise is broken.
///
/// `progress` is called with the number of rows that were read since its last call;
/// [`EvaluationInput::rows`] is their total. Same rows, options and version give the same figures
/// for any number of threads.
///
/// # Errors
/// When there is no set, or two of one name; when rows lack what the detectors need, are not
/// finite or get a score that is not a number; when a label of `test` is none of the classes (a
/// negative one marks a row as out of distribution); when a set is empty; when `train` holds other rows
/// than the bundle was fitted on; when an option is out of range or names an unknown detector.
pub fn evaluate(
    input: &EvaluationInput<'_>,
    options: &EvaluationOptions,
    progress: &mut dyn FnMut(u64),
) -> Result<Evaluation, OodError> {
    let bundle = input.bundle;
    check_options(input, options)?;
    let (challenger, baseline) = pair(bundle, options)?;
    let mut halves = Halves::new(options.seed);
    let (scores, left_out) = gather(input, &mut halves, progress)?;
    let fitting = input
        .train
        .map(|train| fitting_scores(bundle, train, progress))
        .transpose()?
        .map(|fitting| trap(&fitting, &scores.test, options))
        .transpose()?;
    let judge = Judge::new(bundle.reference(), &halves);
    let promise = judge
        .as_ref()
        .map(|judge| judge.promise(scores.test.rows(), options))
        .transpose()?;
    let mut detectors = (0..bundle.detectors().len())
        .into_par_iter()
        .map(|detector| measure(bundle, &scores, detector, baseline, judge.as_ref(), options))
        .collect::<Result<Vec<_>, OodError>>()?;
    if let Some((_, shares)) = &fitting {
        for (detector, share) in detectors.iter_mut().zip(shares) {
            detector.false_alarms_from_fitting_rows = Some(*share);
        }
    }
    let count = |name: &str, scores: &Scores| RowCount {
        name: name.to_owned(),
        rows: scores.rows(),
    };
    Ok(Evaluation {
        options: options.clone(),
        made_by: format!("qualm {}", env!("CARGO_PKG_VERSION")),
        head_sha256: bundle.head_sha256(),
        test: count(input.test.name(), &scores.test),
        test_rows_left_out: left_out,
        sets: input
            .ood
            .iter()
            .zip(&scores.sets)
            .map(|((name, _), scores)| count(name, scores))
            .collect(),
        fitting_rows: fitting.map(|(rows, _)| rows),
        promise,
        detectors,
        challenger,
        baseline,
        scores,
    })
}

fn check_options(input: &EvaluationInput<'_>, options: &EvaluationOptions) -> Result<(), OodError> {
    let fail = |what: String, problem: &str| Err(OodError::evaluation(what, problem));
    let alarms = options.false_alarms;
    if !(alarms > 0.0 && alarms < 1.0) {
        return fail(
            format!("false-alarm rate {alarms}"),
            "it is not strictly between 0 and 1; give for example 0.05",
        );
    }
    if input.bundle.detectors().is_empty() {
        return fail("bundle".to_owned(), "it holds no detector to evaluate");
    }
    if input.ood.is_empty() {
        return fail(
            "out-of-distribution sets".to_owned(),
            "there are none; give at least one, such as --ood textures=textures.npz",
        );
    }
    for (at, (name, _)) in input.ood.iter().enumerate() {
        if name.is_empty() || input.ood[..at].iter().any(|(other, _)| other == name) {
            return fail(
                format!("out-of-distribution set `{name}`"),
                "every set needs a name of its own; write name=file",
            );
        }
    }
    Ok(())
}

/// Positions of challenger and baseline.
fn pair(bundle: &Bundle, options: &EvaluationOptions) -> Result<(usize, Option<usize>), OodError> {
    let named = |name: &str| bundle.names().position(|other| other == name);
    let known = |role: &str, name: &Option<String>| match name {
        None => Ok(None),
        Some(name) => named(name).map(Some).ok_or_else(|| {
            let names: Vec<&str> = bundle.names().collect();
            let problem = format!("there is no such detector; there are {}", names.join(", "));
            OodError::evaluation(format!("{role} `{name}`"), problem)
        }),
    };
    // By its name, else by its method: `softmax=msp` is an `msp` too.
    let of_method = |word: &str| {
        let is_word = |text: &str| text.split('(').next().is_some_and(|w| w.trim() == word);
        let mut fitted = bundle.detectors().iter();
        named(word).or_else(|| fitted.position(|fitted| is_word(fitted.recipe.text())))
    };
    let asked = known("challenger", &options.challenger)?;
    let baseline = known("baseline", &options.baseline)?.or_else(|| of_method("msp"));
    let challenger = asked
        .or_else(|| of_method("vim").filter(|&vim| Some(vim) != baseline))
        .or_else(|| (0..bundle.detectors().len()).find(|&other| Some(other) != baseline))
        .unwrap_or(0);
    Ok((
        challenger,
        baseline.filter(|&baseline| baseline != challenger),
    ))
}

/// Scores the test rows, cutting them into halves on the way, and every set.
fn gather(
    input: &EvaluationInput<'_>,
    halves: &mut Halves,
    progress: &mut dyn FnMut(u64),
) -> Result<(AllScores, u64), OodError> {
    let mut left_out = 0;
    let classes = input.bundle.shape().classes;
    let keep = |chunk: &Chunk, row: usize| {
        let label = chunk.labels.get(row).copied().unwrap_or(0);
        let number = chunk.first_row + row as u64;
        check_label(label, classes, number, input.test.name())?;
        let outlier = label < 0;
        if outlier {
            left_out += 1;
        } else {
            halves.push(chunk, row);
        }
        Ok(!outlier)
    };
    let test = Scores::gather(input.bundle, input.test.name(), input.test, keep, progress)?;
    let sets = input
        .ood
        .iter()
        .map(|(name, source)| {
            Scores::gather(input.bundle, name, *source, |_, _| Ok(true), progress)
        })
        .collect::<Result<_, _>>()?;
    Ok((AllScores { test, sets }, left_out))
}

/// Scores the rows that the bundle was fitted on.
fn fitting_scores(
    bundle: &Bundle,
    train: &dyn Source,
    progress: &mut dyn FnMut(u64),
) -> Result<Scores, OodError> {
    let fitted_on = |chunk: &Chunk, row: usize| {
        let inlier = chunk.labels.get(row).is_none_or(|&label| label >= 0);
        let number = chunk.first_row + row as u64;
        Ok(inlier && !bundle.split().holds_back(number, chunk.groups.get(row)))
    };
    let scores = Scores::gather(bundle, train.name(), train, fitted_on, progress)?;
    let (found, fitted) = (scores.rows(), bundle.tally().fitted);
    if found != fitted {
        return Err(OodError::rows(
            train.name(),
            format!(
                "holds {found} rows to fit on, but the bundle was fitted on {fitted}; give the rows \
                 that it was fitted on, or none"
            ),
        ));
    }
    Ok(scores)
}

/// Everything about one detector but the trap.
fn measure(
    bundle: &Bundle,
    scores: &AllScores,
    detector: usize,
    baseline: Option<usize>,
    judge: Option<&Judge<'_>>,
    options: &EvaluationOptions,
) -> Result<DetectorResult, OodError> {
    let test = scores.test.of(detector).unwrap_or_default();
    let mut sets = scores
        .sets
        .par_iter()
        .map(|set| ranked(test, set.of(detector).unwrap_or_default(), options))
        .collect::<Result<Vec<_>, OodError>>()?;
    if let Some(baseline) = baseline.filter(|&baseline| baseline != detector) {
        let comparisons = compare(&scores.test, &scores.sets, detector, baseline)?;
        for (set, comparison) in sets.iter_mut().zip(comparisons) {
            set.against_baseline = comparison;
        }
    }
    let mut false_alarms = None;
    if let Some(judge) = judge {
        let (alarms, detected) = judge.flags(scores, detector, options.false_alarms)?;
        false_alarms = Some(alarms);
        for (set, detected) in sets.iter_mut().zip(detected) {
            set.detected = Some(detected);
        }
    }
    let recipe = &bundle.detectors()[detector].recipe;
    Ok(DetectorResult {
        name: recipe.name().to_owned(),
        method: recipe.text().to_owned(),
        sets,
        false_alarms,
        false_alarms_from_fitting_rows: None,
    })
}

/// The ranking metrics of one detector on one set.
fn ranked(test: &[f64], set: &[f64], options: &EvaluationOptions) -> Result<SetResult, OodError> {
    let ranking = Ranking::new(test, set)?;
    let bootstrap = Bootstrap {
        resamples: options.resamples,
        level: options.level,
        seed: options.seed,
    };
    Ok(SetResult {
        auroc: bootstrap.auroc(&ranking)?,
        fpr95_id: bootstrap.fpr95_id(&ranking)?,
        fpr95_ood: bootstrap.fpr95_ood(&ranking)?,
        average_precision_ood: ranking.average_precision_ood(),
        average_precision_id: ranking.average_precision_id(),
        aupr_trapezoid_ood: ranking.aupr_trapezoid_ood(),
        aupr_trapezoid_id: ranking.aupr_trapezoid_id(),
        detection_accuracy: ranking.detection_accuracy(),
        detected: None,
        against_baseline: None,
    })
}
