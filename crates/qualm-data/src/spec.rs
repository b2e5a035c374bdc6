use std::path::Path;

use crate::{ArrayInfo, DataError};

/// A path as typed, split from the renames after it: `PATH` or `PATH:role=name,role=name`. An
/// empty name, as in `PATH:labels=`, leaves an array out that has its default name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) path: String,
    pub(crate) names: Names,
}

/// The names under which arrays are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    explicit: Vec<(&'static str, String)>,
}

impl Spec {
    /// Splits `text`, where `roles` are the arrays that can be renamed. What exists as a whole is
    /// a path, whatever colons it holds.
    pub(crate) fn parse(text: &str, roles: &[&'static str]) -> Result<Self, DataError> {
        if Path::new(text).exists() {
            return Ok(Self::whole(text));
        }
        Self::split(text, roles)
    }

    fn whole(text: &str) -> Self {
        Self {
            path: text.to_owned(),
            names: Names::default(),
        }
    }

    /// Like [`Spec::parse`] without a look at the disk: the renames begin at the first colon
    /// behind which all is renames, so a path may hold colons (`C:\train.npz`).
    pub(crate) fn split(text: &str, roles: &[&'static str]) -> Result<Self, DataError> {
        for (colon, _) in text.match_indices(':') {
            if let Some(explicit) = renames(&text[colon + 1..], roles) {
                let names = Names { explicit };
                names.check_once(text)?;
                return Ok(Self {
                    path: text[..colon].to_owned(),
                    names,
                });
            }
        }
        match text.rsplit_once(':') {
            Some((_, tail)) if tail.contains('=') => Err(unknown(text, tail, roles)),
            _ => Ok(Self::whole(text)),
        }
    }
}

fn unknown(text: &str, tail: &str, roles: &[&'static str]) -> DataError {
    DataError::malformed(
        text,
        format!(
            "`{tail}` renames no array; write ROLE=NAME where ROLE is one of {}",
            roles.join(", ")
        ),
    )
}

fn renames(text: &str, roles: &[&'static str]) -> Option<Vec<(&'static str, String)>> {
    text.split(',')
        .map(|item| {
            let item = item.trim();
            let (role, name) = item.split_once('=').unwrap_or((item, item));
            let role = roles.iter().find(|&&known| known == role.trim())?;
            Some((*role, name.trim().to_owned()))
        })
        .collect()
}

impl Names {
    fn check_once(&self, text: &str) -> Result<(), DataError> {
        for (at, (role, _)) in self.explicit.iter().enumerate() {
            if self.explicit[..at]
                .iter()
                .any(|(earlier, _)| earlier == role)
            {
                return Err(DataError::malformed(
                    text,
                    format!("`{role}` is named twice; name it once"),
                ));
            }
        }
        Ok(())
    }

    /// The name of the array of an `.npy`, which has none: the one that was asked for, else
    /// `features`.
    pub(crate) fn lone(&self) -> &str {
        match self.explicit.as_slice() {
            [(_, name)] => name,
            _ => "features",
        }
    }

    /// Where in `arrays` the one for `role` is. Without it, `None`, unless it was asked for.
    pub(crate) fn find(
        &self,
        origin: &str,
        role: &'static str,
        arrays: &[ArrayInfo],
    ) -> Result<Option<usize>, DataError> {
        let explicit = self.explicit.iter().find(|(known, _)| *known == role);
        let name = explicit.map_or(role, |(_, name)| name);
        if name.is_empty() {
            return Ok(None);
        }
        let at = arrays.iter().position(|array| array.name == name);
        if at.is_none() && explicit.is_some() {
            return Err(missing(origin, role, name, arrays));
        }
        Ok(at)
    }

    /// Like [`Names::find`] for an array that must be there.
    pub(crate) fn require(
        &self,
        origin: &str,
        role: &'static str,
        arrays: &[ArrayInfo],
    ) -> Result<usize, DataError> {
        self.find(origin, role, arrays)?
            .ok_or_else(|| missing(origin, role, role, arrays))
    }
}

fn missing(origin: &str, role: &'static str, name: &str, arrays: &[ArrayInfo]) -> DataError {
    /// A checkpoint may hold a thousand arrays; a sentence does not.
    const LISTED: usize = 12;
    let mut found: Vec<String> = arrays.iter().take(LISTED).map(ArrayInfo::brief).collect();
    if arrays.len() > LISTED {
        found.push(format!("{} more", arrays.len() - LISTED));
    }
    if found.is_empty() {
        found.push("no array".to_owned());
    }
    DataError::MissingArray {
        origin: origin.to_owned(),
        wanted: name.to_owned(),
        role,
        found: found.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, FloatType};

    const ROLES: &[&str] = &["features", "labels"];

    fn parse(text: &str) -> (String, Vec<(&'static str, String)>) {
        let spec = Spec::parse(text, ROLES).unwrap();
        (spec.path, spec.names.explicit)
    }

    #[test]
    fn renames_stand_behind_the_path() {
        assert_eq!(parse("a.npz"), ("a.npz".into(), vec![]));
        assert_eq!(
            parse("a.npz:features=penultimate, labels=y"),
            (
                "a.npz".into(),
                vec![("features", "penultimate".into()), ("labels", "y".into())]
            )
        );
        assert_eq!(
            parse("a.npy:labels"),
            ("a.npy".into(), vec![("labels", "labels".into())])
        );
        assert_eq!(
            parse("a.npz:labels="),
            ("a.npz".into(), vec![("labels", String::new())])
        );
        assert_eq!(
            parse("-:features=x"),
            ("-".into(), vec![("features", "x".into())])
        );
    }

    #[test]
    fn a_path_may_hold_colons() {
        assert_eq!(parse(r"C:\a.npz"), (r"C:\a.npz".into(), vec![]));
        assert_eq!(
            parse(r"C:\a.npz:features=block:0"),
            (r"C:\a.npz".into(), vec![("features", "block:0".into())])
        );
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("a.npz:features=x");
        std::fs::write(&odd, b"").unwrap();
        let text = odd.to_str().unwrap();
        assert_eq!(parse(text), (text.into(), vec![]));
    }

    #[test]
    fn slips_are_named() {
        let error = |text| Spec::parse(text, ROLES).unwrap_err().to_string();
        assert!(error("a.npz:feature=x").contains("features, labels"));
        assert!(error("a.npz:features=x,features=y").contains("twice"));
    }

    #[test]
    fn a_missing_array_lists_those_that_are_there() {
        let arrays = [ArrayInfo {
            name: "z".into(),
            dtype: DType::Float(FloatType::F16),
            shape: vec![3, 4],
            bytes: 24,
        }];
        let names = Spec::parse("a.npz:features=x", ROLES).unwrap().names;
        let message = names.find("a.npz", "features", &arrays).unwrap_err();
        assert_eq!(
            message.to_string(),
            "a.npz: no array named `x`; the file holds z f16 [3, 4] (rename with a.npz:features=NAME)"
        );
        assert_eq!(names.find("a.npz", "labels", &arrays).unwrap(), None);
    }
}
