//! Learning heads, and comparing them with stored logits.

use qualm_data::{Head, MemorySet};

use crate::desk::{Desk, says};
use crate::made;

/// The made-up rows with the logits that `head` gives them.
fn with_logits(rows: &MemorySet, head: &Head) -> MemorySet {
    let dim = head.dim();
    let logits = rows.rows().features.chunks(dim).flat_map(|row| {
        head.weight()
            .chunks(dim)
            .zip(head.bias())
            .map(move |(weight, bias)| {
                weight.iter().zip(row).map(|(w, x)| w * x).sum::<f32>() + bias
            })
    });
    let logits = logits.collect();
    rows.clone().with_logits(logits, head.classes()).unwrap()
}

#[test]
fn a_head_that_was_learned_serves_vim() {
    let desk = Desk::with_sets();
    let ran = desk.ok("head fit train.npz -o learned.npz");
    says(
        ran.text(),
        &[
            "Converged",
            "training accuracy",
            "1.0000",
            "Wrote learned.npz",
        ],
    );
    let head = Head::open(desk.path("learned.npz").to_str().unwrap()).unwrap();
    assert_eq!((head.classes(), head.dim()), (made::CLASSES, made::DIM));

    let json = desk.ok("head fit train.npz -o again.npz --json").json();
    assert_eq!(
        (&json["converged"], &json["rows"]),
        (&true.into(), &600.into())
    );
    assert!(json["gradient_norm"].as_f64().unwrap() <= 1e-6);
    assert!(desk.bytes("again.npz") == desk.bytes("learned.npz"));

    desk.ok("fit --train train.npz --head learned.npz --reference val.npz -o model");
    let ran = desk.ok("score model odd.npz");
    assert_eq!(ran.text().lines().count(), 81);
    desk.ok(
        "bench --train train.npz --head learned.npz --test val.npz --ood odd=odd.npz \
             --methods vim,msp --resamples 20 --require vim.auroc>0.9",
    );
}

#[test]
fn a_head_that_did_not_converge_says_so() {
    let desk = Desk::with_sets();
    let ran = desk.ok("head fit train.npz -c 1000 --max-iterations 2 -o learned.npz");
    says(ran.text(), &["Not converged", "--max-iterations"]);
}

#[test]
fn heads_are_not_learned_from_what_does_not_name_classes() {
    let desk = Desk::with_sets();
    let error = desk.refuses("head fit odd.npz -o head.npz");
    says(&error, &["odd.npz", "labels"]);
    let gap = made::usual(600, 1);
    let labels = gap.rows().labels.iter().map(|label| 2 * label).collect();
    made::write(&desk, &gap.with_labels(labels).unwrap(), "gap.npz");
    let error = desk.refuses("head fit gap.npz -o head.npz");
    says(&error, &["gap.npz", "no row has label 1", "without a gap"]);
    let error = desk.refuses("head fit train.npz -o head.csv");
    says(&error, &["head.csv", ".npz"]);
}

#[test]
fn check_exits_with_0_where_head_and_logits_agree() {
    let desk = Desk::with_sets();
    made::write(
        &desk,
        &with_logits(&made::usual(300, 5), &made::head()),
        "full.npz",
    );
    let ran = desk.ok("check full.npz --head head.npz");
    says(
        ran.text(),
        &["those of this head to single precision", "1.0000"],
    );
    let json = desk.ok("check full.npz --head head.npz --json").json();
    assert_eq!(
        (&json["agrees"], &json["rows"]),
        (&true.into(), &300.into())
    );

    let ran = desk.ok("check train.npz --head head.npz");
    says(ran.text(), &["no logits are stored"]);
}

