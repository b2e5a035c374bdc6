//! What the fuzz targets and the replay of their corpus do with arbitrary bytes: open, read a
//! bounded number of rows in chunks of changing size, and hold the readers to their promises.

use qualm_data::{Chunk, FeatureSet, Head, Source};

/// Numbers read of one input, so that a small file which honestly decompresses to much does not
/// stall the search.
const MAX_NUMBERS: usize = 1 << 22;

/// Bytes as a feature set.
pub(crate) fn feature_set(bytes: &[u8]) {
    for name in ["fuzz", "fuzz:logits=features", "fuzz:features=a,ids=b"] {
        if let Ok(set) = FeatureSet::from_bytes(name, bytes.to_vec()) {
            read(&set);
        }
    }
}

/// Bytes as a head.
pub(crate) fn head(bytes: &[u8]) {
    if let Ok(head) = Head::from_bytes("fuzz", bytes.to_vec()) {
        assert_eq!(head.weight().len(), head.classes() * head.dim());
        assert!(
            head.weight()
                .iter()
                .chain(head.bias())
                .all(|x| x.is_finite())
        );
    }
}

fn read(set: &FeatureSet) {
    let schema = set.schema();
    let (dim, classes) = (schema.dim.unwrap_or(0), schema.classes.unwrap_or(0));
    assert!(dim + classes > 0);
    let Ok(mut reader) = set.reader() else { return };
    let mut chunk = Chunk::default();
    let mut rows = 0;
    for rows_at_once in (1..=7).cycle() {
        let fits = (MAX_NUMBERS / (dim + classes)).min(rows_at_once);
        if fits == 0 || rows as usize * (dim + classes) > MAX_NUMBERS {
            return;
        }
        if reader.read(&mut chunk, fits).is_err() {
            return;
        }
        if chunk.rows == 0 {
            assert_eq!(rows, schema.rows);
            return;
        }
        assert_eq!(chunk.first_row, rows);
        assert!(chunk.rows <= fits);
        assert_eq!(chunk.features.len(), chunk.rows * dim);
        assert_eq!(chunk.logits.len(), chunk.rows * classes);
        let column = |there: bool, len: usize| assert_eq!(len, if there { chunk.rows } else { 0 });
        column(schema.labels, chunk.labels.len());
        column(schema.groups, chunk.groups.len());
        column(schema.ids, chunk.ids.len());
        // Either answer will do, as long as there is one.
        let _ = chunk.check_finite(set.name(), schema);
        rows += chunk.rows as u64;
    }
}
