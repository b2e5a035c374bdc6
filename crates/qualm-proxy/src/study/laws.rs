use qualm_report::{Cell, Column, Table};

use super::outcome::Outcome;
use super::tables::{over, pairs};

/// The laws that ascents of a task followed, with what they leave unexplained. Nothing where there
/// was no ascent.
pub(super) fn laws(outcomes: &[&Outcome]) -> Option<Table> {
    let ascents: Vec<&Outcome> = outcomes
        .iter()
        .copied()
        .filter(|o| o.best_of_n.is_empty() && o.law.is_some())
        .collect();
    let first = ascents.first()?;
    let figures = ["alpha", "beta", "residual", "peak", "measured peak", "end"];
    let mut table = Table::new(
        ["proxy", "optimiser"]
            .map(Column::text)
            .into_iter()
            .chain(figures.map(Column::number)),
    )
    .title(format!(
        "{}: truth gained against distance from the start",
        first.task
    ))
    .note(
        "R = d (alpha - beta ln d) (Gao et al. 2023), where d is the root mean squared distance in \
         standard units in place of the paper's root of a divergence. residual: root mean square of \
         what the law misses; as large as the gain itself, the law says nothing. peak: distance at \
         which the law is largest, only where a search came that far; measured peak: where the mean \
         truth was; end: how far the search went.",
    );
    for (proxy, optimiser) in pairs(&ascents) {
        let cell: Vec<&Outcome> = ascents
            .iter()
            .copied()
            .filter(|o| o.proxy == proxy && o.optimiser == optimiser)
            .collect();
        let at = |o: &Outcome, step: usize| {
            let point = o.curve.iter().find(|point| point.step == step);
            point.map(|point| point.distance)
        };
        table = table.row([
            Cell::text(&proxy),
            Cell::text(&optimiser),
            over(&cell, |o| o.law.map(|law| law.alpha)),
            over(&cell, |o| o.law.map(|law| law.beta)),
            over(&cell, |o| o.law.map(|law| law.residual)),
            over(&cell, |o| o.law.and_then(|law| law.peak)),
            over(&cell, |o| at(o, o.peak.0)),
            over(&cell, |o| o.curve.last().map(|point| point.distance)),
        ]);
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Study, report};
    use crate::{Outside, optimisers, proxies, tasks};

    #[test]
    fn ascents_have_laws_and_other_searches_have_none() {
        let study = Study {
            tasks: tasks::parse_list("branin", None).expect("a word"),
            learners: proxies::parse_list("mlp(epochs=3)").expect("a recipe"),
            optimisers: optimisers::parse_list("sgd(steps=20),mutation,best-of-n(pool=256)")
                .expect("recipes"),
            stops: Vec::new(),
            seeds: vec![1],
            outside: Outside::Clip,
        };
        let outcomes = study.run(&[], &|_| Ok(()), &|_| {}).expect("it runs");
        let [ascent, mutation, pool] = &outcomes[..] else {
            panic!("three searches")
        };
        assert!(ascent.law.is_some() && mutation.law.is_none() && pool.law.is_some());
        // What is chosen of a pool lies in it; parents that survive are where they were.
        assert_eq!(pool.curve[1].distance, 0.0);
        assert!(mutation.curve[0].distance == 0.0 && mutation.curve[20].distance > 0.0);
        assert!(
            ascent
                .curve
                .windows(2)
                .all(|pair| pair[0].distance < pair[1].distance)
        );
        let table = laws(&outcomes.iter().collect::<Vec<_>>()).expect("one ascent");
        assert_eq!(qualm_report::to_csv(&table).lines().count(), 2);
        let page = qualm_report::to_html(&report(&outcomes));
        assert!(page.contains("distance from the start") && page.contains("steepness, end"));
    }
}
