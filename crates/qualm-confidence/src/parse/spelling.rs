//! Contractions and numbers in letters.

/// "don't" is "do" and "not": both words, and how many bytes of the text the second has.
pub(super) fn contraction(letters: &[u8]) -> Option<(&[u8], &'static [u8], usize)> {
    match letters {
        b"cannot" => return Some((&letters[..3], b"not", 3)),
        b"im" => return Some((&letters[..1], b"am", 1)),
        b"dont" => return Some((&letters[..2], b"not", 2)),
        b"cant" => return Some((&letters[..3], b"not", 1)),
        b"won't" => return Some((b"will", b"not", 3)),
        b"can't" => return Some((&letters[..3], b"not", 1)),
        _ => {}
    }
    let apostrophe = letters.iter().rposition(|&byte| byte == b'\'')?;
    let (head, tail) = (&letters[..apostrophe], &letters[apostrophe + 1..]);
    let word: &[u8] = match tail {
        b"m" => b"am",
        b"re" => b"are",
        b"d" => b"would",
        b"ll" => b"will",
        b"ve" => b"have",
        b"t" if head.ends_with(b"n") => {
            return Some((&head[..head.len() - 1], b"not", 1));
        }
        b"s" if matches!(
            head,
            b"it" | b"that" | b"there" | b"he" | b"she" | b"what" | b"this" | b"here"
        ) =>
        {
            b"is"
        }
        _ => return None,
    };
    Some((head, word, tail.len()))
}

/// The number that a word says.
pub(super) fn numeral(letters: &[u8]) -> Option<f64> {
    Some(match letters {
        b"zero" => 0.0,
        b"one" => 1.0,
        b"two" => 2.0,
        b"three" => 3.0,
        b"four" => 4.0,
        b"five" => 5.0,
        b"six" => 6.0,
        b"seven" => 7.0,
        b"eight" => 8.0,
        b"nine" => 9.0,
        b"ten" => 10.0,
        b"eleven" => 11.0,
        b"twelve" => 12.0,
        b"fifteen" => 15.0,
        b"twenty" => 20.0,
        b"thirty" => 30.0,
        b"forty" => 40.0,
        b"fifty" => 50.0,
        b"sixty" => 60.0,
        b"seventy" => 70.0,
        b"eighty" => 80.0,
        b"ninety" => 90.0,
        b"hundred" => 100.0,
        b"thousand" => 1000.0,
        b"million" => 1e6,
        _ => return None,
    })
}

/// "eighty" and "five" are 85, "two" and "hundred" 200; others stay apart.
pub(super) fn join(first: f64, second: f64) -> Option<f64> {
    if second >= 100.0 && first < second {
        return Some(first * second);
    }
    let tens = (20.0..100.0).contains(&first) && first % 10.0 == 0.0;
    (tens && (1.0..10.0).contains(&second)).then_some(first + second)
}

/// A phrase in the words that tokens become: lower case, contractions spelled out.
pub(super) fn words(phrase: &str) -> String {
    let lower = phrase.to_ascii_lowercase().replace('’', "'");
    let mut words: Vec<String> = Vec::new();
    let apart = |c: char| !(c.is_alphanumeric() || c == '\'' || c == '%');
    for word in lower.split(apart).filter(|word| !word.is_empty()) {
        let (word, percent) = match word.strip_suffix('%') {
            Some(word) => (word, true),
            None => (word, false),
        };
        match contraction(word.as_bytes()) {
            Some((head, tail, _)) => {
                words.push(String::from_utf8_lossy(head).into_owned());
                words.push(String::from_utf8_lossy(tail).into_owned());
            }
            None => words.push(word.to_owned()),
        }
        if percent {
            words.push("percent".to_owned());
        }
    }
    words.join(" ")
}
