//! A report of the size of a real one, five sets by eight methods, from
//! seeded made-up numbers.

use qualm_report::{
    Bars, Best, Block, Cell, Column, Curves, Estimate, Histograms, Report, Table, Tone, Verdict,
};

const METHODS: [&str; 8] = [
    "vim",
    "residual",
    "msp",
    "maxlogit",
    "energy",
    "mahalanobis",
    "knn(k=50)",
    "react(p=90)+energy",
];
const SETS: [&str; 5] = ["cifar10", "fashion", "noise", "omniglot", "textures"];
const ROWS: usize = 500;

/// A generator for pictures: `SplitMix64`, whose state is its seed.
struct Dice(u64);

impl Dice {
    /// Uniform between 0 and 1.
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal: twelve uniform numbers have variance 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    fn scores(&mut self, mean: f64, spread: f64) -> Vec<f64> {
        (0..ROWS).map(|_| mean + spread * self.normal()).collect()
    }
}

/// The scores of one method, in distribution and on each set.
struct Scores {
    inside: Vec<f64>,
    outside: Vec<Vec<f64>>,
}

fn all_scores() -> Vec<Scores> {
    let mut dice = Dice(7);
    (0..METHODS.len())
        .map(|method| Scores {
            inside: dice.scores(0.0, 1.0),
            outside: (0..SETS.len())
                .map(|set| {
                    let mean = 2.6 - 0.22 * method as f64 + 0.35 * ((set * 3 + method) % 4) as f64;
                    dice.scores(mean, 1.0 + 0.2 * set as f64)
                })
                .collect(),
        })
        .collect()
}

fn roc(scores: &Scores, set: usize) -> Vec<(f64, f64)> {
    let outside = &scores.outside[set];
    let mut thresholds: Vec<f64> = scores.inside.iter().chain(outside).copied().collect();
    thresholds.sort_by(|a, b| b.total_cmp(a));
    let share = |of: &[f64], t: f64| of.iter().filter(|s| **s >= t).count() as f64 / ROWS as f64;
    std::iter::once((0.0, 0.0))
        .chain(
            thresholds
                .iter()
                .map(|&t| (share(&scores.inside, t), share(outside, t))),
        )
        .collect()
}

fn auroc(points: &[(f64, f64)]) -> Estimate {
    let area = |p: &[(f64, f64)]| (p[1].0 - p[0].0) * (p[1].1 + p[0].1) / 2.0;
    let value: f64 = points.windows(2).map(area).sum();
    let half = 2.0 * (value * (1.0 - value) / ROWS as f64).sqrt();
    Estimate {
        value,
        lo: value - half,
        hi: (value + half).min(1.0),
    }
}

fn fpr95(points: &[(f64, f64)]) -> f64 {
    points.iter().find(|p| p.1 >= 0.95).map_or(1.0, |p| p.0)
}

/// A table of one figure for every method on every set.
fn table(title: &str, best: Best, cell: impl Fn(usize, usize) -> Cell) -> Table {
    let columns = METHODS.iter().map(|name| Column::number(*name));
    let mut table = Table::new(std::iter::once(Column::text("set")).chain(columns)).title(title);
    for (set, name) in SETS.iter().enumerate() {
        let cells = (0..METHODS.len()).map(|method| cell(method, set));
        table = table.row(std::iter::once(Cell::text(*name)).chain(cells));
    }
    table.mark_best_in_rows(1..METHODS.len() + 1, best);
    table
}

fn histogram(method: usize, scores: &Scores) -> Block {
    let mut sorted = scores.inside.clone();
    sorted.sort_by(f64::total_cmp);
    let outside = SETS
        .iter()
        .copied()
        .zip(scores.outside.iter().map(Vec::as_slice));
    let series = std::iter::once(("in distribution", scores.inside.as_slice())).chain(outside);
    Histograms::of(METHODS[method], "outlier score", 50, series)
        .line(sorted[ROWS * 95 / 100], "threshold at 5 % false alarms")
        .into()
}

