//! `rsvault demo`: the main job from nothing to a restored copy, played through HTTP as a client
//! would, against a house of its own.
//!
//! Always holds: every run restores under a name of its own, so it can be repeated in the same
//! folder; it succeeds only if the restored bytes are those at the backup's LSN.

mod client;
mod report;
mod screen;
mod story;

use super::sign_in;
use crate::cli::DemoArguments;
use crate::exit::{Failure, Outcome};
use crate::house::House;
use crate::lifecycle::Signals;
use crate::settings::{Overrides, Settings};
use crate::telemetry;
use screen::Screen;
use std::net::SocketAddr;
use std::process::ExitCode;

pub(super) async fn run(arguments: &DemoArguments) -> Outcome<ExitCode> {
    let given = &arguments.settings;
    let overrides = Overrides {
        config: given.config.clone(),
        listen: given.listen.or(Some(SocketAddr::from(([127, 0, 0, 1], 0)))),
        data: given.data.clone(),
        database: given.database.clone(),
        objects: given.objects.clone(),
        emulator: Some(true),
        seed: given.seed.clone(),
        public_url: given.public_url.clone(),
        log: given.log,
        log_filter: given.log_filter.clone().or(Some("warn".to_owned())),
        max_connections: given.max_connections,
        ..Overrides::default()
    };
    let settings = Settings::load(&overrides)?;
    telemetry::start(settings.log, &settings.log_filter)?;
    let mut signals = Signals::take().map_err(|e| Failure::run(format!("cannot take signals: {e}")))?;
    let screen = Screen::new(arguments.json);
    let house = screen.step("start the vault and a simulated SQL server", House::start(settings)).await?;
    let played = tokio::select! {
        played = story::play(&house, arguments.size_mib, &screen) => played,
        name = signals.next() => Err(Failure::run(format!("stopped by {name}"))),
    };
    let told = played.and_then(|report| screen.result(&report));
    if told.is_ok() && arguments.keep {
        screen.line(&format!("\nThe server goes on at {}; Ctrl-C ends it.", house.url()))?;
        sign_in::tell(&house, true)?;
        house.life.until_asked(&mut signals).await;
    }
    house.end(&mut signals).await;
    told.map(|()| ExitCode::SUCCESS)
}
