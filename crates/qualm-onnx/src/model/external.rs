use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use qualm_data::DataError;

use super::read::Reader;
use crate::OnnxError;
use crate::proto::{Field, numbers};

/// Where the numbers of a tensor are that stand in another file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct External {
    /// A path below the model's folder.
    pub(crate) location: String,
    /// From which byte.
    pub(crate) offset: u64,
    /// How many bytes, where the model says.
    pub(crate) length: Option<u64>,
}

impl External {
    pub(super) fn read_entry(
        &mut self,
        reader: Reader<'_>,
        field: &Field,
    ) -> Result<(), OnnxError> {
        let (mut key, mut value) = (String::new(), String::new());
        for field in reader.message(field)? {
            let field = field?;
            match field.number {
                numbers::entry::KEY => key = reader.text(&field)?,
                numbers::entry::VALUE => value = reader.text(&field)?,
                _ => {}
            }
        }
        let number = || {
            value.parse().map_err(|_| {
                OnnxError::malformed(
                    reader.name,
                    format!("external data has `{key}` = `{value}`, which is no number of bytes"),
                )
            })
        };
        match key.as_str() {
            "offset" => self.offset = number()?,
            "length" => self.length = Some(number()?),
            "location" => self.location = value,
            _ => {}
        }
        Ok(())
    }

    /// Its file, which must stand in the model's folder: a model from elsewhere may not make this
    /// program read any file of the machine.
    pub(crate) fn path(&self, model: &str, folder: Option<&Path>) -> Result<PathBuf, OnnxError> {
        let location = &self.location;
        let wrong = |problem: &str| {
            OnnxError::malformed(model, format!("external data in `{location}` {problem}"))
        };
        let folder = folder.ok_or_else(|| {
            wrong("cannot be read for a model that is in memory; open the model's file")
        })?;
        let plain = Path::new(location)
            .components()
            .all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
        if location.is_empty() || !plain {
            return Err(wrong("is not below the model's folder, so it is not read"));
        }
        let path = folder.join(location);
        let real = |path: &Path| {
            fs::canonicalize(path).map_err(|source| DataError::io(path, "open", source))
        };
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        // A link may lead anywhere.
        if !real(&path)?.starts_with(real(folder)?) {
            return Err(wrong(
                "leads out of the model's folder, so it is not read; put the file itself there",
            ));
        }
        Ok(path)
    }

    /// Its bytes, `expected` of them.
    pub(crate) fn read(
        &self,
        model: &str,
        folder: Option<&Path>,
        expected: u64,
    ) -> Result<Vec<u8>, OnnxError> {
        let path = self.path(model, folder)?;
        let failed = |action| {
            let path = path.clone();
            move |source| OnnxError::Data(DataError::io(path, action, source))
        };
        let mut file = File::open(&path).map_err(failed("open"))?;
        let held = file.metadata().map_err(failed("open"))?.len();
        let length = self.length.unwrap_or(expected);
        let end = self.offset.checked_add(length);
        if length != expected || end.is_none_or(|end| end > held) {
            return Err(OnnxError::malformed(
                model,
                format!(
                    "a tensor of {expected} bytes is promised at byte {} of `{}`, which holds {held} bytes; copy it again beside the model",
                    self.offset, self.location
                ),
            ));
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(self.offset))
            .map_err(failed("read"))?;
        file.take(length)
            .read_to_end(&mut bytes)
            .map_err(failed("read"))?;
        if bytes.len() as u64 != length {
            return Err(failed("read")(std::io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(bytes)
    }
}
