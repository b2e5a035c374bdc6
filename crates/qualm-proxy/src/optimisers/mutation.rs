use qualm_linalg::Rows;
use qualm_stats::Stream;

use super::Entry;
use super::ascent::start;
use super::best_of_n::best;
use crate::data::Data;
use crate::error::ProxyError;
use crate::optimiser::{Optimiser, PROPOSALS, Trajectory};
use crate::proxy::Proxy;
use crate::words::{Words, changed, recipe};

pub(super) const ENTRY: Entry = Entry {
    word: "mutation",
    what: "keeps the 128 best by the proxy of parents and children; a child takes some values of \
           its parent from visible designs drawn at random",
    paper: "Sinai et al., 2020 (as AdaLead's mutation)",
    parameters: "generations=20, children=4, changes=2",
    parse,
};

const GENERATIONS: usize = 20;
const CHILDREN: usize = 4;
const CHANGES: usize = 2;

fn parse(words: &mut Words<'_>) -> Result<Box<dyn Optimiser>, ProxyError> {
    Ok(Box::new(Mutation {
        generations: words.count("generations", GENERATIONS)?,
        children: words.count("children", CHILDREN)?,
        changes: words.count("changes", CHANGES)?,
    }))
}

/// Mutation and selection by the proxy, from the best visible designs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mutation {
    generations: usize,
    children: usize,
    changes: usize,
}

impl Optimiser for Mutation {
    fn text(&self) -> String {
        let parameters = [
            ("generations", self.generations as f64, GENERATIONS as f64),
            ("children", self.children as f64, CHILDREN as f64),
            ("changes", self.changes as f64, CHANGES as f64),
        ];
        recipe("mutation", &changed(&parameters))
    }

    fn run(&self, data: &Data, proxy: &dyn Proxy, seed: u64) -> Result<Trajectory, ProxyError> {
        let width = data.width();
        let mut stream = Stream::new(seed, 0);
        let spans = data.variable_spans();
        let (mut x, _) = start(data);
        let mut values = proxy.predict(Rows::new(&x, width));
        let mut way = Trajectory::new(width);
        way.push(0, &x, &values);
        for generation in 1..=self.generations {
            let mut all = x.clone();
            for parent in x.chunks_exact(width) {
                for _ in 0..self.children {
                    let at = all.len();
                    all.extend_from_slice(parent);
                    for _ in 0..self.changes {
                        let span = spans[stream.below(spans.len())].clone();
                        let donor = data.x().row(stream.below(data.len()));
                        all[at..][span.clone()].copy_from_slice(&donor[span]);
                    }
                }
            }
            values.extend(proxy.predict(Rows::new(&all[x.len()..], width)));
            (x, values) = best(&all, &values, width, PROPOSALS);
            way.push(generation, &x, &values);
        }
        Ok(way)
    }
}

#[cfg(test)]
mod tests {
    use crate::proxies;
    use crate::proxies::testing::bowl;

    #[test]
    fn generations_never_get_worse() {
        let data = bowl();
        let proxy = proxies::parse_list("ridge").expect("a word")[0]
            .fit(&data, 1)
            .expect("it fits");
        let optimiser = &super::super::parse_list("mutation").expect("a word")[0];
        let way = optimiser
            .run(&data, proxy.as_ref(), 1)
            .expect("it needs nothing");
        let means: Vec<f64> = way
            .steps()
            .iter()
            .map(|step| step.values.iter().sum())
            .collect();
        assert!(means.is_sorted() && means[20] > means[0]);
    }
}
