//! The ports: what the rest of the house must provide. Engine code sees these traits only.
//!
//! Rules for implementers: methods of [`Tx`] stand on the open transaction; dropping it rolls back.
//! Writing transactions are serial (each sees all effects of the one before), on both databases.
//! Times come in as parameters; no port but [`Clock`] knows what time it is. Every list is keyset
//! paged. `update_*` writes the whole record found by its id and fails with `StoreError::Missing`
//! if it is gone.

mod archive;
mod exports;
mod features;
mod guards;
mod intents;
mod keys;
mod objects;
mod quota;
mod replica;
mod rows;
mod simulation;
mod store;
mod time;
mod timeline;
mod watch;

pub use archive::{TierRows, TieredPoint};
pub use exports::{ExportRows, JobExport};
pub use features::FeatureRows;
pub use guards::GuardRows;
pub use intents::IntentRows;
pub use keys::{KeyRing, Recipient};
pub use objects::{OBJECT_PATIENCE, ObjectError, ObjectStore, PutOutcome};
pub use quota::{Held, QuotaRows};
pub use replica::ReplicaRows;
pub use rows::{
    AccessRows, CommandRows, ContainerRows, ItemRows, JobRows, OperationRows, PointRows, PolicyRows, ServerRows, SetRows, TaskRows,
    TenancyRows, VaultRows,
};
pub use simulation::{OracleChange, OracleChecksum, OracleMoment, OracleWrite, Simulation};
pub use store::{ItemFilter, JobFilter, Page, PointFilter, PointSummary, Slice, Store, StoreError, StoreResult, Tx};
pub use time::{Bell, Clock, Wake};
pub use timeline::{Advanced, ClockChange, ClockReading, Event, EventKind, Timeline, Until};
pub use watch::{About, AlertRows, Ended, GaugeRows, Gauges, HealthRows, PruneRows, Timer, TimerRows};
