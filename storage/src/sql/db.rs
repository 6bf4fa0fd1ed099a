//! One handle over both databases: `Db` opens transactions, `Tx` runs statements on one, be it at the
//! driver or right here ([`super::glance`]).
//!
//! Always holds: a writing transaction begins only when no other is open, so each sees all that the
//! one before it did; a reading one sees one moment and cannot write; dropping either rolls back;
//! every wait for a connection, a lock or a statement has a bound.

use super::error::{db, is_gone, missing};
use super::glance::{Found, Given, Glance, Plain, Told};
use super::rehearsal::Lent;
use crate::folder;
use rsvault_domain::ports::{StoreError, StoreResult};
use rusqlite::types::Value;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{FromRow, Pool, Postgres, Row, Sqlite};
use std::path::Path;
use std::time::Duration;

/// How long a caller waits for a connection or for its turn to write.
const PATIENCE: Duration = Duration::from_secs(15);
/// Readers that may be open at once.
const READERS: u32 = 8;
/// The advisory lock that makes the writers of all processes serial; any number, the same everywhere.
const WRITER_LOCK: &str = "SELECT pg_advisory_xact_lock(7778855800001)";

/// A value that both databases can take.
pub(super) trait Param:
    for<'q> sqlx::Encode<'q, Postgres> + sqlx::Type<Postgres> + for<'q> sqlx::Encode<'q, Sqlite> + sqlx::Type<Sqlite> + Given + Send + 'static
{
}
impl<T> Param for T where
    T: for<'q> sqlx::Encode<'q, Postgres>
        + sqlx::Type<Postgres>
        + for<'q> sqlx::Encode<'q, Sqlite>
        + sqlx::Type<Sqlite>
        + Given
        + Send
        + 'static
{
}

/// A row that both databases can give.
pub(super) trait Record: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Plain + Send + Unpin {}
impl<T> Record for T where T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Plain + Send + Unpin {}

/// Declares a private row struct and how it is read from either database, by column name.
macro_rules! row {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $($field:ident: $kind:ty),+ $(,)? }) => {
        $(#[$doc])*
        $vis struct $name { $($field: $kind),+ }
        impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for $name
        where
            &'static str: sqlx::ColumnIndex<R>,
            $($kind: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,)+
        {
            fn from_row(row: &'r R) -> sqlx::Result<Self> {
                Ok(Self { $($field: row.try_get(stringify!($field))?),+ })
            }
        }
        impl $crate::sql::glance::Plain for $name {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),+];
            fn read(row: &rusqlite::Row<'_>, at: &[usize]) -> rsvault_domain::ports::StoreResult<Self> {
                let mut at = at.iter().copied();
                Ok(Self { $($field: $crate::sql::glance::column(row, stringify!($field), at.next())?),+ })
            }
        }
    };
}
pub(super) use row;

/// One connection that writes, and some that read. Writers of this process queue for the first and
/// never use up the others.
pub(super) struct Pools<D: sqlx::Database> {
    pub(super) writer: Pool<D>,
    readers: Pool<D>,
}

/// An open database.
pub(super) enum Db {
    Pg(Pools<Postgres>),
    Sqlite(Pools<Sqlite>),
}

