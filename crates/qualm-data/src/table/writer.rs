use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use super::column::Stored;
use super::csv::CsvEncoder;
use super::jsonl::JsonlEncoder;
use super::output::Output;
#[cfg(feature = "parquet")]
use super::parquet::ParquetEncoder;
use super::safetensors::SafetensorsEncoder;
use super::{Encoder, TableColumn, TableField, TableFormat};
use crate::DataError;

/// Writes a table of named columns, batch by batch, to a file or a stream.
///
/// A file appears whole or not at all: until [`TableWriter::finish`], and if that fails, the old
/// file stays. Memory does not grow with the number of rows, except for safetensors, whose header
/// needs all rows: there a row takes 8 bytes a number, 1 a flag and the bytes of its id.
///
/// | format | numbers | `inf`, `NaN` | flags | missing values |
/// |---|---|---|---|---|
/// | CSV (RFC 4180) | shortest text that reads back the same | `inf`, `-inf`, `NaN` | `1`, `0` | empty field |
/// | JSONL | shortest text that reads back the same | `null` | `true`, `false` | `null` |
/// | Parquet | double | kept | boolean | null |
/// | safetensors | `F64` | kept | `BOOL` | refused |
///
/// ```
/// use qualm_data::{KeyColumn, TableColumn, TableField, TableFormat, TableWriter};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("scores.csv");
/// let fields = vec![
///     TableField::key("id"),
///     TableField::float("vim.score"),
///     TableField::flag("vim.flag"),
/// ];
/// let mut table = TableWriter::create(&path, TableFormat::from_path(&path)?, fields)?;
/// let ids = KeyColumn::Text(vec!["cat.png".into(), "x, y.png".into()]);
/// table.append(&[
///     TableColumn::Keys(&ids),
///     TableColumn::Floats(&[-3.25, 1e-7]),
///     TableColumn::Flags(&[false, true]),
/// ])?;
/// table.finish()?;
/// assert_eq!(
///     std::fs::read_to_string(&path).unwrap(),
///     "id,vim.score,vim.flag\ncat.png,-3.25,0\n\"x, y.png\",1e-7,1\n"
/// );
/// # Ok::<(), qualm_data::DataError>(())
/// ```
pub struct TableWriter {
    /// Path or stream, for errors.
    name: String,
    format: TableFormat,
    fields: Vec<TableField>,
    rows: u64,
    state: State,
}

enum State {
    /// No row has shown yet whether keys are integers or text.
    Waiting(Output),
    Writing {
        encoder: Box<dyn Encoder>,
        stored: Vec<Stored>,
    },
    /// A write failed and the output is gone.
    Failed,
}

impl TableWriter {
    /// Starts a table that will stand at `path`, or that goes to standard output as it is written
    /// where `path` is `-`.
    ///
    /// # Errors
    /// [`DataError::Io`] when the file cannot be created; [`DataError::Malformed`] when there are
    /// no columns, two have one name, or this build does not write the format.
    pub fn create(
        path: &Path,
        format: TableFormat,
        fields: Vec<TableField>,
    ) -> Result<Self, DataError> {
        if path == Path::new("-") {
            return Self::stream(Box::new(io::stdout()), "standard output", format, fields);
        }
        let name = path.display().to_string();
        check_fields(&name, format, &fields)?;
        Ok(Self::new(name, format, fields, Output::file(path)?))
    }

    /// Starts a table that goes to `to` as it is written; errors will call it `name`.
    ///
    /// # Errors
    /// As for [`TableWriter::create`].
    pub fn stream(
        to: Box<dyn Write + Send>,
        name: impl Into<String>,
        format: TableFormat,
        fields: Vec<TableField>,
    ) -> Result<Self, DataError> {
        let name = name.into();
        check_fields(&name, format, &fields)?;
        Ok(Self::new(name, format, fields, Output::stream(to)))
    }

    fn new(name: String, format: TableFormat, fields: Vec<TableField>, output: Output) -> Self {
        Self {
            name,
            format,
            fields,
            rows: 0,
            state: State::Waiting(output),
        }
    }

