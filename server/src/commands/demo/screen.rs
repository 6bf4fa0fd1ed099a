//! What the demo shows: steps with their time, a bar while bytes flow, the result. Colours and bars
//! only on a terminal.

use super::report::Report;
use crate::exit::{Failure, Outcome};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::future::Future;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Between two redraws of a bar.
const TICK: Duration = Duration::from_millis(100);

/// Where the demo writes.
pub(super) struct Screen {
    json: bool,
    colour: bool,
}

impl Screen {
    /// With `json`, standard output is for the result alone and steps go to standard error.
    pub(super) fn new(json: bool) -> Self {
        let terminal = if json { std::io::stderr().is_terminal() } else { std::io::stdout().is_terminal() };
        Self { json, colour: terminal && std::env::var_os("NO_COLOR").is_none() }
    }

    /// Writes a line for people.
    pub(super) fn line(&self, text: &str) -> Outcome<()> {
        let written = if self.json { writeln!(std::io::stderr(), "{text}") } else { writeln!(std::io::stdout(), "{text}") };
        written.map_err(|e| Failure::run(format!("cannot write: {e}")))
    }

    /// Does a step, says how long it took, and names it if it fails.
    pub(super) async fn step<T>(&self, name: &str, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        #[expect(clippy::disallowed_methods, reason = "a duration shown to people")]
        let start = Instant::now();
        let done = Box::pin(work).await;
        let time = format!("{:6.2} s", start.elapsed().as_secs_f64());
        let (mark, colour) = if done.is_ok() { ("✓", "32") } else { ("✗", "31") };
        let mark = if self.colour { format!("\x1b[{colour}m{mark}\x1b[0m") } else { mark.to_owned() };
        self.line(&format!("{mark} {time}  {name}"))?;
        done.map_err(|failure| failure.during(name))
    }

    /// A bar for `total` bytes; hidden where nobody watches.
    pub(super) fn bar(&self, total: u64) -> ProgressBar {
        let target = if self.colour { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = ProgressStyle::with_template("  {bar:40.cyan} {bytes}/{total_bytes} {bytes_per_sec}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        bar
    }

    /// Shows the result.
    pub(super) fn result(&self, report: &Report) -> Outcome<()> {
        if self.json {
            let text = serde_json::to_string_pretty(report).map_err(|e| Failure::run(e.to_string()))?;
            return writeln!(std::io::stdout(), "{text}").map_err(|e| Failure::run(format!("cannot write: {e}")));
        }
        self.line(&format!("\n{}", report.table()))?;
        self.line(&format!(
            "The restored database '{}' equals '{}' as it was at the backup's LSN {}.",
            report.restored_as, report.database, report.lsn
        ))
    }
}