impl Db {
    /// Opens the SQLite file, making it (for its owner only) if it is not there.
    pub(super) async fn sqlite(path: &Path) -> StoreResult<Self> {
        create_private(path).map_err(|e| StoreError::Unavailable(format!("cannot open {}: {e}", path.display())))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        // A file does not go away between two statements: nothing to ask before each.
        let pool = SqlitePoolOptions::new().acquire_timeout(PATIENCE).test_before_acquire(false);
        // One writer: a second would only wait in SQLite's busy loop, and unfairly.
        let writer = pool.clone().max_connections(1).connect_with(options.clone()).await.map_err(db)?;
        // Readers connect when they are first asked for, after the migrations: one that knew the schema
        // from before them would give rows of the old width, on which the driver dies and says "no row".
        let readers = pool.max_connections(READERS).connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self::Sqlite(Pools { writer, readers }))
    }

    /// Connects to PostgreSQL.
    pub(super) async fn postgres(url: &str) -> StoreResult<Self> {
        let options: PgConnectOptions = url.parse().map_err(db)?;
        let patience = format!("{}s", PATIENCE.as_secs());
        // A client that dies in a transaction must not hold the writers' lock for ever.
        let options = options.options([
            ("lock_timeout", patience.as_str()),
            ("statement_timeout", "60s"),
            ("idle_in_transaction_session_timeout", "60s"),
        ]);
        // Nothing is asked of a connection before its first statement, which tells as well whether it stands ([`on_one_that_stands`]).
        let pool = PgPoolOptions::new().acquire_timeout(PATIENCE).test_before_acquire(false);
        let writer = pool.clone().max_connections(1).connect_with(options.clone()).await.map_err(db)?;
        let readers = pool.max_connections(READERS).connect_with(options).await.map_err(db)?;
        Ok(Self::Pg(Pools { writer, readers }))
    }

    /// A writing transaction, when its turn has come.
    pub(super) async fn begin(&self) -> StoreResult<Tx> {
        match self {
            Self::Pg(pools) => {
                let mut tx = on_one_that_stands(&pools.writer, "BEGIN").await?;
                sqlx::query(WRITER_LOCK).execute(&mut *tx).await.map_err(db)?;
                Ok(Tx::Pg(tx))
            }
            // A deferred transaction that reads and then writes fails at once when another has written
            // in between, whatever the busy timeout: take the lock at the start.
            Self::Sqlite(pools) => Ok(Tx::Sqlite(pools.writer.begin_with("BEGIN IMMEDIATE").await.map_err(db)?)),
        }
    }

    /// A reading transaction.
    pub(super) async fn read(&self) -> StoreResult<Tx> {
        Ok(match self {
            Self::Pg(pools) => Tx::Pg(on_one_that_stands(&pools.readers, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?),
            Self::Sqlite(pools) => Tx::Sqlite(pools.readers.begin().await.map_err(db)?),
        })
    }

    /// Closes all connections.
    pub(super) async fn close(&self) {
        match self {
            Self::Pg(pools) => pools.close().await,
            Self::Sqlite(pools) => pools.close().await,
        }
    }
}

/// Begins a transaction. A connection whose server went away while nobody used it says so now, when nothing was
/// done on it yet, and leaves the pool: the next is tried.
async fn on_one_that_stands(pool: &Pool<Postgres>, begin: &'static str) -> StoreResult<sqlx::Transaction<'static, Postgres>> {
    for _ in 0..READERS {
        match pool.begin_with(begin).await {
            Err(gone) if is_gone(&gone) => tracing::debug!(error = %gone, "a connection to PostgreSQL did not stand any more"),
            other => return other.map_err(db),
        }
    }
    pool.begin_with(begin).await.map_err(db)
}

impl<D: sqlx::Database> Pools<D> {
    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let home = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder::make(home)?;
    // SQLite gives the WAL the rights of the database file.
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(e),
        _ => folder::sync(home),
    }
}

/// An open transaction.
pub(super) enum Tx {
    Pg(sqlx::Transaction<'static, Postgres>),
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Here(Glance),
    Lent(Lent),
}

impl Tx {
    /// A statement, written once for both.
    pub(super) fn query(&mut self, sql: &'static str) -> Stmt<'_> {
        match self {
            Self::Pg(tx) => Stmt::Pg(tx, sqlx::query(sql)),
            Self::Sqlite(tx) => Stmt::Sqlite(tx, sqlx::query(sql)),
            Self::Here(glance) => Stmt::Here(glance, sql, Vec::new()),
            Self::Lent(lent) => lent.query(sql),
        }
    }
    /// A statement that only one of the two takes as the other is told it.
    pub(super) fn query_of(&mut self, postgres: &'static str, sqlite: &'static str) -> Stmt<'_> {
        let on_postgres = matches!(self.query(postgres), Stmt::Pg(..));
        self.query(if on_postgres { postgres } else { sqlite })
    }
    pub(super) async fn commit(self) -> StoreResult<()> {
        match self {
            Self::Pg(tx) => tx.commit().await,
            Self::Sqlite(tx) => tx.commit().await,
            Self::Here(_) => Ok(()),
            Self::Lent(lent) => return Box::pin(lent.commit()).await,
        }
        .map_err(db)
    }
}

/// A statement with what is bound to it so far.
pub(super) enum Stmt<'c> {
    Pg(&'c mut sqlx::PgConnection, Query<'static, Postgres, PgArguments>),
    Sqlite(&'c mut sqlx::SqliteConnection, Query<'static, Sqlite, SqliteArguments>),
    Here(&'c mut Glance, &'static str, Vec<Value>),
}

