use std::fmt;
use std::sync::{Arc, OnceLock};

use qualm_linalg::Rows;

use crate::data::Data;
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::proxy::{Learner, Proxy};
use crate::space::{Space, Variable};

/// The values of designs, in the units of the labels; or in a clause why there are none.
type Function = dyn Fn(&Designs) -> Result<Vec<f64>, String> + Send + Sync;

/// A proxy that was made elsewhere: a function of designs as they are. It learns nothing here and
/// has no gradient, so only optimisers that need none can climb it.
#[derive(Clone)]
pub struct Given {
    name: String,
    variables: Vec<String>,
    function: Arc<Function>,
}

impl Given {
    /// A proxy by this name, for designs of this space. `function` gives a value for each design, in
    /// the units of the labels, or says in a clause why it cannot.
    ///
    /// ```
    /// use qualm_proxy::{Designs, Learner, Space, proxies::Given};
    /// let line = Space::continuous(&[(0.0, 1.0)]);
    /// let double = |designs: &Designs| Ok(designs.values().iter().map(|x| 2.0 * x).collect());
    /// assert_eq!(Given::new("double", &line, double)?.text(), "double");
    /// # Ok::<(), qualm_proxy::ProxyError>(())
    /// ```
    ///
    /// # Errors
    /// When a variable is a category: its levels have no numbers that the function could know.
    pub fn new(
        name: impl Into<String>,
        space: &Space,
        function: impl Fn(&Designs) -> Result<Vec<f64>, String> + Send + Sync + 'static,
    ) -> Result<Self, ProxyError> {
        let name = name.into();
        let mut variables = space.variables().iter();
        if let Some(Variable::Category { name: column, .. }) =
            variables.find(|variable| matches!(variable, Variable::Category { .. }))
        {
            return Err(ProxyError::Given {
                proxy: name,
                problem: format!(
                    "it takes numbers, and `{column}` holds words; write them as the numbers that \
                     it was trained with"
                ),
            });
        }
        let variables = space.variables().iter();
        Ok(Self {
            name,
            variables: variables
                .map(|variable| variable.name().to_owned())
                .collect(),
            function: Arc::new(function),
        })
    }

    /// A finite value for each design.
    fn values(&self, designs: &Designs) -> Result<Vec<f64>, String> {
        let values = (self.function)(designs)?;
        if values.len() != designs.len() {
            return Err(format!(
                "it gives {} values for {} designs",
                values.len(),
                designs.len()
            ));
        }
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(values),
            Some(at) => {
                let row = self.variables.iter().zip(designs.row(at));
                let design: Vec<String> =
                    row.map(|(name, value)| format!("{name}={value}")).collect();
                Err(format!(
                    "it gives {} for the design {}; a proxy must have a number for every design that \
                     a search may try",
                    values[at],
                    brief(&design)
                ))
            }
        }
    }
}

/// The first few of many variables.
fn brief(design: &[String]) -> String {
    const SHOWN: usize = 6;
    match design.len() {
        0..=SHOWN => design.join(" "),
        all => format!("{} and {} more", design[..SHOWN].join(" "), all - SHOWN),
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Learner for Given {
    fn text(&self) -> String {
        self.name.clone()
    }

    fn fit(&self, data: &Data, _seed: u64) -> Result<Box<dyn Proxy>, ProxyError> {
        let proxy = GivenProxy {
            given: self.clone(),
            data: data.clone(),
            failed: OnceLock::new(),
        };
        proxy.predict(data.x());
        proxy.failure().map_or(Ok(Box::new(proxy)), Err)
    }
}

/// A [`Given`] in the standard units of data.
#[derive(Debug)]
pub struct GivenProxy {
    given: Given,
    data: Data,
    failed: OnceLock<String>,
}

impl Proxy for GivenProxy {
    fn predict(&self, x: Rows<'_, f64>) -> Vec<f64> {
        let designs = self.data.designs_of(x);
        match self.given.values(&designs) {
            Ok(values) => values
                .iter()
                .map(|&value| self.data.standard_label(value))
                .collect(),
            Err(problem) => {
                self.failed.get_or_init(|| problem);
                vec![f64::NAN; designs.len()]
            }
        }
    }

    fn climb(&self, _x: Rows<'_, f64>, _gradient: &mut [f64]) -> Option<Vec<f64>> {
        None
    }

    fn failure(&self) -> Option<ProxyError> {
        self.failed.get().map(|problem| ProxyError::Given {
            proxy: self.given.name.clone(),
            problem: problem.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxies::testing::bowl;
    use crate::{Outside, optimisers, tasks};

    fn plane() -> Space {
        Space::continuous(&[(-5.0, 10.0), (0.0, 15.0)])
    }

    /// Its values where the first number is below a limit.
    fn sum(limit: f64) -> Given {
        let values = move |designs: &Designs| {
            let value = |x: &[f64]| {
                if x[0] < limit {
                    x[0] + 2.0 * x[1]
                } else {
                    f64::NAN
                }
            };
            Ok(designs.iter().map(value).collect())
        };
        Given::new("sum", &plane(), values).expect("numbers alone")
    }

    #[test]
    fn it_is_asked_in_the_units_of_designs_and_answers_in_those_of_labels() {
        let data = bowl();
        let proxy = sum(f64::INFINITY).fit(&data, 1).expect("it is finite");
        let said = data.label_of(proxy.predict(data.x())[3]);
        let design = data.visible().designs().row(3);
        assert!((said - design[0] - 2.0 * design[1]).abs() < 1e-9);
        let sgd = &optimisers::parse_list("sgd").expect("a word")[0];
        let error = sgd.run(&data, proxy.as_ref(), 1).unwrap_err().to_string();
        assert!(error.contains("no gradient"), "{error}");
    }

    #[test]
    fn no_number_on_the_way_ends_the_search_with_the_design() {
        let study = |limit| crate::study::Study {
            tasks: tasks::parse_list("branin", None).expect("a word"),
            learners: vec![Box::new(sum(limit))],
            optimisers: optimisers::parse_list("cma-es,cbas,mutation,best-of-n,random")
                .expect("words"),
            stops: Vec::new(),
            seeds: vec![1],
            outside: Outside::Clip,
        };
        let run = |limit| study(limit).run(&[], &|_| Ok(()), &|_| {});
        assert_eq!(run(f64::INFINITY).expect("it has a value").len(), 5);
        // Designs of the data end at 10.
        let error = run(10.5).unwrap_err().to_string();
        assert!(
            error.contains("sum: it gives NaN for the design x1=1"),
            "{error}"
        );
        let error = run(0.0).unwrap_err().to_string();
        assert!(error.contains("sum: it gives NaN"), "{error}");
    }

    #[test]
    fn words_are_no_numbers() {
        let words = Space::sequence(2, &["A", "C"]);
        let error = Given::new("m", &words, |_| Ok(Vec::new()))
            .unwrap_err()
            .to_string();
        assert!(error.contains("`place 1` holds words"), "{error}");
    }
}
