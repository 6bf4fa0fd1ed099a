//! Reading what an operation has to tell.

use crate::Engine;
use rsvault_domain::fault::Result;
use rsvault_domain::id::OperationId;
use rsvault_domain::outcome::Outcome;

/// What the operation `id` has to tell. Ask [`crate::operations::read`] first whether it is one of this vault.
pub async fn outcome(engine: &Engine, id: OperationId) -> Result<Option<Outcome>> {
    Ok(engine.store.read().await?.outcome(id).await?)
}
