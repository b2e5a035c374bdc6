use qualm_linalg::Rows;
use qualm_net::Adam;

use super::Entry;
use crate::data::Data;
use crate::error::ProxyError;
use crate::optimiser::{Optimiser, PROPOSALS, Trajectory};
use crate::proxy::{Proxy, objective};
use crate::words::{Words, changed, problem, recipe};

pub(super) const SGD: Entry = Entry {
    word: "sgd",
    what: "ascends from the 128 best visible designs; each step is rate sqrt(d) times the gradient",
    paper: "Trabucco et al., ICML 2022",
    parameters: "steps=200, rate=0.01",
    parse: |words| take(words, Rule::Plain, SGD_STANDARD),
};

pub(super) const ADAM: Entry = Entry {
    word: "adam",
    what: "ascends from the 128 best visible designs by Adam, coordinate by coordinate",
    paper: "Yu et al., NeurIPS 2021",
    parameters: "steps=300, rate=0.003",
    parse: |words| take(words, Rule::Adam, (300, 0.003)),
};

pub(super) const OWN: Entry = Entry {
    word: "own",
    what: "the search that the proxy's method prescribes for itself: plain steps for coms, `sgd` for \
           all others",
    paper: "Trabucco et al., ICML 2021",
    parameters: "",
    parse: |_| Ok(Box::new(Own)),
};

/// Steps and rate of plain ascent.
const SGD_STANDARD: (usize, f64) = (200, 0.01);

/// Steps that a way keeps at most, the first and the last among them.
const KEPT: usize = 200;

fn take(
    words: &mut Words<'_>,
    rule: Rule,
    standard: (usize, f64),
) -> Result<Box<dyn Optimiser>, ProxyError> {
    let steps = words.count("steps", standard.0)?;
    let rate = words.positive("rate", standard.1)?;
    Ok(Box::new(Ascent {
        rule,
        steps,
        rate,
        standard,
    }))
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Rule {
    Plain,
    Adam,
}

/// Ascent of the proxy, or of what it puts in its place, from the best visible designs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ascent {
    rule: Rule,
    steps: usize,
    rate: f64,
    standard: (usize, f64),
}

impl Optimiser for Ascent {
    fn text(&self) -> String {
        let word = match self.rule {
            Rule::Plain => "sgd",
            Rule::Adam => "adam",
        };
        let (steps, rate) = self.standard;
        let parameters = [
            ("steps", self.steps as f64, steps as f64),
            ("rate", self.rate, rate),
        ];
        recipe(word, &changed(&parameters))
    }

    fn needs_gradient(&self) -> bool {
        true
    }

    fn run(&self, data: &Data, proxy: &dyn Proxy, _seed: u64) -> Result<Trajectory, ProxyError> {
        let (mut x, labels) = start(data);
        let width = data.width();
        let plain = self.rate * (width as f64).sqrt();
        let mut adam = Adam::new(x.len(), self.rate);
        let every = self.steps.div_ceil(KEPT);
        let mut climb = objective(proxy, Rows::new(&x, width), &labels);
        let mut gradient = vec![0.0; x.len()];
        let mut way = Trajectory::new(width);
        for number in 0..=self.steps {
            let values = climb.step(Rows::new(&x, width), &mut gradient);
            let values = values.ok_or_else(|| no_gradient(&self.text()))?;
            if number.is_multiple_of(every) || number == self.steps {
                way.push(number, &x, &values);
            }
            match self.rule {
                Rule::Plain => x
                    .iter_mut()
                    .zip(&gradient)
                    .for_each(|(x, g)| *x += plain * g),
                Rule::Adam => {
                    gradient.iter_mut().for_each(|g| *g = -*g);
                    adam.step(&mut x, &gradient);
                }
            }
        }
        Ok(way)
    }
}

/// The search that the proxy's method prescribes, or `sgd`.
#[derive(Debug, Clone, Copy)]
pub struct Own;

impl Optimiser for Own {
    fn text(&self) -> String {
        "own".into()
    }

    fn needs_gradient(&self) -> bool {
        true
    }

    fn run(&self, data: &Data, proxy: &dyn Proxy, seed: u64) -> Result<Trajectory, ProxyError> {
        let mut ascent = Ascent {
            rule: Rule::Plain,
            steps: SGD_STANDARD.0,
            rate: SGD_STANDARD.1,
            standard: SGD_STANDARD,
        };
        if let Some(own) = proxy.own_search() {
            ascent.steps = own.steps;
            ascent.rate = own.rate / (data.width() as f64).sqrt();
        }
        ascent.run(data, proxy, seed)
    }
}

/// The best visible designs and their labels, in standard units.
pub(super) fn start(data: &Data) -> (Vec<f64>, Vec<f64>) {
    let best = data.best(PROPOSALS);
    let x = best
        .iter()
        .flat_map(|&at| data.x().row(at))
        .copied()
        .collect();
    (x, best.iter().map(|&at| data.y()[at]).collect())
}

fn no_gradient(text: &str) -> ProxyError {
    problem(
        text,
        "this proxy has no gradient to climb; take random, best-of-n, mutation, cma-es or cbas",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxies;
    use crate::proxies::testing::bowl;

    #[test]
    fn plain_steps_up_a_plane_are_known() {
        let data = bowl();
        let proxy = proxies::parse_list("ridge").expect("a word")[0]
            .fit(&data, 1)
            .expect("it fits");
        let mut gradient = [0.0; 2];
        proxy.climb(Rows::new(&[0.0, 0.0], 2), &mut gradient);
        let ascent = &super::super::parse_list("sgd(steps=7,rate=0.5)").expect("a recipe")[0];
        let way = ascent
            .run(&data, proxy.as_ref(), 1)
            .expect("it has a gradient");
        assert_eq!(
            (way.steps().len(), ascent.text().as_str()),
            (8, "sgd(steps=7,rate=0.5)")
        );
        let (first, last) = (&way.steps()[0], &way.steps()[7]);
        assert_eq!(first.x[0], data.x().row(data.best(1)[0])[0]);
        assert!((last.x[0] - first.x[0] - 7.0 * 0.5 * 2f64.sqrt() * gradient[0]).abs() < 1e-12);
    }

    #[test]
    fn long_ways_keep_both_ends() {
        let data = bowl();
        let proxy = proxies::parse_list("ridge").expect("a word")[0]
            .fit(&data, 1)
            .expect("it fits");
        let ascent = &super::super::parse_list("adam(steps=501)").expect("a recipe")[0];
        let way = ascent
            .run(&data, proxy.as_ref(), 1)
            .expect("it has a gradient");
        let numbers: Vec<usize> = way.steps().iter().map(|step| step.number).collect();
        assert_eq!(
            (numbers[0], numbers[1], numbers[numbers.len() - 1]),
            (0, 3, 501)
        );
    }
}
