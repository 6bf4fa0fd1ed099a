//! How domain values stand in columns: times as microseconds, words, counts, digests.

use super::error::unreadable;
use jiff::Timestamp;
use rsvault_domain::backup::{BackupKind, RecoveryModel};
use rsvault_domain::ports::{StoreError, StoreResult};
use rsvault_domain::protection::SoftDeleted;
use uuid::Uuid;

/// A time as it is stored: whole microseconds.
pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}
/// A stored time.
pub(super) fn time(micros: i64) -> StoreResult<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| unreadable("…_at", micros))
}
/// A stored time that may be absent.
pub(super) fn time_or_none(micros: Option<i64>) -> StoreResult<Option<Timestamp>> {
    micros.map(time).transpose()
}
/// Soft deletion: both of its times, or neither.
pub(super) fn soft_deleted(deleted_at: Option<i64>, purge_at: Option<i64>) -> StoreResult<Option<SoftDeleted>> {
    deleted_at.zip(purge_at).map(|(at, purge_at)| Ok(SoftDeleted { at: time(at)?, purge_at: time(purge_at)? })).transpose()
}
/// A stored word.
pub(super) fn word<T>(column: &str, word: &str, parse: impl Fn(&str) -> Option<T>) -> StoreResult<T> {
    parse(word).ok_or_else(|| unreadable(column, word))
}
/// A stored count, position or size.
pub(super) fn number<T: TryFrom<i64>>(column: &str, value: i64) -> StoreResult<T> {
    T::try_from(value).map_err(|_| unreadable(column, value))
}
/// A count to store.
pub(super) fn stored<T: TryInto<i64>>(column: &str, value: T) -> StoreResult<i64> {
    value.try_into().map_err(|_| StoreError::Broken(format!("column {column}: the number is too large")))
}
/// A stored 256-bit digest.
pub(super) fn digest(column: &str, bytes: Vec<u8>) -> StoreResult<[u8; 32]> {
    bytes.try_into().map_err(|bytes: Vec<u8>| unreadable(column, format!("{} bytes", bytes.len())))
}
/// A stored backup kind.
pub(super) fn kind(column: &str, text: &str) -> StoreResult<BackupKind> {
    word(column, text, BackupKind::parse)
}
/// The word of a recovery model.
pub(super) fn model_word(model: RecoveryModel) -> &'static str {
    match model {
        RecoveryModel::Full => "Full",
        RecoveryModel::Simple => "Simple",
        RecoveryModel::BulkLogged => "BulkLogged",
    }
}
/// A stored recovery model.
pub(super) fn model(text: &str) -> StoreResult<RecoveryModel> {
    word("recovery_model", text, |w| {
        [RecoveryModel::Full, RecoveryModel::Simple, RecoveryModel::BulkLogged].into_iter().find(|m| model_word(*m) == w)
    })
}
/// An id that may be absent.
pub(super) fn id<T: From<Uuid>>(id: Option<Uuid>) -> Option<T> {
    id.map(T::from)
}
