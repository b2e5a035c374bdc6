//! An encoder written as ONNX computes what its formulas say.
#![cfg(feature = "run")]

use std::collections::BTreeMap;
use std::path::Path;

use qualm_data::MemorySet;
use qualm_onnx::{
    Axis, ExtractOptions, Extraction, Model, OnnxError, RuntimeOptions, TextFeatures, TextSession,
    encoder_model,
};
use qualm_text::{Pool, TextColumns, Texts, Tokenizer};
use safetensors::tensor::{Dtype, TensorView};

const WIDTH: usize = 4;
const HEADS: usize = 2;
const INNER: usize = 6;
const LAYERS: usize = 2;
const TOKENS: usize = 7;

const CONFIG: &str = r#"{"model_type": "bert", "hidden_size": 4, "num_hidden_layers": 2,
    "num_attention_heads": 2, "intermediate_size": 6, "vocab_size": 7,
    "max_position_embeddings": 8, "type_vocab_size": 2, "layer_norm_eps": 1e-5}"#;

const TOKENIZER: &str = r#"{"version": "1.0", "truncation": null, "padding": null,
    "added_tokens": [], "normalizer": {"type": "Lowercase"},
    "pre_tokenizer": {"type": "Whitespace"},
    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
    "decoder": null, "model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab":
        {"[PAD]": 0, "[CLS]": 1, "[SEP]": 2, "[UNK]": 3, "how": 4, "are": 5, "you": 6}}}"#;

type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// Made-up weights, by the names of a published encoder.
fn tensors() -> Tensors {
    let mut shapes: Vec<(String, Vec<usize>)> = vec![
        (
            "embeddings.word_embeddings.weight".into(),
            vec![TOKENS, WIDTH],
        ),
        (
            "embeddings.position_embeddings.weight".into(),
            vec![8, WIDTH],
        ),
        (
            "embeddings.token_type_embeddings.weight".into(),
            vec![2, WIDTH],
        ),
        ("embeddings.LayerNorm.weight".into(), vec![WIDTH]),
        ("embeddings.LayerNorm.bias".into(), vec![WIDTH]),
    ];
    for layer in 0..LAYERS {
        for (part, inputs, outputs) in [
            ("attention.self.query", WIDTH, WIDTH),
            ("attention.self.key", WIDTH, WIDTH),
            ("attention.self.value", WIDTH, WIDTH),
            ("attention.output.dense", WIDTH, WIDTH),
            ("intermediate.dense", WIDTH, INNER),
            ("output.dense", INNER, WIDTH),
        ] {
            let name = format!("encoder.layer.{layer}.{part}");
            shapes.push((format!("{name}.weight"), vec![outputs, inputs]));
            shapes.push((format!("{name}.bias"), vec![outputs]));
        }
        for part in ["attention.output.LayerNorm", "output.LayerNorm"] {
            let name = format!("encoder.layer.{layer}.{part}");
            shapes.push((format!("{name}.weight"), vec![WIDTH]));
            shapes.push((format!("{name}.bias"), vec![WIDTH]));
        }
    }
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let made = shapes.into_iter().map(|(name, shape)| {
        let numbers = (0..shape.iter().product()).map(|_| next()).collect();
        (name, (shape, numbers))
    });
    made.collect()
}

fn publish(folder: &Path, tensors: &Tensors, prefix: &str) {
    let bytes: BTreeMap<String, (Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, (shape, numbers))| {
            let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
            (format!("{prefix}{name}"), (shape.clone(), bytes))
        })
        .collect();
    let views = bytes.iter().map(|(name, (shape, bytes))| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap();
        (name.as_str(), view)
    });
    let file = safetensors::serialize(views, None).unwrap();
    std::fs::write(folder.join("model.safetensors"), file).unwrap();
    std::fs::write(folder.join("config.json"), CONFIG).unwrap();
    std::fs::write(folder.join("tokenizer.json"), TOKENIZER).unwrap();
}

/// The encoder in plain loops: a vector for each token of one text.
struct Plain<'t>(&'t Tensors);

