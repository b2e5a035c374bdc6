//! What a hostile bundle is put through; the fuzz target runs the same code.

use qualm_data::MemorySet;
use qualm_ood::{Bundle, DecideOptions, Decider, explain};

/// Reads bytes as a bundle and, where they are one, scores, decides and explains a row.
pub(crate) fn bundle(bytes: &[u8]) {
    let Ok(bundle) = Bundle::from_bytes("bundle", bytes) else {
        return;
    };
    let shape = bundle.shape();
    // Rows wider than the bytes could describe are not worth making.
    let widest = bytes.len().min(1 << 16);
    let (dim, classes) = (shape.dim.unwrap_or(1), shape.classes.unwrap_or(1));
    if dim > widest || classes > widest {
        return;
    }
    let rows = MemorySet::new("rows")
        .with_features(vec![0.5; 2 * dim], dim)
        .and_then(|set| set.with_logits(vec![0.25; 2 * classes], classes))
        .expect("two rows of these widths");
    let decider = Decider::new(
        &bundle,
        DecideOptions {
            per_class: true,
            ..DecideOptions::default()
        },
    )
    .unwrap_or_else(|_| Decider::scores_alone(&bundle));
    let _ = decider.run(&rows, &mut |_| Ok(()));
    let _ = explain(&bundle, &rows, 1);
    let _ = bundle.to_bytes();
}
