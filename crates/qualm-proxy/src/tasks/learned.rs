use qualm_linalg::Rows;
use qualm_stats::{Stream, spearman};

use super::Entry;
use super::columns::{Columns, Reading};
use super::neighbours::Neighbours;
use crate::data::Data;
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::proxies;
use crate::proxy::{Learner, Proxy};
use crate::space::Space;
use crate::task::{Cut, Task};
use crate::truth::{Oracle, Truth};

pub(super) const SUPERCON: Entry = Entry {
    word: "supercon",
    what: "critical temperature by the fractions of elements; the truth is an oracle, learned \
           from the folder's supercon/Supercon_data_by_2018_Stanev.csv",
    parameters: "",
    parse: |words, folder| {
        let path =
            super::folder_of(words, folder)?.join("supercon/Supercon_data_by_2018_Stanev.csv");
        let reading = Reading {
            columns: None,
            formula: Some("name".into()),
            ignored: Vec::new(),
            // Some name an amount that nobody knows: `O10=z`.
            skip_bad: true,
        };
        let columns = Columns::read(&path, &["Tc"], &reading)?;
        // Samples of one composition differ.
        let all = Labelled::new(
            "supercon",
            columns.designs,
            columns.numbers[0].clone(),
            Merge::Median,
        )?;
        Ok(Box::new(Learned::oracle("supercon", columns.space, all)?))
    },
};

/// The models of which one stands in for the truth: of another family than the networks it judges.
fn judges() -> Result<Vec<Box<dyn Learner>>, ProxyError> {
    let mut judges = proxies::parse_list("gp")?;
    for k in [1, 5, 10] {
        judges.push(Box::new(Neighbours { k }));
    }
    Ok(judges)
}

/// One in so many of the designs that a judge may learn from chooses between judges.
const CHOOSES: usize = 5;
/// Designs in so many are held back to say how good the judge is.
const HELD_BACK: usize = 10;

/// A task whose truth is a model, itself learned. Every table says so.
#[derive(Debug)]
pub struct Learned {
    name: String,
    space: Space,
    labelled: Labelled,
    cut: Cut,
    judge: Box<dyn Proxy>,
    known: Data,
    rank: Option<f64>,
    what: String,
}

/// The one of `judges` that ranks best what is set aside of the designs that it may learn from, the first of
/// equals.
fn chosen(
    mut judges: Vec<Box<dyn Learner>>,
    space: &Space,
    known: &Labelled,
    seed: u64,
) -> Result<Box<dyn Learner>, ProxyError> {
    let mut places: Vec<usize> = (0..known.labels().len()).collect();
    Stream::new(seed, CHOICE_STREAM).shuffle(&mut places);
    let (asked, taught) = places.split_at(places.len() / CHOOSES);
    let data = Data::new(space, known.pick(taught)?)?;
    let labels: Vec<f64> = asked.iter().map(|&at| known.labels()[at]).collect();
    let mut best = (f64::NEG_INFINITY, 0);
    for (at, judge) in judges.iter().enumerate() {
        let said = predicted(
            judge.fit(&data, seed)?.as_ref(),
            &data,
            &known.designs().pick(asked),
        );
        let rank = spearman(&said, &labels).unwrap_or(f64::MIN);
        if rank > best.0 {
            best = (rank, at);
        }
    }
    Ok(judges.swap_remove(best.1))
}

/// The stream of a seed that sets designs aside to choose a judge by.
const CHOICE_STREAM: u64 = 6;

/// What a proxy says of designs, in standard units.
fn predicted(proxy: &dyn Proxy, data: &Data, designs: &Designs) -> Vec<f64> {
    let x = data.coordinates_of(designs);
    proxy.predict(Rows::new(&x, data.width()))
}

impl Learned {
    /// An oracle that is learned from a draw of all designs but a tenth, which measures it, while
    /// proxies see the worse half.
    ///
    /// # Errors
    /// When there is too little to learn from.
    pub fn oracle(name: &str, space: Space, all: Labelled) -> Result<Self, ProxyError> {
        let mut places: Vec<usize> = (0..all.labels().len()).collect();
        Stream::new(0, 0).shuffle(&mut places);
        let (held, known) = places.split_at(places.len() / HELD_BACK);
        Self::new(
            name,
            space,
            all.clone(),
            all.pick(known)?,
            &all.pick(held)?,
            Cut::LOWER_HALF,
            0,
            "oracle, not truth",
        )
    }

