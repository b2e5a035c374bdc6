use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempPath;

use crate::DataError;

/// A file that appears whole or not at all.
///
/// Bytes go to a temporary file in the same directory; [`AtomicFile::commit`] writes them
/// through to the disk and renames. On an error, a full disk or a drop before the commit the old
/// file stays as it was and the temporary one goes.
///
/// ```
/// use qualm_data::AtomicFile;
/// use std::io::Write;
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("scores.csv");
/// AtomicFile::save(&path, |file| writeln!(file, "id,score"))?;
/// assert_eq!(std::fs::read_to_string(&path).unwrap(), "id,score\n");
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug)]
pub struct AtomicFile {
    /// As the caller wrote it, for errors.
    path: PathBuf,
    /// Where the new file goes: `path` with its symbolic links followed.
    target: PathBuf,
    file: BufWriter<File>,
    temporary: Unfinished,
}

impl AtomicFile {
    /// Starts a file that will stand at `path`.
    ///
    /// # Errors
    /// [`DataError::Io`] when the directory cannot be written to, or when `path` is there and no
    /// regular file: renaming over a device would replace it.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        let failed = |source| DataError::io(path, "create", source);
        let old = match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => Some(metadata.permissions()),
            Ok(_) => return Err(failed(io::Error::other("it is there and no regular file"))),
            Err(_) => None,
        };
        let target = if old.is_some() {
            fs::canonicalize(path).map_err(failed)?
        } else {
            path.to_owned()
        };
        let (file, temporary) = Unfinished::beside(&target).map_err(failed)?;
        if let Some(permissions) = old {
            file.set_permissions(permissions).map_err(failed)?;
        }
        Ok(Self {
            path: path.to_owned(),
            target,
            file: BufWriter::with_capacity(1 << 16, file),
            temporary,
        })
    }

    /// Creates, lets `write` fill and commits a file.
    ///
    /// # Errors
    /// [`DataError::Io`] that names `path`, whichever step failed.
    pub fn save(
        path: impl AsRef<Path>,
        write: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> Result<(), DataError> {
        let mut file = Self::create(path)?;
        write(&mut file).map_err(|source| file.error(source))?;
        file.commit()
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// [`DataError::Io`] when the disk is full or the rename fails; the old file is untouched.
    pub fn commit(mut self) -> Result<(), DataError> {
        let done = self
            .file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all())
            .and_then(|()| self.temporary.persist(&self.target));
        done.map_err(|source| DataError::io(self.path, "write", source))
    }

    /// An error of writing, with the path that [`Write`] cannot know.
    pub fn error(&self, source: io::Error) -> DataError {
        match source.downcast::<DataError>() {
            Ok(ours) => ours,
            Err(source) => DataError::io(&self.path, "write", source),
        }
    }

    /// Where the file will stand, as it was asked for.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory that the file will stand in.
    pub(crate) fn directory(&self) -> &Path {
        directory_of(&self.target)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.file.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The temporary files of this process, for [`discard_unfinished`].
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    // A set of paths is whole after every call, even one that panicked.
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the temporary files of all [`AtomicFile`]s that are not committed.
///
/// For a program that is about to exit without unwinding, such as one that was interrupted.
/// A commit that comes later fails and leaves the old file.
pub fn discard_unfinished() {
    for path in std::mem::take(&mut *unfinished()) {
        // It is gone or cannot be removed; neither can be helped while the program ends.
        let _ = fs::remove_file(path);
    }
}

#[derive(Debug)]
struct Unfinished {
    path: Option<TempPath>,
}

impl Unfinished {
    fn beside(target: &Path) -> io::Result<(File, Self)> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".qualm-").suffix(".tmp");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // The default of a new file, less what the user's mask takes away.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let folder = directory_of(target);
        fs::metadata(folder)?;
        // The kind of error alone: the name of a temporary file tells a person nothing.
        let (file, path) = builder
            .tempfile_in(folder)
            .map_err(|error| io::Error::from(error.kind()))?
            .into_parts();
        unfinished().insert(path.to_path_buf());
        Ok((file, Self { path: Some(path) }))
    }

    fn persist(&mut self, target: &Path) -> io::Result<()> {
        let Some(path) = self.path.take() else {
            return Ok(());
        };
        unfinished().remove(&*path);
        path.persist(target).map_err(|error| error.error)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            unfinished().remove(&**path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only_entry(folder: &Path) -> String {
        let names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names.len(), 1, "{names:?}");
        names.into_iter().next().unwrap()
    }

    #[test]
    fn the_old_file_survives_whatever_goes_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "old").unwrap();

        let full = AtomicFile::save(&path, |file| {
            file.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        let message = full.unwrap_err().to_string();
        assert!(
            message.starts_with(&path.display().to_string()),
            "{message}"
        );

        let mut dropped = AtomicFile::create(&path).unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(only_entry(folder.path()), "out");

        AtomicFile::save(&path, |file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(only_entry(folder.path()), "out");
    }

    #[test]
    fn a_directory_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        assert!(AtomicFile::create(folder.path()).is_err());
        let error = AtomicFile::create(folder.path().join("no/such/place")).unwrap_err();
        assert!(!error.to_string().contains(".qualm-"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_permissions_kept_and_devices_refused() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        AtomicFile::save(&link, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(link.is_symlink());
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o640
        );
        assert!(AtomicFile::create("/dev/null").is_err());
    }
}
