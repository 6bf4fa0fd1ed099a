//! `rsvault migrate`: brings the database to this version's schema.

use crate::cli::MigrateArguments;
use crate::exit::{Failure, Outcome};
use crate::settings::{Settings, without_password};
use crate::telemetry;
use rsvault_storage::SqlStore;
use std::process::ExitCode;

pub(super) async fn run(arguments: &MigrateArguments) -> Outcome<ExitCode> {
    let settings = Settings::load(&arguments.settings)?;
    telemetry::start(settings.log, &settings.log_filter)?;
    let url = settings.database_url();
    let shown = without_password(&url);
    if settings.database.is_none() && !settings.data.is_dir() {
        return Err(Failure::run(format!(
            "there is no data folder {}. Name it with --data, or start 'rsvault serve', which makes it",
            settings.data.display()
        )));
    }
    let store = SqlStore::open(&url).await.map_err(|e| Failure::run(format!("database {shown}: {e}")))?;
    store.close().await;
    tracing::info!(database = shown, "the schema is that of this version");
    Ok(ExitCode::SUCCESS)
}
