//! How series are told apart: colour, dash and shape by position in the
//! legend.

use maud::{Markup, html};

/// Colours in the style sheet.
const COLOURS: usize = 8;
const DASHES: usize = 3;
const SHAPES: [&str; 4] = [
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "M-3.6-3.6h7.2v7.2h-7.2z",
    "M0-5.2L5.2 0 0 5.2-5.2 0z",
    "M0-4.8L4.9 3.6h-9.8z",
];

/// The classes of a series: 24 pairs of colour and dash differ. Dashes
/// change after four series, before colours begin to look alike.
pub(crate) fn classes(series: usize) -> String {
    format!("s{} d{}", series % COLOURS, series / 4 % DASHES)
}

/// The outline of a series' marker, around the origin.
pub(crate) fn marker(series: usize) -> &'static str {
    SHAPES[(series + series / COLOURS) % SHAPES.len()]
}

/// The classes of a histogram: among more than three, only the first is
/// filled, since many layers of colour mix into mud.
pub(crate) fn area_class(series: usize, of: usize) -> &'static str {
    if series > 0 && of > 3 {
        "area outline"
    } else {
        "area"
    }
}

/// What stands for a series in the legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Line,
    Area,
    Marker,
}

/// The series of a plot by name, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Legend {
    pub(crate) key: Key,
    pub(crate) names: Vec<String>,
}

impl Legend {
    /// A list of names, each behind its key.
    pub(crate) fn render(&self) -> Markup {
        html! {
            ul.legend {
                @for (series, name) in self.names.iter().enumerate() {
                    li class=(classes(series)) {
                        svg.key width="20" height="12" viewBox="-10 -6 20 12" aria-hidden="true" {
                            @match self.key {
                                Key::Line => path.line d="M-10 0H10" {},
                                Key::Area => path class=(area_class(series, self.names.len())) d="M-7 5V-5H7V5z" {},
                                Key::Marker => path.dot d=(marker(series)) {},
                            }
                        }
                        (name)
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn two_dozen_series_differ() {
        let looks: HashSet<String> = (0..24).map(classes).collect();
        assert_eq!(looks.len(), 24);
        let dots: HashSet<(usize, &str)> = (0..32).map(|i| (i % COLOURS, marker(i))).collect();
        assert_eq!(dots.len(), 32);
    }

    #[test]
    fn names_are_escaped() {
        let legend = Legend {
            key: Key::Line,
            names: vec!["<b>".into()],
        };
        assert!(legend.render().into_string().contains("&lt;b&gt;"));
    }
}