    /// Appends rows, given as columns in the order of the fields.
    ///
    /// # Errors
    /// [`DataError::Shape`] when the columns are not those that were announced, and nothing is
    /// written; [`DataError::Io`] when writing fails ([`DataError::is_broken_pipe`] tells a reader
    /// that has gone), after which the table is lost; [`DataError::Malformed`] when the format
    /// cannot hold a value.
    pub fn append(&mut self, columns: &[TableColumn<'_>]) -> Result<(), DataError> {
        let rows = self.check_columns(columns)?;
        if rows == 0 {
            return Ok(());
        }
        let (mut encoder, stored) = self.start(columns)?;
        let mut kinds = columns.iter().zip(&stored);
        if let Some(at) = kinds.position(|(column, stored)| column.stored() != *stored) {
            let field = &self.fields[at].name;
            self.state = State::Writing { encoder, stored };
            return Err(DataError::Shape(format!(
                "{}: `{field}` changes between integers and text at row {}; give all rows one kind",
                self.name, self.rows
            )));
        }
        encoder
            .append(columns, rows)
            .map_err(|error| failed(&self.name, error))?;
        self.state = State::Writing { encoder, stored };
        self.rows += rows as u64;
        Ok(())
    }

    /// Writes what is left and puts the file in its place.
    ///
    /// # Errors
    /// [`DataError::Io`] when the disk is full or an earlier write failed: the old file stays.
    pub fn finish(mut self) -> Result<(), DataError> {
        let (encoder, _) = self.start(&[])?;
        let output = encoder
            .finish()
            .map_err(|error| failed(&self.name, error))?;
        output.commit(&self.name)
    }

    /// Takes the encoder out, made from the kinds of the first rows where there is none yet. The
    /// state says failed until it is put back.
    fn start(
        &mut self,
        columns: &[TableColumn<'_>],
    ) -> Result<(Box<dyn Encoder>, Vec<Stored>), DataError> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Writing { encoder, stored } => Ok((encoder, stored)),
            State::Waiting(output) => {
                let stored: Vec<Stored> = self
                    .fields
                    .iter()
                    .enumerate()
                    .map(|(at, field)| field.stored(columns.get(at)))
                    .collect();
                let encoder = encoder(&self.name, self.format, output, &self.fields, &stored);
                Ok((encoder.map_err(|error| failed(&self.name, error))?, stored))
            }
            State::Failed => Err(DataError::io(
                &self.name,
                "write",
                io::Error::other("an earlier write failed, so the table is lost"),
            )),
        }
    }

