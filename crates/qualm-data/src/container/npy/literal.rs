/// What the header of an npy file says about its array.
pub(super) struct Fields {
    /// NumPy's type string, or `records`.
    pub(super) descr: String,
    /// Whether the first index runs fastest.
    pub(super) fortran: bool,
    pub(super) shape: Vec<u64>,
}

/// Reads the Python dictionary of an npy header, which has three keys in any order.
pub(super) struct Literal<'a> {
    left: &'a [u8],
}

impl<'a> Literal<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { left: text }
    }

    /// The three values, or `None` where this is no such dictionary.
    pub(super) fn fields(mut self) -> Option<Fields> {
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        self.expect(b'{')?;
        while !self.accept(b'}') {
            let key = self.string()?;
            self.expect(b':')?;
            match key {
                "descr" => descr = Some(self.descr()?),
                "fortran_order" => fortran = Some(self.truth()?),
                "shape" => shape = Some(self.shape()?),
                _ => return None,
            }
            if !self.accept(b',') {
                self.expect(b'}')?;
                break;
            }
        }
        Some(Fields {
            descr: descr?,
            fortran: fortran?,
            shape: shape?,
        })
    }

    /// A type string; the list that describes records is kept as `records`.
    fn descr(&mut self) -> Option<String> {
        if !self.accept(b'[') {
            return self.string().map(str::to_owned);
        }
        let mut depth = 1;
        while depth > 0 {
            let (&next, _) = self.left.split_first()?;
            if next == b'\'' {
                self.string()?;
                continue;
            }
            self.left = &self.left[1..];
            match next {
                b'[' | b'(' => depth += 1,
                b']' | b')' => depth -= 1,
                _ => {}
            }
        }
        Some("records".to_owned())
    }

    fn shape(&mut self) -> Option<Vec<u64>> {
        let mut axes = Vec::new();
        self.expect(b'(')?;
        while !self.accept(b')') {
            axes.push(self.integer()?);
            if !self.accept(b',') {
                self.expect(b')')?;
                break;
            }
        }
        Some(axes)
    }

    fn integer(&mut self) -> Option<u64> {
        self.skip_space();
        let digits = self
            .left
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (number, left) = self.left.split_at(digits);
        self.left = left;
        let number = std::str::from_utf8(number).ok()?.parse().ok()?;
        // Python 2 wrote long integers as `3L`.
        self.accept(b'L');
        Some(number)
    }

    fn truth(&mut self) -> Option<bool> {
        self.skip_space();
        for (word, value) in [(&b"True"[..], true), (b"False", false)] {
            if let Some(left) = self.left.strip_prefix(word) {
                self.left = left;
                return Some(value);
            }
        }
        None
    }

    fn string(&mut self) -> Option<&'a str> {
        self.skip_space();
        let (&quote, rest) = self.left.split_first()?;
        if quote != b'\'' && quote != b'"' {
            return None;
        }
        let end = rest.iter().position(|&byte| byte == quote)?;
        self.left = &rest[end + 1..];
        std::str::from_utf8(&rest[..end]).ok()
    }

    fn accept(&mut self, byte: u8) -> bool {
        self.skip_space();
        match self.left.split_first() {
            Some((&first, rest)) if first == byte => {
                self.left = rest;
                true
            }
            _ => false,
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.accept(byte).then_some(())
    }

    fn skip_space(&mut self) {
        self.left = self.left.trim_ascii_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<(String, bool, Vec<u64>)> {
        let fields = Literal::new(text.as_bytes()).fields()?;
        Some((fields.descr, fields.fortran, fields.shape))
    }

    #[test]
    fn headers_of_every_vintage_are_read() {
        let modern = "{'descr': '<f2', 'fortran_order': False, 'shape': (3, 4), }   \n";
        assert_eq!(parse(modern), Some(("<f2".into(), false, vec![3, 4])));
        let python2 = "{'descr': '>f8', 'fortran_order': True, 'shape': (3L,)}";
        assert_eq!(parse(python2), Some((">f8".into(), true, vec![3])));
        let records =
            "{'shape': (), 'descr': [('a', '<i4', (2,)), ('b]', '<f8')], 'fortran_order': False}";
        assert_eq!(parse(records), Some(("records".into(), false, vec![])));
    }

    #[test]
    fn what_is_no_header_is_none() {
        for text in [
            "",
            "{",
            "{}",
            "{'descr': '<f2', 'fortran_order': False}",
            "{'descr': '<f2', 'fortran_order': 0, 'shape': (1,)}",
            "{'descr': '<f2', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f2', 'fortran_order': False, 'shape': (99999999999999999999,)}",
            "{'descr': '<f2', 'fortran_order': False, 'shape': (1 2)}",
            "{'descr': [[[, 'fortran_order': False, 'shape': (1,)}",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