impl Plain<'_> {
    fn tensor(&self, name: &str) -> Vec<f64> {
        self.0[name].1.iter().map(|&x| f64::from(x)).collect()
    }

    fn linear(&self, rows: &[Vec<f64>], name: &str) -> Vec<Vec<f64>> {
        let weight = self.tensor(&format!("{name}.weight"));
        let bias = self.tensor(&format!("{name}.bias"));
        let map = |row: &Vec<f64>| {
            let outputs = bias.iter().enumerate();
            outputs
                .map(|(output, bias)| {
                    let weight = &weight[output * row.len()..][..row.len()];
                    bias + weight.iter().zip(row).map(|(w, x)| w * x).sum::<f64>()
                })
                .collect()
        };
        rows.iter().map(map).collect()
    }

    fn normalise(&self, rows: &[Vec<f64>], name: &str) -> Vec<Vec<f64>> {
        let weight = self.tensor(&format!("{name}.weight"));
        let bias = self.tensor(&format!("{name}.bias"));
        let one = |row: &Vec<f64>| {
            let mean = row.iter().sum::<f64>() / row.len() as f64;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / row.len() as f64;
            let columns = row.iter().zip(&weight).zip(&bias);
            columns
                .map(|((x, w), b)| (x - mean) / (variance + 1e-5).sqrt() * w + b)
                .collect()
        };
        rows.iter().map(one).collect()
    }

    fn attention(&self, rows: &[Vec<f64>], layer: &str) -> Vec<Vec<f64>> {
        let part = |name: &str| self.linear(rows, &format!("{layer}attention.self.{name}"));
        let (queries, keys, values) = (part("query"), part("key"), part("value"));
        let mut context = vec![vec![0.0; WIDTH]; rows.len()];
        let d = WIDTH / HEADS;
        for head in 0..HEADS {
            let columns = head * d..(head + 1) * d;
            for (query, to) in queries.iter().zip(&mut context) {
                let weights: Vec<f64> = keys
                    .iter()
                    .map(|key| {
                        let product: f64 = columns.clone().map(|c| query[c] * key[c]).sum();
                        (product / (d as f64).sqrt()).exp()
                    })
                    .collect();
                let sum: f64 = weights.iter().sum();
                for (weight, value) in weights.iter().zip(&values) {
                    columns
                        .clone()
                        .for_each(|c| to[c] += weight / sum * value[c]);
                }
            }
        }
        self.linear(&context, &format!("{layer}attention.output.dense"))
    }

    fn encode(&self, ids: &[usize]) -> Vec<Vec<f64>> {
        let row = |table: &str, row: usize| {
            let table = self.tensor(&format!("embeddings.{table}_embeddings.weight"));
            table[row * WIDTH..][..WIDTH].to_vec()
        };
        let rows: Vec<Vec<f64>> = ids
            .iter()
            .enumerate()
            .map(|(place, &id)| {
                add(
                    &add(&row("word", id), &row("position", place)),
                    &row("token_type", 0),
                )
            })
            .collect();
        let mut hidden = self.normalise(&rows, "embeddings.LayerNorm");
        for layer in 0..LAYERS {
            let layer = format!("encoder.layer.{layer}.");
            let attended = sum(&hidden, &self.attention(&hidden, &layer));
            let attended = self.normalise(&attended, &format!("{layer}attention.output.LayerNorm"));
            let mut inner = self.linear(&attended, &format!("{layer}intermediate.dense"));
            for x in inner.iter_mut().flatten() {
                *x *= 0.5 * (1.0 + erf(*x / 2f64.sqrt()));
            }
            let outer = self.linear(&inner, &format!("{layer}output.dense"));
            hidden = self.normalise(&sum(&attended, &outer), &format!("{layer}output.LayerNorm"));
        }
        hidden
    }
}

fn add(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn sum(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    a.iter().zip(b).map(|(a, b)| add(a, b)).collect()
}

/// The error function by its series, which converges for the small numbers here.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..100 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    2.0 / std::f64::consts::PI.sqrt() * sum
}

fn extract(folder: &Path, text: &str, features: TextFeatures) -> Result<MemorySet, OnnxError> {
    let model = Model::from_bytes("encoder", encoder_model(folder)?)?;
    let session = TextSession::new(
        &model,
        Some(features),
        None,
        None,
        false,
        RuntimeOptions::with_threads(1),
    )?;
    let path = folder.join("texts.txt");
    std::fs::write(&path, text).unwrap();
    let texts = Texts::open(&path, &TextColumns::default())?;
    let tokenizer = Tokenizer::open(&folder.join("tokenizer.json"), None)?;
    let options = ExtractOptions {
        batch: 2,
        ..ExtractOptions::default()
    };
    let extraction = Extraction::of_texts(session, texts, tokenizer, options);
    Ok(MemorySet::read(&extraction)?)
}