    /// The number of rows, where `columns` are those that were announced.
    fn check_columns(&self, columns: &[TableColumn<'_>]) -> Result<usize, DataError> {
        let refuse = |problem: String| Err(DataError::Shape(format!("{}: {problem}", self.name)));
        if columns.len() != self.fields.len() {
            return refuse(format!(
                "{} columns are appended to a table of {}",
                columns.len(),
                self.fields.len()
            ));
        }
        let rows = columns.first().map_or(0, TableColumn::rows);
        for (field, column) in self.fields.iter().zip(columns) {
            if column.kind() != field.kind {
                return refuse(format!(
                    "`{}` was announced as {:?} and holds {:?}",
                    field.name,
                    field.kind,
                    column.kind()
                ));
            }
            if column.rows() != rows {
                return refuse(format!(
                    "`{}` has {} rows where `{}` has {rows}",
                    field.name,
                    column.rows(),
                    self.fields[0].name
                ));
            }
        }
        Ok(rows)
    }
}

impl fmt::Debug for TableWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableWriter")
            .field("name", &self.name)
            .field("format", &self.format)
            .field("fields", &self.fields)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

fn check_fields(name: &str, format: TableFormat, fields: &[TableField]) -> Result<(), DataError> {
    if fields.is_empty() {
        return Err(DataError::malformed(
            name,
            "the table has no columns to write",
        ));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = fields.iter().find(|field| !seen.insert(&field.name)) {
        return Err(DataError::malformed(
            name,
            format!("two columns go by the name `{}`; rename one", twice.name),
        ));
    }
    if format == TableFormat::Safetensors && seen.contains(&"__metadata__".to_owned()) {
        return Err(DataError::malformed(
            name,
            "safetensors keeps the name `__metadata__` for itself; rename the column",
        ));
    }
    if format == TableFormat::Parquet && cfg!(not(feature = "parquet")) {
        return Err(DataError::malformed(
            name,
            "this build does not write Parquet; build it with the cargo feature `parquet`",
        ));
    }
    Ok(())
}

fn encoder(
    name: &str,
    format: TableFormat,
    output: Output,
    fields: &[TableField],
    stored: &[Stored],
) -> io::Result<Box<dyn Encoder>> {
    Ok(match format {
        TableFormat::Csv => Box::new(CsvEncoder::new(output, fields)?),
        TableFormat::Jsonl => Box::new(JsonlEncoder::new(output, fields)?),
        TableFormat::Safetensors => Box::new(SafetensorsEncoder::new(name, output, fields, stored)),
        #[cfg(feature = "parquet")]
        TableFormat::Parquet => Box::new(ParquetEncoder::new(output, fields, stored)?),
        #[cfg(not(feature = "parquet"))]
        TableFormat::Parquet => return Err(io::ErrorKind::Unsupported.into()),
    })
}

/// An error of writing, with the name that encoders do not know.
fn failed(name: &str, error: io::Error) -> DataError {
    match error.downcast::<DataError>() {
        Ok(ours) => ours,
        Err(error) => DataError::io(name, "write", error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::testing::{failing_stream, failure};
    use super::*;
    use crate::KeyColumn;

    /// The formats of this build.
    fn formats() -> impl Iterator<Item = TableFormat> {
        let built =
            |&format: &TableFormat| cfg!(feature = "parquet") || format != TableFormat::Parquet;
        TableFormat::ALL.into_iter().filter(built)
    }

    fn fields() -> Vec<TableField> {
        vec![TableField::key("id"), TableField::float("score")]
    }

    #[test]
    fn the_old_file_survives_all_that_goes_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores");
        let (ints, texts) = (KeyColumn::Int(vec![1]), KeyColumn::Text(vec!["one".into()]));
        let good = [TableColumn::Keys(&ints), TableColumn::Floats(&[0.5])];
        let other_kind = [TableColumn::Keys(&texts), TableColumn::Floats(&[0.5])];
        for format in formats() {
            fs::write(&path, "old").unwrap();
            let mut table = TableWriter::create(&path, format, fields()).unwrap();
            table.append(&good).unwrap();
            let error = table.append(&other_kind).unwrap_err().to_string();
            assert!(
                error.contains("`id` changes") && error.contains("row 1"),
                "{error}"
            );
            drop(table);
            assert_eq!(fs::read_to_string(&path).unwrap(), "old", "{format}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

            // Rows that were refused have left no trace.
            let mut table = TableWriter::create(&path, format, fields()).unwrap();
            table.append(&good).unwrap();
            table.append(&other_kind).unwrap_err();
            table.finish().unwrap();
            let once = fs::read(&path).unwrap();
            let mut table = TableWriter::create(&path, format, fields()).unwrap();
            table.append(&good).unwrap();
            table.finish().unwrap();
            assert_eq!(fs::read(&path).unwrap(), once, "{format}");
            assert_ne!(once, b"old");
        }
    }

    #[test]
    fn a_reader_that_has_gone_is_told_from_a_full_disk() {
        let ids = KeyColumn::Int((0..20_000).collect());
        let scores: Vec<f64> = (0..20_000u32).map(|row| f64::from(row).sqrt()).collect();
        let batch = [TableColumn::Keys(&ids), TableColumn::Floats(&scores)];
        for format in formats() {
            let error = |kind| failing_stream(kind, format, &fields(), &[&batch, &batch]);
            let gone = error(io::ErrorKind::BrokenPipe);
            assert!(gone.is_broken_pipe(), "{format}: {gone}");
            let full = error(io::ErrorKind::StorageFull);
            assert!(!full.is_broken_pipe());
            assert!(
                full.to_string().starts_with("a stream: write failed: "),
                "{full}"
            );
        }
    }

    #[test]
    fn after_a_failed_write_the_table_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.safetensors");
        fs::write(&path, "old").unwrap();
        let fields = vec![TableField::float("p")];
        let mut table = TableWriter::create(&path, TableFormat::Safetensors, fields).unwrap();
        let missing = [TableColumn::OptionalFloats(&[Some(1.0), None])];
        table.append(&missing).unwrap_err();
        let again = table.append(&[TableColumn::Floats(&[1.0])]).unwrap_err();
        assert!(
            again.to_string().contains("an earlier write failed"),
            "{again}"
        );
        table.finish().unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    }

    #[test]
    fn columns_other_than_announced_are_refused() {
        let ids = KeyColumn::Int(vec![1, 2]);
        let refused = |columns: &[TableColumn<'_>]| {
            failure(TableFormat::Csv, &fields(), &[columns]).to_string()
        };
        let id = TableColumn::Keys(&ids);
        assert!(refused(&[id]).contains("1 columns are appended to a table of 2"));
        let flags = TableColumn::Flags(&[true, false]);
        assert!(refused(&[id, flags]).contains("`score` was announced as Float and holds Flag"));
        let short = TableColumn::Floats(&[0.5]);
        assert!(refused(&[id, short]).contains("`score` has 1 rows where `id` has 2"));
    }

    #[test]
    fn tables_that_no_format_holds_are_refused_before_the_file_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no/such/place.csv");
        let refused = |format, names: &[&str]| {
            let fields = names.iter().copied().map(TableField::float).collect();
            TableWriter::create(&path, format, fields)
                .unwrap_err()
                .to_string()
        };
        assert!(refused(TableFormat::Csv, &[]).contains("no columns"));
        assert!(refused(TableFormat::Csv, &["a", "b", "a"]).contains("the name `a`"));
        let kept = refused(TableFormat::Safetensors, &["__metadata__"]);
        assert!(kept.contains("rename"), "{kept}");
        assert!(refused(TableFormat::Csv, &["a"]).contains("create failed"));
        #[cfg(not(feature = "parquet"))]
        assert!(refused(TableFormat::Parquet, &["a"]).contains("does not write Parquet"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_however_late_it_is_noticed() {
        let ids = KeyColumn::Int(vec![1]);
        for format in formats() {
            let full = fs::OpenOptions::new()
                .write(true)
                .open("/dev/full")
                .unwrap();
            let mut table =
                TableWriter::stream(Box::new(full), "/dev/full", format, fields()).unwrap();
            table
                .append(&[TableColumn::Keys(&ids), TableColumn::Floats(&[0.5])])
                .unwrap();
            let error = table.finish().unwrap_err();
            assert!(
                error.to_string().contains("No space left"),
                "{format}: {error}"
            );
        }
    }
}
