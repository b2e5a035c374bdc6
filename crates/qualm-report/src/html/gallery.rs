use maud::{Markup, html};

use crate::model::{Exhibit, Gallery, Shown};

/// Thumbnails side by side, texts one below the other.
pub(super) fn gallery(gallery: &Gallery) -> Markup {
    let texts = gallery
        .exhibits
        .iter()
        .any(|exhibit| !matches!(exhibit.shown, Shown::Picture { .. }));
    html! {
        figure.group {
            figcaption { (gallery.title) }
            ol.exhibits.texts[texts] {
                @for exhibit in &gallery.exhibits { (self::exhibit(exhibit)) }
            }
        }
    }
}

fn exhibit(exhibit: &Exhibit) -> Markup {
    let Exhibit { name, caption, .. } = exhibit;
    html! {
        li {
            @match &exhibit.shown {
                Shown::Picture { png } => {
                    img src={ "data:image/png;base64," (base64(png)) } alt=(name) title=(name);
                    small.name { (name) }
                }
                Shown::Text { text } => { span { (text) } small.name { (name) } }
                Shown::Passage { pieces } => {
                    span {
                        @for piece in pieces {
                            span.piece.selected[piece.selected].added[piece.added] { (piece.text) }
                        }
                    }
                    small.name { (name) }
                }
                Shown::Nothing => { span { (name) } }
            }
            small { (caption) }
        }
    }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            // A group of n bytes has n + 1 signs.
            text.push(match place <= group.len() {
                true => char::from(SIGNS[(bits >> (18 - 6 * place)) as usize & 63]),
                false => '=',
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Piece;

    #[test]
    fn base64_by_the_examples_of_the_standard() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn names_and_texts_are_escaped() {
        let shown = |shown| Exhibit {
            name: "<b>".into(),
            caption: "score 1".into(),
            shown,
        };
        let piece = Piece {
            text: "<u>".into(),
            selected: true,
            added: false,
        };
        let passage = Shown::Passage {
            pieces: vec![piece],
        };
        let page = gallery(
            &Gallery::new("Most suspicious")
                .push(shown(passage))
                .push(shown(Shown::Picture { png: vec![0] }))
                .push(shown(Shown::Text { text: "<i>".into() })),
        )
        .into_string();
        assert!(page.contains("data:image/png;base64,AA=="), "{page}");
        assert!(!page.contains("<b>") && !page.contains("<i>"), "{page}");
        assert!(page.contains("&lt;i&gt;"), "{page}");
        assert!(
            page.contains("<span class=\"piece selected\">&lt;u&gt;</span>"),
            "{page}"
        );
    }
}
