use std::sync::Arc;

use parquet::arrow::arrow_reader::RowGroups;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;

use super::Input;
use crate::bytes::Bytes;

/// The row groups of a file, whose pages are checked before the library decodes them: it makes
/// room for as many values as a page claims to hold.
pub(super) struct Groups {
    pub(super) bytes: Bytes,
    pub(super) metadata: Arc<ParquetMetaData>,
}

impl RowGroups for Groups {
    fn num_rows(&self) -> usize {
        let rows = self
            .row_groups()
            .map(|group| usize::try_from(group.num_rows()).unwrap_or(0));
        rows.fold(0, usize::saturating_add)
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        Ok(Box::new(ColumnPages {
            bytes: self.bytes.clone(),
            metadata: self.metadata.clone(),
            column,
            group: 0,
        }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.metadata.row_groups().iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// The pages of one column, a row group at a time.
struct ColumnPages {
    bytes: Bytes,
    metadata: Arc<ParquetMetaData>,
    column: usize,
    group: usize,
}

impl Iterator for ColumnPages {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.metadata.row_groups().get(self.group)?;
        self.group += 1;
        let Some(column) = group.columns().get(self.column) else {
            return Some(Err(ParquetError::General(
                "a row group lacks a column".to_owned(),
            )));
        };
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        let pages =
            SerializedPageReader::new(Arc::new(Input(self.bytes.clone())), column, rows, None);
        Some(pages.map(|pages| Box::new(CheckedPages(pages)) as Box<dyn PageReader>))
    }
}

impl PageIterator for ColumnPages {}

/// Pages whose dictionaries hold as many values as they claim.
struct CheckedPages(SerializedPageReader<Input>);

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.0.get_next_page()?;
        match &page {
            // No type of dictionary values takes less than a byte.
            Some(Page::DictionaryPage {
                buf, num_values, ..
            }) if *num_values as usize > buf.len() => Err(ParquetError::General(format!(
                "a dictionary of {num_values} values in {} bytes",
                buf.len()
            ))),
            _ => Ok(page),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.0.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.0.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.0.at_record_boundary()
    }
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
