use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use qualm_data::Head;
use qualm_linalg::{Eigen, Rows, minimum_norm_solution, symmetric_eigen};

use super::pass1::Moments;
use crate::OodError;
use crate::detector::AffineMap;
#[cfg(feature = "hnsw")]
use crate::index::SampledGraph;
use crate::perturbation::{Perturbation, PerturbedHeads};
use crate::statistics::{
    Bank, BankNeed, ClassScatters, ClassSums, Extremes, ExtremesOf, Histogram, SecondMoment, SumBy,
    SumKind, SumOf, TemperatureSums,
};
use crate::view::View;

/// What a method finds after the first pass.
#[derive(Debug)]
pub(crate) struct FitContext<'a> {
    /// The classifier's last layer, where there is one.
    pub(crate) head: Option<&'a Head>,
    /// The name of the method that is being fitted, for errors.
    method: &'a str,
    gathered: &'a Gathered,
}

/// The statistics of the first pass over all rows, and what methods derive from them together.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) moments: Moments,
    pub(crate) bank: Option<Arc<Bank>>,
    /// Smaller banks, drawn from the one that was gathered.
    drawn: RefCell<Vec<(usize, Arc<Bank>)>>,
    #[cfg(feature = "hnsw")]
    graphs: RefCell<Vec<(Arc<Bank>, Arc<SampledGraph>)>>,
    activations: Option<Histogram>,
    extremes: Vec<(ExtremesOf, Extremes)>,
    /// Perturbed heads, each once.
    heads: RefCell<Vec<Arc<PerturbedHeads>>>,
    warnings: RefCell<Vec<String>>,
    spectra: [OnceCell<Spectrum>; 2],
    /// Maps onto residual spaces, by origin and dimension of the principal space.
    maps: RefCell<Vec<(Origin, usize, Arc<AffineMap>)>>,
}

/// The point about which second moments are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `-W^+ b`: where the features say nothing about the class.
    Head,
    /// The mean of the fitting rows.
    Mean,
}

/// The second moment about an origin, diagonalised.
#[derive(Debug)]
pub(crate) struct Spectrum {
    /// The origin.
    pub(crate) origin: Vec<f64>,
    /// Eigenvalues and eigenvectors, largest first.
    pub(crate) eigen: Eigen,
    /// How many dimensions the rows span, as far as `f32` can tell.
    pub(crate) rank: usize,
    /// How many rows there are.
    pub(crate) rows: f64,
}

impl Gathered {
    pub(crate) fn new(
        moments: Moments,
        bank: Option<Bank>,
        activations: Option<Histogram>,
        extremes: Vec<(ExtremesOf, Extremes)>,
        heads: Vec<Arc<PerturbedHeads>>,
    ) -> Self {
        Self {
            moments,
            bank: bank.map(Arc::new),
            drawn: RefCell::default(),
            #[cfg(feature = "hnsw")]
            graphs: RefCell::default(),
            activations,
            extremes,
            heads: RefCell::new(heads),
            warnings: RefCell::default(),
            spectra: Default::default(),
            maps: RefCell::default(),
        }
    }
}

impl Gathered {
    /// What methods noted while they were solved.
    pub(crate) fn into_warnings(self) -> Vec<String> {
        self.warnings.into_inner()
    }
}

impl<'a> FitContext<'a> {
    pub(crate) fn new(method: &'a str, head: Option<&'a Head>, gathered: &'a Gathered) -> Self {
        Self {
            head,
            method,
            gathered,
        }
    }

