mod complete;
mod header;
mod shape;

use std::path::Path;

use qualm_data::{Head, Schema};

pub(crate) use header::{Header, Kind, head_sha256, hex, read_head, write_head};
pub use shape::Shape;

use crate::detector::Detector;
use crate::fit::{Split, Tally};
use crate::method::Needs;
use crate::reference::ReferenceRows;
use crate::score::{Plan, Scorer};
use crate::tensors::{TensorFile, TensorWriter};
use crate::weights::Weights;
use crate::{OodError, Recipe};

/// The version of the file format; a bundle of another one is refused.
pub const FORMAT: u32 = 1;

/// Fitted detectors with their reference, in memory or in one file.
///
/// The file is a safetensors file, so that any language can read its arrays; what they belong to
/// stands in its metadata. Equal fits give equal bytes.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{Bundle, FitInput, FitOptions, Recipe, fit};
/// let rows = (0..60).map(|i| ((i * 7919) % 101) as f32).collect();
/// let train = MemorySet::new("train").with_features(rows, 3)?;
/// let recipes = Recipe::parse_list("knn(k=2),residual(dim=1,origin=mean)")?;
/// let input = FitInput { train: &train, head: None };
/// let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?.bundle;
/// let bytes = bundle.to_bytes()?;
/// let copy = Bundle::from_bytes("a copy", &bytes)?;
/// assert!(copy.names().eq(["knn", "residual"]));
/// assert_eq!(copy.to_bytes()?, bytes);
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug)]
pub struct Bundle {
    shape: Shape,
    head: Option<Head>,
    detectors: Vec<FittedDetector>,
    reference: Option<ReferenceRows>,
    settings: Settings,
    tally: Tally,
}

/// What a bundle keeps of the options that it was fitted with.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Settings {
    /// How rows were held back.
    pub(crate) split: Split,
    /// Share of the rows held back that rulers are made of.
    pub(crate) ruler: f64,
    /// The numbers of matrices.
    pub(crate) weights: Weights,
}

/// A detector under its name.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{FitInput, FitOptions, Recipe, fit};
/// let train = MemorySet::new("train").with_logits(vec![2.0, 0.0, 0.5, 1.0], 2)?;
/// let input = FitInput { train: &train, head: None };
/// let recipes = Recipe::parse_list("warm=energy(T=2)")?;
/// let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?.bundle;
/// let warm = &bundle.detectors()[0];
/// assert_eq!((warm.name(), warm.method()), ("warm", "energy(T=2)"));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug)]
pub struct FittedDetector {
    pub(crate) recipe: Recipe,
    pub(crate) detector: Box<dyn Detector>,
}

impl FittedDetector {
    /// The name that columns and reports use.
    pub fn name(&self) -> &str {
        self.recipe.name()
    }

    /// Its method with parameters, as text.
    pub fn method(&self) -> &str {
        self.recipe.text()
    }

    /// What a person should know about it, a clause: of a search that is not exact, how much it
    /// finds.
    pub fn note(&self) -> Option<String> {
        self.detector.note()
    }
}

impl Bundle {
    pub(crate) fn new(
        shape: Shape,
        head: Option<Head>,
        detectors: Vec<FittedDetector>,
        settings: Settings,
        tally: Tally,
    ) -> Self {
        Self {
            shape,
            head,
            detectors,
            reference: None,
            settings,
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
        &self.settings.split
    }

    /// In which numbers its matrices are held.
    pub fn weights(&self) -> Weights {
        self.settings.weights
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
    /// As for [`Bundle::check_rows`], and when a detector still lacks the rows that it measures its
    /// components against, which [`calibrate`](crate::calibrate) gives it.
    pub fn scorer(&self, origin: &str, schema: &Schema) -> Result<Scorer<'_>, OodError> {
        let lacking = self.detectors.iter().find(|f| f.detector.lacks_ruler());
        if let Some(fitted) = lacking {
            return Err(OodError::fit(
                fitted.name(),
                "still lacks the rows that it compares its parts on; give it some that it was not \
                 fitted on with `qualm calibrate`",
            ));
        }
        self.measurer(origin, schema)
    }

    /// A scorer that gives parts, also of detectors that cannot score yet.
    pub(crate) fn measurer(&self, origin: &str, schema: &Schema) -> Result<Scorer<'_>, OodError> {
        self.check_rows(origin, schema)?;
        let detectors: Vec<&dyn Detector> = self.detectors.iter().map(|f| &*f.detector).collect();
        let dim = schema.dim.unwrap_or(0);
        let plan = Plan::new(
            detectors.iter().copied(),
            self.head(),
            dim,
            schema.classes,
            self.weights(),
        );
        Ok(Scorer::new(detectors, plan, self.head()))
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
            ..Header::new(kind, self.shape, self.settings, self.tally)
        }
    }

    fn tensors(&self) -> TensorWriter {
        let mut tensors = TensorWriter::new(self.weights());
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
        file.set_shape(header.shape);
        if want == Kind::Plan {
            file.set_unfinished();
        }
        let recipes = header.recipes(origin)?;
        // Before any array is read: a width of zero would divide by it.
        let needs = Needs::of(&recipes);
        if (needs.features && header.shape.dim.is_none())
            || (needs.logits && header.shape.classes.is_none())
        {
            return Err(OodError::bundle(
                origin,
                "lacks a width that its detectors need; it is damaged",
            ));
        }
        let head = read_head(&file, &header)?;
        if needs.head && head.is_none() {
            return Err(OodError::bundle(
                origin,
                "lacks the head that its detectors need; it is damaged",
            ));
        }
        let detectors = recipes
            .into_iter()
            .map(|recipe| {
                let tensors = file.reader(format!("detector/{}/", recipe.name()));
                let detector = recipe.method().load(&tensors)?;
                Ok(FittedDetector { recipe, detector })
            })
            .collect::<Result<Vec<_>, OodError>>()?;
        let settings = header.settings();
        let mut bundle = Self::new(header.shape, head, detectors, settings, header.tally);
        bundle.reference = ReferenceRows::load(&file.reader("reference/"), bundle.detectors.len())?;
        Ok(bundle)
    }
}
