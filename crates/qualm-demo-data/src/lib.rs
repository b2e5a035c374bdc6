//! Real features of an ImageNet classifier and five out-of-distribution sets, embedded for qualm's
//! demo.
//!
//! Each file is a compressed NumPy archive; `PROVENANCE.md` beside this crate says where the
//! numbers come from.
//!
//! ```
//! let total: usize = qualm_demo_data::FILES.iter().map(|file| file.bytes.len()).sum();
//! assert!(total < 10_000_000, "a published crate may not exceed 10 MB");
//! ```

/// An embedded file.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its name without the extension, e.g. `textures`.
    pub name: &'static str,
    /// The `.npz` archive.
    pub bytes: &'static [u8],
}

macro_rules! file {
    ($name:literal) => {
        File {
            name: $name,
            bytes: include_bytes!(concat!("../data/", $name, ".npz")),
        }
    };
}

/// The head: `weight` (1000 x 1280) and `bias`.
pub const HEAD: File = file!("head");

/// Fitting rows: even classes, two crops an image, with `labels` and `groups`.
pub const TRAIN: File = file!("train");

/// In-distribution test rows: odd classes, with `labels`.
pub const VAL: File = file!("val");

/// Out-of-distribution rows, by set.
pub const OOD: [File; 5] = [
    file!("cifar10"),
    file!("fashion"),
    file!("noise"),
    file!("omniglot"),
    file!("textures"),
];

/// Every file.
pub const FILES: [File; 8] = [HEAD, TRAIN, VAL, OOD[0], OOD[1], OOD[2], OOD[3], OOD[4]];
