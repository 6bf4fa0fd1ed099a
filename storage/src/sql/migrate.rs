//! Brings a database to the schema of this version; refuses one that a newer version has made.

use super::db::Db;
use super::error::db;
use rsvault_domain::ports::{StoreError, StoreResult};
use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

/// Number, name, text for SQLite, text for PostgreSQL.
const STEPS: &[(i64, &str, &str, &str)] = &[
    (
        1,
        "initial",
        include_str!("../../../migrations/sqlite/0001_initial.sql"),
        include_str!("../../../migrations/postgres/0001_initial.sql"),
    ),
    (2, "time", include_str!("../../../migrations/sqlite/0002_time.sql"), include_str!("../../../migrations/postgres/0002_time.sql")),
    (
        4,
        "availability_groups",
        include_str!("../../../migrations/sqlite/0004_availability_groups.sql"),
        include_str!("../../../migrations/postgres/0004_availability_groups.sql"),
    ),
    (
        5,
        "vault_features",
        include_str!("../../../migrations/sqlite/0005_vault_features.sql"),
        include_str!("../../../migrations/postgres/0005_vault_features.sql"),
    ),
    (
        6,
        "deleted_vaults_guards",
        include_str!("../../../migrations/sqlite/0006_deleted_vaults_guards.sql"),
        include_str!("../../../migrations/postgres/0006_deleted_vaults_guards.sql"),
    ),
    (
        7,
        "regions",
        include_str!("../../../migrations/sqlite/0007_regions.sql"),
        include_str!("../../../migrations/postgres/0007_regions.sql"),
    ),
];

/// Runs what is due.
pub(super) async fn run(database: &Db) -> StoreResult<()> {
    match database {
        Db::Pg(pools) => migrator(|step| step.3).run(&pools.writer).await,
        Db::Sqlite(pools) => migrator(|step| step.2).run(&pools.writer).await,
    }
    .map_err(explain)
}

fn migrator(text: impl Fn(&(i64, &'static str, &'static str, &'static str)) -> &'static str) -> Migrator {
    let steps = STEPS.iter().map(|step| Migration::new(step.0, step.1.into(), MigrationType::Simple, text(step).into_sql_str(), false));
    Migrator::with_migrations(steps.collect())
}

fn explain(error: MigrateError) -> StoreError {
    let newest = STEPS.last().map_or(0, |step| step.0);
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => db(error),
        MigrateError::VersionMissing(found) if found > newest => StoreError::Broken(format!(
            "the database has schema {found}, made by a newer rsvault; this one knows schemas up to {newest}. Run the newer rsvault, or restore the database from before its upgrade"
        )),
        MigrateError::VersionMismatch(step) => StoreError::Broken(format!(
            "schema step {step} of the database differs from the one this rsvault was built with: the database was made by another build"
        )),
        other => StoreError::Broken(other.to_string()),
    }
}