impl Stmt<'_> {
    /// Binds the next parameter.
    pub(super) fn bind(self, value: impl Param) -> Self {
        match self {
            Self::Pg(c, q) => Self::Pg(c, q.bind(value)),
            Self::Sqlite(c, q) => Self::Sqlite(c, q.bind(value)),
            Self::Here(glance, sql, mut given) => {
                given.push(value.given());
                Self::Here(glance, sql, given)
            }
        }
    }
    /// Runs it; how many rows it touched.
    pub(super) async fn execute(self) -> StoreResult<u64> {
        Ok(match self {
            Self::Pg(c, q) => q.execute(c).await.map_err(db)?.rows_affected(),
            Self::Sqlite(c, q) => q.execute(c).await.map_err(db)?.rows_affected(),
            Self::Here(glance, sql, given) => glance.execute(sql, &given)?,
        })
    }
    /// Runs an insert that does nothing on conflict: no row means that `what` exists.
    pub(super) async fn insert(self, what: impl FnOnce() -> String) -> StoreResult<()> {
        if self.execute().await? == 0 { Err(StoreError::Exists(what())) } else { Ok(()) }
    }
    /// Runs an update of one record: no row means that `what` is gone.
    pub(super) async fn update(self, what: impl FnOnce() -> String) -> StoreResult<()> {
        if self.execute().await? == 0 { Err(missing(what())) } else { Ok(()) }
    }
    /// The row, if there is one, as a domain type.
    pub(super) async fn optional<R: Record, T: Told<R>>(self) -> StoreResult<Option<T>> {
        let row: Option<R> = match self {
            Self::Pg(c, q) => q.fetch_optional(c).await.and_then(|r| r.map(|r| R::from_row(&r)).transpose()),
            Self::Sqlite(c, q) => q.fetch_optional(c).await.and_then(|r| r.map(|r| R::from_row(&r)).transpose()),
            Self::Here(glance, sql, given) => return Ok(glance.records(sql, &given)?.into_iter().next()),
        }
        .map_err(db)?;
        row.map(T::try_from).transpose()
    }
    /// The one row as a domain type.
    pub(super) async fn one<R: Record, T: Told<R>>(self) -> StoreResult<T> {
        self.optional::<R, T>().await?.ok_or_else(|| StoreError::Broken("a statement that must give a row gave none".into()))
    }
    /// All rows.
    pub(super) async fn rows<R: Record>(self) -> StoreResult<Vec<R>> {
        match self {
            Self::Pg(c, q) => q.fetch_all(c).await.and_then(|rows| rows.iter().map(|r| R::from_row(r)).collect()),
            Self::Sqlite(c, q) => q.fetch_all(c).await.and_then(|rows| rows.iter().map(|r| R::from_row(r)).collect()),
            Self::Here(glance, sql, given) => Ok(glance.rows(sql, &given)?),
        }
        .map_err(db)
    }
    /// All rows as domain types.
    pub(super) async fn all<R: Record, T: Told<R>>(self) -> StoreResult<Vec<T>> {
        if let Self::Here(glance, sql, given) = self {
            return glance.records(sql, &given);
        }
        self.rows::<R>().await?.into_iter().map(T::try_from).collect()
    }
    /// The first column of the only row.
    pub(super) async fn value<T>(self) -> StoreResult<T>
    where
        T: for<'r> sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres> + for<'r> sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite> + Found,
    {
        match self {
            Self::Pg(c, q) => q.fetch_one(c).await.and_then(|r| r.try_get(0)),
            Self::Sqlite(c, q) => q.fetch_one(c).await.and_then(|r| r.try_get(0)),
            Self::Here(glance, sql, given) => Ok(glance.value(sql, &given)?),
        }
        .map_err(db)
    }
}
