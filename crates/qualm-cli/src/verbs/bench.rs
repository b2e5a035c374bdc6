use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use qualm_data::{AtomicFile, FeatureSet, Source};
use qualm_ood::{
    Checked, Evaluation, EvaluationInput, EvaluationOptions, Extreme, FitInput, FitOptions, Recipe,
    Requirement, RulerRows, Split, calibrate, evaluate, fit,
};
use qualm_report::{Exhibit, Gallery};

use super::fit::share;
use crate::cli::SETS;
use crate::gallery::{Place, SHOWN};
use crate::inputs::NamedSet;
use crate::{Ended, console, gallery, inputs, outputs};

/// What --inputs calls the in-distribution rows.
const TEST: &str = "test";

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example:
  qualm bench --train demo-data/train.npz --head demo-data/head.npz \\
    --test demo-data/val.npz --ood textures=demo-data/textures.npz \\
    --html report.html",
    after_help = SETS
)]
pub(crate) struct Arguments {
    /// Rows to fit on, in distribution
    #[arg(long, value_name = "SET")]
    train: String,

    /// The classifier's last layer: a .npz or .safetensors file with weight (C x D) and bias (C)
    #[arg(long, value_name = "HEAD")]
    head: Option<String>,

    /// In-distribution rows to test on
    #[arg(long, value_name = "SET")]
    test: String,

    /// Out-of-distribution rows to test on; may be given again
    #[arg(long, value_name = "NAME=SET", required = true)]
    ood: Vec<NamedSet>,

    /// In-distribution rows for thresholds; without them each half of --test judges the other
    #[arg(long, value_name = "SET")]
    reference: Option<String>,

    /// Share of --train to fit nothing on, whole groups at a time: `combined` compares its parts on
    /// these rows, or on a third of --reference
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with = "reference")]
    hold_back: Option<f64>,

    /// Methods, separated by commas, or `all` that can be fitted; see `qualm methods`
    #[arg(
        long,
        default_value = "vim,residual,msp,maxlogit,energy,knn",
        value_name = "LIST"
    )]
    methods: String,

    /// Where the inputs of `test` or of an --ood set are, for the HTML report: a folder of pictures
    /// that ids are paths in, or a file of texts (.txt, .jsonl, .csv, .tsv); may be given again
    #[arg(long, value_name = "NAME=PATH", requires = "html")]
    inputs: Vec<NamedSet>,

    #[command(flatten)]
    how: How,
}

/// What `bench` and `demo` share.
#[derive(Debug, Clone, Args)]
pub(crate) struct How {
    /// Write the HTML report here [demo: qualm-report.html]
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// Write all figures as CSV here
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,

    /// Write the tables as Markdown here
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Exit with 1 unless this holds, e.g. 'vim.auroc >= 0.9' or 'vim.textures.fpr95_id < 0.3';
    /// may be given again
    #[arg(long, value_name = "CONDITION")]
    require: Vec<String>,

    /// False-alarm rate at which rows are flagged
    #[arg(long, default_value_t = EvaluationOptions::default().false_alarms, value_name = "RATE")]
    false_alarms: f64,

    /// Bootstrap replicates behind each interval
    #[arg(long, default_value_t = EvaluationOptions::default().resamples, value_name = "N")]
    resamples: usize,

    /// Seed of the bootstrap and of the cut through the test rows
    #[arg(long, default_value_t = EvaluationOptions::default().seed, value_name = "N")]
    seed: u64,

    /// The detector that the others are compared with [default: msp where there is one]
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
}

impl How {
    /// What will be written.
    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.html.iter().chain(&self.csv).chain(&self.markdown)
    }
}

/// What is compared.
pub(crate) struct Contest<'a> {
    pub(crate) train: &'a dyn Source,
    pub(crate) head: Option<&'a qualm_data::Head>,
    pub(crate) test: &'a dyn Source,
    pub(crate) ood: Vec<(String, &'a dyn Source)>,
    pub(crate) reference: Option<&'a dyn Source>,
    /// Share of the fitting rows that is left to `combined`.
    pub(crate) hold_back: f64,
    pub(crate) methods: &'a str,
    /// Where inputs are, by the name of their set.
    pub(crate) places: Vec<(String, Place)>,
    /// What stands at the end of the report, beside what every report says.
    pub(crate) settings: Vec<(String, String)>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let train = FeatureSet::open(&arguments.train)?;
    let test = FeatureSet::open(&arguments.test)?;
    let head = inputs::head(arguments.head.as_deref())?;
    let reference = arguments
        .reference
        .as_deref()
        .map(FeatureSet::open)
        .transpose()?;
    let ood: Vec<(String, FeatureSet)> = arguments
        .ood
        .iter()
        .map(|named| Ok((named.name.clone(), FeatureSet::open(&named.spec)?)))
        .collect::<anyhow::Result<_>>()?;
    let mut settings = inputs::hashes("train", &train)?;
    settings.extend(inputs::hashes("test", &test)?);
    if let Some(set) = &reference {
        settings.extend(inputs::hashes("reference", set)?);
    }
    for (name, set) in &ood {
        settings.extend(inputs::hashes(name, set)?);
    }
    let contest = Contest {
        train: &train,
        head: head.as_ref(),
        test: &test,
        ood: ood
            .iter()
            .map(|(name, set)| (name.clone(), set as &dyn Source))
            .collect(),
        reference: reference.as_ref().map(|set| set as &dyn Source),
        hold_back: arguments.hold_back.unwrap_or(0.0),
        methods: &arguments.methods,
        places: places(arguments)?,
        settings,
    };
    hold(&contest, &arguments.how)
}

