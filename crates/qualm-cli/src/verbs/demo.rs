use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use qualm_data::{AtomicFile, FeatureSet, Head, Source};
use qualm_demo_data::File;

use super::bench::{Contest, How, hold};
use crate::{Ended, console};

/// ViM with the dimension of its spectrum, of the paper's rule and of OpenOOD, and what they are
/// compared with. The fitting rows are
/// fewer than the dimensions, so that Mahalanobis needs its ridge.
const METHODS: &str = "vim,vim-rule=vim(dim=rule),vim256=vim(dim=256),residual=residual(dim=256),\
                       msp,maxlogit,energy,knn=knn(k=50),mahalanobis=mahalanobis(ridge=0.01)";

/// Where the report goes unless another place is given.
const REPORT: &str = "qualm-report.html";

#[derive(Debug, Args)]
#[command(before_help = "Example:\n  qualm demo")]
pub(crate) struct Arguments {
    /// Write the embedded files to this folder instead: the examples of all verbs use them
    #[arg(
        long,
        value_name = "FOLDER",
        conflicts_with_all = ["html", "csv", "json", "require"]
    )]
    export: Option<PathBuf>,

    #[command(flatten)]
    how: How,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    if let Some(folder) = &arguments.export {
        return export(folder);
    }
    let open = |file: File| FeatureSet::from_bytes(file.name, file.bytes);
    let head = Head::from_bytes(qualm_demo_data::HEAD.name, qualm_demo_data::HEAD.bytes)?;
    let (train, test) = (open(qualm_demo_data::TRAIN)?, open(qualm_demo_data::VAL)?);
    let ood = qualm_demo_data::OOD
        .into_iter()
        .map(|file| Ok((file.name.to_owned(), open(file)?)))
        .collect::<anyhow::Result<Vec<(String, FeatureSet)>>>()?;
    let contest = Contest {
        train: &train,
        head: Some(&head),
        test: &test,
        ood: ood
            .iter()
            .map(|(name, set)| (name.clone(), set as &dyn Source))
            .collect(),
        reference: None,
        hold_back: 0.0,
        methods: METHODS,
        places: Vec::new(),
        settings: vec![(
            "data".to_owned(),
            "embedded: EfficientNet-Lite0 on ImageNet, even classes to fit, odd classes to test \
             (crates/qualm-demo-data/PROVENANCE.md)"
                .to_owned(),
        )],
    };
    let mut how = arguments.how.clone();
    how.html.get_or_insert_with(|| REPORT.into());
    hold(&contest, &how)
}

fn export(folder: &Path) -> anyhow::Result<Ended> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{}: cannot be made a folder", folder.display()))?;
    for file in qualm_demo_data::FILES {
        let path = folder.join(format!("{}.npz", file.name));
        AtomicFile::save(&path, |to| to.write_all(file.bytes))?;
    }
    // The classifier's last layer as a model of its own, for the verbs that take models.
    let head = Head::from_bytes(qualm_demo_data::HEAD.name, qualm_demo_data::HEAD.bytes)?;
    let model = qualm_onnx::head_model(&head);
    AtomicFile::save(folder.join("model.onnx"), |to| to.write_all(&model))?;
    console::note(&format!(
        "wrote {} files to {}",
        qualm_demo_data::FILES.len() + 1,
        folder.display()
    ));
    Ok(Ended::Well)
}
