//! `rsvault-agent`: the agent as a process of its own.

mod cli;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    cli::telemetry::start(arguments.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cli::Failure::configuration(format!("the runtime cannot start: {error}")).exit(),
    };
    let ended = runtime.block_on(cli::dispatch(arguments));
    // Blocking threads of dropped work must not hold the process up.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.exit(),
    }
}