#[test]
fn check_exits_with_1_and_says_what_is_likely_wrong() {
    let desk = Desk::with_sets();
    let head = made::head();
    // Rectified features give the logits, but those from before are stored.
    let before = made::usual(300, 5);
    let after: Vec<f32> = before.rows().features.iter().map(|x| x.max(0.0)).collect();
    let after = MemorySet::new("after")
        .with_features(after, made::DIM)
        .unwrap();
    let logits = with_logits(&after, &head).rows().logits.to_vec();
    made::write(
        &desk,
        &before.clone().with_logits(logits, 3).unwrap(),
        "before.npz",
    );

    // A head of as many classes as features, which a transposed weight fits.
    let square: Vec<f32> = (0..64)
        .map(|i| ((i * 37) % 23) as f32 / 11.0 - 1.0)
        .collect();
    let transposed = (0..64).map(|i| square[(i % 8) * 8 + i / 8]).collect();
    let bias: Vec<f32> = (0..8).map(|i| i as f32 / 10.0).collect();
    let square = Head::new(square, bias.clone(), 8).unwrap();
    made::write(
        &desk,
        &with_logits(&made::usual(300, 5), &square),
        "square.npz",
    );
    let transposed = Head::new(transposed, bias, 8).unwrap();
    transposed.save(&desk.path("transposed.npz")).unwrap();

    let other = Head::new(vec![0.5; 24], vec![0.0; 3], 8).unwrap();
    made::write(
        &desk,
        &with_logits(&made::usual(300, 5), &other),
        "other.npz",
    );

    for (set, head, words) in [
        ("before.npz", "head.npz", "before the activation ReLU"),
        ("square.npz", "transposed.npz", "stored transposed"),
        ("square.npz", "head.npz", "not of the same model"),
        ("other.npz", "head.npz", "little to do with this head"),
    ] {
        let ran = desk.run(&format!("check {set} --head {head} --json"));
        assert_eq!(ran.code, Some(1), "{set} {head}");
        let json = ran.json();
        assert_eq!(json["agrees"], false);
        says(json["diagnosis"].as_str().unwrap(), &[words]);
        // Wrapped to 80 columns on the way.
        let ran = desk.run(&format!("check {set} --head {head}"));
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    }
}

#[test]
fn heads_of_the_wrong_shape_are_refused() {
    let desk = Desk::with_sets();
    let fit = |head: &str| desk.refuses(&format!("fit --train train.npz --head {head} -o model"));
    Head::new(vec![0.5; 15], vec![0.0; 3], 5)
        .unwrap()
        .save(&desk.path("narrow.npz"))
        .unwrap();
    says(&fit("narrow.npz"), &["5", "8", "train.npz"]);

    let arrays = |weight: &[usize], bias: &[usize]| {
        let tensor = |shape: &[usize]| vec![0_u8; 4 * shape.iter().product::<usize>()];
        let (w, b) = (tensor(weight), tensor(bias));
        let view = |shape: &[usize], data| {
            safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.to_vec(), data)
                .unwrap()
        };
        let views = [("weight", view(weight, &w)), ("bias", view(bias, &b))];
        desk.put(
            "odd.safetensors",
            safetensors::serialize(views, None).unwrap(),
        );
        fit("odd.safetensors")
    };
    says(
        &arrays(&[8, 3], &[3]),
        &["odd.safetensors", "weight", "transposed", "weight.T"],
    );
    says(&arrays(&[4, 8], &[3]), &["weight", "[4, 8]", "3 classes"]);
    says(
        &arrays(&[3, 8, 1], &[3]),
        &["odd.safetensors", "weight", "[3, 8, 1]"],
    );
    says(
        &arrays(&[3, 8], &[3, 3]),
        &["odd.safetensors", "bias", "[3, 3]"],
    );
    says(&arrays(&[0, 8], &[0]), &["odd.safetensors", "no classes"]);
    says(
        &fit("new.npz"),
        &[
            "new.npz",
            "no array named `weight`",
            "features f32 [100, 8]",
        ],
    );
    desk.ok("convert new.npz:labels= new.npy");
    says(&fit("new.npy"), &["new.npy", "weight and bias"]);
    // The file of one class has no virtual logit to be compared with.
    Head::new(vec![0.5; 8], vec![0.0], 8)
        .unwrap()
        .save(&desk.path("one.npz"))
        .unwrap();
    made::write(&desk, &made::unusual(600, 1), "unlabelled.npz");
    let error = desk.refuses("fit --train unlabelled.npz --head one.npz -o model");
    says(&error, &["vim", "class"]);
}
