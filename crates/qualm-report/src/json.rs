//! A report as JSON, for programs.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::exact::Exact;
use crate::model::{Cell, Report};

/// The name of the format, so that a reader knows what it has found.
const FORMAT: &str = "qualm-report";
/// Raised when a reader of the last version would misread a document.
const VERSION: u32 = 1;

/// A report as indented JSON that ends with a line break.
///
/// The document is an object of `format` (`"qualm-report"`), `version` (1),
/// `title`, `summary` and `blocks`. A block has a `kind` (the name of its
/// [`Block`](crate::Block) variant in snake case) and its `content`. A table
/// holds its cells as objects:
///
/// | `kind` | other fields |
/// |---|---|
/// | `text` | `text` |
/// | `number` | `value`, `decimals` |
/// | `interval` | `value`, `lo`, `hi`, `decimals` |
/// | `p_value` | `value` |
/// | `missing` | |
///
/// and an emphasised cell has `"strong": true` besides. Every finite number
/// is written so that reading it back gives the same `f64`; the others are
/// the strings `"NaN"`, `"inf"` and `"-inf"`, since JSON has no numbers for
/// them and `null` means that there is no value. Curves keep all of their
/// points; histograms hold counts, not the values that were counted.
///
/// ```
/// use qualm_report::{Block, Report, to_json};
///
/// let json = to_json(&Report::new("Digits").push(Block::Text("Nothing yet.".into())));
/// let value: serde_json::Value = serde_json::from_str(&json)?;
/// assert_eq!(value["blocks"][0]["kind"], "text");
/// assert_eq!(value["blocks"][0]["content"], "Nothing yet.");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn to_json(report: &Report) -> String {
    #[derive(serde::Serialize)]
    struct Document<'a> {
        format: &'static str,
        version: u32,
        #[serde(flatten)]
        report: &'a Report,
    }
    let document = Document {
        format: FORMAT,
        version: VERSION,
        report,
    };
    let mut json = serde_json::to_string_pretty(&document)
        .expect("a report has only string keys and serialisers that do not fail");
    json.push('\n');
    json
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.plain() {
            Self::Text(text) => {
                map.serialize_entry("kind", "text")?;
                map.serialize_entry("text", text)?;
            }
            Self::Number { value, decimals } => {
                map.serialize_entry("kind", "number")?;
                map.serialize_entry("value", &Exact(*value))?;
                map.serialize_entry("decimals", decimals)?;
            }
            Self::Interval {
                value,
                lo,
                hi,
                decimals,
            } => {
                map.serialize_entry("kind", "interval")?;
                map.serialize_entry("value", &Exact(*value))?;
                map.serialize_entry("lo", &Exact(*lo))?;
                map.serialize_entry("hi", &Exact(*hi))?;
                map.serialize_entry("decimals", decimals)?;
            }
            Self::PValue(p) => {
                map.serialize_entry("kind", "p_value")?;
                map.serialize_entry("value", &Exact(*p))?;
            }
            Self::Missing | Self::Strong(_) => map.serialize_entry("kind", "missing")?,
        }
        if self.is_strong() {
            map.serialize_entry("strong", &true)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bars, Block, Column, Curves, Estimate, Histograms, Table};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn parsed(report: &Report) -> Value {
        serde_json::from_str(&to_json(report)).unwrap()
    }

    #[test]
    fn cells_keep_what_they_are() {
        let table = Table::new([Column::number("a")]).row([
            Cell::text("x"),
            Cell::number(0.1 + 0.2, 1).strong(),
            Cell::interval(0.5, f64::NEG_INFINITY, f64::NAN, 2),
            Cell::PValue(1e-9),
            Cell::Missing,
        ]);
        let json = parsed(&Report::new("t").push(table));
        assert_eq!(
            json["blocks"][0]["content"]["rows"][0],
            json!([
                {"kind": "text", "text": "x"},
                {"kind": "number", "value": 0.300_000_000_000_000_04, "decimals": 1, "strong": true},
                {"kind": "interval", "value": 0.5, "lo": "-inf", "hi": "NaN", "decimals": 2},
                {"kind": "p_value", "value": 1e-9},
                {"kind": "missing"},
            ])
        );
    }

    #[test]
    fn every_kind_of_block_is_named() {
        let report = Report::new("t")
            .push(Block::Heading("h".into()))
            .push(Block::Settings(vec![("seed".into(), "7".into())]))
            .push(Curves::new("c", "x", "y").push("a", vec![(0.0, f64::NAN)]))
            .push(Histograms::of("h", "x", 1, [("a", &[1.0, 3.0][..])]).line(2.0, "limit"))
            .push(Bars::new("b", "x", ["s"]).push(
                "m",
                vec![
                    None,
                    Some(Estimate {
                        value: 1.0,
                        lo: 0.5,
                        hi: f64::INFINITY,
                    }),
                ],
            ))
            .push(Block::Columns(vec![Block::Text("inner".into())]));
        let json = parsed(&report);
        let content = |i: usize| &json["blocks"][i]["content"];
        assert_eq!(json["format"], "qualm-report");
        assert_eq!(content(1), &json!([["seed", "7"]]));
        assert_eq!(content(2)["series"][0]["points"], json!([[0.0, "NaN"]]));
        assert_eq!(content(3)["series"][0]["counts"], json!([2]));
        assert_eq!(content(3)["edges"], json!([1.0, 3.0]));
        assert_eq!(content(4)["series"][0]["values"][0], Value::Null);
        assert_eq!(content(4)["series"][0]["values"][1]["hi"], "inf");
        assert_eq!(content(5)[0], json!({"kind": "text", "content": "inner"}));
    }

    proptest! {
        #[test]
        fn finite_numbers_come_back_to_the_bit(value in any::<f64>()) {
            prop_assume!(value.is_finite());
            let table = Table::new([Column::number("a")]).row([Cell::number(value, 0)]);
            let text = to_json(&Report::new("t").push(table));
            let line = text.lines().find_map(|l| l.trim().strip_prefix("\"value\": ")).unwrap();
            let read: f64 = line.trim_end_matches(',').parse().unwrap();
            prop_assert_eq!(read.to_bits(), value.to_bits());
        }
    }
}
