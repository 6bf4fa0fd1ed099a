//! `rsvault-agent status`

use super::config::SystemClock;
use super::{Failure, State};
use rsvault_agent::coordinator::credentials::Enrolment;
use rsvault_agent::coordinator::outlook::{Outlook, outlook};
use rsvault_agent::transport::{HttpVault, Vault, VaultError};
use rsvault_domain::id::AgentId;
use rsvault_domain::ports::Clock;
use rsvault_protocol::messages::HeartbeatBody;
use serde::Serialize;
use std::{fmt, path::Path};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    state: State,
}

/// What is shown; as JSON with `--json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    vault: String,
    server: String,
    agent: AgentId,
    /// None: the vault has not given one yet.
    schedule: Option<Outlook>,
    /// Whether the vault accepts the credential.
    accepted: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[allow(clippy::print_stdout)]
pub(crate) async fn status(arguments: &Arguments, json: bool) -> Result<(), Failure> {
    let state = &arguments.state.dir;
    let enrolment = load(state)?;
    let vault =
        HttpVault::new(&enrolment.vault_url, enrolment.ca_pem.as_deref(), &enrolment.credential()).map_err(Failure::configuration)?;
    // A heartbeat for no command takes nothing from a running agent: a vault that knows the
    // credential says that there is no such command.
    let answer = match vault.heartbeat(uuid::Uuid::nil().into(), &HeartbeatBody::default()).await {
        Ok(_) | Err(VaultError::Stale(_) | VaultError::Refused { status: 404 | 409, .. }) => Ok(()),
        Err(error) => Err(error),
    };
    let status = Status {
        vault: enrolment.vault_url,
        server: enrolment.server_name,
        agent: enrolment.agent_id,
        schedule: outlook(state, SystemClock.now()),
        accepted: answer.is_ok(),
        reason: answer.as_ref().err().map(ToString::to_string),
    };
    if json {
        let text = serde_json::to_string_pretty(&status);
        println!("{}", text.map_err(|e| Failure::configuration(format!("the status cannot be written as JSON: {e}")))?);
    } else {
        print!("{status}");
    }
    Ok(answer?)
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "vault     {}\nserver    {}\nagent     {}", self.vault, self.server, self.agent)?;
        match &self.schedule {
            None => writeln!(f, "schedule  none yet: it comes once the agent runs and the server is registered with a vault")?,
            Some(schedule) => {
                writeln!(f, "schedule  {} of {} databases", schedule.revision, schedule.databases.len())?;
                for database in &schedule.databases {
                    for kind in &database.kinds {
                        let next = kind.next.map_or("never".to_owned(), |at| at.to_string());
                        let pending = kind.pending.map(|at| format!("; {at} is pending")).unwrap_or_default();
                        let name = format!("{}/{}", database.instance, database.database);
                        writeln!(f, "          {name:32} {:13} next {next}{pending}", kind.kind.as_str())?;
                    }
                }
            }
        }
        if self.accepted { writeln!(f, "answer    the vault accepts the credential") } else { Ok(()) }
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
