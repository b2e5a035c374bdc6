//! A study for people.

use qualm_report::{Block, Cell, Column, Curves, Report, Table, Tone, Verdict};
use qualm_stats::Interval;
use serde_json::{Value, json};

use super::compare::{Comparison, Turn};
use super::people::Quality;
use super::shown::Display;
use super::study::{Study, StudyOptions};

/// True confidences beside which the shown ones stand.
const CONFIDENCES: [f64; 11] = [0.51, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99];

/// A display that shows nothing further than this from the truth is called the truth.
const AS_IT_IS: f64 = 0.005;

/// What stands at the head of every study.
const WARNING: &str = "Analysis only: this tells what another display would do to people's answers. \
                       A confidence that is not true misleads whoever takes it for one, and nothing \
                       else in qualm shows or stores it.";

/// The report of a study; `settings` stand at its end.
#[must_use]
pub fn report(study: &Study, options: &StudyOptions, settings: Vec<(String, String)>) -> Report {
    let mut report = Report::new("What confidence to show").summary(format!(
        "{} trials to fit on, {} to test on; the advice is right in {}, people alone in {}.",
        study.fit.trials,
        study.test.trials,
        percent(study.model_accuracy),
        percent(study.people.accuracy)
    ));
    report = report.push(Verdict::new(Tone::Note, WARNING));
    for verdict in verdicts(study) {
        report = report.push(verdict);
    }
    report = report
        .push(shown(study.display))
        .push(outcomes(study))
        .push(by_advice(&study.test))
        .push(agreement(study));
    if !study.deployed.is_empty() {
        report = report.push(deployed(study));
    }
    report = report.push(curve(study.display));
    let mut last = settings;
    last.extend([
        ("alpha".into(), format!("{:.4}", study.display.alpha)),
        ("beta".into(), format!("{:.4}", study.display.beta)),
        ("share to fit on".into(), options.fit_share.to_string()),
        ("resamples".into(), options.resamples.to_string()),
        ("seed".into(), options.seed.to_string()),
        ("version".into(), env!("CARGO_PKG_VERSION").into()),
    ]);
    report.push(Block::Settings(last))
}

