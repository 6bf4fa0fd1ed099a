//! A process that serves: the real server, or the bare program.

use crate::Outcome;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The seed: one server with four databases.
const SEED: &str = "\
subscriptions:
  - id: 00000000-0000-0000-0000-000000000001
    tenant: 00000000-0000-0000-0000-00000000000a
    name: bench
    resourceGroups: [{name: rg1, location: westeurope}]
principals: [{id: bench, secret: bench, role: Owner, scope: /}]
servers:
  sqlvm1:
    resourceGroup: rg1
    location: westeurope
    instances:
      - name: MSSQLSERVER
        databases: [{name: salesdb}, {name: hrdb}, {name: crmdb}, {name: logdb}]
";

/// A running process; it ends with this.
pub(crate) struct Served {
    child: Child,
    /// `host:port`.
    pub(crate) host: String,
}

impl Served {
    /// Starts `rsvault serve --emulator` on `data` and waits until it answers.
    pub(crate) fn rsvault(binary: &Path, data: &Path) -> Outcome<Self> {
        let seed = data.with_extension("seed.yaml");
        std::fs::write(&seed, SEED)?;
        let host = free_host()?;
        let mut command = Command::new(binary);
        command.args(["serve", "--emulator", "--listen", &host, "--data"]).arg(data).arg("--seed").arg(&seed);
        Self::start(command, host, &data.with_extension("log"))
    }

    /// Starts the bare program on the catalogue of `data`; it answers bodies of these sizes.
    pub(crate) fn bare(catalogue: &Path, one: usize, list: usize) -> Outcome<Self> {
        let host = free_host()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bare", "--listen", &host, "--one", &one.to_string(), "--list", &list.to_string(), "--catalogue"]).arg(catalogue);
        Self::start(command, host, &catalogue.with_extension("bare.log"))
    }

    fn start(mut command: Command, host: String, log: &Path) -> Outcome<Self> {
        let file = std::fs::File::create(log)?;
        let child = command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).spawn()?;
        let mut served = Self { child, host };
        let started = Instant::now();
        while std::net::TcpStream::connect(&served.host).is_err() {
            if let Some(status) = served.child.try_wait()? {
                return Err(format!("{command:?} ended with {status}: {}", std::fs::read_to_string(log)?).into());
            }
            if started.elapsed() > Duration::from_secs(120) {
                return Err(format!("{command:?} does not answer; see {}", log.display()).into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(served)
    }

    /// User and system time so far.
    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        // Fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms, counted after the name in parentheses.
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit_once(')').ok_or("stat")?.1.split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Ends it as an operator does, so that all is on disk.
    pub(crate) fn end(mut self) -> Outcome<()> {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_host() -> Outcome<String> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// Where the catalogue of a data folder lies.
pub(crate) fn catalogue(data: &Path) -> PathBuf {
    data.join("catalogue.db")
}
