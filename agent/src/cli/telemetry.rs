//! Logs go to standard error.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging; `info` unless `RUST_LOG` says otherwise.
pub(crate) fn start(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    if json { lines.json().init() } else { lines.init() }
}
