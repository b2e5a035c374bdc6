//! Several methods in one score: its reference, its promise, and what it costs.

use qualm_data::{Head, KeyColumn, MemorySet, Source};
use qualm_ood::{
    Bundle, DecideOptions, Decider, FitInput, FitOptions, Recipe, RulerRows, Split, calibrate,
    explain, fit, score,
};
use qualm_stats::{BetaBinomial, Stream};

const DIM: usize = 6;

/// Rows of independent normal numbers.
fn normal(stream: &mut Stream, rows: usize, sd: f64) -> MemorySet {
    let numbers = (0..rows * DIM).map(|_| (sd * stream.normal()) as f32);
    MemorySet::new("rows")
        .with_features(numbers.collect(), DIM)
        .unwrap()
}

fn head() -> Head {
    let mut stream = Stream::new(90, 0);
    let weight = (0..3 * DIM).map(|_| stream.normal() as f32).collect();
    Head::new(weight, vec![4.0, 3.5, 4.5], DIM).unwrap()
}

fn try_fit(train: &MemorySet, methods: &str, options: FitOptions) -> Result<Bundle, String> {
    let recipes = Recipe::parse_list(methods).map_err(|error| error.to_string())?;
    let head = head();
    let input = FitInput {
        train,
        head: Some(&head),
    };
    fit(input, &recipes, &options, &mut |_| {})
        .map(|fitted| fitted.bundle)
        .map_err(|error| error.to_string())
}

fn held_back(fraction: f64) -> FitOptions {
    FitOptions {
        split: Split::of(fraction),
        ..FitOptions::default()
    }
}

fn fit_on(train: &MemorySet, methods: &str, options: FitOptions) -> Bundle {
    try_fit(train, methods, options).unwrap()
}

fn scores(bundle: &Bundle, set: &MemorySet, detector: usize) -> Vec<f64> {
    let mut all = Vec::new();
    score(bundle, set, &mut |scored| {
        all.extend_from_slice(scored.scores(detector));
        Ok(())
    })
    .unwrap();
    all
}

fn flagged(bundle: &Bundle, set: &MemorySet, detector: usize) -> u64 {
    let decider = Decider::new(bundle, DecideOptions::default()).unwrap();
    let outcome = decider.run(set, &mut |_| Ok(())).unwrap();
    outcome.flagged.unwrap()[detector]
}

/// False alarms of 300 fits, each with rows of its own, against the law that exchangeable scores
/// follow. The components are as dependent as can be (vim holds the energy), and the ruler is of
/// few rows.
#[test]
fn dependent_components_keep_the_promise() {
    const NEW: usize = 400;
    for by in ["fisher", "harmonic", "cauchy", "rank"] {
        let methods = format!("combined(vim(dim=3),energy,maxlogit,energy,by={by})");
        let (mut alarms, mut expected, mut variance) = (0.0, 0.0, 0.0);
        for repetition in 0..300 {
            let mut stream = Stream::new(91, repetition);
            let options = FitOptions {
                split: Split {
                    fraction: 0.5,
                    seed: repetition,
                },
                ..FitOptions::default()
            };
            let train = normal(&mut stream, 400, 1.0);
            let bundle = fit_on(&train, &methods, options);
            let n = bundle.reference().unwrap().len() as u64;
            assert!((90..180).contains(&n), "{n}");
            alarms += flagged(&bundle, &normal(&mut stream, NEW, 1.0), 0) as f64;
            let law = BetaBinomial::of_false_alarms(n, 0.05, NEW as u64);
            let (hits, all) = (law.mean() / NEW as f64 * (n as f64 + 1.0), n as f64 + 1.0);
            expected += law.mean();
            let new = NEW as f64;
            variance += new * hits * (all - hits) * (all + new) / (all * all * (all + 1.0));
        }
        // The true law fails this for one seed in a thousand.
        let off = (alarms - expected) / f64::sqrt(variance);
        assert!(off.abs() < 3.3, "{by}: {off} standard errors");
    }
}

