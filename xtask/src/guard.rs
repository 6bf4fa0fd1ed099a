//! The guard outlives the run: a process of its own group that waits for its standard input to close, which happens
//! however xtask ends (done, failed, Ctrl-C, kill -9), then ends what is left of the run and removes its folder.

use crate::process;
use crate::workspace::Workspace;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, Stdio};

/// The hidden subcommand.
pub(crate) const COMMAND: &str = "guard-until-stdin-closes";

/// A guard that stands. Dropping it ends the run's processes and waits for that.
pub(crate) struct Guard(Child);

impl Guard {
    /// Posts the guard before anything else is started.
    pub(crate) fn post(place: &Workspace) -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|e| e.to_string())?;
        let mut command = Command::new(own);
        command.args([COMMAND, &place.mark]).arg(&place.scratch).process_group(0).stdin(Stdio::piped());
        command.spawn().map(Self).map_err(|e| format!("cannot start the guard: {e}"))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// What the guard's process does.
pub(crate) fn stand(args: &[String]) -> ExitCode {
    let [mark, scratch] = args else { return ExitCode::from(2) };
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    process::sweep(mark);
    // Read-only folders and mounts inside are the stories' to undo; what resists is said, not hidden.
    if let Err(e) = std::fs::remove_dir_all(scratch) {
        eprintln!("xtask: {scratch} is left behind: {e}");
    }
    ExitCode::SUCCESS
}
