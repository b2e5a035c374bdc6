//! A report as text for a terminal.

mod table;

use textwrap::Options;

use crate::model::{Block, Report, Table, Tone, Verdict};
use crate::sparkline::sparklines;
use crate::text::{one_line, width as columns_of};

/// Narrower terminals get lines of this width: below it, words are mush.
const NARROWEST: usize = 20;

const BOLD: &str = "1";
const DIM: &str = "2";

/// A report as text whose lines are at most `width` columns wide (at least
/// 20).
///
/// A table that is wider is split into groups of columns, each of which
/// repeats the first column. Histograms are drawn in block characters; other
/// plots are left to [`to_html`](crate::to_html) and counted where they would
/// stand. With `color`, ANSI escape sequences set off headings,
/// verdicts and emphasised cells; without, an asterisk precedes an
/// emphasised cell.
///
/// ```
/// use qualm_report::{Cell, Column, Report, Table, to_terminal};
///
/// let table = Table::new([Column::text("set"), Column::number("AUROC")])
///     .row([Cell::text("textures"), Cell::number(0.939, 3).strong()]);
/// let text = to_terminal(&Report::new("Digits").push(table), 80, false);
/// assert!(text.contains("textures   *0.939"));
/// ```
#[must_use]
pub fn to_terminal(report: &Report, width: usize, color: bool) -> String {
    let mut page = Page {
        text: String::new(),
        width: width.max(NARROWEST),
        color,
        undrawn: 0,
    };
    page.paragraph(&report.title, Some(BOLD));
    page.paragraph(&report.summary, None);
    page.blocks(&report.blocks);
    page.flush_undrawn();
    page.text
}

/// The text so far, and how to go on.
struct Page {
    text: String,
    width: usize,
    color: bool,
    /// Plots since the last block that was written.
    undrawn: usize,
}