/// Rows that the reference shares with the ruler would not be exchangeable with new ones, and
/// without a ruler there is no score.
#[test]
fn rows_held_back_are_ruler_or_reference() {
    let mut stream = Stream::new(92, 0);
    let groups = KeyColumn::Int((0..3_000).map(|row| row / 5).collect());
    let train = normal(&mut stream, 3_000, 1.0).with_groups(groups).unwrap();
    let alone = fit_on(&train, "vim(dim=3),msp", held_back(0.5));
    let both = fit_on(
        &train,
        "vim(dim=3),msp,combined(vim(dim=3),msp)",
        held_back(0.5),
    );
    assert_eq!(alone.tally(), both.tally());
    let held = alone.reference().unwrap().len() as u64;
    assert_eq!(held, alone.tally().held_back);
    let kept: Vec<f64> = both.reference().unwrap().scores(0).collect();
    let share = kept.len() as f64 / held as f64;
    assert!((0.6..0.73).contains(&share), "{share}");
    // What is left are some of the same rows, and whole groups of them.
    let all: Vec<f64> = alone.reference().unwrap().scores(0).collect();
    let stays: Vec<bool> = all.iter().map(|score| kept.contains(score)).collect();
    assert_eq!(stays.iter().filter(|stays| **stays).count(), kept.len());
    assert!(stays.chunks(5).all(|group| group == [group[0]; 5]));
    // Another share, and all of it.
    let options = |share| FitOptions {
        ruler: RulerRows::HeldBack(share),
        ..held_back(0.5)
    };
    let more = fit_on(&train, "combined(vim(dim=3),msp)", options(0.6));
    assert!(more.reference().unwrap().len() < kept.len());
    let whole = fit_on(&train, "combined(vim(dim=3),msp)", options(1.0));
    assert!(whole.reference().is_none());
    assert!(
        scores(&whole, &train, 0)
            .iter()
            .all(|score| score.is_finite())
    );
}

#[test]
fn without_rows_held_back_the_way_out_is_named() {
    let train = normal(&mut Stream::new(93, 0), 200, 1.0);
    let methods = "combined(vim(dim=3),msp)";
    for options in [
        FitOptions::default(),
        FitOptions {
            ruler: RulerRows::HeldBack(0.0),
            ..held_back(0.5)
        },
    ] {
        let error = try_fit(&train, methods, options).unwrap_err();
        assert!(
            error.starts_with("combined: ") && error.contains("--hold-back 0.2"),
            "{error}"
        );
    }
    let few = normal(&mut Stream::new(93, 1), 8, 1.0);
    let error = try_fit(&few, "combined(msp,energy)", held_back(0.01)).unwrap_err();
    assert!(error.contains("hold back more"), "{error}");
    // A component that cannot be fitted is named.
    let error = try_fit(&train, "combined(msp,vim(dim=6))", held_back(0.5)).unwrap_err();
    assert!(error.starts_with("combined: vim: "), "{error}");
}

#[test]
fn a_reference_of_its_own_gives_the_ruler_too() {
    let mut stream = Stream::new(94, 0);
    let (train, fresh) = (normal(&mut stream, 500, 1.0), normal(&mut stream, 900, 1.0));
    let (other, new) = (normal(&mut stream, 600, 1.0), normal(&mut stream, 50, 1.0));
    let options = FitOptions {
        ruler: RulerRows::Reference,
        ..FitOptions::default()
    };
    let mut bundle = fit_on(&train, "msp,combined(vim(dim=3),msp,knn(k=5))", options);
    // It can be saved, and says what is missing.
    let unfinished = bundle.to_bytes().unwrap();
    let copy = Bundle::from_bytes("copy", &unfinished).unwrap();
    assert_eq!(copy.to_bytes().unwrap(), unfinished);
    let error = copy.scorer("new", new.schema()).unwrap_err().to_string();
    assert!(
        error.starts_with("combined: ") && error.contains("qualm calibrate"),
        "{error}"
    );

    calibrate(&mut bundle, &fresh).unwrap();
    let rows = bundle.reference().unwrap().len();
    assert!((540..660).contains(&rows), "{rows}");
    let before = scores(&bundle, &new, 1);
    // The next reference is whole, and scores stay what they are, also through a file.
    let mut bundle = Bundle::from_bytes("copy", &bundle.to_bytes().unwrap()).unwrap();
    calibrate(&mut bundle, &other).unwrap();
    assert_eq!(bundle.reference().unwrap().len(), 600);
    assert_eq!(scores(&bundle, &new, 1), before);

    let mut again = Bundle::from_bytes("copy", &unfinished).unwrap();
    let one = normal(&mut stream, 1, 1.0);
    let error = calibrate(&mut again, &one).unwrap_err().to_string();
    assert!(error.contains("few"), "{error}");
}

