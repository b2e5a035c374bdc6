use std::path::Path;

use qualm_data::{Head, Schema};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::detector::Detector;
use crate::fit::{Pass2, Split, Tally};
use crate::method::Needs;
use crate::reference::ReferenceRows;
use crate::score::{Plan, Scorer};
use crate::tensors::{TensorFile, TensorWriter, all_finite};
use crate::{OodError, Recipe};

/// The version of the file format; a bundle of another one is refused.
pub const FORMAT: u32 = 1;

/// Fitted detectors with their reference, in memory or in one file.
///
/// The file is a safetensors file, so that any language can read its arrays; what they belong to
/// stands in its metadata. Equal fits give equal bytes.
#[derive(Debug)]
pub struct Bundle {
    shape: Shape,
    head: Option<Head>,
    detectors: Vec<FittedDetector>,
    reference: Option<ReferenceRows>,
    split: Split,
    tally: Tally,
}

/// A detector under its name.
#[derive(Debug)]
pub struct FittedDetector {
    /// Its name and method.
    pub recipe: Recipe,
    /// The scorer.
    pub detector: Box<dyn Detector>,
}

/// Widths of the rows that detectors belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// D, where rows have features.
    pub dim: Option<usize>,
    /// C, where head or stored logits tell it.
    pub classes: Option<usize>,
}

