//! The command line: what can be typed, and what `--help` teaches.

use crate::settings::Overrides;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

const PRECEDENCE: &str = "\
Settings come from, strongest first: flags, environment (RSVAULT_*), file (--config FILE, else
DATA/rsvault.toml if it is there), defaults. An unknown key in the file is an error.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 settings or seed cannot be used.";

const EXAMPLES: &str = "\
Examples:
  rsvault demo                                  play the main job and show it
  rsvault serve --emulator                      a vault with simulated servers and built-in sign-in
  rsvault serve --database postgres://u@db/v    keep the catalogue in PostgreSQL
  rsvault doctor                                check everything a server needs";

/// A Recovery Services vault that anyone can run.
#[derive(Parser)]
#[command(name = "rsvault", version, about = "A Recovery Services vault that anyone can run.", after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{PRECEDENCE}"), propagate_version = true)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve the vault over HTTPS and HTTP on one port.
    #[command(after_help = format!("Examples:\n  rsvault serve --emulator\n  rsvault serve --data /var/lib/rsvault --listen 0.0.0.0:8443 --public-url https://vault.example:8443\n  RSVAULT_DATABASE=postgres://u:p@db/v rsvault serve\n\n{PRECEDENCE}"))]
    Serve(ServeArguments),
    /// Play the main job against a vault of its own: protect, back up, change, restore, compare.
    #[command(
        after_help = "Examples:\n  rsvault demo\n  rsvault demo --size-mib 1024 --data /tmp/demo\n  rsvault demo --keep          leave the server running and print how to sign in with az\n  rsvault demo --json          the result as JSON on standard output"
    )]
    Demo(DemoArguments),
    /// Check configuration, database, object store, keys, TLS and clock, and say what to do.
    #[command(
        after_help = "Examples:\n  rsvault doctor\n  rsvault doctor --data /var/lib/rsvault --json\n  rsvault doctor --accept-clock    the clock is right now: let retention go on by it\n\nExit code 0 if nothing is wrong (warnings included), 1 otherwise."
    )]
    Doctor(DoctorArguments),
    /// Bring the database to this version's schema, and nothing else.
    Migrate(MigrateArguments),
    /// Tokens that let an agent enrol.
    Token(TokenArguments),
    /// The generated OpenAPI documents.
    #[command(
        after_help = "Examples:\n  rsvault openapi --out openapi\n  rsvault openapi --check openapi    fails if the files there differ"
    )]
    Openapi(OpenapiArguments),
    /// The pages of the fault catalogue.
    #[command(
        after_help = "Examples:\n  rsvault faults                        the list\n  rsvault faults --out docs/faults\n  rsvault faults --check docs/faults    fails if the pages there differ"
    )]
    Faults(FaultsArguments),
}

#[derive(Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) settings: Overrides,
}

#[derive(Args)]
pub(crate) struct DemoArguments {
    /// Size of the database that is backed up, in MiB.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) size_mib: u32,
    /// Leave the server running at the end and print how to sign in with az.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Print the result as JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) settings: Overrides,
}

#[derive(Args)]
pub(crate) struct DoctorArguments {
    /// Print the findings as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Trust the system's clock as it is now: after it was set right, or after a long time off.
    #[arg(long)]
    pub(crate) accept_clock: bool,
    #[command(flatten)]
    pub(crate) settings: Overrides,
}

#[derive(Args)]
pub(crate) struct MigrateArguments {
    #[command(flatten)]
    pub(crate) settings: Overrides,
}

#[derive(Args)]
pub(crate) struct TokenArguments {
    #[command(subcommand)]
    pub(crate) verb: TokenVerb,
}

#[derive(Subcommand)]
pub(crate) enum TokenVerb {
    /// Make a one-time enrolment token for a server (the VM of the ARM world) and print it once.
    #[command(
        after_help = "Example:\n  rsvault token create --server pg1 --resource-group rg1 --location westeurope\n  rsvault-agent enroll --vault-url https://vault:8443 --token TOKEN"
    )]
    Create(TokenCreateArguments),
}

#[derive(Args)]
pub(crate) struct TokenCreateArguments {
    /// Name of the server; it is made if the resource group has none of this name.
    #[arg(long, value_name = "NAME")]
    pub(crate) server: String,
    /// Resource group of the server.
    #[arg(long, default_value = "rg1")]
    pub(crate) resource_group: String,
    /// Subscription of the server.
    #[arg(long, default_value = crate::seed::DEFAULT_SUBSCRIPTION)]
    pub(crate) subscription: String,
    /// Region of a new server.
    #[arg(long, default_value = "westeurope")]
    pub(crate) location: String,
    /// Minutes the token may be used.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_080))]
    pub(crate) minutes: u32,
    #[command(flatten)]
    pub(crate) settings: Overrides,
}

#[derive(Args)]
pub(crate) struct FaultsArguments {
    /// Compare with the pages in this folder; code 1 if one differs.
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    pub(crate) check: Option<PathBuf>,
    /// Write the pages into this folder; pages of codes that are gone are removed.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct OpenapiArguments {
    /// Compare with the files in this folder; code 1 if one differs.
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    pub(crate) check: Option<PathBuf>,
    /// Write the files into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
