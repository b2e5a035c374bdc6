//! The HTML page as a whole: small, well formed, deaf to what names say.

mod made_up;

use qualm_report::{
    Bars, Block, Cell, Column, Curves, Estimate, Histograms, Report, Table, Tone, Verdict, to_html,
};

/// Elements that HTML closes by itself.
const VOID: [&str; 1] = ["meta"];

/// Walks over every tag and checks that it is closed by its own name, and
/// returns the outermost `svg` elements as text.
fn check(page: &str) -> Vec<String> {
    let body = page
        .strip_prefix("<!DOCTYPE html>")
        .expect("a doctype comes first");
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut drawings = Vec::new();
    let mut at = 0;
    while let Some(start) = body[at..].find('<').map(|i| at + i) {
        let end = start + body[start..].find('>').expect("every tag ends");
        let tag = &body[start + 1..end];
        let name = tag
            .trim_start_matches('/')
            .split_whitespace()
            .next()
            .expect("every tag has a name");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "<{tag}>");
        if tag.starts_with('/') {
            let (opened, from) = open.pop().expect("a tag is closed that is open");
            assert_eq!(opened, name, "<{opened}> is closed by <{tag}>");
            if name == "svg" && open.iter().all(|(name, _)| *name != "svg") {
                drawings.push(body[from..=end].to_owned());
            }
        } else if !VOID.contains(&name) {
            open.push((name, start));
        }
        at = end + 1;
        if name == "style" && !tag.starts_with('/') {
            at += body[at..].find("</style>").expect("the style sheet ends");
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    drawings
}

fn hostile(name: &str) -> Report {
    let estimate = Estimate {
        value: 0.5,
        lo: 0.4,
        hi: f64::NAN,
    };
    Report::new(name)
        .summary(name)
        .push(Block::Heading(name.into()))
        .push(Block::Text(name.into()))
        .push(Verdict::new(Tone::Bad, name))
        .push(
            Table::new([Column::text(name), Column::number(name)])
                .title(name)
                .note(name)
                .row([Cell::text(name), Cell::text(name).strong()]),
        )
        .push(
            Curves::new(name, name, name)
                .note(name)
                .push(name, vec![(f64::NAN, 0.0), (1.0, 1.0)]),
        )
        .push(
            Histograms::of(name, name, 9, [(name, &[0.0, 1.0, f64::NAN][..])])
                .line(0.5, name)
                .note(name),
        )
        .push(
            Bars::new(name, name, [name])
                .note(name)
                .push(name, vec![Some(estimate)]),
        )
        .push(Block::Settings(vec![(name.into(), name.into())]))
}

#[test]
fn every_tag_is_closed_and_every_drawing_is_xml() {
    let drawings = check(&to_html(&made_up::report()));
    // 5 ROC plots, 8 histograms, the bars and the days; the keys of the
    // legends besides.
    assert_eq!(
        drawings
            .iter()
            .filter(|svg| svg.contains("role=\"img\""))
            .count(),
        15
    );
    for svg in drawings {
        let document = roxmltree::Document::parse(&svg).expect("SVG is XML");
        assert!(document.root_element().has_tag_name("svg"));
    }
}

#[test]
fn names_never_become_markup() {
    for name in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</style></title></svg><b>",
        "' onload='x",
        "&lt;b&gt; & co",
        "<!-- ",
        "]]>",
    ] {
        let page = to_html(&hostile(name));
        let markup = to_html(&hostile(&"x".repeat(name.chars().count())));
        for svg in check(&page) {
            roxmltree::Document::parse(&svg).expect("SVG is XML");
        }
        let tags = |page: &str| page.matches('<').count();
        assert_eq!(tags(&page), tags(&markup), "{name}");
        let quotes = |page: &str| page.matches('"').count();
        assert_eq!(quotes(&page), quotes(&markup), "{name}");
        let escaped = name
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        assert!(page.contains(&format!("<h1>{escaped}</h1>")), "{name}");
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = to_html(&made_up::report());
    for outside in [
        "http:", "https:", "//", "url(", "@import", "<script", "<link", "src=",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn a_page_of_five_sets_by_eight_methods_stays_small() {
    let size = to_html(&made_up::report()).len();
    assert!(size < 400_000, "{size} bytes");
}

#[test]
fn an_empty_report_and_empty_blocks_are_pages() {
    check(&to_html(&Report::new("")));
    let nothing: [(&str, &[f64]); 0] = [];
    let report = Report::new("t")
        .push(Table::new([]))
        .push(Curves::new("", "", ""))
        .push(Histograms::of("", "", 0, nothing))
        .push(Bars::new("", "", [""; 0]))
        .push(Block::Columns(vec![]))
        .push(Block::Settings(vec![]));
    check(&to_html(&report));
}