/// Fits, evaluates, writes what was asked for and prints the tables.
pub(crate) fn hold(contest: &Contest<'_>, how: &How) -> anyhow::Result<Ended> {
    let requirements = how
        .require
        .iter()
        .map(|text| Requirement::parse_list(text))
        .collect::<Result<Vec<_>, _>>()?
        .concat();
    for path in how.files() {
        outputs::check(path)?;
    }
    let recipes = Recipe::parse_list(contest.methods)?;
    if contest.hold_back > 0.0 && !recipes.iter().any(Recipe::needs_ruler) {
        anyhow::bail!(
            "--hold-back: none of these methods compares its parts on rows held back, as `combined` \
             does; leave it out"
        );
    }
    let options = FitOptions {
        split: Split::of(contest.hold_back),
        ruler: match contest.reference {
            Some(_) => RulerRows::Reference,
            None => RulerRows::HeldBack(1.0),
        },
        ..FitOptions::default()
    };
    let input = FitInput {
        train: contest.train,
        head: contest.head,
    };
    let bar = console::progress("fitting", 2 * contest.train.schema().rows);
    let mut fitted = fit(input, &recipes, &options, &mut |rows| bar.inc(rows))?;
    bar.finish_and_clear();
    for warning in &fitted.warnings {
        console::warn(warning);
    }
    for detector in fitted.bundle.detectors() {
        if let Some(note) = detector.note() {
            console::note(&format!("{}: {note}", detector.name()));
        }
    }
    if let Some(reference) = contest.reference {
        calibrate(&mut fitted.bundle, reference)?;
    }
    let input = EvaluationInput {
        bundle: &fitted.bundle,
        train: Some(contest.train),
        test: contest.test,
        ood: contest.ood.clone(),
    };
    let options = EvaluationOptions {
        resamples: how.resamples,
        seed: how.seed,
        false_alarms: how.false_alarms,
        baseline: how.baseline.clone(),
        ..EvaluationOptions::default()
    };
    let bar = console::progress("scoring", input.rows());
    let evaluation = evaluate(&input, &options, &mut |rows| bar.inc(rows))?;
    bar.finish_and_clear();
    let checked: Vec<Checked> = requirements
        .iter()
        .map(|r| r.check(&evaluation))
        .collect::<Result<_, _>>()?;
    write_files(&evaluation, contest, how)?;
    console::show(&evaluation.summary(), &evaluation, how.json)?;
    for path in how.files() {
        console::note(&format!("wrote {}", path.display()));
    }
    for check in &checked {
        console::note(&check.to_string());
    }
    Ok(if checked.iter().all(|check| check.holds) {
        Ended::Well
    } else {
        Ended::CheckFailed
    })
}

/// What --inputs says, by name.
fn places(arguments: &Arguments) -> anyhow::Result<Vec<(String, Place)>> {
    let known = |name: &str| name == TEST || arguments.ood.iter().any(|set| set.name == name);
    let place = |named: &NamedSet| {
        anyhow::ensure!(
            known(&named.name),
            "--inputs {}: there is no such set; name `{TEST}` or one of --ood",
            named.name
        );
        Ok((named.name.clone(), Place::of(Path::new(&named.spec))?))
    };
    arguments.inputs.iter().map(place).collect()
}

/// The inputs that a person looks at first, where it is said where they are.
fn galleries(evaluation: &Evaluation, contest: &Contest<'_>) -> anyhow::Result<Vec<Gallery>> {
    if contest.places.is_empty() {
        return Ok(Vec::new());
    }
    let mut galleries = Vec::new();
    for extremes in evaluation.extremes(SHOWN) {
        let mut gallery = Gallery::new(extremes.title);
        let mut places: Vec<Option<Exhibit>> = vec![None; extremes.rows.len()];
        let sets = (0..contest.ood.len()).map(Some).chain([None]);
        for set in sets {
            let (name, source) = match set {
                Some(at) => (contest.ood[at].0.as_str(), contest.ood[at].1),
                None => (TEST, contest.test),
            };
            let own = (0..extremes.rows.len()).filter(|&at| extremes.rows[at].set == set);
            let own: Vec<usize> = own.collect();
            let caption = |&at: &usize| {
                let Extreme { row, score, .. } = extremes.rows[at];
                (row, format!("{name}, score {score:.3}"))
            };
            let rows: Vec<(u64, String)> = own.iter().map(caption).collect();
            let place = contest.places.iter().find(|(of, _)| of == name);
            let shown = gallery::exhibits(source, place.map(|(_, place)| place), &rows)?;
            for (at, exhibit) in own.into_iter().zip(shown) {
                places[at] = Some(exhibit);
            }
        }
        gallery.exhibits = places.into_iter().flatten().collect();
        galleries.push(gallery);
    }
    Ok(galleries)
}

fn write_files(evaluation: &Evaluation, contest: &Contest<'_>, how: &How) -> anyhow::Result<()> {
    if let Some(path) = &how.html {
        let report = evaluation.report(contest.settings.clone(), galleries(evaluation, contest)?);
        let page = qualm_report::to_html(&report);
        AtomicFile::save(path, |file| file.write_all(page.as_bytes()))?;
    }
    if let Some(path) = &how.csv {
        let figures = qualm_report::to_csv(&evaluation.flat_table());
        AtomicFile::save(path, |file| file.write_all(figures.as_bytes()))?;
    }
    if let Some(path) = &how.markdown {
        let tables = qualm_report::to_markdown(&evaluation.summary());
        AtomicFile::save(path, |file| file.write_all(tables.as_bytes()))?;
    }
    Ok(())
}
