//! Bundles that are damaged, of another time, or for other rows.

use crate::desk::{Desk, says};

/// The bundle of `desk` with `old` replaced by `new` of the same length in its metadata.
fn edited(desk: &Desk, old: &str, new: &str) {
    assert_eq!(old.len(), new.len());
    let mut bytes = desk.bytes("model.qualm");
    let at = bytes
        .windows(old.len())
        .position(|window| window == old.as_bytes())
        .unwrap_or_else(|| panic!("`{old}` is not in the bundle"));
    bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
    desk.put("edited.qualm", bytes);
}

fn refused(desk: &Desk, bundle: &str) -> String {
    let said = desk.refuses(&format!("score {bundle} new.npz"));
    let others = [
        format!("calibrate {bundle} val.npz -o {bundle}"),
        format!("explain {bundle} new.npz --row 0"),
    ];
    for line in others {
        assert_eq!(desk.refuses(&line), said, "{line}");
    }
    said
}

#[test]
fn a_bundle_of_another_version() {
    let desk = Desk::with_model();
    edited(&desk, r#"\"format\":1"#, r#"\"format\":9"#);
    says(
        &refused(&desk, "edited.qualm"),
        &["edited.qualm: has format 9", "reads format 1", "fit it"],
    );
}

#[test]
fn a_bundle_with_a_method_that_is_not_known() {
    let desk = Desk::with_model();
    edited(&desk, r#"\"vim\",\"vim\""#, r#"\"vim\",\"wim\""#);
    says(
        &refused(&desk, "edited.qualm"),
        &["edited.qualm", "`wim`", "not known here"],
    );
}

#[test]
fn a_bundle_whose_head_was_exchanged() {
    let desk = Desk::with_model();
    let mut bytes = desk.bytes("model.qualm");
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let weight = tensors.tensor("head/weight").unwrap().data().to_vec();
    let at = bytes[8 + header..]
        .windows(weight.len())
        .position(|window| window == weight)
        .unwrap();
    let number = 1.25_f32.to_le_bytes();
    bytes[8 + header + at..][..4].copy_from_slice(&number);
    desk.put("edited.qualm", bytes);
    says(
        &refused(&desk, "edited.qualm"),
        &["edited.qualm", "weight", "hash"],
    );
}

#[test]
fn a_bundle_that_is_cut_short_or_has_bytes_too_many() {
    let desk = Desk::with_model();
    let whole = desk.bytes("model.qualm");
    for length in [0, 4, 100, whole.len() / 2, whole.len() - 1] {
        desk.put("cut.qualm", &whole[..length]);
        let error = refused(&desk, "cut.qualm");
        assert!(error.starts_with("cut.qualm: "), "{error}");
        says(&error, &["qualm fit"]);
    }
    desk.put("long.qualm", [whole.as_slice(), b"more"].concat());
    says(
        &refused(&desk, "long.qualm"),
        &["long.qualm: ", "qualm fit"],
    );
}

#[test]
fn what_is_no_bundle() {
    let desk = Desk::with_model();
    desk.ok("convert new.npz new.safetensors");
    for name in ["new.npz", "new.safetensors"] {
        desk.put("copy", desk.bytes(name));
        says(&refused(&desk, "copy"), &["copy: is not a", "qualm fit"]);
    }
    std::fs::create_dir(desk.path("folder")).unwrap();
    says(&desk.refuses("score folder new.npz"), &["folder"]);
}
