//! Asks for commands, one long poll after the other, whether or not a seat is free: the vault takes
//! an agent that does not ask for one that is away.

use super::floor::Floor;
use crate::transport::{Patience, Vault};
use rsvault_protocol::messages::NextCommandBody;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Between questions to a vault that is away.
pub(super) const AWAY: Patience = Patience { first: Duration::from_millis(200), most: Duration::from_secs(5), give_up: Duration::MAX };

/// From a question that brought nothing to the next: a vault, or something in front of it, that does
/// not hold questions open is not asked without end.
pub(super) const BREATH: Duration = Duration::from_millis(100);

/// Asks and hands over until shutdown.
pub(super) async fn poll(vault: Arc<dyn Vault>, floor: Arc<Floor>, wait_seconds: u32, shutdown: CancellationToken) {
    let mut failures = 0;
    loop {
        let ask = NextCommandBody { wait_seconds, agent_version: env!("CARGO_PKG_VERSION").to_owned(), running: floor.running() };
        let asked = tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            asked = vault.next_command(&ask) => asked,
        };
        match asked {
            Ok(next) => {
                if failures > 0 {
                    tracing::info!("the vault answers again");
                }
                failures = 0;
                match next {
                    Some(command) => drop(floor.take(command, None).await),
                    None => tokio::select! {
                        () = shutdown.cancelled() => return,
                        () = tokio::time::sleep(BREATH) => {}
                    },
                }
            }
            Err(error) => {
                failures += 1;
                if failures == 1 || failures % 20 == 0 {
                    tracing::warn!(%error, failures, "asking for work failed; going on");
                }
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(AWAY.wait(failures)) => {}
                }
            }
        }
    }
}
