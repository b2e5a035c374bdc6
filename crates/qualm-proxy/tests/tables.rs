//! Published tables beside TF-Bind-8: every design once, and what the learned oracles are worth.

mod common {
    pub(crate) mod data;
}

use common::data::data_file;
use qualm_proxy::tasks::{Gfp, NasBench201, olympus, parse_list};
use qualm_proxy::{Merge, Outside, Problem, Task, Truth};

#[test]
fn every_cell_once() {
    let Some(path) = data_file("data/nasbench201_mini/nasbench201_mini.csv.gz") else {
        return;
    };
    let task = NasBench201::read(&path, "cifar10-test").expect("the table is as published");
    let all = task.labelled(0).expect("a table has data");
    assert_eq!((all.designs().len(), all.merged()), (15_625, 0));
    assert_eq!(all.range().1, 89.16);
    let truth = task.evaluate(all.designs()).expect("a table does not fail");
    let labels = all.labels().iter().map(|label| Truth::Value(*label));
    assert!(truth.into_iter().eq(labels));
    // The table's first row.
    let first = qualm_proxy::Designs::new(vec![4.0, 2.0, 1.0, 2.0, 1.0, 1.0], 6);
    let truth = task.evaluate(&first).expect("a table does not fail");
    assert_eq!(truth, [Truth::Value(69.55)]);
}

#[test]
fn fluorescence_follows_summed_effects() {
    let Some(path) = data_file("data/gfp/avgfp.tsv.gz") else {
        return;
    };
    let task = Gfp::read(&path).expect("the table is as published");
    assert_eq!((task.space().width(), task.left_out()), (233, 3_909));
    let rank = task.rank().expect("scores differ");
    assert!((0.86..0.89).contains(&rank), "{rank}");
    let problem = Problem::new(&task, Outside::Clip, 0).expect("a tenth is visible");
    assert_eq!(problem.visible(), 5_000);
}

#[test]
fn every_table_of_experiments_is_read() {
    let Some(folder) = data_file("data/olympus") else {
        return;
    };
    let mut sets = 0;
    for entry in std::fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            let (space, all) = olympus(&path, None, Merge::Mean).expect("it is as published");
            assert!(all.designs().iter().all(|design| space.contains(design)));
            sets += 1;
        }
    }
    assert_eq!(sets, 22);
    // Shares that must sum to 1, and paints that are only said to.
    let (shares, _) = olympus(&folder.join("photo_wf3"), None, Merge::Mean).expect("as published");
    assert!(!shares.contains(&[0.5, 0.5, 0.5, 0.0]) && shares.contains(&[0.5, 0.0, 0.5, 0.0]));
    let (paints, _) = olympus(&folder.join("colors_bob"), None, Merge::Mean).expect("as published");
    assert!(paints.contains(&[0.5; 5]));
    let repeated = olympus(&folder.join("hplc"), None, Merge::Refuse);
    assert!(repeated.unwrap_err().to_string().contains("--aggregate"));
    let tasks = parse_list("olympus,olympus(set=photo_wf3)", folder.parent());
    for task in tasks.expect("both are large enough") {
        println!("{} {}", task.name(), task.oracle());
        assert!(task.oracle().to_string().contains("oracle, not truth"));
    }
}

#[test]
fn neighbours_tell_superconductors_better_than_a_smooth_model() {
    if data_file("data/supercon/Supercon_data_by_2018_Stanev.csv").is_none() {
        return;
    }
    let folder = data_file("data");
    let task = parse_list("supercon", folder.as_deref())
        .expect("as published")
        .remove(0);
    let oracle = task.oracle().to_string();
    let words = "learned: oracle, not truth: mean of the 5 nearest designs by 1/distance";
    assert!(oracle.starts_with(words), "{oracle}");
    let rank = oracle
        .split_once("correlation ")
        .and_then(|(_, rest)| rest.split(' ').next());
    let rank: f64 = rank.and_then(|rank| rank.parse().ok()).expect("it is said");
    assert!((0.70..0.75).contains(&rank), "{rank}");
    // Fractions of elements sum to 1, and truth is asked where they do.
    let mut design = vec![0.5; task.space().width()];
    assert!(!task.space().contains(&design));
    task.space().clip(&mut design);
    assert!((design.iter().sum::<f64>() - 1.0).abs() < 1e-9);
}
