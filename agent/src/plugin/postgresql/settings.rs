//! How to reach the server and where restores go.

use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Settings of the PostgreSQL plugin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// Host name, or the directory of the server's socket.
    #[serde(default = "default_host")]
    pub host: String,
    /// Port; also part of the socket's name.
    #[serde(default = "default_port")]
    pub port: u16,
    /// Role with REPLICATION (and CONNECT on database `postgres`).
    #[serde(default = "default_user")]
    pub user: String,
    /// libpq password file, mode 0600. Passwords go nowhere else.
    #[serde(default)]
    pub passfile: Option<PathBuf>,
    /// Folder of `psql` and `pg_basebackup`; the newest installed one unless said.
    #[serde(default)]
    pub bin_dir: Option<PathBuf>,
    /// Folder in which restores make one data directory for each database name.
    #[serde(default = "default_restore_root")]
    pub restore_root: PathBuf,
    /// Account that owns restored files. An agent that runs as root takes `postgres` unless said,
    /// since the server refuses root; any other agent keeps the files as its own.
    #[serde(default)]
    pub owner: Option<String>,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self {
            host: default_host(),
            port: default_port(),
            user: default_user(),
            passfile: None,
            bin_dir: None,
            restore_root: default_restore_root(),
            owner: None,
        }
    }
}

fn default_host() -> String {
    "/var/run/postgresql".into()
}
fn default_port() -> u16 {
    5432
}
fn default_user() -> String {
    "postgres".into()
}
fn default_restore_root() -> PathBuf {
    "/var/lib/postgresql/rsvault-restore".into()
}

impl PostgresSettings {
    /// Name of the instance in the vault.
    pub fn instance(&self) -> String {
        format!("PostgreSQL-{}", self.port)
    }

    /// Path of a client program. Debian's and Red Hat's version folders come before `PATH`: a
    /// backup needs a client at least as new as the server, and what Debian has in `PATH` is a wrapper.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        if let Some(dir) = &self.bin_dir {
            return dir.join(name);
        }
        newest(Path::new("/usr/lib/postgresql"), "", name)
            .or_else(|| newest(Path::new("/usr"), "pgsql-", name))
            .unwrap_or_else(|| PathBuf::from(name))
    }
}

/// `{root}/{prefix}{highest number}/bin/{program}`, if such a program exists.
fn newest(root: &Path, prefix: &str, program: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(root).ok()?.flatten();
    let versions = entries.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
        let path = entry.path().join("bin").join(program);
        path.is_file().then_some((version, path))
    });
    versions.max_by_key(|(version, _)| *version).map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_defaults_and_refuse_unknown_names() {
        let settings: PostgresSettings = toml::from_str("port = 5433").unwrap();
        assert_eq!((settings.instance().as_str(), settings.user.as_str()), ("PostgreSQL-5433", "postgres"));
        assert!(toml::from_str::<PostgresSettings>("password = 'x'").unwrap_err().to_string().contains("password"));
    }

    #[test]
    fn the_newest_installed_client_is_taken() {
        let root = tempfile::tempdir().unwrap();
        for version in ["9", "13", "15", "other"] {
            let bin = root.path().join(version).join("bin");
            std::fs::create_dir_all(&bin).unwrap();
            if version != "15" {
                std::fs::write(bin.join("psql"), "").unwrap();
            }
        }
        assert_eq!(newest(root.path(), "", "psql"), Some(root.path().join("13/bin/psql")));
        assert_eq!(newest(root.path(), "", "pg_basebackup"), None);
    }
}
