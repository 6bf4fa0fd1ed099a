//! The newest time that the catalogue shows: no clock of this vault may be behind it.

use jiff::Timestamp;
use rsvault_domain::ports::{Store, StoreResult};

/// When an agent was last heard of, a server made, or the clock's mark set.
pub(crate) async fn newest_seen(store: &dyn Store) -> StoreResult<Option<Timestamp>> {
    let mut tx = store.read().await?;
    let mut newest = tx.clock_mark().await?;
    for subscription in tx.subscriptions().await? {
        for server in tx.servers(subscription.id).await? {
            let seen = tx.agent_of(server.id).await?.map(|agent| agent.last_seen_at);
            newest = newest.max(seen).max(Some(server.created_at));
        }
    }
    Ok(newest)
}