    /// A judge that is learned from one half of the designs, while proxies see the other half, less
    /// the share `hidden` of it with the best labels.
    ///
    /// # Errors
    /// When there is too little to learn from.
    pub fn judge(
        name: &str,
        space: Space,
        all: &Labelled,
        hidden: f64,
        seed: u64,
    ) -> Result<Self, ProxyError> {
        let mut places: Vec<usize> = (0..all.labels().len()).collect();
        Stream::new(seed, 5).shuffle(&mut places);
        let (for_judge, for_proxies) = places.split_at_mut(all.labels().len() / 2);
        for_judge.sort_unstable();
        for_proxies.sort_unstable();
        let cut = Cut {
            from: 0.0,
            to: 100.0 * (1.0 - hidden),
            at_most: None,
        };
        let proxies = all.pick(for_proxies)?;
        Self::new(
            name,
            space,
            proxies.clone(),
            all.pick(for_judge)?,
            &proxies,
            cut,
            seed,
            "judge, not truth",
        )
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "private, and each is another part of the task"
    )]
    fn new(
        name: &str,
        space: Space,
        labelled: Labelled,
        known: Labelled,
        unseen: &Labelled,
        cut: Cut,
        seed: u64,
        what: &str,
    ) -> Result<Self, ProxyError> {
        let learner = chosen(judges()?, &space, &known, seed)?;
        let known = Data::new(&space, known)?;
        let judge = learner.fit(&known, seed)?;
        let said = predicted(judge.as_ref(), &known, unseen.designs());
        let rank = spearman(&said, unseen.labels()).ok();
        Ok(Self {
            name: name.into(),
            space,
            labelled,
            cut,
            judge,
            known,
            rank,
            what: format!("{what}: {}", learner.text()),
        })
    }

    /// Rank correlation of the judge with labels that it has not seen.
    pub fn rank(&self) -> Option<f64> {
        self.rank
    }
}

impl Task for Learned {
    fn name(&self) -> &str {
        &self.name
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn oracle(&self) -> Oracle {
        let rank = self
            .rank
            .map_or("unknown".into(), |rank| format!("{rank:.3}"));
        Oracle::Learned(format!(
            "{} with rank correlation {rank} on labels unseen",
            self.what
        ))
    }

    fn labelled(&self, _seed: u64) -> Result<Labelled, ProxyError> {
        Ok(self.labelled.clone())
    }

    fn cut(&self) -> Cut {
        self.cut
    }

    fn evaluate(&self, designs: &Designs) -> Result<Vec<Truth>, ProxyError> {
        let said = predicted(self.judge.as_ref(), &self.known, designs);
        Ok(said
            .into_iter()
            .map(|value| Truth::of(self.known.label_of(value)))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks;
    use crate::{Outside, Problem};

    #[test]
    fn the_better_judge_is_chosen_on_designs_set_aside() {
        let at = |i: usize| i as f64 / 10.0 - 0.95;
        let grid: Vec<f64> = (0..400).flat_map(|i| [at(i / 20), at(i % 20)]).collect();
        let space = Space::continuous(&[(-1.0, 1.0); 2]);
        let of = |label: fn(&[f64]) -> f64| {
            let designs = Designs::new(grid.clone(), 2);
            let labels = designs.iter().map(label).collect();
            let known = Labelled::new("grid", designs, labels, Merge::Refuse).expect("they differ");
            let mut judges = proxies::parse_list("ridge").expect("a word");
            judges.push(Box::new(Neighbours { k: 5 }));
            chosen(judges, &space, &known, 1).expect("enough").text()
        };
        assert_eq!(of(|x| x[0] + 0.3 * x[1]), "ridge");
        let nearest = "mean of the 5 nearest designs by 1/distance";
        assert_eq!(of(|x| -x[0] * x[0] - x[1] * x[1]), nearest);
    }

    #[test]
    fn the_judge_has_not_seen_what_proxies_learn_from() {
        let branin = tasks::parse_list("branin", None).expect("a word").remove(0);
        let all = branin.labelled(1).expect("a formula has data");
        let task = Learned::judge("b", branin.space().clone(), &all, 0.2, 1).expect("enough data");
        assert!(task.rank().expect("it varies") > 0.95);
        assert!(task.oracle().to_string().contains("judge, not truth"));
        let problem = Problem::new(&task, Outside::Clip, 1).expect("enough data");
        assert_eq!(problem.visible(), 2_000);
        let seen: Vec<&[f64]> = task.known.visible().designs().iter().collect();
        assert!(
            problem
                .data()
                .visible()
                .designs()
                .iter()
                .all(|design| !seen.contains(&design))
        );
    }
}
