//! Inputs beside their scores, for reports.

use std::path::{Path, PathBuf};

use qualm_data::{Chunk, Key, Source};
use qualm_report::{Exhibit, Shown};

/// Inputs in one gallery.
pub(crate) const SHOWN: usize = 12;

/// Characters of a text that are shown.
#[cfg(feature = "run-models")]
const LONGEST_TEXT: usize = 300;

/// Where the inputs of a set are: a folder of pictures, in which its ids are paths, or a file of
/// texts (.txt, .jsonl, .csv, .tsv), one for each row.
#[derive(Debug)]
pub(crate) enum Place {
    Folder(PathBuf),
    Texts(PathBuf),
}

impl Place {
    /// The folder or file that the user names, which must be there: reports come last, when much
    /// has been computed.
    pub(crate) fn of(path: &Path) -> anyhow::Result<Self> {
        if path.is_dir() {
            Ok(Self::Folder(path.to_owned()))
        } else if path.is_file() {
            if !cfg!(feature = "run-models") {
                anyhow::bail!(
                    "--inputs {}: this build cannot show texts; build it with the cargo feature `run-models`",
                    path.display()
                );
            }
            Ok(Self::Texts(path.to_owned()))
        } else {
            anyhow::bail!(
                "--inputs {}: there is neither a folder of pictures nor a file of texts",
                path.display()
            )
        }
    }
}

/// Rows of `source` with what they look like, in the order of `rows`: numbers and captions.
pub(crate) fn exhibits(
    source: &dyn Source,
    place: Option<&Place>,
    rows: &[(u64, String)],
) -> anyhow::Result<Vec<Exhibit>> {
    let ids = ids(source, rows)?;
    let texts = match place {
        Some(Place::Texts(path)) => texts(path, rows)?,
        _ => vec![String::new(); rows.len()],
    };
    let shown = ids.into_iter().zip(texts).zip(rows);
    Ok(shown
        .map(|((name, text), (_, caption))| Exhibit {
            shown: match place {
                Some(Place::Folder(folder)) => picture(folder, &name),
                Some(Place::Texts(_)) => Shown::Text { text },
                None => Shown::Nothing,
            },
            name,
            caption: caption.clone(),
        })
        .collect())
}

/// The places of `rows`, those with the smallest numbers first.
fn ascending(rows: &[(u64, String)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&at| rows[at].0);
    order
}

/// What the set calls these rows; their numbers where it has no names.
fn ids(source: &dyn Source, rows: &[(u64, String)]) -> anyhow::Result<Vec<String>> {
    let mut ids: Vec<String> = rows.iter().map(|(row, _)| format!("row {row}")).collect();
    if !source.schema().ids {
        return Ok(ids);
    }
    let (mut reader, mut chunk, mut next) = (source.reader()?, Chunk::default(), 0);
    for at in ascending(rows) {
        let row = rows[at].0;
        if row >= next {
            reader.skip(row - next)?;
            reader.read(&mut chunk, 1)?;
            next = row + 1;
        }
        match chunk.ids.get(0) {
            Some(Key::Text(id)) => ids[at] = id.to_owned(),
            Some(Key::Int(id)) => ids[at] = id.to_string(),
            None => {}
        }
    }
    Ok(ids)
}

/// A set may come from elsewhere, and its ids lead nowhere but below the folder.
#[cfg(feature = "run-models")]
fn picture(folder: &Path, id: &str) -> Shown {
    /// Pixels of the longer side.
    const SIDE: usize = 96;
    use std::path::Component;
    let below = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(id).components().all(below) {
        return Shown::Nothing;
    }
    match qualm_onnx::thumbnail(&folder.join(id), SIDE) {
        Ok(png) => Shown::Picture { png },
        Err(_) => Shown::Nothing,
    }
}

#[cfg(not(feature = "run-models"))]
fn picture(_: &Path, _: &str) -> Shown {
    Shown::Nothing
}

