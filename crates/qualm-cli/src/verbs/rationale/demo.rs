use clap::Args;
use qualm_rationale::attack::{Attack, Supplies};
use qualm_rationale::data::planted;
use qualm_rationale::model::{Method, Training};
use qualm_rationale::study::{Examples, Study, brief, examples};
use qualm_stats::random::DEFAULT_SEED;

use crate::{Ended, console};

const METHODS: [&str; 3] = ["fc", "vib(ratio=0.1)", "vib-sup(ratio=0.1)"];
const ATTACKS: [Attack; 3] = [Attack::AddCorpus, Attack::AddTemplate, Attack::Pwws];

#[derive(Debug, Args)]
#[command(before_help = "\
Example:
  qualm rationale demo

Reviews are generated whose class is what they say of the food. A model that
selects its evidence and one that does not are trained on them and attacked.")]
pub(crate) struct Arguments {
    /// Seed of reviews, training and attacks
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    seed: u64,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let data = planted(arguments.seed);
    let methods = METHODS.iter().map(|method| Method::parse(method));
    let study = Study {
        methods: methods.collect::<Result<_, _>>()?,
        attacks: ATTACKS.to_vec(),
        seeds: vec![arguments.seed],
        training: Training::default(),
        pretrained: None,
        supplies: Supplies::of(&data.training),
        rows_of_word_attacks: 200,
        data,
    };
    let bar = console::progress("models", study.models() as u64);
    let mut last = None;
    let outcomes = study.run(
        &[],
        &mut |classifier, _| {
            bar.inc(1);
            last = Some(classifier.clone());
            Ok(())
        },
        &mut |_, _, _| {},
    );
    bar.finish_and_clear();
    let outcomes = outcomes?;
    let mut report = brief(&outcomes);
    if let Some((classifier, test)) = last.as_ref().zip(study.data.tests.first()) {
        let options = Examples {
            texts: 3,
            seed: arguments.seed,
        };
        let supplies = &study.supplies;
        report = report.push(examples(
            classifier,
            test,
            Attack::AddTemplate,
            supplies,
            options,
        )?);
    }
    console::show(&report, &outcomes, arguments.json)?;
    Ok(Ended::Well)
}
