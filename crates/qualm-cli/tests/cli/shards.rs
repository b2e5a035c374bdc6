//! A fit that is cut into shards, and what merging them promises.

use crate::desk::{Desk, says};
use crate::made;
use crate::score::scores;

const HOW: &str = "--head head.npz --methods vim,mahalanobis,knn(k=5)";

/// 10,000 rows: two blocks of 4,096 and a rest.
fn desk() -> Desk {
    let desk = Desk::with_sets();
    made::write(&desk, &made::usual(10_000, 1), "train.npz");
    desk.ok(&format!("fit --train train.npz {HOW} -o one"));
    desk
}

#[test]
fn shards_that_end_between_blocks_merge_into_the_bytes_of_one_run() {
    let desk = desk();
    for shard in 1..=2 {
        desk.ok(&format!(
            "fit --pass 1 --shard {shard}/2 --train train.npz {HOW} -o first.{shard}"
        ));
    }
    // Parts may come in any order.
    let ran = desk.ok("merge first.2 first.1 -o plan");
    says(
        &ran.stderr,
        &[
            "a plan for the second pass: plan",
            "the bytes are those of one run",
        ],
    );
    for shard in 1..=2 {
        desk.ok(&format!(
            "fit --pass 2 --plan plan --shard {shard}/2 --train train.npz -o second.{shard}"
        ));
    }
    let ran = desk.ok("merge second.2 plan second.1 -o merged");
    says(
        &ran.stderr,
        &["wrote a bundle: merged", "the bytes are those of one run"],
    );
    assert!(desk.bytes("merged") == desk.bytes("one"));
}

#[test]
fn shards_that_are_cut_anywhere_agree_to_rounding_and_say_so() {
    let desk = desk();
    let train = made::usual(10_000, 1);
    let cut = 5_000;
    for (name, rows) in [("a.npz", 0..cut), ("b.npz", cut..10_000)] {
        let rows: Vec<usize> = rows.collect();
        made::write(&desk, &train.select("part", &rows).unwrap(), name);
    }
    for (set, first) in [("a", 0), ("b", cut)] {
        desk.ok(&format!(
            "fit --pass 1 --first-row {first} --train {set}.npz {HOW} -o first.{set}"
        ));
    }
    let ran = desk.ok("merge first.a first.b -o plan");
    says(
        &ran.stderr,
        &["do not all end at multiples of 4096 rows", "1e-5"],
    );
    for (set, first) in [("a", 0), ("b", cut)] {
        desk.ok(&format!(
            "fit --pass 2 --plan plan --first-row {first} --train {set}.npz -o second.{set}"
        ));
    }
    let ran = desk.ok("merge plan second.a second.b -o merged");
    says(&ran.stderr, &["not to the byte"]);

    let (one, merged) = (
        scores(&desk, "one", "new.npz"),
        scores(&desk, "merged", "new.npz"),
    );
    for name in ["vim.score", "mahalanobis.score", "knn.score"] {
        let mean = one[name].iter().sum::<f64>() / one[name].len() as f64;
        let variance = one[name].iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        let deviation = (variance / one[name].len() as f64).sqrt();
        for (a, b) in one[name].iter().zip(&merged[name]) {
            assert!((a - b).abs() <= 1e-5 * deviation, "{name}: {a} {b}");
        }
    }
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let desk = desk();
    let pass1 = |shard: &str, more: &str, out: &str| {
        desk.ok(&format!(
            "fit --pass 1 --shard {shard} --train train.npz {HOW} {more} -o {out}"
        ));
    };
    pass1("1/2", "", "first.1");
    pass1("2/2", "", "first.2");
    pass1("3/3", "", "last");
    pass1("2/2", "--seed 5", "seeded");
    desk.put("old", "the old plan");

    says(
        &desk.refuses("merge first.1 missing -o old"),
        &["missing", "No such file"],
    );
    says(
        &desk.refuses("merge first.1 first.1 -o old"),
        &["first.1", "holds too"],
    );
    says(
        &desk.refuses("merge first.1 last -o old"),
        &["last", "a part is missing"],
    );
    says(
        &desk.refuses("merge first.1 seeded -o old"),
        &["seeded", "seed", "must agree"],
    );
    says(&desk.refuses("merge one -o old"), &["one", "is a bundle"]);
    says(&desk.refuses("merge train.npz -o old"), &["train.npz"]);
    says(
        &desk.refuses("score first.1 new.npz"),
        &["first.1", "first pass", "merge"],
    );

    desk.ok("merge first.1 first.2 -o plan");
    desk.ok("fit --pass 2 --plan plan --shard 1/2 --train train.npz -o second.1");
    says(
        &desk.refuses("merge plan second.1 -o old"),
        &["a part is missing"],
    );
    says(
        &desk.refuses("merge plan -o old"),
        &["there is no part to merge"],
    );
    says(&desk.refuses("score plan new.npz"), &["plan", "merge"]);
    says(
        &desk.refuses("fit --pass 2 --plan one --train train.npz -o old"),
        &["one", "is a bundle"],
    );
    says(
        &desk.refuses("fit --pass 2 --train train.npz -o old"),
        &["--pass 2", "--plan FILE"],
    );
    says(
        &desk.refuses(&format!(
            "fit --pass 1 --shard 1/9 --train train.npz {HOW} -o old"
        )),
        &["9 shards are too many", "4096"],
    );
}
