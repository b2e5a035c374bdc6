//! Version, completions, man pages.

use crate::desk::{Desk, says};

#[test]
fn the_version_is_that_of_the_package() {
    let ran = Desk::new().ok("--version");
    assert_eq!(
        ran.text(),
        concat!("qualm ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn every_shell_has_completions() {
    let desk = Desk::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = desk.ok(&format!("completions {shell}"));
        says(ran.text(), &["qualm", "calibrate", "hold-back"]);
    }
    assert_eq!(desk.run("completions tcsh").code, Some(2));
}

/// clap named the pages after the package.
#[test]
fn man_pages_were_called_qualm_cli() {
    let desk = Desk::new();
    desk.ok("man -o pages");
    let names: Vec<String> = std::fs::read_dir(desk.path("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in ["qualm.1", "qualm-score.1", "qualm-head-fit.1"] {
        assert!(names.iter().any(|known| known == name), "{names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("cli")), "{names:?}");
    says(&desk.text("pages/qualm-score.1"), &["qualm score", "false"]);
}

#[test]
fn a_folder_of_man_pages_that_cannot_be_made_is_named_with_its_reason() {
    let desk = Desk::new();
    desk.put("pages", "a file");
    let error = desk.refuses("man -o pages");
    says(&error, &["pages: cannot be written: ", "exists"]);
}