/// The report.
pub(crate) fn report() -> Report {
    let scores = all_scores();
    let curves: Vec<Vec<Vec<(f64, f64)>>> = scores
        .iter()
        .map(|s| (0..SETS.len()).map(|set| roc(s, set)).collect())
        .collect();
    let estimates: Vec<Vec<Estimate>> = curves
        .iter()
        .map(|sets| sets.iter().map(|c| auroc(c)).collect())
        .collect();

    let areas = table("AUROC with 95 % intervals", Best::Highest, |method, set| {
        let e = estimates[method][set];
        Cell::interval(e.value, e.lo, e.hi, 3)
    })
    .note("The best of each row is marked, and so is every figure that looks the same.");
    let alarms = table(
        "False alarms when 95 % of the set is caught (FPR95)",
        Best::Lowest,
        |method, set| Cell::number(fpr95(&curves[method][set]), 3),
    );
    let tests = Table::new([
        Column::text("set"),
        Column::number("difference"),
        Column::number("p"),
        Column::text("reading"),
    ])
    .title("vim against msp: paired test")
    .row([
        Cell::text("cifar10"),
        Cell::interval(0.042, 0.021, 0.063, 3),
        Cell::PValue(0.000_07),
        Cell::text("vim is better"),
    ])
    .row([
        Cell::text("omniglot"),
        Cell::interval(-0.189, -0.214, -0.164, 3),
        Cell::PValue(0.0),
        Cell::text("msp is better"),
    ])
    .row([
        Cell::text("noise"),
        Cell::interval(0.009, -0.002, 0.02, 3),
        Cell::PValue(0.112),
        Cell::text("cannot be told apart"),
    ])
    .row([
        Cell::text("textures"),
        Cell::Missing,
        Cell::Missing,
        Cell::text("not tested"),
    ]);

    let mut bars = Bars::new("AUROC by set, with 95 % intervals", "AUROC", SETS);
    for (name, values) in METHODS.iter().zip(&estimates) {
        bars = bars.push(*name, values.iter().copied().map(Some).collect());
    }
    let rocs = SETS.iter().enumerate().map(|(set, name)| {
        let plot = Curves::new(*name, "false alarms", "share of the set caught").unit_square();
        let all = METHODS.iter().zip(&curves);
        all.fold(plot, |plot, (method, sets)| {
            plot.push(*method, sets[set].clone())
        })
        .into()
    });
    let drift = (0..200).map(|day| {
        let value = if (90..100).contains(&day) {
            f64::NAN
        } else {
            (f64::from(day) / 18.0).sin() * 4.0
        };
        (f64::from(day), value + f64::from(day) / 20.0)
    });

    Report::new("Which inputs are unlike the training data?")
        .summary("Eight methods on the same features of one classifier, five sets that it has never seen, all numbers made up.")
        .push(Verdict::new(Tone::Good, "vim leads on most sets and needs no labels of what it should reject."))
        .push(Verdict::new(Tone::Mixed, "No method leads everywhere: on omniglot the simple ones do."))
        .push(Verdict::new(Tone::Bad, "The reference was drawn from fitting rows: 15 to 39 % false alarms instead of 5 %."))
        .push(Verdict::new(Tone::Note, "The intervals hold for one classifier; another one may rank the methods otherwise."))
        .push(Block::Heading("How well are they told apart?".into()))
        .push(Block::Text("An AUROC of 0.5 is chance and 1 is perfect. It does not depend on a threshold: it is the chance that an input from the set scores above an input in distribution.".into()))
        .push(areas)
        .push(bars)
        .push(alarms)
        .push(Block::Heading("Trading false alarms for catches".into()))
        .push(Block::Columns(rocs.collect()))
        .push(Block::Heading("Scores".into()))
        .push(Block::Columns(scores.iter().enumerate().map(|(i, s)| histogram(i, s)).collect()))
        .push(Block::Heading("Is the difference real?".into()))
        .push(tests)
        .push(Curves::new("Mean score by day", "day", "mean outlier score").push("camera 1", drift.collect()).note("The camera was off for ten days."))
        .push(Block::Heading("To reproduce".into()))
        .push(Block::Settings(vec![
            ("version".into(), "0.1.0".into()),
            ("seed".into(), "7".into()),
            ("train.npz".into(), "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into()),
            ("head.npz".into(), "sha256 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752".into()),
            ("methods".into(), METHODS.join(",")),
        ]))
}
