//! Which failures of a database may pass by themselves (`Unavailable`) and which are defects.

use rsvault_domain::ports::StoreError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

/// Sorts a failure.
#[allow(clippy::needless_pass_by_value, reason = "shaped for map_err")]
pub(super) fn db(error: sqlx::Error) -> StoreError {
    use sqlx::Error;
    let passing = match &error {
        Error::Io(_) | Error::Tls(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => true,
        Error::Database(inner) => {
            if let Some(pg) = inner.try_downcast_ref::<PgDatabaseError>() {
                postgres_passing(pg.code())
            } else {
                inner.try_downcast_ref::<SqliteError>().and_then(|_| inner.code()?.parse().ok()).is_some_and(sqlite_passing)
            }
        }
        _ => false,
    };
    if passing { StoreError::Unavailable(error.to_string()) } else { StoreError::Broken(error.to_string()) }
}

/// Sorts a failure of a read in the calling thread.
#[allow(clippy::needless_pass_by_value, reason = "shaped for map_err")]
pub(super) fn glanced(error: rusqlite::Error) -> StoreError {
    let passing = error.sqlite_error().is_some_and(|inner| sqlite_passing(inner.extended_code));
    if passing { StoreError::Unavailable(error.to_string()) } else { StoreError::Broken(error.to_string()) }
}

/// Whether the other end of a connection has gone away: it was shut down, or closed without a word.
pub(super) fn is_gone(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(inner) => inner.code().is_some_and(|code| code.starts_with("08") || code.starts_with("57P0")),
        _ => false,
    }
}

/// A record to write is gone.
pub(super) fn missing(what: String) -> StoreError {
    StoreError::Missing(what)
}

/// A stored value that this version cannot read.
pub(super) fn unreadable(column: &str, value: impl std::fmt::Display) -> StoreError {
    StoreError::Broken(format!("column {column} holds '{value}', which this version does not know"))
}

/// Busy, locked, read-only, I/O error, full, cannot open; the low byte of an extended code.
fn sqlite_passing(code: i32) -> bool {
    matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14)
}

/// Connection, resources, operator intervention and system classes; serialisation, deadlock, lock
/// and read-only conditions.
fn postgres_passing(state: &str) -> bool {
    ["08", "53", "57", "58"].iter().any(|class| state.starts_with(class))
        || matches!(state, "40001" | "40P01" | "55P03" | "25006" | "25P03")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_or_locked_database_may_recover_and_a_broken_rule_may_not() {
        for code in [5, 517, 6, 8, 264, 13, 14, 10, 778] {
            assert!(sqlite_passing(code), "{code}");
        }
        for code in [1, 19, 787, 1555, 2067] {
            assert!(!sqlite_passing(code), "{code}");
        }
        for state in ["53100", "53300", "08006", "57P03", "57014", "55P03", "40001", "25006", "58030"] {
            assert!(postgres_passing(state), "{state}");
        }
        for state in ["23505", "23503", "42P01", "22021"] {
            assert!(!postgres_passing(state), "{state}");
        }
    }
}
