use qualm_linalg::Rows;
use qualm_stats::Stream;

use super::Entry;
use crate::data::Data;
use crate::error::ProxyError;
use crate::optimiser::{Optimiser, PROPOSALS, Trajectory};
use crate::proxy::Proxy;
use crate::words::Words;

pub(super) const ENTRY: Entry = Entry {
    word: "random",
    what: "each variable from a visible design drawn at random, without a look at the proxy: the row \
           that others must beat",
    paper: "",
    parameters: "",
    parse,
};

fn parse(_words: &mut Words<'_>) -> Result<Box<dyn Optimiser>, ProxyError> {
    Ok(Box::new(Random))
}

/// Proposes designs whose variables are each drawn from those of the visible designs, one
/// independent of the other.
#[derive(Debug, Clone, Copy)]
pub struct Random;

impl Optimiser for Random {
    fn text(&self) -> String {
        "random".into()
    }

    fn run(&self, data: &Data, proxy: &dyn Proxy, seed: u64) -> Result<Trajectory, ProxyError> {
        let x = draw(data, PROPOSALS, &mut Stream::new(seed, 0));
        let values = proxy.predict(Rows::new(&x, data.width()));
        let mut way = Trajectory::new(data.width());
        way.push(0, &x, &values);
        Ok(way)
    }
}

/// Rows whose variables each come from a visible design of their own.
pub(super) fn draw(data: &Data, count: usize, stream: &mut Stream) -> Vec<f64> {
    let mut x = Vec::with_capacity(count * data.width());
    let spans = data.variable_spans();
    for _ in 0..count {
        for span in &spans {
            x.extend_from_slice(&data.x().row(stream.below(data.len()))[span.clone()]);
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks;
    use crate::{Outside, Problem, proxies};

    #[test]
    fn proposals_stay_within_the_data() {
        let branin = tasks::parse_list("branin", None).expect("a word").remove(0);
        let problem = Problem::new(branin.as_ref(), Outside::Clip, 1).map(|p| p.data().clone());
        let data = problem.expect("a formula has data");
        let proxy = proxies::parse_list("ridge").expect("a word")[0]
            .fit(&data, 1)
            .expect("it fits");
        let way = Random
            .run(&data, proxy.as_ref(), 1)
            .expect("it needs nothing");
        let last = &way.steps()[0];
        assert_eq!((way.steps().len(), last.values.len()), (1, PROPOSALS));
        assert!(last.x.iter().all(|x| x.abs() < 4.0));
    }
}
