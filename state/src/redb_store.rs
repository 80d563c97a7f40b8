//! [`KeyValue`] over redb: a second engine to cross-check the first, and a way out.

use std::{io, path::Path};

use redb::{Database, Durability, ReadableDatabase, TableDefinition, TableError};

use crate::key_value::{Batch, KeyValue, KeyValueError, Visitor};

const ENGINE: &str = "redb";
const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("view");

/// A redb database with one table.
#[derive(Debug)]
pub struct RedbStore {
    database: Database,
}

impl RedbStore {
    /// Opens or creates the database in a folder.
    ///
    /// # Errors
    ///
    /// When redb fails.
    pub fn open(folder: &Path, cache_bytes: u64) -> Result<Self, KeyValueError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| KeyValueError::Device { engine: ENGINE, source })?;
        let cache_size = usize::try_from(cache_bytes).unwrap_or(usize::MAX);
        let database = Database::builder()
            .set_cache_size(cache_size)
            .create(folder.join("view.redb"))
            .map_err(|error| engine_error(error.into()))?;
        Ok(Self { database })
    }

    fn commit(&self, batch: Batch, durability: Durability) -> Result<(), redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(durability)?;
        {
            let mut table = transaction.open_table(TABLE)?;
            for (key, value) in batch.entries {
                match value {
                    Some(value) => table.insert(key.as_slice(), value.as_slice())?,
                    None => table.remove(key.as_slice())?,
                };
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn read<T>(
        &self,
        absent: T,
        read: impl FnOnce(&redb::ReadOnlyTable<&'static [u8], &'static [u8]>) -> Result<T, redb::Error>,
    ) -> Result<T, KeyValueError> {
        let transaction = self.database.begin_read().map_err(|error| engine_error(error.into()))?;
        match transaction.open_table(TABLE) {
            Ok(table) => read(&table).map_err(engine_error),
            Err(TableError::TableDoesNotExist(_)) => Ok(absent),
            Err(error) => Err(engine_error(error.into())),
        }
    }
}

fn engine_error(error: redb::Error) -> KeyValueError {
    match error {
        redb::Error::Io(source) => KeyValueError::Device { engine: ENGINE, source },
        redb::Error::DatabaseAlreadyOpen => KeyValueError::Device {
            engine: ENGINE,
            source: io::Error::from(io::ErrorKind::WouldBlock),
        },
        other => KeyValueError::Damaged { engine: ENGINE, detail: other.to_string() },
    }
}

impl KeyValue for RedbStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KeyValueError> {
        self.read(None, |table| Ok(table.get(key)?.map(|value| value.value().to_vec())))
    }

    fn scan(&self, start: &[u8], end: &[u8], visit: &mut Visitor<'_>) -> Result<(), KeyValueError> {
        if start >= end {
            return Ok(());
        }
        self.read((), |table| {
            for entry in table.range(start..end)? {
                let (key, value) = entry?;
                if visit(key.value(), value.value()).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    fn write(&self, batch: Batch) -> Result<(), KeyValueError> {
        self.commit(batch, Durability::None).map_err(engine_error)
    }

    fn sync(&self) -> Result<(), KeyValueError> {
        self.commit(Batch::default(), Durability::Immediate).map_err(engine_error)
    }
}
