//! Feature sets and a head that are made up: three classes in eight dimensions.

use qualm_data::{Format, Head, MemorySet, Precision, write_features};
use safetensors::tensor::{Dtype, TensorView};

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

/// Writes an encoder of texts of one layer as it would be published, to a folder.
pub(crate) fn encoder(desk: &Desk, folder: &str) {
    const CONFIG: &str = r#"{"model_type": "bert", "hidden_size": 2, "num_hidden_layers": 1,
        "num_attention_heads": 1, "intermediate_size": 3, "vocab_size": 4,
        "max_position_embeddings": 8, "type_vocab_size": 2}"#;
    let mut shapes: Vec<(String, Vec<usize>)> = Vec::new();
    for (table, rows) in [("word", 4), ("position", 8), ("token_type", 2)] {
        shapes.push((
            format!("embeddings.{table}_embeddings.weight"),
            vec![rows, 2],
        ));
    }
    let layer = "encoder.layer.0.";
    for (part, inputs, outputs) in [
        ("attention.self.query", 2, 2),
        ("attention.self.key", 2, 2),
        ("attention.self.value", 2, 2),
        ("attention.output.dense", 2, 2),
        ("intermediate.dense", 2, 3),
        ("output.dense", 3, 2),
    ] {
        shapes.push((format!("{layer}{part}.weight"), vec![outputs, inputs]));
        shapes.push((format!("{layer}{part}.bias"), vec![outputs]));
    }
    for norm in [
        "embeddings",
        "encoder.layer.0.attention.output",
        "encoder.layer.0.output",
    ] {
        shapes.push((format!("{norm}.LayerNorm.weight"), vec![2]));
        shapes.push((format!("{norm}.LayerNorm.bias"), vec![2]));
    }
    let mut noise = Noise(1);
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let numbers = (0..shape.iter().product()).map(|_| noise.next());
            let bytes = numbers.flat_map(f32::to_le_bytes).collect();
            (name, shape, bytes)
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap();
        (name.as_str(), view)
    });
    let file = safetensors::serialize(views, None).unwrap();
    std::fs::create_dir(desk.path(folder)).unwrap();
    desk.put(&format!("{folder}/model.safetensors"), file);
    desk.put(&format!("{folder}/config.json"), CONFIG);
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