/// The same as plain data.
#[must_use]
pub fn data(study: &Study) -> Value {
    let interval = |i: &Interval| json!({"value": i.value, "lo": i.lo, "hi": i.hi});
    let quality = |q: &Quality| json!({"loss": q.loss, "accuracy": q.accuracy});
    let comparison = |c: &Comparison| {
        let (harms, turn) = match &c.turn {
            Turn::HarmsBelow(turn) => (Some("below"), Some(interval(turn))),
            Turn::HarmsAbove(turn) => (Some("above"), Some(interval(turn))),
            Turn::Never => (None, None),
        };
        json!({
            "trials": c.trials,
            "people_alone": quality(&c.alone),
            "true_confidence_shown": quality(&c.truly),
            "display_shown": quality(&c.shown),
            "loss_change": interval(&c.loss_change),
            "accuracy_change": interval(&c.accuracy_change),
            "loss_change_when_right": c.change_when_right,
            "loss_change_when_wrong": c.change_when_wrong,
            "harms": harms,
            "harms_at_model_accuracy": turn,
        })
    };
    let deployed = study.deployed.iter().map(|deployment| {
        json!({
            "people": deployment.name,
            "model_accuracy": deployment.model,
            "outcome": comparison(&deployment.outcome),
        })
    });
    let shown = CONFIDENCES.map(|p| json!({"true": p, "shown": study.display.shows(p)}));
    json!({
        "analysis_only": true,
        "model_accuracy": study.model_accuracy,
        "people_alone": quality(&study.people),
        "alpha": study.display.alpha,
        "beta": study.display.beta,
        "shown": shown,
        "observed_test": quality(&study.observed),
        "agreement_test": {
            "changed": study.agreement.changed,
            "activation_loss": study.agreement.activation_loss,
            "activation_constant": study.agreement.activation_constant,
            "integration_error": study.agreement.integration_error,
            "integration_r2": study.agreement.integration_r2,
        },
        "fit": comparison(&study.fit),
        "test": comparison(&study.test),
        "deployed": deployed.collect::<Vec<_>>(),
    })
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// What can be said in words: does it help, and when does it harm.
fn verdicts(study: &Study) -> Vec<Verdict> {
    let test = &study.test;
    let change = test.loss_change;
    let (tone, text) = if change.hi < 0.0 {
        (Tone::Good, "is expected to lower people's loss")
    } else if change.lo > 0.0 {
        (Tone::Bad, "is expected to raise people's loss")
    } else {
        (
            Tone::Mixed,
            "is not expected to change people's loss for sure",
        )
    };
    let mut verdicts = vec![Verdict::new(
        tone,
        format!(
            "On trials that nothing was fitted to, this display {text}: {:+.4} [{:+.4}, {:+.4}] \
             against the true confidence.",
            change.value, change.lo, change.hi
        ),
    )];
    if CONFIDENCES
        .iter()
        .all(|&p| (study.display.shows(p) - p).abs() < AS_IT_IS)
    {
        verdicts.push(Verdict::new(
            Tone::Note,
            "It is the true confidence, as good as: no other is expected to help these people more.",
        ));
    } else {
        verdicts.extend(harm(study));
    }
    if study.model_accuracy < study.people.accuracy {
        verdicts.push(Verdict::new(
            Tone::Bad,
            format!(
                "The model is worse than the people it advises ({} against {}): making them \
                 follow it more is likely to harm.",
                percent(study.model_accuracy),
                percent(study.people.accuracy)
            ),
        ));
    }
    if test.truly.loss > test.alone.loss {
        verdicts.push(Verdict::new(
            Tone::Bad,
            format!(
                "People end worse with the true confidence than alone (loss {:.4} against {:.4}): \
                 they rely on it too much.",
                test.truly.loss, test.alone.loss
            ),
        ));
    }
    verdicts
}

/// The case in which it harms.
fn harm(study: &Study) -> Option<Verdict> {
    let (text, turn) = match &study.test.turn {
        Turn::Never => return None,
        Turn::HarmsBelow(turn) => (
            "It pushes, and harms where the model is worse: expected where less than",
            turn,
        ),
        Turn::HarmsAbove(turn) => (
            "It tempers, and harms where the model is better: expected where more than",
            turn,
        ),
    };
    Some(Verdict::new(
        Tone::Mixed,
        format!(
            "{text} {} [{}, {}] of the advice is right and sounds as it does here.",
            percent(turn.value),
            percent(turn.lo),
            percent(turn.hi)
        ),
    ))
}

fn shown(display: Display) -> Table {
    let mut table = Table::new([Column::number("true confidence"), Column::number("shown")])
        .title("True confidence beside what would be shown");
    for p in CONFIDENCES {
        table = table.row([Cell::number(p, 2), Cell::number(display.shows(p), 3)]);
    }
    table.note(format!(
        "shown = sigmoid(sign(A) ({:.3} |A| + {:.3})), A the logit of the true confidence.",
        display.alpha, display.beta
    ))
}

fn change(interval: Interval) -> Cell {
    Cell::interval(interval.value, interval.lo, interval.hi, 4)
}

fn outcomes(study: &Study) -> Table {
    let mut table = Table::new([
        Column::text("expected"),
        Column::number("alone"),
        Column::number("true"),
        Column::number("display"),
        Column::number("change"),
    ])
    .title("What is expected of people's final answers");
    for (part, c) in [("fitted", &study.fit), ("tested", &study.test)] {
        let row = |of: &str, value: fn(&Quality) -> f64, interval: Interval| {
            [
                Cell::text(format!("{of}, {part}")),
                Cell::number(value(&c.alone), 4),
                Cell::number(value(&c.truly), 4),
                Cell::number(value(&c.shown), 4),
                change(interval),
            ]
        };
        table = table.row(row("loss", |q| q.loss, c.loss_change)).row(row(
            "accuracy",
            |q| q.accuracy,
            c.accuracy_change,
        ));
    }
    table.note(
        "Loss: -ln of the probability given to the right answer. alone: first answers; true: the \
         true confidence is shown; display: this one is; change: from true to display. Expected by \
         the fitted people; intervals by resampling people, or trials where nobody is named.",
    )
}

fn by_advice(test: &Comparison) -> Table {
    Table::new([Column::text("advice"), Column::number("change of loss")])
        .title("By advice, on the trials to test on")
        .row([Cell::text("right"), Cell::number(test.change_when_right, 4)])
        .row([Cell::text("wrong"), Cell::number(test.change_when_wrong, 4)])
        .note("Where the mix of both shifts, so does the balance.")
}

fn agreement(study: &Study) -> Table {
    let found = &study.agreement;
    Table::new([
        Column::text("fitted people"),
        Column::number("found"),
        Column::number("to compare"),
    ])
    .title("How well the fitted people predict others")
    .row([
        Cell::text("answers that changed"),
        Cell::number(found.changed, 4),
        Cell::Missing,
    ])
    .row([
        Cell::text("loss of predicting that; of a constant"),
        Cell::number(found.activation_loss, 4),
        Cell::number(found.activation_constant, 4),
    ])
    .row([
        Cell::text("error of the answer where it changed"),
        Cell::number(found.integration_error, 4),
        Cell::Missing,
    ])
    .row([
        Cell::text("share of its variance explained"),
        Cell::number(found.integration_r2, 4),
        Cell::Missing,
    ])
    .row([
        Cell::text("loss of the final answers; as observed"),
        Cell::number(study.test.truly.loss, 4),
        Cell::number(study.observed.loss, 4),
    ])
    .note("Where these are poor, so is all that is expected above.")
}

fn deployed(study: &Study) -> Table {
    let mut table = Table::new([
        Column::text("people"),
        Column::number("advice right"),
        Column::number("alone"),
        Column::number("true"),
        Column::number("display"),
        Column::number("change"),
        Column::text("it"),
    ])
    .title("The display elsewhere: loss of made-up people, measured");
    for deployment in &study.deployed {
        let c = &deployment.outcome;
        let verdict = if c.loss_change.lo > 0.0 {
            "harms"
        } else if c.loss_change.hi < 0.0 {
            "helps"
        } else {
            "does neither"
        };
        table = table.row([
            Cell::text(&deployment.name),
            Cell::text(percent(deployment.model)),
            Cell::number(c.alone.loss, 3),
            Cell::number(c.truly.loss, 3),
            Cell::number(c.shown.loss, 3),
            Cell::number(c.loss_change.value, 4),
            Cell::text(verdict),
        ]);
    }
    table.note(format!(
        "The model sounds the same in every row: as its advice gets worse, it does not get less \
         sure. People alone are right in {}; trusting ones take over whatever they are shown.",
        percent(study.people.accuracy)
    ))
}

fn curve(display: Display) -> Curves {
    let points = |display: Display| -> Vec<(f64, f64)> {
        let true_confidences = (0..=100).map(|i| f64::from(i) / 100.0);
        true_confidences.map(|p| (p, display.shows(p))).collect()
    };
    Curves::new("Shown for true", "true confidence", "shown")
        .unit_square()
        .push("this display", points(display))
        .push("as it is", points(Display::TRUE))
}
