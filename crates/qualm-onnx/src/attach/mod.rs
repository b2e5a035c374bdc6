//! Detectors within the model that they watch.

mod nodes;

use qualm_data::Head;
use qualm_ood::Bundle;

use crate::{Additions, Attribute, Axis, Element, Layout, LinearHead, Model, OnnxError};
use nodes::Nodes;

/// The oldest version of the standard's operators that detectors are written in.
const OLDEST: i64 = 13;

/// What the added outputs are called.
const OUTPUTS: [&str; 3] = ["ood_score", "ood_p_value", "ood_flag"];

/// The most bytes that readers of protocol buffers take.
const LARGEST: usize = i32::MAX as usize;

/// Weights of two exports of one model differ by rounding at most.
const SAME_WEIGHTS: f32 = 1e-3;

/// Which detector is attached, and when it flags.
#[derive(Debug, Clone, Copy)]
pub struct AttachOptions<'a> {
    /// The name of a detector of the bundle; it may be left out where there is one.
    pub detector: Option<&'a str>,
    /// The share of in-distribution inputs that may be flagged.
    pub false_alarms: f64,
}

/// A model with a detector.
#[derive(Debug, Clone)]
pub struct Attached {
    /// The model.
    pub bytes: Vec<u8>,
    /// The method of the detector that was attached.
    pub method: String,
    /// Rows of the reference that p-values are shares of.
    pub reference_rows: usize,
    /// A sentence where nothing can ever be flagged.
    pub warning: Option<String>,
}

/// Writes a detector of `bundle` into `model` as standard nodes behind its head. All that the model
/// gave before it gives still; `ood_score`, `ood_p_value` and `ood_flag` come with it, a number for
/// each input.
///
/// # Errors
/// [`OnnxError::Attach`] where the bundle belongs to another head, holds no reference or several
/// detectors, where the model is written for operators older than version 13, or
/// would be larger than its format allows;
/// [`OnnxError::Ood`] where the detector has no form as plain operations.
pub fn attach(
    model: &Model,
    head: &LinearHead,
    bundle: &Bundle,
    options: AttachOptions<'_>,
) -> Result<Attached, OnnxError> {
    let wrong = |problem: String| OnnxError::Attach {
        origin: model.name().to_owned(),
        problem,
    };
    let opset = model.opsets().get("").copied().unwrap_or(0);
    if opset < OLDEST {
        return Err(wrong(format!(
            "the model is written for version {opset} of the operators, and detectors need {OLDEST}; convert it with onnx.version_converter, or export it for {OLDEST} or newer"
        )));
    }
    for name in OUTPUTS {
        if model.unused(name) != name {
            return Err(wrong(format!(
                "the model knows the name `{name}` already; attach to the model as it was before"
            )));
        }
    }
    check_head(&head.head, bundle).map_err(wrong)?;
    let detector = choose(bundle, options.detector).map_err(wrong)?;
    let fitted = &bundle.detectors()[detector];
    let reference = bundle.reference().ok_or_else(|| {
        wrong("the bundle holds no reference, so there are no p-values to attach; give it one with `qualm calibrate`".to_owned())
    })?;
    let reference = reference.overall(detector).map_err(OnnxError::from)?;
    let lowered = bundle.lower(detector)?;

    let mut additions = Additions::default();
    let prefix = model.unused("qualm/");
    let mut nodes = Nodes::new(&mut additions, &prefix, opset);
    let features = rows(
        &mut nodes,
        &head.features,
        head.layout,
        head.head.dim(),
        "features",
    );
    let logits = rows(
        &mut nodes,
        &head.logits,
        Layout::Rows,
        head.head.classes(),
        "logits",
    );
    let score = nodes.graph(&lowered.graph, lowered.score, &features, &logits);
    let rank = decide(
        &mut nodes,
        (&score, lowered.origin),
        reference.scores(),
        options.false_alarms,
    );
    let shape = [Axis::Named("ood_rows".to_owned())];
    let [score, p_value, flag] = OUTPUTS;
    additions.output(score, Element::F32, &shape);
    additions.output(p_value, Element::F32, &shape);
    additions.output(flag, Element::Bool, &shape);
    let bytes = model.with(&additions);
    if bytes.len() > LARGEST {
        return Err(wrong(format!(
            "with `{}` it would have {} bytes, more than the 2 GiB that the format allows; fit with a smaller bank, as in knn(bank=20000)",
            fitted.method(),
            bytes.len()
        )));
    }
    Ok(Attached {
        bytes,
        method: fitted.method().to_owned(),
        reference_rows: reference.len(),
        warning: (rank == 0).then(|| {
            format!(
                "no input can be flagged at {}: the reference has {} rows, so no p-value is below {:.4}",
                options.false_alarms,
                reference.len(),
                1.0 / (reference.len() as f64 + 1.0)
            )
        }),
    })
}

