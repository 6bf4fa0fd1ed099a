//! `rsvault doctor`: looks at everything a server needs and says what to do.
//!
//! Always holds: it leaves nothing behind but what opening does (schema, key folder); one check that
//! fails does not keep the others from running.

mod catalogue;
mod clock;
mod disk;
mod finding;
mod keys;
mod objects;
mod tls;

use crate::cli::DoctorArguments;
use crate::exit::{Failure, Outcome};
use crate::settings::Settings;
use crate::telemetry;
use finding::{Finding, Level};
use std::io::Write;
use std::process::ExitCode;

pub(super) async fn run(arguments: &DoctorArguments) -> Outcome<ExitCode> {
    let settings = Settings::load(&arguments.settings)?;
    telemetry::start(settings.log, if settings.log_filter == "info" { "error" } else { &settings.log_filter })?;
    let mut findings = vec![configuration(&settings)];
    if settings.data.is_dir() {
        findings.extend(disk::check(&settings.data));
        let (finding, store) = catalogue::check(&settings.database_url()).await;
        findings.push(finding);
        findings.extend(objects::check("object store", &settings.objects_url()).await);
        if let Some(url) = settings.secondary_objects_url() {
            findings.extend(objects::check("second region", &url).await);
        }
        findings.push(keys::check(&settings.key_dir()).await);
        findings.extend(tls::check(&settings));
        if let (true, Some(store)) = (arguments.accept_clock, store.as_deref()) {
            clock::accept(store).await?;
        }
        findings.push(clock::check(&settings, store.as_deref()).await);
        if let Some(store) = store {
            store.close().await;
        }
    } else {
        findings.push(Finding::warn(
            "data folder",
            format!("{} does not exist", settings.data.display()),
            "Name it with --data, or start 'rsvault serve', which makes it.",
        ));
    }
    let mut out = std::io::stdout();
    let shown = if arguments.json { finding::json(&findings)? } else { finding::table(&findings) };
    writeln!(out, "{shown}").map_err(|e| Failure::run(format!("cannot write to standard output: {e}")))?;
    let wrong = findings.iter().any(|f| f.level == Level::Wrong);
    Ok(if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn configuration(settings: &Settings) -> Finding {
    let file = settings.file.as_ref().map_or("no settings file".to_owned(), |path| format!("file {}", path.display()));
    let emulator = if settings.emulator { "with emulator" } else { "without emulator" };
    if let Err(failure) = crate::seed::Seed::load(settings.seed.as_deref()) {
        return Finding::wrong("configuration", failure.to_string(), "Mend the seed file.");
    }
    Finding::good("configuration", format!("listen {}, {emulator}, {file}", settings.listen))
}

#[cfg(test)]
mod tests;
