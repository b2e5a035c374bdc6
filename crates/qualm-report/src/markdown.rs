//! A report as Markdown, for issues, pull requests and notebooks.

use crate::model::{Align, Block, Cell, Curves, Histograms, Report, Table};
use crate::sparkline::sparklines;
use crate::text::one_line;

/// Columns of text for histograms drawn in characters.
const SPARKLINE_WIDTH: usize = 72;

/// Decimals of estimates that stand in a table because they cannot be drawn.
const DECIMALS: u8 = 3;

/// A report as GitHub-flavoured Markdown.
///
/// Words are escaped, so that no name turns into a heading, emphasis, an HTML
/// element or another column. Histograms become lines of block
/// characters and estimates a table; curves are named, their points are in
/// [`to_json`](crate::to_json) and their picture in
/// [`to_html`](crate::to_html).
///
/// ```
/// use qualm_report::{Cell, Column, Report, Table, to_markdown};
///
/// let table = Table::new([Column::text("set"), Column::number("AUROC")])
///     .row([Cell::text("a|b"), Cell::number(0.939, 3).strong()]);
/// let markdown = to_markdown(&Report::new("Digits").push(table));
/// assert_eq!(markdown, "# Digits\n\n| set | AUROC |\n| :-- | --: |\n| a\\|b | **0.939** |\n");
/// ```
#[must_use]
pub fn to_markdown(report: &Report) -> String {
    let mut parts = vec![format!("# {}", escape(&report.title))];
    if !report.summary.is_empty() {
        parts.push(escape(&report.summary));
    }
    push_blocks(&report.blocks, &mut parts);
    parts.join("\n\n") + "\n"
}

fn push_blocks(blocks: &[Block], parts: &mut Vec<String>) {
    for block in blocks {
        match block {
            Block::Heading(text) => parts.push(format!("## {}", escape(text))),
            Block::Text(text) => parts.push(escape(text)),
            Block::Verdict(verdict) => parts.push(format!(
                "> **{}:** {}",
                verdict.tone.label(),
                escape(&verdict.text)
            )),
            Block::Table(table) => push_table(table, parts),
            Block::Curves(plot) => push_curves(plot, parts),
            Block::Histograms(plot) => push_histograms(plot, parts),
            Block::Bars(plot) => push_table(&plot.to_table(DECIMALS), parts),
            Block::Gallery(gallery) => {
                parts.push(format!("**{}**", escape(&gallery.title)));
                let lines = gallery.lines().map(|line| format!("- {}", escape(&line)));
                parts.push(lines.collect::<Vec<_>>().join("\n"));
            }
            Block::Settings(settings) => {
                let lines = settings
                    .iter()
                    .map(|(name, value)| format!("{}: {}", one_line(name), one_line(value)));
                parts.push(fenced(&lines.collect::<Vec<_>>()));
            }
            Block::Columns(blocks) => push_blocks(blocks, parts),
        }
    }
}

fn push_title(title: &str, parts: &mut Vec<String>) {
    if !title.is_empty() {
        parts.push(format!("**{}**", escape(title)));
    }
}

fn push_table(table: &Table, parts: &mut Vec<String>) {
    push_title(table.title.as_deref().unwrap_or(""), parts);
    let columns = 0..table.width();
    let header = columns.clone().map(|c| escape(table.column_name(c)));
    let rule = columns.map(|c| match table.column_align(c) {
        Align::Left => ":--".to_owned(),
        Align::Right => "--:".to_owned(),
    });
    let mut lines = vec![line(header), line(rule)];
    lines.extend(table.full_rows().map(|row| line(row.into_iter().map(cell))));
    parts.push(lines.join("\n"));
    parts.extend(table.note.as_deref().map(escape));
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

fn cell(cell: &Cell) -> String {
    let text = match cell.plain() {
        Cell::Text(text) => escape(text),
        figure => figure.to_string(),
    };
    if cell.is_strong() && !text.is_empty() {
        format!("**{text}**")
    } else {
        text
    }
}

fn push_curves(plot: &Curves, parts: &mut Vec<String>) {
    push_title(&plot.title, parts);
    let names: Vec<String> = plot.series.iter().map(|s| escape(&s.name)).collect();
    parts.push(format!(
        "*Plot: {} over {} for {}.*",
        escape(&plot.y_label),
        escape(&plot.x_label),
        names.join(", ")
    ));
    parts.extend(plot.remarks().iter().map(|remark| escape(remark)));
    parts.extend(plot.note.as_deref().map(escape));
}

fn push_histograms(plot: &Histograms, parts: &mut Vec<String>) {
    push_title(&plot.title, parts);
    let lines = sparklines(plot, SPARKLINE_WIDTH);
    if !lines.is_empty() {
        parts.push(fenced(&lines));
    }
    let mut about = vec![format!("Histograms of {}.", escape(&plot.x_label))];
    about.extend(plot.mark_in_words().map(|words| escape(&words)));
    about.extend(plot.remarks().iter().map(|remark| escape(remark)));
    about.extend(plot.note.as_deref().map(escape));
    parts.push(about.join(" "));
}

/// A code block behind a fence longer than any in it.
fn fenced(lines: &[String]) -> String {
    let longest = lines
        .iter()
        .flat_map(|line| line.split(|c| c != '`'))
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}", lines.join("\n"))
}