impl Page {
    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            if !matches!(block, Block::Curves(_) | Block::Bars(_) | Block::Columns(_)) {
                self.flush_undrawn();
            }
            match block {
                Block::Heading(text) => self.heading(text),
                Block::Text(text) => self.paragraph(text, None),
                Block::Verdict(verdict) => self.verdict(verdict),
                Block::Table(table) => self.table(table),
                Block::Curves(_) | Block::Bars(_) => self.undrawn += 1,
                Block::Histograms(plot) => {
                    let lines = sparklines(plot, self.width);
                    if lines.is_empty() {
                        self.undrawn += 1;
                        continue;
                    }
                    self.paragraph(&plot.title, Some(BOLD));
                    self.lines(lines);
                    let words = plot.mark_in_words().into_iter().chain(plot.remarks());
                    let words: Vec<String> = words.chain(plot.note.clone()).collect();
                    self.continued(&words.join(" "), Some(DIM));
                }
                Block::Gallery(gallery) => {
                    self.paragraph(&gallery.title, Some(BOLD));
                    gallery.lines().for_each(|line| self.continued(&line, None));
                }
                Block::Settings(settings) => self.settings(settings),
                Block::Columns(blocks) => self.blocks(blocks),
            }
        }
    }

    /// Says how many plots were left out since the last block.
    fn flush_undrawn(&mut self) {
        match std::mem::take(&mut self.undrawn) {
            0 => {}
            1 => self.paragraph("(One plot, in the HTML form of this report.)", Some(DIM)),
            n => self.paragraph(
                &format!("({n} plots, in the HTML form of this report.)"),
                Some(DIM),
            ),
        }
    }

    /// Leaves a blank line before the next part.
    fn part(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn lines(&mut self, lines: impl IntoIterator<Item = impl AsRef<str>>) {
        for line in lines {
            self.text.push_str(line.as_ref());
            self.text.push('\n');
        }
    }

    /// Wraps a text onto lines of their own; an empty one leaves no trace.
    fn paragraph(&mut self, text: &str, style: Option<&str>) {
        if !one_line(text).is_empty() {
            self.part();
            self.continued(text, style);
        }
    }

    /// A paragraph without the blank line before it.
    fn continued(&mut self, text: &str, style: Option<&str>) {
        let text = one_line(text);
        if text.is_empty() {
            return;
        }
        let lines = textwrap::wrap(&text, self.width);
        let lines: Vec<String> = lines.iter().map(|line| self.styled(line, style)).collect();
        self.lines(lines);
    }

    fn styled(&self, text: &str, style: Option<&str>) -> String {
        match style.filter(|_| self.color) {
            Some(style) => format!("\u{1b}[{style}m{text}\u{1b}[0m"),
            None => text.to_owned(),
        }
    }

    fn heading(&mut self, text: &str) {
        self.paragraph(text, Some(BOLD));
        let longest = textwrap::wrap(&one_line(text), self.width)
            .iter()
            .map(|line| columns_of(line))
            .max()
            .unwrap_or(0);
        if longest > 0 {
            let rule = self.styled(&"─".repeat(longest), Some(DIM));
            self.lines([rule]);
        }
    }

    fn verdict(&mut self, verdict: &Verdict) {
        let color = match verdict.tone {
            Tone::Good => "32",
            Tone::Mixed => "33",
            Tone::Bad => "31",
            Tone::Note => "34",
        };
        self.part();
        let text = one_line(&verdict.text);
        let first = format!("{} ", verdict.tone.symbol());
        let options = Options::new(self.width)
            .initial_indent(&first)
            .subsequent_indent("  ");
        let lines: Vec<String> = textwrap::wrap(&text, options)
            .iter()
            .map(|line| self.styled(line, Some(color)))
            .collect();
        self.lines(lines);
    }

    fn table(&mut self, table: &Table) {
        self.paragraph(table.title.as_deref().unwrap_or(""), Some(BOLD));
        for (index, group) in table::groups(table, self.width, self.color)
            .iter()
            .enumerate()
        {
            if index > 0 || table.title.is_none() {
                self.part();
            }
            self.lines(group.lines());
        }
        self.continued(table.note.as_deref().unwrap_or(""), Some(DIM));
    }

    fn settings(&mut self, settings: &[(String, String)]) {
        let names: Vec<String> = settings.iter().map(|(name, _)| one_line(name)).collect();
        let longest = names.iter().map(|name| columns_of(name)).max().unwrap_or(0);
        // A very long name must leave room for values.
        let indent = (longest + 2).min(self.width / 2);
        let blank = " ".repeat(indent);
        self.part();
        for (name, (_, value)) in names.iter().zip(settings) {
            let pad = " ".repeat(indent.saturating_sub(columns_of(name)).max(1));
            let text = format!("{name}{pad}{}", one_line(value));
            // Two spaces in a row must survive: wrapping keeps them inside
            // of a line.
            let options = Options::new(self.width).subsequent_indent(&blank);
            let lines: Vec<String> = textwrap::wrap(&text, options)
                .into_iter()
                .map(|line| line.into_owned())
                .collect();
            self.lines(lines);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bars, Cell, Column, Curves, Histograms};
    use proptest::prelude::*;

    fn lines(report: &Report, width: usize) -> Vec<String> {
        to_terminal(report, width, false)
            .lines()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn a_page_reads_from_top_to_bottom() {
        let report = Report::new("Digits")
            .summary("One set.")
            .push(Block::Heading("Result".into()))
            .push(Verdict::new(
                Tone::Good,
                "ViM wins on every one of the sets.",
            ))
            .push(Block::Settings(vec![
                ("seed".into(), "7".into()),
                ("version".into(), "0.1.0".into()),
            ]))
            .push(Curves::new("ROC", "x", "y"))
            .push(Bars::new("AUROC", "x", ["a"]));
        assert_eq!(
            lines(&report, 30),
            [
                "Digits",
                "",
                "One set.",
                "",
                "Result",
                "──────",
                "",
                "✔ ViM wins on every one of the",
                "  sets.",
                "",
                "seed     7",
                "version  0.1.0",
                "",
                "(2 plots, in the HTML form of",
                "this report.)",
            ]
        );
    }

    #[test]
    fn histograms_are_drawn_in_characters() {
        let plot = Histograms::of("ViM", "score", 4, [("a", &[0.0, 1.0, 1.5, 4.0][..])]);
        let report = Report::new("T").push(plot.line(2.0, "limit"));
        assert_eq!(
            lines(&report, 40)[2..],
            ["ViM", "a  ▄█ ▄", "   0.00 4.00", "limit: 2.00."]
        );
    }

    #[test]
    fn color_marks_and_its_absence_is_plain() {
        let report = Report::new("T").push(Verdict::new(Tone::Bad, "No."));
        assert!(to_terminal(&report, 80, true).contains("\u{1b}[31m✘ No.\u{1b}[0m"));
        assert!(!to_terminal(&report, 80, false).contains('\u{1b}'));
    }

    /// Text as files may hold it: wide, combining, of no width, and commands.
    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[a-z ]{0,60}",
            "[a-z]{0,60}",
            "[中文é\u{301}\u{fe0f}☁لا👩‍👩‍👧\u{200b}\u{1b} -]{0,40}",
        ]
    }

    fn any_cell() -> impl Strategy<Value = Cell> {
        prop_oneof![
            any_text().prop_map(Cell::Text),
            (any::<f64>(), 0u8..20).prop_map(|(v, d)| Cell::number(v, d)),
            any::<(f64, f64, f64)>().prop_map(|(v, lo, hi)| Cell::interval(v, lo, hi, 3).strong()),
            any::<f64>().prop_map(Cell::PValue),
            Just(Cell::Missing),
        ]
    }

    fn any_block() -> impl Strategy<Value = Block> {
        let table = (
            prop::collection::vec(any_text(), 0..9),
            prop::collection::vec(prop::collection::vec(any_cell(), 0..9), 0..4),
            prop::option::of(any_text()),
        )
            .prop_map(|(names, rows, title)| {
                let mut table = Table::new(names.into_iter().map(Column::number));
                table.rows = rows;
                table.note.clone_from(&title);
                table.title = title;
                Block::Table(table)
            });
        let histograms =
            (any_text(), prop::collection::vec(any::<f64>(), 0..30)).prop_map(|(name, values)| {
                let plot = Histograms::of(name.as_str(), "x", 30, [(name.as_str(), &values[..])]);
                Block::Histograms(plot.line(0.5, name.as_str()))
            });
        prop_oneof![
            any_text().prop_map(Block::Heading),
            any_text().prop_map(Block::Text),
            any_text().prop_map(|text| Verdict::new(Tone::Note, text).into()),
            prop::collection::vec((any_text(), any_text()), 0..4).prop_map(Block::Settings),
            table,
            histograms,
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]
        #[test]
        fn no_line_is_wider_than_asked(
            title in any_text(),
            blocks in prop::collection::vec(any_block(), 0..5),
            width in 0usize..140,
        ) {
            let report = Report { title: title.clone(), summary: title, blocks };
            for line in to_terminal(&report, width, false).lines() {
                prop_assert!(columns_of(line) <= width.max(NARROWEST), "{width}: {line:?}");
            }
        }
    }
}
