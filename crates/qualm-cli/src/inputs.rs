//! Opening what the user names.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use qualm_data::{FeatureSet, Head};
use sha2::{Digest, Sha256};

/// Opens the head that `spec` names, where one is given.
pub(crate) fn head(spec: Option<&str>) -> anyhow::Result<Option<Head>> {
    Ok(spec.map(Head::open).transpose()?)
}

/// A named feature set: `textures=textures.npz`.
#[derive(Debug, Clone)]
pub(crate) struct NamedSet {
    pub(crate) name: String,
    pub(crate) spec: String,
}

impl std::str::FromStr for NamedSet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, spec)) if !name.is_empty() && !spec.is_empty() => Ok(Self {
                name: name.to_owned(),
                spec: spec.to_owned(),
            }),
            _ => Err("write NAME=FILE, as in textures=textures.npz".to_owned()),
        }
    }
}

/// SHA-256 of each file of a feature set, for the settings of a report.
pub(crate) fn hashes(role: &str, set: &FeatureSet) -> anyhow::Result<Vec<(String, String)>> {
    set.files()
        .iter()
        .map(|path| Ok((format!("{role}: {}", path.display()), hash(path)?)))
        .collect()
}

/// SHA-256 of a file.
pub(crate) fn hash(path: &Path) -> anyhow::Result<String> {
    let mut file = File::open(path).with_context(|| format!("{}: open failed", path.display()))?;
    let mut sha = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file
            .read(&mut buffer)
            .with_context(|| format!("{}: read failed", path.display()))?;
        if read == 0 {
            break;
        }
        sha.update(&buffer[..read]);
    }
    let digits: String = sha
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(format!("sha256 {digits}"))
}
