//! The log: on standard error, filtered, as text or JSON. Standard output is for results.

use crate::exit::{Failure, Outcome};
use crate::settings::LogFormat;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging for the life of the process.
pub(crate) fn start(format: LogFormat, filter: &str) -> Outcome<()> {
    let filter = EnvFilter::try_new(filter).map_err(|e| Failure::configuration(format!("setting 'log_filter' is not a filter: {e}")))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|e| Failure::run(format!("cannot start the log: {e}")))
}
