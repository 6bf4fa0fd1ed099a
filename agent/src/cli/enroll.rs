//! `rsvault-agent enroll`

use super::{Failure, State};
use rsvault_agent::coordinator::{credentials::Enrolment, outlook};
use rsvault_agent::transport;
use rsvault_protocol::messages::EnrollBody;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// URL of the vault. Plain http:// is accepted only for this machine.
    #[arg(long, value_name = "URL", env = "RSVAULT_VAULT_URL")]
    vault_url: String,
    /// One-time token. A flag shows in process lists: prefer the environment variable or --token-file.
    #[arg(long, value_name = "T", env = "RSVAULT_TOKEN", hide_env_values = true, required_unless_present = "token_file")]
    token: Option<String>,
    /// File that holds the one-time token; `-` reads standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    token_file: Option<PathBuf>,
    /// PEM file of the CA that the vault's certificate must come from (a vault writes its own to DATA/tls/ca.pem).
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    state: State,
}

#[allow(clippy::print_stdout)]
pub(crate) async fn enroll(arguments: Arguments) -> Result<(), Failure> {
    let token = match (&arguments.token, &arguments.token_file) {
        (_, Some(file)) if file == Path::new("-") => {
            std::io::read_to_string(std::io::stdin()).map_err(|e| Failure::configuration(format!("standard input: {e}")))?
        }
        (_, Some(file)) => read(file)?,
        (Some(token), None) => token.clone(),
        (None, None) => return Err(Failure::configuration("no token: give --token-file or RSVAULT_TOKEN")),
    };
    let ca_pem = arguments.ca.as_deref().map(read).transpose()?;
    let body = EnrollBody {
        token: token.trim().to_owned(),
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        engines: vec!["postgresql".into(), "simulated".into()],
    };
    // The folder must be writable before the token is used up.
    let dir = &arguments.state.dir;
    let unwritable = |e| Failure::configuration(format!("the state folder {} cannot be written: {e}", dir.display()));
    std::fs::create_dir_all(dir).and_then(|()| tempfile::tempfile_in(dir).map(drop)).map_err(unwritable)?;
    let view = transport::enroll(&arguments.vault_url, ca_pem.as_deref(), &body).await?;
    let server_name = view.server_name.clone();
    Enrolment { vault_url: arguments.vault_url, ca_pem, agent_id: view.agent_id, secret: view.secret, server_name: view.server_name }
        .save(dir)
        .and_then(|()| outlook::forget(dir))
        .map_err(unwritable)?;
    println!("enrolled as {} for server {server_name}; start with: rsvault-agent run --state {}", view.agent_id, dir.display());
    Ok(())
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|e| Failure::configuration(format!("{}: {e}", file.display())))
}
