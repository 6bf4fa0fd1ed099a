//! `bench`: builds the server and the benchmark, both optimised, and runs the one on the other.

use crate::workspace::Workspace;
use std::process::Command;

/// Runs `rsvault-bench` with `words`; whether it succeeded.
pub(crate) fn run(words: &[String]) -> Result<bool, String> {
    let place = Workspace::open()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--release", "--locked", "-p", "rsvault-server", "-p", "rsvault-bench", "--bins"]);
    build.current_dir(&place.root).env("CARGO_TARGET_DIR", &place.target);
    if !build.status().map_err(|e| format!("cargo: {e}"))?.success() {
        return Err("the build failed".into());
    }
    let programs = place.target.join("release");
    let mut bench = Command::new(programs.join("rsvault-bench"));
    bench.args(words).arg("--rsvault").arg(programs.join("rsvault")).env("TMPDIR", &place.scratch);
    let success = bench.status().map_err(|e| format!("rsvault-bench: {e}"))?.success();
    let _ = std::fs::remove_dir_all(&place.scratch);
    Ok(success)
}
