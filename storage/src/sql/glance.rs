//! Reads of SQLite in the calling thread.
//!
//! The driver answers a statement in a thread of its own; to go there and back costs ten times what
//! finding a row by its key does. So what the control plane reads with every request is read right here, over
//! connections of their own. Always holds: they see one moment, as every reading transaction, and
//! cannot write; only short questions come here ([`rsvault_domain::ports::Store::glance`]).

use super::error::{glanced, unreadable};
use super::memo::{Memo, VERSION, question};
use rsvault_domain::ports::{StoreError, StoreResult};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags, Row};
use sqlx::types::Json;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// How long a lock is waited for. Readers of a WAL meet one only while it is recovered.
const PATIENCE: Duration = Duration::from_secs(1);
/// Connections kept open. More are opened when more are asked for, and closed after.
const KEPT: usize = 8;
/// Statements kept prepared on each; there are fewer that read.
const PREPARED: usize = 128;

/// A connection, and what it has read.
struct Reader {
    connection: Connection,
    memo: Memo,
}

/// The connections that are free.
pub(super) struct Glances {
    path: PathBuf,
    free: Mutex<Vec<Reader>>,
}

impl Glances {
    /// Of the database file at `path`, which must have its schema.
    pub(super) fn of(path: &Path) -> Arc<Self> {
        Arc::new(Self { path: path.to_owned(), free: Mutex::default() })
    }
    /// A reading transaction.
    pub(super) fn begin(self: &Arc<Self>) -> StoreResult<Glance> {
        let mut reader = match self.take() {
            Some(reader) => reader,
            None => Reader { connection: self.connect().map_err(glanced)?, memo: Memo::default() },
        };
        // The first read fixes the moment that the transaction sees.
        let version = (|| {
            reader.connection.prepare_cached("BEGIN")?.execute([])?;
            reader.connection.prepare_cached(VERSION)?.query_row([], |row| row.get(0))
        })();
        reader.memo.see(version.map_err(glanced)?);
        Ok(Glance { reader: Some(reader), home: self.clone() })
    }
    /// Closes those that are free.
    pub(super) fn close(&self) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
    fn take(&self) -> Option<Reader> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
    fn connect(&self) -> rusqlite::Result<Connection> {
        // One thread at a time has it: it is owned by its transaction.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        Ok(connection)
    }
}

/// An open reading transaction.
pub(super) struct Glance {
    /// There until it is dropped.
    reader: Option<Reader>,
    home: Arc<Glances>,
}

impl Glance {
    /// The statement with its parameters, whose numbers its text says.
    fn bound(&mut self, sql: &str, given: &[Value]) -> StoreResult<CachedStatement<'_>> {
        let reader = self.reader.as_ref().ok_or_else(|| StoreError::Broken("the transaction has ended".into()))?;
        let mut statement = reader.connection.prepare_cached(sql).map_err(glanced)?;
        for place in 1..=statement.parameter_count() {
            let number: Option<usize> = statement.parameter_name(place).and_then(|name| name.strip_prefix('$')?.parse().ok());
            let value = number.and_then(|n| given.get(n.checked_sub(1)?));
            let value = value.ok_or_else(|| StoreError::Broken(format!("parameter {place} of a statement is not bound")))?;
            statement.raw_bind_parameter(place, value).map_err(glanced)?;
        }
        Ok(statement)
    }
    /// All rows as domain types, remembered.
    pub(super) fn records<R: Plain, T: Told<R>>(&mut self, sql: &'static str, given: &[Value]) -> StoreResult<Vec<T>> {
        let question = question(sql, given);
        if let Some(known) = self.reader.as_ref().and_then(|reader| reader.memo.recall(&question)) {
            return Ok(known);
        }
        let records = self.rows::<R>(sql, given)?.into_iter().map(T::try_from).collect::<StoreResult<Vec<T>>>()?;
        if let Some(reader) = &mut self.reader {
            reader.memo.keep(question, &records);
        }
        Ok(records)
    }
    /// All rows.
    pub(super) fn rows<R: Plain>(&mut self, sql: &str, given: &[Value]) -> StoreResult<Vec<R>> {
        let mut statement = self.bound(sql, given)?;
        let at = R::COLUMNS.iter().map(|name| statement.column_index(name)).collect::<Result<Vec<_>, _>>().map_err(glanced)?;
        let mut cursor = statement.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = cursor.next().map_err(glanced)? {
            rows.push(R::read(row, &at)?);
        }
        Ok(rows)
    }
    /// The first column of the only row.
    pub(super) fn value<T: Found>(&mut self, sql: &str, given: &[Value]) -> StoreResult<T> {
        let mut statement = self.bound(sql, given)?;
        let mut cursor = statement.raw_query();
        let row = cursor.next().map_err(glanced)?.ok_or_else(|| StoreError::Broken("a statement that must give a row gave none".into()))?;
        column(row, "of a value", Some(0))
    }
    /// Runs a statement that gives no rows; on these connections it can change nothing.
    pub(super) fn execute(&mut self, sql: &str, given: &[Value]) -> StoreResult<u64> {
        self.bound(sql, given)?.raw_execute().map(|n| n as u64).map_err(glanced)
    }
}

