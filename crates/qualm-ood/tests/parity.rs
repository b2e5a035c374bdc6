//! Parity with pytorch-ood 0.4.0 on real features (`reference/README.md`): rank correlation at
//! least 0.9999, and scores equal within 1e-4 of their standard deviation where the formula is the
//! same.

mod digits;

use std::io::Read;

use digits::{FILE, assert_agree, largest_difference, ours, standard_deviation};
use qualm_stats::spearman;

/// The peer's scores: one-dimensional `f64` arrays, whose numbers end the archive's entry.
fn theirs(name: &str) -> Vec<f64> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(FILE).unwrap()).unwrap();
    let mut bytes = Vec::new();
    archive
        .by_name(&format!("score/{name}.npy"))
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    let numbers = &bytes[bytes.len() - 8 * 797..];
    numbers
        .as_chunks::<8>()
        .0
        .iter()
        .map(|&eight| f64::from_le_bytes(eight))
        .collect()
}

fn assert_same(recipe: &str, peer: &str, scale: f64) {
    let ours: Vec<f64> = ours(recipe).iter().map(|score| score * scale).collect();
    assert_agree(recipe, &ours, &theirs(peer));
}

/// Ranks agree, and scores differ by as many standard deviations as is known.
fn assert_near(recipe: &str, ours: &[f64], theirs: &[f64], known: f64) {
    let correlation = spearman(ours, theirs).unwrap();
    let difference = largest_difference(ours, theirs) / standard_deviation(theirs);
    assert!(
        correlation >= 0.9999,
        "{recipe}: rank correlation {correlation}"
    );
    assert!(
        (difference - known).abs() < 2e-4,
        "{recipe}: differs by {difference:.2e} standard deviations, not {known:.2e}"
    );
}

#[test]
fn msp() {
    assert_same("msp", "msp", 1.0);
}

#[test]
fn maxlogit() {
    assert_same("maxlogit", "maxlogit", 1.0);
}

#[test]
fn energy() {
    assert_same("energy", "energy", 1.0);
}

/// The peer takes eigenvectors in `f32`, which cannot tell the eigenvalues at the cut apart: its
/// residual space is turned, and its scores lie up to 0.17 standard deviations from those of its
/// own code in `f64` (`reference/vim_f64.py`). Ours agree with the latter.
#[test]
fn vim() {
    let ours = ours("vim(dim=48)");
    let recorded = include_str!("reference/vim_f64.json");
    let in_f64: Vec<f64> = serde_json::from_str(recorded).unwrap();
    assert_agree("vim(dim=48)", &ours, &in_f64);
    let peer = theirs("vim");
    let deviation = |a: &[f64]| largest_difference(a, &peer) / standard_deviation(&peer);
    assert!((deviation(&ours) - deviation(&in_f64)).abs() < 1e-4);
    assert!(
        (0.17..0.18).contains(&deviation(&in_f64)),
        "{}",
        deviation(&in_f64)
    );
    assert!(spearman(&ours, &peer).unwrap() > 0.9995);
}

#[test]
fn knn() {
    assert_same("knn(k=50)", "knn50", 1.0);
}

#[test]
fn scores_of_logits() {
    assert_same("entropy", "entropy", 1.0);
    assert_same("klmatching", "klmatching", 1.0);
}

#[test]
fn scores_of_features() {
    for (recipe, peer) in [
        ("she", "she"),
        ("nnguide(k=10)", "nnguide10"),
        ("fdbd", "fdbd"),
        ("nci(preset=pytorch-ood)", "nci"),
        ("gmm(preset=pytorch-ood)", "gmm"),
    ] {
        assert_same(recipe, peer, 1.0);
    }
}

/// The peer forgets the `1/n` of the covariance, adds 1e-6 to its diagonal and halves the distance:
/// the preset does, and so does a ridge of 1e-6 over the mean scatter, whose scores are `2 n` times
/// as large. Its inverse is taken in `f32`.
#[test]
fn mahalanobis() {
    assert_same("mahalanobis(preset=pytorch-ood)", "mahalanobis", 1.0);
    let (rows, mean_scatter) = (1000.0, 426.033_216_242_566_3);
    let recipe = format!("mahalanobis(ridge={:e})", 1e-6 / mean_scatter);
    assert_same(&recipe, "mahalanobis", 0.5 / rows);
}

/// The peer inverts in `f32`, which costs it a hundredth of a standard deviation: its own formulas
/// in `f64` (`reference/f64.py`) give our scores.
#[test]
fn what_the_peer_loses_to_single_precision() {
    let recorded = |text: &str| -> Vec<f64> { serde_json::from_str(text).unwrap() };
    for (recipe, peer, in_f64, loss) in [
        (
            "rmd(preset=pytorch-ood)",
            "rmd",
            recorded(include_str!("reference/rmd_f64.json")),
            0.0106,
        ),
        (
            "pnml",
            "pnml",
            recorded(include_str!("reference/pnml_f64.json")),
            0.0212,
        ),
    ] {
        let ours = ours(recipe);
        assert_agree(recipe, &ours, &in_f64);
        assert_near(recipe, &ours, &theirs(peer), loss);
    }
}

/// Searches that the peer ends before they are done: 50 steps for the temperature, and for the
/// shape of OpenMax's distributions; and probabilities that GEN clamps at 1e-7 in `f32`, where we
/// take the same bound in `f64`. Ranks agree.
#[test]
fn what_the_peer_ends_early() {
    for (recipe, peer, difference) in [
        ("tempscale", "tempscale", 0.0050),
        ("openmax(preset=pytorch-ood)", "openmax", 0.0049),
        ("gen(preset=pytorch-ood)", "gen", 0.0097),
    ] {
        assert_near(recipe, &ours(recipe), &theirs(peer), difference);
    }
}

#[test]
fn shapers() {
    for (recipe, peer) in [
        ("react(p=90)+energy", "react90+energy"),
        ("ash-p(p=65)", "ash-p65+energy"),
        ("ash-b(p=65)", "ash-b65+energy"),
        ("ash-s(p=65)", "ash-s65+energy"),
        ("scale(p=65)", "scale65+energy"),
        ("dice(p=90)", "dice90"),
    ] {
        assert_same(recipe, peer, 1.0);
    }
}
