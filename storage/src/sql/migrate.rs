//! Brings a database to the schema of this version; refuses one that a newer version has made.

use super::db::Db;
use super::error::db;
use rsvault_domain::ports::{StoreError, StoreResult};
use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

/// One step: its number, its name, its file in either folder.
macro_rules! step {
    ($number:literal, $name:literal, $file:literal) => {
        (
            $number,
            $name,
            include_str!(concat!("../../../migrations/sqlite/", $file, ".sql")),
            include_str!(concat!("../../../migrations/postgres/", $file, ".sql")),
        )
    };
}

/// Number, name, text for SQLite, text for PostgreSQL.
const STEPS: &[(i64, &str, &str, &str)] = &[
    step!(1, "initial", "0001_initial"),
    step!(2, "time", "0002_time"),
    step!(3, "intents", "0003_intents"),
    step!(4, "availability_groups", "0004_availability_groups"),
    step!(5, "vault_features", "0005_vault_features"),
    step!(6, "deleted_vaults_guards", "0006_deleted_vaults_guards"),
    step!(7, "regions", "0007_regions"),
    step!(8, "archive", "0008_archive"),
    step!(9, "quotas", "0009_quotas"),
    step!(10, "lists", "0010_lists"),
    step!(11, "role_assignments", "0011_role_assignments"),
    step!(12, "filtered_lists", "0012_filtered_lists"),
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