impl Drop for Glance {
    fn drop(&mut self) {
        let Some(reader) = self.reader.take() else { return };
        // One that cannot end its transaction is of no more use, and is closed.
        if reader.connection.prepare_cached("ROLLBACK").and_then(|mut s| s.execute([])).is_ok() {
            let mut free = self.home.free.lock().unwrap_or_else(PoisonError::into_inner);
            if free.len() < KEPT {
                free.push(reader);
            }
        }
    }
}

/// A domain type that is made of a row.
pub(super) trait Told<R>: TryFrom<R, Error = StoreError> + Clone + Send + 'static {}
impl<R, T: TryFrom<R, Error = StoreError> + Clone + Send + 'static> Told<R> for T {}

/// A row as it is read here. `row!` makes it.
pub(super) trait Plain: Sized {
    /// Names of the columns.
    const COLUMNS: &'static [&'static str];
    /// Reads one; `at` are the places of the columns.
    fn read(row: &Row<'_>, at: &[usize]) -> StoreResult<Self>;
}

/// The value of a column.
pub(super) fn column<T: Found>(row: &Row<'_>, name: &str, at: Option<usize>) -> StoreResult<T> {
    let value = row.get_ref(at.unwrap_or(usize::MAX)).map_err(glanced)?;
    T::found(value).ok_or_else(|| unreadable(name, format_args!("a value of type {}", value.data_type())))
}

/// A value that can be bound.
pub(super) trait Given {
    /// As SQLite takes it.
    fn given(self) -> Value;
}
/// A value that can stand in a column.
pub(super) trait Found: Sized {
    /// From what SQLite gives; None if it is something else.
    fn found(value: ValueRef<'_>) -> Option<Self>;
}

impl Given for i64 {
    fn given(self) -> Value {
        Value::Integer(self)
    }
}
impl Found for i64 {
    fn found(value: ValueRef<'_>) -> Option<Self> {
        value.as_i64().ok()
    }
}
impl Given for bool {
    fn given(self) -> Value {
        Value::Integer(i64::from(self))
    }
}
impl Found for bool {
    fn found(value: ValueRef<'_>) -> Option<Self> {
        value.as_i64().ok().map(|n| n != 0)
    }
}
impl Given for String {
    fn given(self) -> Value {
        Value::Text(self)
    }
}
impl Given for &'static str {
    fn given(self) -> Value {
        Value::Text(self.to_owned())
    }
}
impl Found for String {
    fn found(value: ValueRef<'_>) -> Option<Self> {
        value.as_str().ok().map(str::to_owned)
    }
}
impl Given for Vec<u8> {
    fn given(self) -> Value {
        Value::Blob(self)
    }
}
impl Found for Vec<u8> {
    fn found(value: ValueRef<'_>) -> Option<Self> {
        value.as_blob().ok().map(<[u8]>::to_vec)
    }
}
impl Given for Uuid {
    fn given(self) -> Value {
        Value::Blob(self.as_bytes().to_vec())
    }
}
impl Found for Uuid {
    fn found(value: ValueRef<'_>) -> Option<Self> {
        value.as_blob().ok().and_then(|bytes| Self::from_slice(bytes).ok())
    }
}
impl<T: serde::Serialize> Given for Json<T> {
    fn given(self) -> Value {
        serde_json::to_string(&self.0).map_or(Value::Null, Value::Text)
    }
}
impl<T: serde::de::DeserializeOwned> Found for Json<T> {
    fn found(value: ValueRef<'_>) -> Option<Self> {
        serde_json::from_str(value.as_str().ok()?).ok().map(Json)
    }
}
impl<T: Given> Given for Option<T> {
    fn given(self) -> Value {
        self.map_or(Value::Null, Given::given)
    }
}
impl<T: Found> Found for Option<T> {
    fn found(value: ValueRef<'_>) -> Option<Self> {
        if value == ValueRef::Null { Some(None) } else { T::found(value).map(Some) }
    }
}
