//! What the fuzz target and the replay of its corpus do with arbitrary bytes.

use qualm_onnx::{Additions, HeadSearch, Model};

/// Bytes as a model: read or refused, searched, and kept whole by an edit.
pub(crate) fn model(bytes: &[u8]) {
    let Ok(model) = Model::from_bytes("fuzz", bytes.to_vec()) else {
        return;
    };
    let (inputs, outputs) = (model.inputs().len(), model.outputs().len());
    assert!(model.operators().values().sum::<usize>() <= bytes.len());
    if let Ok(search) = HeadSearch::of(&model) {
        for found in &search.heads {
            // Weights are never larger than the file that holds them as bytes of one each.
            assert!(found.head.weight().len() <= bytes.len());
            assert!(found.head.weight().iter().all(|x| x.is_finite()));
        }
        let _ = search.choose(&model, None);
    }
    let mut additions = Additions::default();
    additions.node("Relu", "added", &["x"], &["added"], &[]);
    let edited = model.with(&additions);
    let edited = Model::from_bytes("edited", edited).expect("an edit keeps a model readable");
    assert_eq!(edited.inputs().len(), inputs);
    assert_eq!(edited.outputs().len(), outputs);
}
