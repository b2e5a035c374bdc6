//! Feature sets and a head that are made up: three classes in eight dimensions.

use qualm_data::{Format, Head, MemorySet, Precision, write_features};

use crate::desk::Desk;

pub(crate) const DIM: usize = 8;
pub(crate) const CLASSES: usize = 3;

/// Rows around the centre of each class in turn, with labels.
pub(crate) fn usual(rows: usize, seed: u64) -> MemorySet {
    let labels = (0..rows).map(|row| (row % CLASSES) as i64).collect();
    features(rows, seed, 0.0).with_labels(labels).unwrap()
}

/// Rows that leave the space of the usual ones, without labels.
pub(crate) fn unusual(rows: usize, seed: u64) -> MemorySet {
    features(rows, seed, 0.15)
}

fn features(rows: usize, seed: u64, away: f32) -> MemorySet {
    let mut noise = Noise(seed);
    let mut features = Vec::with_capacity(rows * DIM);
    for row in 0..rows {
        for column in 0..DIM {
            let centre = if column == row % CLASSES { 3.0 } else { 0.0 };
            let shift = if column >= DIM / 2 { away } else { 0.0 };
            // Later columns vary less, so that there are leading directions.
            features.push(centre + shift + noise.next() / (1 + column) as f32);
        }
    }
    MemorySet::new("made up")
        .with_features(features, DIM)
        .unwrap()
}

/// The head that tells the classes apart.
pub(crate) fn head() -> Head {
    let mut weight = vec![0.1; CLASSES * DIM];
    for class in 0..CLASSES {
        weight[class * DIM + class] = 2.0;
    }
    Head::new(weight, vec![0.1, 0.0, -0.1], DIM).unwrap()
}

/// Writes a set to `name`, in the format that its extension names.
pub(crate) fn write(desk: &Desk, set: &MemorySet, name: &str) {
    let path = desk.path(name);
    let format = Format::from_extension(&path).unwrap();
    write_features(set, &path, format, Precision::default()).unwrap();
}

/// A linear congruential generator with the constants of Knuth's MMIX: numbers in [-1, 1).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}
