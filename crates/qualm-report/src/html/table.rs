//! Tables in HTML.

use maud::{Markup, html};

use crate::model::{Align, Cell, Table};

/// A table that scrolls sideways on its own where the page is narrow, its
/// first column staying in place.
pub(super) fn table(table: &Table) -> Markup {
    let title = table.title.as_deref().unwrap_or("");
    html! {
        figure {
            @if !title.is_empty() { figcaption { (title) } }
            // Reachable by keyboard, since it may have to be scrolled.
            div.scroll tabindex="0" role="region" aria-label=(if title.is_empty() { "Table" } else { title }) {
                table {
                    thead {
                        tr {
                            @for column in 0..table.width() {
                                th scope="col" class=[class(table.column_align(column))] {
                                    (table.column_name(column))
                                }
                            }
                        }
                    }
                    tbody {
                        @for row in table.full_rows() {
                            tr {
                                @for (column, cell) in row.into_iter().enumerate() {
                                    @let class = class(table.column_align(column));
                                    @if column == 0 {
                                        th scope="row" class=[class] { (content(cell)) }
                                    } @else {
                                        td class=[class] { (content(cell)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            @if let Some(note) = &table.note { p.note { (note) } }
        }
    }
}

fn class(align: Align) -> Option<&'static str> {
    (align == Align::Right).then_some("n")
}

fn content(cell: &Cell) -> Markup {
    if cell.is_strong() {
        html! { strong { (figures(cell.plain())) } }
    } else {
        figures(cell.plain())
    }
}

fn figures(cell: &Cell) -> Markup {
    match (cell, cell.figure(), cell.bounds()) {
        (Cell::Text(text), ..) => html! { (text) },
        (_, Some(figure), Some(bounds)) => html! {
            (minus(&figure)) " " small { (minus(&bounds)) }
        },
        (_, Some(figure), None) => html! { (minus(&figure)) },
        (_, None, _) => html! { span.missing { "–" } },
    }
}

/// A figure with the minus sign that is as wide as a digit.
fn minus(figure: &str) -> String {
    figure.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Column;

    #[test]
    fn headers_have_a_scope_and_figures_their_parts() {
        let table = Table::new([Column::text("set"), Column::number("AUROC")]).row([
            Cell::text("a<b"),
            Cell::interval(0.5, -0.25, 1.0, 2).strong(),
        ]);
        let drawn = super::table(&table).into_string();
        for part in [
            "<th scope=\"col\">set</th><th scope=\"col\" class=\"n\">AUROC</th>",
            "<th scope=\"row\">a&lt;b</th>",
            "<td class=\"n\"><strong>0.50 <small>[−0.25, 1.00]</small></strong></td>",
        ] {
            assert!(drawn.contains(part), "{part}\n{drawn}");
        }
    }
}
