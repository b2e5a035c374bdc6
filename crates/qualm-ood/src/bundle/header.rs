use qualm_data::Head;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{FORMAT, Settings, Shape};
use crate::fit::{Split, Tally};
use crate::tensors::{TensorFile, TensorWriter, all_finite};
use crate::weights::Weights;
use crate::{OodError, Recipe};

/// What stands in a file's metadata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) format: u32,
    pub(crate) kind: Kind,
    pub(crate) made_by: String,
    pub(crate) shape: Shape,
    pub(crate) head_sha256: Option<String>,
    /// Name and method of each detector, in order.
    pub(crate) methods: Vec<(String, String)>,
    pub(crate) held_back: f64,
    pub(crate) seed: u64,
    /// Share of the rows held back that rulers are made of; absent where no method needs one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) ruler: f64,
    /// The numbers of matrices; absent where they are `f32`.
    #[serde(default, skip_serializing_if = "Weights::is_default")]
    pub(crate) weights: Weights,
    pub(crate) tally: Tally,
    /// Which rows a part of a fit stands for; absent in bundles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rows: Option<(u64, u64)>,
    /// The plan that a part of a second pass belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) plan_sha256: Option<String>,
}

fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

/// What a file of qualm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Ready to score.
    Bundle,
    /// Statistics of a shard.
    Pass1,
    /// Detectors that wait for the second pass.
    Plan,
    /// What the second pass gave on a shard.
    Pass2,
}

impl Header {
    /// A header without head, methods and rows.
    pub(crate) fn new(kind: Kind, shape: Shape, settings: Settings, tally: Tally) -> Self {
        Self {
            format: FORMAT,
            kind,
            made_by: format!("qualm {}", env!("CARGO_PKG_VERSION")),
            shape,
            head_sha256: None,
            methods: Vec::new(),
            held_back: settings.split.fraction,
            seed: settings.split.seed,
            ruler: settings.ruler,
            weights: settings.weights,
            tally,
            rows: None,
            plan_sha256: None,
        }
    }

    /// Reads and checks the metadata of a file.
    pub(crate) fn parse(origin: &str, text: &str) -> Result<Self, OodError> {
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        let fail = |problem: String| OodError::bundle(origin, problem);
        let damaged = |error: serde_json::Error| fail(format!("has damaged metadata ({error})"));
        let Versioned { format } = serde_json::from_str(text).map_err(damaged)?;
        if format != FORMAT {
            return Err(fail(format!(
                "has format {format}, and this program reads format {FORMAT}; fit it anew"
            )));
        }
        let header: Self = serde_json::from_str(text).map_err(damaged)?;
        let split_ok =
            (0.0..1.0).contains(&header.held_back) && (0.0..=1.0).contains(&header.ruler);
        if header.shape.dim == Some(0) || header.shape.classes == Some(0) || !split_ok {
            return Err(fail(
                "has damaged metadata (a width of zero or no share)".to_owned(),
            ));
        }
        Ok(header)
    }

    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("plain strings and numbers can be written as JSON")
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            split: Split {
                fraction: self.held_back,
                seed: self.seed,
            },
            ruler: self.ruler,
            weights: self.weights,
        }
    }

    pub(crate) fn recipes(&self, origin: &str) -> Result<Vec<Recipe>, OodError> {
        let text = |(name, method): &(String, String)| format!("{name}={method}");
        let recipes: Result<Vec<Recipe>, _> = self
            .methods
            .iter()
            .map(|method| text(method).parse())
            .collect();
        recipes.map_err(|error| {
            OodError::bundle(
                origin,
                format!("holds a method that is not known here ({error})"),
            )
        })
    }

    /// Checks that a file is of the kind that belongs here.
    pub(crate) fn expect(&self, origin: &str, want: Kind) -> Result<(), OodError> {
        if self.kind == want {
            return Ok(());
        }
        let name = |kind| match kind {
            Kind::Bundle => "a bundle",
            Kind::Pass1 => "a part of a first pass",
            Kind::Plan => "a plan for the second pass",
            Kind::Pass2 => "a part of a second pass",
        };
        Err(OodError::bundle(
            origin,
            format!(
                "is {}, where {} belongs (see `qualm merge --help`)",
                name(self.kind),
                name(want)
            ),
        ))
    }
}

pub(crate) fn write_head(tensors: &mut TensorWriter, head: &Head) {
    tensors.set_prefix("head/");
    tensors.matrix("weight", head.weight(), head.dim());
    tensors.vector("bias", head.bias());
}

/// The head of a file, checked against the hash in its metadata.
pub(crate) fn read_head(file: &TensorFile<'_>, header: &Header) -> Result<Option<Head>, OodError> {
    let Some(want) = &header.head_sha256 else {
        return Ok(None);
    };
    let tensors = file.reader("head/");
    let dim = header.shape.dim.or(tensors.width("weight")).unwrap_or(0);
    let weight = tensors.matrix::<f32>("weight", dim)?;
    let bias = tensors.any_vector::<f32>("bias")?;
    if !all_finite(&weight) || !all_finite(&bias) || header.shape.classes != Some(bias.len()) {
        return Err(tensors.wrong("weight", "is not the head that the metadata describes"));
    }
    let head = Head::new(weight, bias, dim)?;
    if head_sha256(&head) != *want {
        return Err(tensors.wrong("weight", "does not have the hash that the metadata states"));
    }
    Ok(Some(head))
}

/// SHA-256 over C, D (as little-endian 64-bit numbers), weight and bias.
pub(crate) fn head_sha256(head: &Head) -> String {
    let mut hash = Sha256::new();
    hash.update((head.classes() as u64).to_le_bytes());
    hash.update((head.dim() as u64).to_le_bytes());
    hash.update(bytemuck::cast_slice::<f32, u8>(head.weight()));
    hash.update(bytemuck::cast_slice::<f32, u8>(head.bias()));
    hex(&hash.finalize())
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
