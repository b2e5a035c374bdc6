use qualm_stats::{Stream, spearman};

use super::Entry;
use super::columns::{Columns, Reading};
use crate::data::Data;
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::proxies;
use crate::proxy::Proxy;
use crate::space::Space;
use crate::task::{Cut, Task};
use crate::truth::{Oracle, Truth};

pub(super) const SUPERCON: Entry = Entry {
    word: "supercon",
    what: "critical temperature by the fractions of elements; the truth is a Gaussian process, learned \
           from a draw of the folder's supercon/Supercon_data_by_2018_Stanev.csv",
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

/// The model that stands in for the truth: of another family than the networks it judges.
const JUDGE: &str = "gp";
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
        let known = Data::new(&space, known)?;
        let judge = proxies::parse_list(JUDGE)?.remove(0).fit(&known, seed)?;
        let x = known.coordinates_of(unseen.designs());
        let said = judge.predict(qualm_linalg::Rows::new(&x, known.width()));
        let rank = spearman(&said, unseen.labels()).ok();
        Ok(Self {
            name: name.into(),
            space,
            labelled,
            cut,
            judge,
            known,
            rank,
            what: what.into(),
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
            "{}: a {JUDGE} with rank correlation {rank} on labels unseen",
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
        let x = self.known.coordinates_of(designs);
        let said = self
            .judge
            .predict(qualm_linalg::Rows::new(&x, self.known.width()));
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
