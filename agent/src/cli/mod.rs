//! The command line.

mod config;
mod enroll;
mod run;
mod status;
pub(crate) mod telemetry;

use clap::{Parser, Subcommand};
use rsvault_agent::transport::VaultError;
use std::path::PathBuf;
use std::process::ExitCode;

const AFTER: &str = "\
First tour:
  1. Ask the vault for a one-time token for this server.
  2. RSVAULT_TOKEN=... rsvault-agent enroll --vault-url https://vault:8443 --ca vault-ca.pem --state /var/lib/rsvault-agent
  3. rsvault-agent run --state /var/lib/rsvault-agent --config /etc/rsvault/agent.toml

agent.toml names the engines on this server, each in a section of its own:
  [postgresql]
  host = \"/var/run/postgresql\"   # or a host name
  port = 5432
  user = \"postgres\"

Exit codes: 0 done; 2 wrong usage; 3 settings, files or credentials; 4 the vault cannot be reached;
5 the vault refused.";

/// Backs up and restores the databases of this server for an rsvault vault.
#[derive(Parser)]
#[command(name = "rsvault-agent", version, after_help = AFTER, max_term_width = 110)]
pub(crate) struct Arguments {
    /// JSON instead of text: log lines (for collectors), and what `status` shows. RUST_LOG sets the level.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Trade a one-time token for this server's credential.
    Enroll(enroll::Arguments),
    /// Work for the vault until SIGTERM or Ctrl-C.
    Run(run::Arguments),
    /// Show the enrolment, the backups to come, and whether the vault answers.
    Status(status::Arguments),
}

/// Where credential and schedule stand.
#[derive(clap::Args)]
pub(crate) struct State {
    /// Folder for the credential and the schedule (mode 0700; files in it 0600).
    #[arg(long = "state", value_name = "DIR", default_value = "/var/lib/rsvault-agent", env = "RSVAULT_AGENT_STATE")]
    dir: PathBuf,
}

/// Runs the command that was asked for.
pub(crate) async fn dispatch(arguments: Arguments) -> Result<(), Failure> {
    let json = arguments.json;
    match arguments.command {
        Command::Enroll(arguments) => enroll::enroll(arguments).await,
        Command::Run(arguments) => run::run(arguments).await,
        Command::Status(arguments) => status::status(&arguments, json).await,
    }
}

/// Why the process ends, and with which code.
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self { code: 3, message: message.into() }
    }
    /// The one place where the process says why it failed.
    #[allow(clippy::print_stderr)]
    pub(crate) fn exit(self) -> ExitCode {
        eprintln!("rsvault-agent: {}", self.message);
        ExitCode::from(self.code)
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        let code = if error.is_retryable() { 4 } else { 5 };
        Self { code, message: error.to_string() }
    }
}