/// One line on which no character means anything but itself.
fn escape(text: &str) -> String {
    let text = one_line(text);
    let mut escaped = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let next = characters.peek().copied();
        match c {
            // Entities, since not every renderer lets a backslash keep HTML
            // from being HTML.
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => {
                if opens_block(&escaped, c, next) {
                    escaped.push('\\');
                }
                escaped.push(c);
            }
        }
    }
    escaped
}

/// Whether a character would make the line a heading, a rule or the item of
/// a list, numbered or not.
fn opens_block(before: &str, c: char, next: Option<char>) -> bool {
    let stands_alone = next.is_none_or(|next| next == ' ' || next == c);
    let numbered = !before.is_empty() && before.chars().all(|c| c.is_ascii_digit());
    match c {
        '#' | '+' | '-' | '=' => before.is_empty() && stands_alone,
        '.' | ')' => numbered && stands_alone,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bars, Column, Estimate, Tone, Verdict};

    #[test]
    fn nothing_in_a_name_is_markup() {
        for (text, escaped) in [
            ("a|b", "a\\|b"),
            ("react(p=90)+energy", "react(p=90)+energy"),
            ("<script>", "&lt;script&gt;"),
            ("[x](y) *b* _i_ `c`", "\\[x\\](y) \\*b\\* \\_i\\_ \\`c\\`"),
            ("# no heading", "\\# no heading"),
            ("- no list", "\\- no list"),
            ("1. no list", "1\\. no list"),
            ("two\nlines", "two lines"),
            ("p < 0.05 & more", "p &lt; 0.05 &amp; more"),
            ("C\\D", "C\\\\D"),
        ] {
            assert_eq!(escape(text), escaped);
        }
    }

    #[test]
    fn numbers_stay_numbers() {
        assert_eq!(cell(&Cell::number(0.939, 3)), "0.939");
        assert_eq!(cell(&Cell::number(-1.5, 1)), "-1.5");
        assert_eq!(cell(&Cell::interval(0.5, 0.4, 0.6, 1)), "0.5 [0.4, 0.6]");
        assert_eq!(cell(&Cell::PValue(0.0)), "<0.001");
        assert_eq!(escape("-1.5 and 2.5"), "-1.5 and 2.5");
    }

    #[test]
    fn a_fence_outlasts_what_it_holds() {
        assert_eq!(fenced(&["a ```` b".into()]), "`````text\na ```` b\n`````");
    }

    #[test]
    fn blocks_stand_apart() {
        let report = Report::new("T")
            .summary("S.")
            .push(Block::Heading("H".into()))
            .push(Verdict::new(Tone::Mixed, "Well."))
            .push(Block::Settings(vec![("seed".into(), "7".into())]))
            .push(Curves::new("ROC", "fpr", "tpr").push("a", vec![]));
        assert_eq!(
            to_markdown(&report),
            "# T\n\nS.\n\n## H\n\n> **Mixed:** Well.\n\n```text\nseed: 7\n```\n\n\
             **ROC**\n\n*Plot: tpr over fpr for a.*\n"
        );
    }

    #[test]
    fn rows_have_as_many_cells_as_the_header() {
        let table = Table::new([Column::text("a")]).row([Cell::text("x"), Cell::Missing]);
        let mut parts = Vec::new();
        push_table(&table, &mut parts);
        assert_eq!(parts, ["| a |  |\n| :-- | :-- |\n| x | – |"]);
    }

    #[test]
    fn estimates_become_a_table() {
        let e = Estimate {
            value: 0.5,
            lo: 0.4,
            hi: 0.6,
        };
        let markdown = to_markdown(
            &Report::new("T").push(Bars::new("B", "x", ["s"]).push("m", vec![Some(e)])),
        );
        assert!(
            markdown.contains("| s | 0.500 [0.400, 0.600] |"),
            "{markdown}"
        );
    }
}