/// A tensor of the model as rows of `width` numbers in `f32`, whatever it is there.
fn rows(nodes: &mut Nodes<'_>, tensor: &str, layout: Layout, width: usize, role: &str) -> String {
    let name = |what: &str| format!("{}{role}/{what}", nodes.prefix);
    let (cast, turned, shape, rows) = (name("f32"), name("turned"), name("shape"), name("rows"));
    let f32 = [Attribute::Integer("to", Element::F32.code())];
    nodes.node("Cast", &[tensor], &cast, &f32);
    let mut from = cast;
    if layout == Layout::Columns {
        nodes.node(
            "Transpose",
            &[&from],
            &turned,
            &[Attribute::Integers("perm", &[1, 0])],
        );
        from = turned;
    }
    nodes.to.integers(&shape, &[2], &[-1, width as i64]);
    nodes.node("Reshape", &[&from, &shape], &rows, &[]);
    rows
}

/// Score, p-value and flag from the score as a column, counted from an origin. The p-value is
/// `(1 + number of reference scores >= score) / (n + 1)`; flagged is what has one of the `rank`
/// smallest, and `rank` is returned: the largest whose share is at most `level`.
fn decide(
    nodes: &mut Nodes<'_>,
    (score, origin): (&str, f64),
    reference: &[f64],
    level: f64,
) -> usize {
    let with_the_new_one = reference.len() + 1;
    let share = |rank: &usize| *rank as f64 / with_the_new_one as f64;
    let rank = (0..=with_the_new_one)
        .rev()
        .find(|rank| share(rank) <= level)
        .unwrap_or(0);
    let [out_score, out_p_value, out_flag] = OUTPUTS;
    let name = |what: &str| format!("{}{what}", nodes.prefix);
    let (flat, scores, reached) = (name("flat"), name("reference"), name("reached"));
    let (ones, count, column) = (name("ones"), name("count"), name("count_column"));
    let (one, all, counted, limit) = (name("one"), name("all"), name("counted"), name("limit"));

    nodes.to.integers(&flat, &[1], &[-1]);
    if origin == 0.0 {
        nodes.node("Reshape", &[score, &flat], out_score, &[]);
    } else {
        let (start, counted) = (name("origin"), name("from_origin"));
        nodes.to.floats(&start, &[1], &[origin as f32]);
        nodes.node("Reshape", &[score, &flat], &counted, &[]);
        nodes.node("Add", &[&counted, &start], out_score, &[]);
    }
    let reference: Vec<f32> = reference.iter().map(|&x| (x - origin) as f32).collect();
    nodes
        .to
        .floats(&scores, &[1, reference.len() as u64], &reference);
    nodes.node("GreaterOrEqual", &[&scores, score], &reached, &[]);
    let f32 = [Attribute::Integer("to", Element::F32.code())];
    nodes.node("Cast", &[&reached], &ones, &f32);
    nodes.fold(qualm_ood::lower::Folding::Sum, &ones, &column);
    nodes.node("Reshape", &[&column, &flat], &count, &[]);
    nodes.to.floats(&one, &[1], &[1.0]);
    nodes.node("Add", &[&count, &one], &counted, &[]);
    nodes.to.floats(&all, &[1], &[with_the_new_one as f32]);
    nodes.node("Div", &[&counted, &all], out_p_value, &[]);
    // Counts are compared, not quotients: those could round either way at the level itself.
    nodes.to.floats(&limit, &[1], &[rank as f32]);
    nodes.node("LessOrEqual", &[&counted, &limit], out_flag, &[]);
    rank
}

fn choose(bundle: &Bundle, wanted: Option<&str>) -> Result<usize, String> {
    let names: Vec<&str> = bundle.names().collect();
    match wanted {
        Some(wanted) => names
            .iter()
            .position(|name| *name == wanted)
            .ok_or_else(|| {
                format!(
                    "the bundle has no detector `{wanted}`, but {}",
                    names.join(", ")
                )
            }),
        None if names.len() == 1 => Ok(0),
        None => Err(format!(
            "the bundle holds {} detectors, {}; choose one with --method",
            names.len(),
            names.join(", ")
        )),
    }
}

/// A bundle of another model would give numbers that look right.
fn check_head(head: &Head, bundle: &Bundle) -> Result<(), String> {
    let shape = bundle.shape();
    let fits = |width: Option<usize>, own: usize| width.is_none_or(|width| width == own);
    if !fits(shape.dim, head.dim()) || !fits(shape.classes, head.classes()) {
        let width = |width: Option<usize>| width.map_or("any".to_owned(), |w| w.to_string());
        return Err(format!(
            "its head has {} classes and {} features, but the bundle was fitted for {} and {}",
            head.classes(),
            head.dim(),
            width(shape.classes),
            width(shape.dim)
        ));
    }
    let Some(fitted) = bundle.head() else {
        return Ok(());
    };
    let pairs = || {
        let weights = head.weight().iter().zip(fitted.weight());
        weights.chain(head.bias().iter().zip(fitted.bias()))
    };
    let size = pairs().map(|(_, b)| b.abs()).fold(0.0, f32::max);
    if pairs().any(|(a, b)| (a - b).abs() > SAME_WEIGHTS * size) {
        return Err(
            "its head is not the one that the bundle was fitted with; fit a bundle with the head that `qualm model inspect --save-head` writes"
                .to_owned(),
        );
    }
    Ok(())
}
