//! `rsvault-agent status`

use super::{Failure, State};
use rsvault_agent::coordinator::credentials::Enrolment;
use rsvault_agent::transport::{HttpVault, Vault, VaultError};
use rsvault_protocol::messages::HeartbeatBody;
use std::path::Path;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    state: State,
}

#[allow(clippy::print_stdout)]
pub(crate) async fn status(arguments: &Arguments) -> Result<(), Failure> {
    let enrolment = load(&arguments.state.dir)?;
    println!("vault   {}\nserver  {}\nagent   {}", enrolment.vault_url, enrolment.server_name, enrolment.agent_id);
    let vault =
        HttpVault::new(&enrolment.vault_url, enrolment.ca_pem.as_deref(), &enrolment.credential()).map_err(Failure::configuration)?;
    // A heartbeat for no command takes nothing from a running agent: a vault that knows the
    // credential says that there is no such command.
    match vault.heartbeat(uuid::Uuid::nil().into(), &HeartbeatBody::default()).await {
        Ok(_) | Err(VaultError::Stale(_) | VaultError::Refused { status: 404 | 409, .. }) => {
            println!("answer  the vault accepts the credential");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// The enrolment in `state`, or what to do about it.
pub(crate) fn load(state: &Path) -> Result<Enrolment, Failure> {
    Enrolment::load(state).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            Failure::configuration(format!("{} holds no enrolment; run: rsvault-agent enroll --state {}", state.display(), state.display()))
        }
        _ => Failure::configuration(format!("the enrolment in {} cannot be used: {e}", state.display())),
    })
}