    /// The same for a component of the method that is being fitted, under a name of its own.
    pub(crate) fn named<'b>(&self, method: &'b str) -> FitContext<'b>
    where
        'a: 'b,
    {
        FitContext { method, ..*self }
    }

    /// The name of the method that is being fitted.
    pub(crate) fn name(&self) -> &'a str {
        self.method
    }

    /// An error of the method that is being fitted.
    pub(crate) fn error(&self, problem: impl Into<String>) -> OodError {
        OodError::fit(self.method, problem)
    }

    /// Notes what a person should know about this fit; the same sentence is told once.
    pub(crate) fn warn(&self, sentence: String) {
        let mut warnings = self.gathered.warnings.borrow_mut();
        if !warnings.contains(&sentence) {
            warnings.push(sentence);
        }
    }

    /// Warns where features have negative values that `method` is not made for.
    ///
    /// # Errors
    /// When the method did not ask for [`Needs::activations`](crate::method::Needs::activations).
    pub(crate) fn expect_rectified(&self, why: &str) -> Result<(), OodError> {
        let negative = self.activations()?.negative_share();
        if negative > 0.001 {
            self.warn(format!(
                "{}: {:.0} % of the features are negative, but it is made for features after a ReLU: \
                 {why}",
                self.method,
                negative * 100.0
            ));
        }
        Ok(())
    }

    /// Mean and scatter of a view of the fitting rows.
    ///
    /// # Errors
    /// When the method did not ask for it or there is no fitting row.
    pub(crate) fn moment(&self, view: View) -> Result<&'a SecondMoment, OodError> {
        let moment = self.gathered.moments.moments.get(view).as_ref();
        moment
            .filter(|moment| moment.count > 0.0)
            .ok_or_else(|| self.error("there is no row to fit on"))
    }

    /// The head.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn required_head(&self) -> Result<&'a Head, OodError> {
        let head = self.head;
        head.ok_or_else(|| self.error("needs the classifier's head (--head)"))
    }

    /// Mean of the features over all fitting rows, for methods whose needs hold the sums of
    /// [`SumOf::Raw`] by [`SumBy::All`].
    ///
    /// # Errors
    /// When the method did not ask for it or there is no fitting row.
    pub(crate) fn mean(&self) -> Result<Vec<f64>, OodError> {
        let mean = self.sums(SumOf::Raw, SumBy::All)?.mean(0);
        mean.ok_or_else(|| self.error("there is no row to fit on"))
    }

    /// Sums by class of the fitting rows.
    ///
    /// # Errors
    /// When the method did not ask for them or there is no such row.
    pub(crate) fn sums(&self, of: SumOf, by: SumBy) -> Result<&'a ClassSums, OodError> {
        let sums = self.gathered.moments.sums.get(&SumKind { of, by });
        let some = sums.filter(|sums| sums.counts.iter().any(|&count| count > 0));
        some.ok_or_else(|| {
            self.error(match by {
                SumBy::All | SumBy::Predicted => "there is no row to fit on",
                SumBy::Label => "there is no labelled row to fit on",
                SumBy::Correct => {
                    "the classifier gets no fitting row right; check that features, labels and head \
                     belong together (`qualm check`)"
                }
            })
        })
    }

    /// Mean and scatter of each class of a view of the fitting rows.
    ///
    /// # Errors
    /// When the method did not ask for them or there is no labelled row.
    pub(crate) fn class_scatters(&self, view: View) -> Result<&'a ClassScatters, OodError> {
        let scatters = self.gathered.moments.scatters.get(view).as_ref();
        scatters
            .filter(|scatters| !scatters.classes.is_empty())
            .ok_or_else(|| self.error("there is no labelled row to fit on"))
    }

    /// How the features of all rows and columns are distributed.
    ///
    /// # Errors
    /// When the method did not ask for it.
    pub(crate) fn activations(&self) -> Result<&'a Histogram, OodError> {
        let activations = self.gathered.activations.as_ref();
        activations.ok_or_else(|| self.error("there is no row to fit on"))
    }

    /// The smallest and largest of some numbers of the fitting rows.
    ///
    /// # Errors
    /// When the method did not ask for them.
    pub(crate) fn extremes(&self, of: ExtremesOf) -> Result<Extremes, OodError> {
        let mut all = self.gathered.extremes.iter();
        let found = all.find(|(other, _)| *other == of);
        found
            .map(|(_, extremes)| *extremes)
            .ok_or_else(|| self.error("there is no row to fit on"))
    }

    /// The heads of a perturbation, shared by all methods.
    pub(crate) fn perturbed(&self, perturbation: Perturbation) -> Arc<PerturbedHeads> {
        let mut all = self.gathered.heads.borrow_mut();
        if let Some(heads) = all.iter().find(|heads| heads.perturbation == perturbation) {
            return Arc::clone(heads);
        }
        let heads = Arc::new(PerturbedHeads::new(perturbation));
        all.push(Arc::clone(&heads));
        heads
    }

    /// What tells the best temperature of the logits.
    ///
    /// # Errors
    /// When the method did not ask for it.
    pub(crate) fn temperature(&self) -> Result<&'a TemperatureSums, OodError> {
        let temperature = self.gathered.moments.temperature.as_ref();
        temperature.ok_or_else(|| self.error("there is no labelled row to fit on"))
    }

    /// The fitting rows of unit length, or those of them that `need` draws.
    ///
    /// # Errors
    /// When the method did not ask for them or there is no fitting row.
    pub(crate) fn bank(&self, need: BankNeed) -> Result<Arc<Bank>, OodError> {
        let bank = self.gathered.bank.as_ref().filter(|bank| !bank.is_empty());
        let bank = bank.ok_or_else(|| self.error("there is no row to fit on"))?;
        let Some(limit) = need.rows.filter(|&limit| limit < bank.len()) else {
            return Ok(Arc::clone(bank));
        };
        let mut drawn = self.gathered.drawn.borrow_mut();
        if let Some((_, bank)) = drawn.iter().find(|(rows, _)| *rows == limit) {
            return Ok(Arc::clone(bank));
        }
        let smaller = Arc::new(bank.drawn(limit));
        drawn.push((limit, Arc::clone(&smaller)));
        Ok(smaller)
    }

    /// The graph over a bank, built once for all methods.
    ///
    /// # Errors
    /// When the bank holds no row.
    #[cfg(feature = "hnsw")]
    pub(crate) fn graph(&self, bank: &Arc<Bank>) -> Result<Arc<SampledGraph>, OodError> {
        let mut graphs = self.gathered.graphs.borrow_mut();
        if let Some((_, graph)) = graphs.iter().find(|(other, _)| Arc::ptr_eq(other, bank)) {
            return Ok(Arc::clone(graph));
        }
        let graph = SampledGraph::build(bank);
        let graph = graph.ok_or_else(|| self.error("there is no row to fit on"))?;
        let graph = Arc::new(graph);
        graphs.push((Arc::clone(bank), Arc::clone(&graph)));
        Ok(graph)
    }

    /// Eigenvectors of the second moment about `origin`; computed once for all methods.
    ///
    /// # Errors
    /// When there is no fitting row, or no head where the origin needs one.
    pub(crate) fn spectrum(&self, origin: Origin) -> Result<&'a Spectrum, OodError> {
        let cell = &self.gathered.spectra[origin as usize];
        if let Some(spectrum) = cell.get() {
            return Ok(spectrum);
        }
        let moment = self.moment(View::Raw)?;
        let point = match (origin, self.head) {
            (Origin::Mean, _) => moment.mean.clone(),
            (Origin::Head, Some(head)) => origin_of_head(head),
            (Origin::Head, None) => {
                return Err(self.error("needs the head (--head), whose origin it measures from"));
            }
        };
        let eigen = symmetric_eigen(&moment.about(&point), moment.dim());
        let rank = rank(&eigen.values, moment.count);
        Ok(cell.get_or_init(|| Spectrum {
            origin: point,
            eigen,
            rank,
            rows: moment.count,
        }))
    }

    /// The map onto the residual space that is left by `dim` eigenvectors about `origin`; made
    /// once for all methods, so that it is also computed once a row.
    pub(crate) fn shared_map(
        &self,
        origin: Origin,
        dim: usize,
        make: impl FnOnce() -> AffineMap,
    ) -> Arc<AffineMap> {
        let mut maps = self.gathered.maps.borrow_mut();
        if let Some((.., map)) = maps.iter().find(|(o, d, _)| (*o, *d) == (origin, dim)) {
            return Arc::clone(map);
        }
        let map = Arc::new(make());
        maps.push((origin, dim, Arc::clone(&map)));
        map
    }
}

/// `u = -W^+ b`, the point of smallest norm at which all logits vanish, in the least-squares
/// sense (Wang et al. 2022, equation 5).
fn origin_of_head(head: &Head) -> Vec<f64> {
    let weight: Vec<f64> = head.weight().iter().map(|&w| f64::from(w)).collect();
    let bias: Vec<f64> = head.bias().iter().map(|&b| -f64::from(b)).collect();
    minimum_norm_solution(Rows::new(&weight, head.dim()), &bias)
}

/// Eigenvalues that stand above the rounding of `f32` features, at most one a row.
fn rank(values: &[f64], rows: f64) -> usize {
    let relative = values.len() as f64 * f64::from(f32::EPSILON);
    let largest = values.first().copied().unwrap_or(0.0);
    let cutoff = largest * relative * relative;
    let above = values.iter().take_while(|v| **v > cutoff).count();
    above.min(rows as usize)
}
