//! PUT a certificate of a vault.

use super::body::{CertificateBody, CertificateView};
use crate::AppState;
use crate::arm::names::{CertificatePath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::features::certificates;
use std::sync::Arc;

/// Uploads a certificate; the same name again replaces it.
#[utoipa::path(put, path = at_vault!("/certificates/{certificateName}"), tag = "Vault identities", operation_id = "VaultCertificates_Create", params(CertificatePath, VersionQuery), request_body = CertificateBody,
    responses((status = 200, description = "The certificate.", body = CertificateView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<CertificatePath>,
    ArmJson(body): ArmJson<CertificateBody>,
) -> Result<Json<CertificateView>, ArmError> {
    let (at, bytes) = (path.vault().ask()?, body.bytes()?);
    let (vault, tenant, certificate) = certificates::put(&state.engine, &caller.engine, &at, &path.certificate_name, &bytes).await?;
    Ok(Json(CertificateView::new(&caller.base_url, &vault, tenant, &certificate)))
}
