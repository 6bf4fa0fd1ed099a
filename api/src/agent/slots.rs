//! `POST /agent/v1/slots`

use super::caller::CallingAgent;
use super::extract::Body;
use super::next_command::view;
use crate::edge::{Problem, Problems};
use axum::Json;
use axum::extract::State;
use rsvault_domain::work::Slot;
use rsvault_engine::{Engine, agents};
use rsvault_protocol::messages::{SlotBody, SlotView};
use std::sync::Arc;

/// Offer a slot whose time has come. However often it is offered, it runs once.
#[utoipa::path(post, path = "/agent/v1/slots", tag = "Schedule", operation_id = "offerSlot", request_body = SlotBody,
    security(("agent" = [])),
    responses((status = 200, description = "What becomes of the slot.", body = SlotView), Problems))]
pub(super) async fn handler(
    State(engine): State<Arc<Engine>>,
    CallingAgent(agent): CallingAgent,
    Body(body): Body<SlotBody>,
) -> Result<Json<SlotView>, Problem> {
    let offer = agents::SlotOffer { item: body.item_id, slot: Slot { kind: body.backup, at: body.slot } };
    Ok(Json(match agents::slot(&engine, &agent, offer).await? {
        agents::SlotVerdict::Run(leased) => SlotView::Run { command: view(*leased) },
        agents::SlotVerdict::Done => SlotView::Done {},
        agents::SlotVerdict::Refused(fault) => SlotView::Refused { fault },
    }))
}
