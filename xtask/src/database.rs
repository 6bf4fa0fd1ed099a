//! A throw-away PostgreSQL: its own folder, a free port on loopback, no fsync. It carries the run's mark, so the guard ends it.

use crate::workspace::{MARK, Workspace};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Folder of the newest installed server's programs.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<(u32, PathBuf)> = versions
        .flatten()
        .filter_map(|v| Some((v.file_name().to_str()?.parse().ok()?, v.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().map(|(_, bin)| bin)
}

/// Starts a server and answers its URL (database `postgres`).
pub(crate) fn start(place: &Workspace) -> Result<String, String> {
    let bin = programs().ok_or("no PostgreSQL server programs under /usr/lib/postgresql")?;
    let data = place.scratch.join("postgres");
    std::fs::create_dir_all(&data).map_err(|e| e.to_string())?;
    if is_root() {
        quiet(Command::new("chown").arg("postgres:").arg(&data))?;
    }
    let cluster = data.join("cluster");
    let log = data.join("log");
    quiet(as_postgres(&bin.join("initdb")).args(["-D"]).arg(&cluster).args([
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "-N",
    ]))?;
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_err(|e| e.to_string())?.port();
    let mut server = as_postgres(&bin.join("postgres"));
    server.arg("-D").arg(&cluster).arg("-k").arg(&data).args(["-p", &port.to_string()]);
    for setting in ["listen_addresses=127.0.0.1", "fsync=off", "full_page_writes=off", "max_connections=300", "shared_buffers=64MB"] {
        server.args(["-c", setting]);
    }
    let to_log = std::fs::File::create(&log).map_err(|e| e.to_string())?;
    let started = Instant::now();
    server.env(MARK, &place.mark).stdin(Stdio::null()).stdout(Stdio::null()).stderr(to_log);
    let mut child = server.spawn().map_err(|e| format!("cannot start PostgreSQL: {e}"))?;
    while !ready(&bin, port) {
        if child.try_wait().is_ok_and(|s| s.is_some()) || started.elapsed() > Duration::from_secs(60) {
            return Err(format!("PostgreSQL did not start:\n{}", std::fs::read_to_string(&log).unwrap_or_default()));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(format!("postgres://postgres@127.0.0.1:{port}/postgres"))
}

fn ready(bin: &Path, port: u16) -> bool {
    let mut ask = Command::new(bin.join("pg_isready"));
    ask.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]).status().is_ok_and(|s| s.success())
}

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0)
}

fn quiet(command: &mut Command) -> Result<(), String> {
    let out = command.current_dir("/").output().map_err(|e| format!("{command:?}: {e}"))?;
    if out.status.success() { Ok(()) } else { Err(format!("{command:?}:\n{}", String::from_utf8_lossy(&out.stderr))) }
}