impl Shape {
    /// The shape of rows together with a head.
    ///
    /// # Errors
    /// When the two do not fit.
    pub(crate) fn of(origin: &str, schema: &Schema, head: Option<&Head>) -> Result<Self, OodError> {
        if let (Some(head), Some(dim)) = (head, schema.dim)
            && head.dim() != dim
        {
            return Err(OodError::rows(
                origin,
                format!(
                    "features have width {dim}, but the head takes {} (weight is {} x {}); take the \
                     features that enter this head",
                    head.dim(),
                    head.classes(),
                    head.dim()
                ),
            ));
        }
        if let (Some(head), Some(classes)) = (head, schema.classes)
            && head.classes() != classes
        {
            return Err(OodError::rows(
                origin,
                format!(
                    "logits have width {classes}, but the head has {} classes",
                    head.classes()
                ),
            ));
        }
        let classes = head.map(Head::classes).or(schema.classes);
        Ok(Self {
            dim: schema.dim,
            classes,
        })
    }
}

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
    pub(crate) tally: Tally,
    /// Which rows a part of a fit stands for; absent in bundles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rows: Option<(u64, u64)>,
    /// The plan that a part of a second pass belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) plan_sha256: Option<String>,
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
    pub(crate) fn new(kind: Kind, shape: Shape, split: &Split, tally: Tally) -> Self {
        Self {
            format: FORMAT,
            kind,
            made_by: format!("qualm {}", env!("CARGO_PKG_VERSION")),
            shape,
            head_sha256: None,
            methods: Vec::new(),
            held_back: split.fraction,
            seed: split.seed,
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
        let split_ok = (0.0..1.0).contains(&header.held_back);
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

    pub(crate) fn split(&self) -> Split {
        Split {
            fraction: self.held_back,
            seed: self.seed,
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
}

impl Bundle {
    pub(crate) fn new(
        shape: Shape,
        head: Option<Head>,
        detectors: Vec<FittedDetector>,
        split: Split,
        tally: Tally,
    ) -> Self {
        Self {
            shape,
            head,
            detectors,
            reference: None,
            split,
            tally,
        }
    }

    /// Widths of the rows it scores.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The classifier's last layer, where it was fitted with one.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// The detectors, in the order of the recipes.
    pub fn detectors(&self) -> &[FittedDetector] {
        &self.detectors
    }

    /// The names of the detectors.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.detectors.iter().map(|fitted| fitted.recipe.name())
    }

    /// The scores of rows held back, where there are any.
    pub fn reference(&self) -> Option<&ReferenceRows> {
        self.reference.as_ref()
    }

    /// How rows were held back.
    pub fn split(&self) -> &Split {
        &self.split
    }

    /// How many rows went where.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(crate) fn set_reference(&mut self, reference: ReferenceRows) {
        self.reference = Some(reference);
    }

    pub(crate) fn needs(&self) -> Needs {
        let needs = |fitted: &FittedDetector| fitted.recipe.method().needs();
        self.detectors
            .iter()
            .fold(Needs::default(), |all, fitted| all.or(needs(fitted)))
    }

    /// Completes detectors and reference with the second pass.
    pub(crate) fn complete(&mut self, second: Pass2) -> Result<(), OodError> {
        let means = second
            .sums
            .finish()
            .map(|sums| sums.means())
            .unwrap_or_default();
        let mut start = 0;
        for fitted in &mut self.detectors {
            let end = start + fitted.detector.parts().len();
            let name = fitted.recipe.name();
            if fitted.recipe.method().needs().part_means {
                let means = means
                    .get(start..end)
                    .ok_or_else(|| OodError::fit(name, "there is no row to fit on"))?;
                let done = fitted.detector.set_part_means(means);
                done.map_err(|problem| OodError::fit(name, problem))?;
            }
            start = end;
        }
        let width = start;
        let mut reference = ReferenceRows::new(self.detectors.len());
        for held in second.held.into_values() {
            for parts in held.parts.chunks_exact(width) {
                reference.push_scores(self.scores(parts));
            }
            reference.extend_predicted(&held.predicted);
        }
        self.reference = reference.checked()?;
        Ok(())
    }

    /// The score of each detector from the parts of all.
    fn scores<'a>(&'a self, parts: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        let mut rest = parts;
        self.detectors.iter().map(move |fitted| {
            let (own, tail) = rest.split_at(fitted.detector.parts().len());
            rest = tail;
            fitted.detector.score(own)
        })
    }

    /// Checks that rows of this schema can be scored.
    ///
    /// # Errors
    /// When features or logits are missing or have another width.
    pub fn check_rows(&self, origin: &str, schema: &Schema) -> Result<(), OodError> {
        let needs = self.needs();
        let fail = |problem: String| Err(OodError::rows(origin, problem));
        if let (Some(want), Some(got)) = (self.shape.dim, schema.dim)
            && want != got
        {
            return fail(format!(
                "features have width {got}, but the bundle was fitted for {want}"
            ));
        }
        if needs.features && schema.dim.is_none() {
            return fail("holds no features, which the bundle's detectors need".to_owned());
        }
        let through_head = self.head.is_some() && schema.dim.is_some();
        if needs.logits && !through_head {
            match (self.shape.classes, schema.classes) {
                (_, None) => {
                    return fail(
                        "holds no logits, and the bundle has no head to compute them".to_owned(),
                    );
                }
                (Some(want), Some(got)) if want != got => {
                    return fail(format!(
                        "logits have width {got}, but the bundle was fitted for {want}"
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A scorer of all detectors for rows of this schema.
    ///
    /// # Errors
    /// As for [`Bundle::check_rows`].
    pub fn scorer(&self, origin: &str, schema: &Schema) -> Result<Scorer<'_>, OodError> {
        self.check_rows(origin, schema)?;
        let detectors: Vec<&dyn Detector> = self.detectors.iter().map(|f| &*f.detector).collect();
        let dim = schema.dim.unwrap_or(0);
        let plan = Plan::new(detectors.iter().copied(), self.head(), dim, schema.classes);
        Ok(Scorer::new(detectors, plan))
    }

    /// SHA-256 of the head's shape and numbers, where there is a head.
    pub fn head_sha256(&self) -> Option<String> {
        self.head.as_ref().map(head_sha256)
    }

    pub(crate) fn header(&self, kind: Kind) -> Header {
        let method = |f: &FittedDetector| (f.recipe.name().to_owned(), f.recipe.text().to_owned());
        Header {
            head_sha256: self.head_sha256(),
            methods: self.detectors.iter().map(method).collect(),
            ..Header::new(kind, self.shape, &self.split, self.tally)
        }
    }

    fn tensors(&self) -> TensorWriter {
        let mut tensors = TensorWriter::default();
        if let Some(head) = &self.head {
            write_head(&mut tensors, head);
        }
        if let Some(reference) = &self.reference {
            tensors.set_prefix("reference/");
            reference.save(&mut tensors);
        }
        for fitted in &self.detectors {
            tensors.set_prefix(format!("detector/{}/", fitted.recipe.name()));
            fitted.detector.save(&mut tensors);
        }
        tensors
    }

    /// Writes the bundle to `path`, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written; an old file survives.
    pub fn save(&self, path: &Path) -> Result<(), OodError> {
        self.save_as(path, Kind::Bundle)
    }

    pub(crate) fn save_as(&self, path: &Path, kind: Kind) -> Result<(), OodError> {
        self.tensors().write(path, &self.header(kind).to_text())
    }

    /// Numbers a row over all detectors.
    pub(crate) fn parts(&self) -> usize {
        let parts = |fitted: &FittedDetector| fitted.detector.parts().len();
        self.detectors.iter().map(parts).sum()
    }

    /// The bytes that [`Bundle::save`] writes.
    ///
    /// # Errors
    /// When a name cannot stand in the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, OodError> {
        self.tensors()
            .to_bytes(&self.header(Kind::Bundle).to_text())
    }

    /// Reads a bundle from a file.
    ///
    /// # Errors
    /// When it cannot be read, is no bundle, is damaged or of another format.
    pub fn load(path: &Path) -> Result<Self, OodError> {
        let bytes = std::fs::read(path).map_err(|e| qualm_data::DataError::io(path, "read", e))?;
        Self::from_bytes(&path.display().to_string(), &bytes)
    }

    /// Reads a bundle from bytes; `origin` names them in errors.
    ///
    /// # Errors
    /// As for [`Bundle::load`].
    pub fn from_bytes(origin: &str, bytes: &[u8]) -> Result<Self, OodError> {
        Self::from_file(origin, bytes, Kind::Bundle)
    }

    /// Reads a bundle or plan; the kind must be `want`.
    pub(crate) fn from_file(origin: &str, bytes: &[u8], want: Kind) -> Result<Self, OodError> {
        let mut file = TensorFile::parse(origin, bytes)?;
        let header = Header::parse(origin, file.metadata())?;
        header.expect(origin, want)?;
        file.set_dim(header.shape.dim.unwrap_or(0));
        let head = read_head(&file, &header)?;
        let detectors = header
            .recipes(origin)?
            .into_iter()
            .map(|recipe| {
                let tensors = file.reader(format!("detector/{}/", recipe.name()));
                let detector = recipe.method().load(&tensors)?;
                Ok(FittedDetector { recipe, detector })
            })
            .collect::<Result<Vec<_>, OodError>>()?;
        let mut bundle = Self::new(header.shape, head, detectors, header.split(), header.tally);
        let needs = bundle.needs();
        if (needs.features && header.shape.dim.is_none())
            || (needs.logits && header.shape.classes.is_none())
        {
            return Err(OodError::bundle(
                origin,
                "lacks a width that its detectors need; it is damaged",
            ));
        }
        bundle.reference = ReferenceRows::load(&file.reader("reference/"), bundle.detectors.len())?;
        Ok(bundle)
    }
}

impl Header {
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
