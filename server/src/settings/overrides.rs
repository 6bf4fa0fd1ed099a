//! What flags and environment say. Everything is optional: what is not said does not override.

use super::LogFormat;
use clap::Args;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Flags, each with its environment variable; the flag wins.
#[derive(Args, Default, Serialize)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Overrides {
    /// Settings file (TOML, keys as the flags with `_`) [default: DATA/rsvault.toml if it is there].
    #[arg(long, value_name = "FILE", env = "RSVAULT_CONFIG")]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,
    /// Address and port; TLS and plain HTTP share it, port 0 takes a free one [default: 127.0.0.1:8443].
    #[arg(long, value_name = "ADDR", env = "RSVAULT_LISTEN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) listen: Option<SocketAddr>,
    /// Data folder: keys, certificates, and by default catalogue and objects [default: ./rsvault-data].
    #[arg(long, value_name = "DIR", env = "RSVAULT_DATA")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<PathBuf>,
    /// Catalogue: sqlite:PATH or postgres://… [default: sqlite:DATA/catalogue.db]. A password is
    /// safer in the environment than on the command line.
    #[arg(long, value_name = "URL", env = "RSVAULT_DATABASE", hide_env_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) database: Option<String>,
    /// Object store: file:PATH [default: file:DATA/objects].
    #[arg(long, value_name = "URL", env = "RSVAULT_OBJECTS", hide_env_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) objects: Option<String>,
    /// Object store of the second region, for cross-region restore: file:PATH, best on another machine
    /// [default: none; with --emulator file:DATA/secondary-objects].
    #[arg(long, value_name = "URL", env = "RSVAULT_SECONDARY_OBJECTS", hide_env_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secondary_objects: Option<String>,
    /// Name of the second region for vaults whose own region Azure pairs with none.
    #[arg(long, value_name = "NAME", env = "RSVAULT_SECONDARY_REGION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secondary_region: Option<String>,
    /// Minutes after its commit before a point is shown in the second region [default: 0, as soon as it is
    /// copied; with --emulator 720, as Azure promises].
    #[arg(long, value_name = "N", env = "RSVAULT_SECONDARY_LAG_MINUTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secondary_lag_minutes: Option<u32>,
    /// Simulated servers, built-in sign-in and the /emulator surface.
    #[arg(long, value_name = "BOOL", env = "RSVAULT_EMULATOR", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) emulator: Option<bool>,
    /// Subscriptions, principals and simulated servers to start with (YAML); needs --emulator.
    #[arg(long, value_name = "FILE", env = "RSVAULT_SEED")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<PathBuf>,
    /// Record each request of the control plane with its answer as a line of JSON, for tests of clients; needs --emulator.
    #[arg(long, value_name = "FILE", env = "RSVAULT_RECORD")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<PathBuf>,
    /// URL under which clients reach the server; again for more [default: any loopback host].
    #[arg(long, value_name = "URL", env = "RSVAULT_PUBLIC_URL", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) public_url: Vec<String>,
    /// Format of the log on standard error [default: text].
    #[arg(long, value_name = "FORMAT", env = "RSVAULT_LOG")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log: Option<LogFormat>,
    /// What is logged, as tracing filters say it [default: info].
    #[arg(long, value_name = "FILTER", env = "RSVAULT_LOG_FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log_filter: Option<String>,
    /// Connections served at once [default: 1024].
    #[arg(long, value_name = "N", env = "RSVAULT_MAX_CONNECTIONS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_connections: Option<u32>,
    /// Who may switch soft delete off: always, old-versions (api-versions before 2024-09-30), never [default: old-versions].
    #[arg(long, value_name = "WHO", env = "RSVAULT_SOFT_DELETE_OFF")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) soft_delete_off: Option<String>,
}