#[test]
fn tokens_come_out_as_the_formulas_say() {
    let folder = tempfile::tempdir().unwrap();
    let tensors = tensors();
    let plain = Plain(&tensors);
    let ids: [&[usize]; 3] = [&[1, 4, 5, 6, 2], &[1, 3, 2], &[1, 6, 5, 2]];
    let text = "how are you\nwhat\nyou are";
    for prefix in ["", "bert."] {
        publish(folder.path(), &tensors, prefix);
        for (pool, name) in [(Pool::Mean, "mean"), (Pool::Cls, "cls"), (Pool::Max, "max")] {
            let set = extract(folder.path(), text, TextFeatures::Pooled(pool)).unwrap();
            for (ids, features) in ids.iter().zip(set.rows().features.chunks(WIDTH)) {
                let hidden = plain.encode(ids);
                for (column, feature) in features.iter().enumerate() {
                    let numbers = hidden.iter().map(|row| row[column]);
                    let wanted = match pool {
                        Pool::Mean => numbers.sum::<f64>() / hidden.len() as f64,
                        Pool::Cls => hidden[0][column],
                        Pool::Max => numbers.fold(f64::MIN, f64::max),
                    };
                    let found = f64::from(*feature);
                    assert!((found - wanted).abs() < 1e-5, "{name}: {found} {wanted}");
                }
            }
        }
    }
}

#[test]
fn the_model_is_a_standard_one() {
    let folder = tempfile::tempdir().unwrap();
    publish(folder.path(), &tensors(), "");
    let model = Model::from_bytes("encoder", encoder_model(folder.path()).unwrap()).unwrap();
    assert_eq!(model.opsets().get(""), Some(&17));
    let inputs: Vec<_> = model.inputs().iter().map(|i| i.name.as_str()).collect();
    assert_eq!(inputs, ["input_ids", "attention_mask", "token_type_ids"]);
    assert_eq!(model.outputs()[0].name, "last_hidden_state");
    assert_eq!(model.outputs()[0].to_string(), "f32 texts x tokens x 4");
    let shape = model.outputs()[0].shape.as_ref().unwrap();
    assert_eq!(shape[2], Axis::Known(4));
}

#[test]
fn what_is_no_such_encoder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut tensors = tensors();
    publish(folder.path(), &tensors, "");
    let whole = extract(folder.path(), "how", TextFeatures::Whole).unwrap_err();
    assert!(
        whole.to_string().contains("--pool mean, cls or max"),
        "{whole}"
    );
    let headless = extract(folder.path(), "how", TextFeatures::Head).unwrap_err();
    assert!(headless.to_string().contains("--pool mean"), "{headless}");

    let config = |from: &str, to: &str| {
        std::fs::write(folder.path().join("config.json"), CONFIG.replace(from, to)).unwrap();
        encoder_model(folder.path()).unwrap_err().to_string()
    };
    for (from, to, words) in [
        ("bert", "roberta", "model_type `roberta`"),
        (
            "1e-5",
            "1e-5, \"hidden_act\": \"silu\"",
            "hidden_act `silu`",
        ),
        ("heads\": 2", "heads\": 3", "sizes are those of no model"),
        ("layers\": 2", "layers\": 0", "sizes are those of no model"),
        ("hidden_size", "size", "describes no BERT encoder"),
        (
            "vocab_size\": 7",
            "vocab_size\": 8",
            "shape [7, 4], where config.json makes it [8, 4]",
        ),
    ] {
        let error = config(from, to);
        assert!(error.contains(words), "{error}");
    }
    tensors.remove("encoder.layer.1.output.dense.bias");
    publish(folder.path(), &tensors, "");
    let error = encoder_model(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("encoder.layer.1.output.dense.bias"),
        "{error}"
    );
}

#[test]
fn every_cut_and_flipped_byte_of_a_config_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    publish(folder.path(), &tensors(), "");
    let reads = |config: &[u8]| {
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        if let Err(error) = encoder_model(folder.path()) {
            let error = error.to_string();
            assert!(!error.contains('\n'), "{error}");
        }
    };
    let mut config = CONFIG.as_bytes().to_vec();
    for end in 0..=config.len() {
        reads(&config[..end]);
    }
    for at in 0..config.len() {
        for flip in [0x01, 0x08, 0x80, 0xff] {
            config[at] ^= flip;
            reads(&config);
            config[at] ^= flip;
        }
    }
}
