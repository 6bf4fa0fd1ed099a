//! What a restore would read, to look at before it is asked for: the plan that the restore itself runs.

use super::chain::ask;
use super::request::Wanted;
use crate::Engine;
use crate::protection::{ItemPath, find_item};
use rsvault_domain::fault::Result;
use rsvault_domain::restore::{self, PlanPreview};

/// The plan for what is wanted, or the fault that the restore would be answered.
pub async fn preview(engine: &Engine, path: &ItemPath, wanted: &Wanted) -> Result<PlanPreview> {
    let mut tx = engine.store.read().await?;
    let (_, _, item) = find_item(tx.as_mut(), path).await?;
    item.may_be_used()?;
    let (chain, question) = ask(tx.as_mut(), &item, wanted).await?;
    restore::preview(&chain, &question)
}
