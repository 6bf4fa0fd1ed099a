//! A throw-away PostgreSQL cluster for tests: its own directory, its own socket, no TCP port, gone
//! with the value. Run as root, everything of the server runs as user `postgres`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A cluster, running unless stopped.
pub(crate) struct Cluster {
    folder: tempfile::TempDir,
    data: PathBuf,
    port: u16,
}

/// Folder of the server's programs.
pub(crate) fn bin_dir() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|e| Some((e.file_name().to_str()?.parse().ok()?, e.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").is_file() && bin.join("pgbench").is_file())
        .collect();
    found.sort();
    found.pop().expect("These tests need PostgreSQL 13 or newer with pgbench: apt-get install postgresql postgresql-client").1
}

/// Runs a program of the server as the account that may run it.
pub(crate) fn run(program: &str, args: &[&str]) -> Output {
    let program = bin_dir().join(program);
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.args(args).current_dir("/").env("LC_ALL", "C").output().expect("cannot run a program of PostgreSQL")
}

/// Runs a program that must succeed; its standard output.
pub(crate) fn must(program: &str, args: &[&str]) -> String {
    let output = run(program, args);
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A folder that user `postgres` may enter and write to.
pub(crate) fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::Builder::new().prefix("rsvault-pg-").tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    if is_root() {
        assert!(Command::new("chown").arg("postgres:").arg(folder.path()).status().unwrap().success(), "no account 'postgres'");
    }
    folder
}

impl Cluster {
    /// A new cluster, started.
    pub(crate) fn create(port: u16) -> Self {
        let folder = folder();
        let data = folder.path().join("data");
        must("initdb", &["-D", data.to_str().unwrap(), "-U", "postgres", "-A", "trust", "-N", "--no-locale", "-E", "UTF8"]);
        let cluster = Self { folder, data, port };
        cluster.start();
        cluster
    }

    /// A cluster over a data directory that exists, started.
    pub(crate) fn open(data: &Path, port: u16) -> Self {
        let cluster = Self { folder: folder(), data: data.to_owned(), port };
        cluster.start();
        cluster
    }

    /// Directory of the socket: the `host` of a client.
    pub(crate) fn host(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }
    pub(crate) fn data(&self) -> &str {
        self.data.to_str().unwrap()
    }
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn start(&self) {
        let options = format!("-c listen_addresses='' -c unix_socket_directories='{}' -p {}", self.host(), self.port);
        let log = format!("{}/log", self.host());
        let output = run("pg_ctl", &["-D", self.data(), "-w", "-t", "60", "-l", &log, "-o", &options, "start"]);
        assert!(output.status.success(), "start: {}", std::fs::read_to_string(&log).unwrap_or_default());
    }
    pub(crate) fn stop(&self) {
        run("pg_ctl", &["-D", self.data(), "-m", "immediate", "-w", "stop"]);
    }

    /// One statement; rows as psql prints them unaligned.
    pub(crate) fn sql(&self, statement: &str) -> String {
        let port = self.port.to_string();
        must(
            "psql",
            &[
                "-h",
                self.host(),
                "-p",
                &port,
                "-U",
                "postgres",
                "-d",
                "postgres",
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-c",
                statement,
            ],
        )
        .trim()
        .to_owned()
    }

    /// `pgbench` with more arguments.
    pub(crate) fn pgbench(&self, args: &[&str]) -> Output {
        let port = self.port.to_string();
        run("pgbench", &[&["-h", self.host(), "-p", &port, "-U", "postgres", "-d", "postgres", "-n"], args].concat())
    }

    /// Ends every connection of `pgbench`.
    pub(crate) fn end_load(&self) {
        self.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pgbench'");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}
