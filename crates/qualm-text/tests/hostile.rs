//! Every cut of a file of texts and every flipped byte is read or refused without a panic.

mod exercise;

const FILES: [&str; 4] = [
    "id,text,label\na,\"one, \"\"two\"\"\",0\nb,three,1\n",
    "text\tlabel\none two\tyes\nthree\tno\n",
    "{\"id\": \"a\", \"text\": \"one\\n\\u00e9\", \"label\": 0}\n{\"id\": \"b\", \"text\": \"\", \"label\": -1}\n",
    "one\n\n\u{feff}two \u{1f600}\r\nthree",
];

#[test]
fn every_cut_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    for file in FILES {
        for end in 0..=file.len() {
            exercise::texts(folder.path(), &file.as_bytes()[..end]);
        }
    }
}

#[test]
fn every_flipped_byte_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    for file in FILES {
        let mut bytes = file.as_bytes().to_vec();
        for at in 0..bytes.len() {
            for flip in [0x01, 0x08, 0x80, 0xff] {
                bytes[at] ^= flip;
                exercise::texts(folder.path(), &bytes);
                bytes[at] ^= flip;
            }
        }
    }
}

/// Found by fuzzing: a name of a column goes on in the next line.
#[test]
fn an_error_is_one_line_whatever_the_file_says() {
    let folder = tempfile::tempdir().unwrap();
    exercise::texts(folder.path(), b"\"\n");
}