/// The texts of these rows, in a file as `model extract` takes it.
#[cfg(feature = "run-models")]
fn texts(path: &Path, rows: &[(u64, String)]) -> anyhow::Result<Vec<String>> {
    let texts = qualm_text::Texts::open(path, &qualm_text::TextColumns::default())?;
    let text = |(row, _): &(u64, String)| {
        let row = usize::try_from(*row).unwrap_or(usize::MAX);
        let text = texts.texts().get(row).map_or("", String::as_str);
        match text.char_indices().nth(LONGEST_TEXT) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        }
    };
    Ok(rows.iter().map(text).collect())
}

#[cfg(not(feature = "run-models"))]
fn texts(_: &Path, rows: &[(u64, String)]) -> anyhow::Result<Vec<String>> {
    Ok(vec![String::new(); rows.len()])
}

#[cfg(test)]
mod tests {
    use qualm_data::{KeyColumn, MemorySet};

    use super::*;

    fn set(ids: &[&str]) -> MemorySet {
        let set = MemorySet::new("set.npz").with_features(vec![0.0; ids.len()], 1);
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        set.unwrap().with_ids(KeyColumn::Text(ids)).unwrap()
    }

    fn rows(numbers: &[u64]) -> Vec<(u64, String)> {
        numbers.iter().map(|&row| (row, String::new())).collect()
    }

    #[test]
    fn rows_come_in_the_order_asked_for_and_twice_where_asked_twice() {
        let set = set(&["a", "b", "c"]);
        let shown = exhibits(&set, None, &rows(&[2, 0, 2])).unwrap();
        let names: Vec<&str> = shown.iter().map(|exhibit| exhibit.name.as_str()).collect();
        assert_eq!(names, ["c", "a", "c"]);
    }

    #[test]
    #[cfg(feature = "run-models")]
    fn texts_are_lines_or_columns() {
        let folder = tempfile::tempdir().unwrap();
        let long = "x".repeat(400);
        for (file, content) in [
            ("t.txt", format!("one\ntwo\n{long}\n")),
            (
                "t.jsonl",
                format!("{{\"text\":\"one\"}}\n{{\"text\":\"two\"}}\n{{\"text\":\"{long}\"}}\n"),
            ),
            ("t.csv", format!("id,text\na,one\nb,two\nc,{long}\n")),
        ] {
            let path = folder.path().join(file);
            std::fs::write(&path, content).unwrap();
            let place = Place::of(&path).unwrap();
            let set = set(&["a", "b", "c"]);
            let shown = exhibits(&set, Some(&place), &rows(&[2, 1])).unwrap();
            let text = |at: usize| match &shown[at].shown {
                Shown::Text { text } => text.clone(),
                other => panic!("{other:?}"),
            };
            assert_eq!(text(0).chars().count(), LONGEST_TEXT + 1);
            assert_eq!(text(1), "two");
        }
    }

    #[test]
    fn ids_lead_nowhere_but_below_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("below")).unwrap();
        // A picture of one pixel.
        let pixel: &[u8] = &[
            137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1,
            8, 0, 0, 0, 0, 58, 126, 155, 85, 0, 0, 0, 10, 73, 68, 65, 84, 120, 156, 99, 96, 0, 0,
            0, 2, 0, 1, 72, 175, 164, 113, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
        ];
        std::fs::write(folder.path().join("in.png"), pixel).unwrap();
        let place = Place::of(folder.path()).unwrap();
        let set = set(&["in.png", "below/../in.png", "gone.png"]);
        let shown = exhibits(&set, Some(&place), &rows(&[0, 1, 2])).unwrap();
        let pictures = shown
            .iter()
            .map(|exhibit| matches!(exhibit.shown, Shown::Picture { .. }));
        let pictures: Vec<bool> = pictures.collect();
        assert_eq!(pictures, [cfg!(feature = "run-models"), false, false]);
    }

    #[test]
    fn inputs_that_are_nowhere_are_told_before_all_else() {
        let error = Place::of(Path::new("nowhere")).unwrap_err().to_string();
        assert!(error.contains("neither a folder of pictures"), "{error}");
    }
}