#[test]
fn components_share_what_is_computed() {
    let train = normal(&mut Stream::new(95, 0), 400, 1.0);
    let operations = |methods: &str| {
        let bundle = fit_on(&train, methods, held_back(0.3));
        let bundle = Bundle::from_bytes("copy", &bundle.to_bytes().unwrap()).unwrap();
        let scorer = bundle.scorer("rows", train.schema()).unwrap();
        scorer.operations_per_row()
    };
    let alone = operations("vim(dim=3),msp,knn(k=5),react");
    assert!(alone > 0.0);
    let with = "vim(dim=3),msp,knn(k=5),react,combined(vim(dim=3),knn(k=9),react+msp)";
    assert_eq!(operations(with), alone);
    assert_eq!(operations("combined(vim(dim=3),msp,knn(k=5),react)"), alone);
}

/// What is fitted inside gets what it gets outside.
#[test]
fn components_are_the_methods_that_they_name() {
    let mut stream = Stream::new(96, 0);
    let labels = (0..600).map(|row| row % 3).collect();
    let train = normal(&mut stream, 600, 1.0).with_labels(labels).unwrap();
    let methods = "vim(dim=3),a=openmax(tail=5),knn(k=3),b=openmax(tail=9),react(p=90)+gen";
    let all = format!("{methods},combined({methods},by=rank)");
    let bundle = fit_on(&train, &all, held_back(0.3));
    let found = explain(&bundle, &train, 17).unwrap();
    let (alone, combined) = (&found.detectors[..5], &found.detectors[5]);
    assert_eq!(combined.name, "combined");
    assert_eq!(combined.components.len(), 5);
    for (component, alone) in combined.components.iter().zip(alone) {
        assert_eq!(component.score, alone.score, "{}", component.name);
    }
    let names: Vec<&str> = combined
        .terms
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["vim", "a", "knn", "b", "react+gen"]);
    let sum: f64 = combined.terms.iter().map(|(_, value)| value).sum();
    assert!((sum - combined.score).abs() < 1e-12);
    assert_eq!(found.neighbours.len(), 3);
    let shown = qualm_report::to_terminal(&found.report(), 100, false);
    assert!(shown.contains("What is combined"), "{shown}");
}

/// Far rows lie above the whole ruler in each component, and still have an order.
#[test]
fn far_rows_are_not_tied() {
    let mut stream = Stream::new(97, 0);
    let train = normal(&mut stream, 600, 1.0);
    let far: Vec<f32> = (1..200).flat_map(|row| [row as f32 * 20.0; DIM]).collect();
    let far = MemorySet::new("far").with_features(far, DIM).unwrap();
    for by in ["fisher", "harmonic", "cauchy", "rank"] {
        let methods =
            format!("combined(residual(dim=2,origin=mean),residual(dim=4,origin=mean),by={by})");
        let bundle = fit_on(&train, &methods, held_back(0.3));
        let scores = scores(&bundle, &far, 0);
        assert!(scores.is_sorted_by(|a, b| a < b), "{by}");
    }
}
