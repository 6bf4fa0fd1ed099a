//! `rsvault serve`: until a signal.

use super::sign_in;
use crate::cli::ServeArguments;
use crate::exit::{Failure, Outcome};
use crate::house::House;
use crate::lifecycle::Signals;
use crate::settings::Settings;
use crate::telemetry;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

pub(super) async fn run(arguments: &ServeArguments) -> Outcome<ExitCode> {
    let settings = Settings::load(&arguments.settings)?;
    telemetry::start(settings.log, &settings.log_filter)?;
    // Before anything runs: a signal during the start must end it in order too.
    let mut signals = Signals::take().map_err(|e| Failure::run(format!("cannot take signals: {e}")))?;
    let house = tokio::select! {
        house = House::start(settings) => house?,
        name = signals.next() => {
            tracing::info!(signal = name, "ended while starting");
            return Ok(ExitCode::SUCCESS);
        }
    };
    announce(&house)?;
    house.life.until_asked(&mut signals).await;
    house.end(&mut signals).await;
    tracing::info!("ended");
    Ok(ExitCode::SUCCESS)
}

/// The one line that scripts wait for; what people need goes beside it.
fn announce(house: &House) -> Outcome<()> {
    let mut out = std::io::stdout();
    writeln!(out, "ready {}", house.local_url())
        .and_then(|()| out.flush())
        .map_err(|e| Failure::run(format!("cannot write to standard output: {e}")))?;
    sign_in::tell(house, std::io::stdout().is_terminal())
}
