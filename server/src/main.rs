//! `rsvault`: plugs the rooms together and gives them a life cycle and a command line.
//!
//! Always holds: nothing here decides about vaults, backups or rights; the only clock of the house
//! and the only place that starts long-running tasks stand in this crate.

mod cli;
mod clock;
mod commands;
mod exit;
mod house;
mod lifecycle;
mod listen;
mod seed;
mod settings;
mod simulation;
mod telemetry;
mod timeline;
mod tls;
mod wake;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    // A usage error ends here with code 2 and clap's own message.
    let arguments = cli::Arguments::parse();
    // A second provider in the tree would make rustls refuse to choose: say it once, here.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::report(&exit::Failure::run(format!("cannot start the runtime: {error}"))),
    };
    let outcome = runtime.block_on(commands::run(arguments));
    // Blocking work that ignores the end (a hung disk) must not hold the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match outcome {
        Ok(code) => code,
        Err(failure) => exit::report(&failure),
    }
}
