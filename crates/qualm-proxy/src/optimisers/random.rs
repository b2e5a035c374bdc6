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
    what: "visible designs drawn at random, without a look at the proxy: the row that others must beat",
    paper: "",
    parameters: "",
    parse,
};

fn parse(_words: &mut Words<'_>) -> Result<Box<dyn Optimiser>, ProxyError> {
    Ok(Box::new(Random))
}

/// Proposes designs whose coordinates are each drawn from those of the visible designs, one
/// variable independent of the other.
#[derive(Debug, Clone, Copy)]
pub struct Random;

impl Optimiser for Random {
    fn text(&self) -> String {
        "random".into()
    }

    fn run(&self, data: &Data, proxy: &dyn Proxy, seed: u64) -> Result<Trajectory, ProxyError> {
        let mut stream = Stream::new(seed, 0);
        let width = data.width();
        let mut x = Vec::with_capacity(PROPOSALS * width);
        for _ in 0..PROPOSALS {
            x.extend((0..width).map(|at| data.x().row(stream.below(data.len()))[at]));
        }
        let values = proxy.predict(Rows::new(&x, width));
        let mut way = Trajectory::new(width);
        way.push(0, &x, &values);
        Ok(way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::Branin;
    use crate::{Outside, Problem, proxies};

    #[test]
    fn proposals_stay_within_the_data() {
        let problem = Problem::new(&Branin::default(), Outside::Clip, 1).map(|p| p.data().clone());
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
