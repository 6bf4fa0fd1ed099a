//! The wire form of a vault's certificate.

use crate::arm::fields::{one_of, required, unsupported};
use crate::arm::moment;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsvault_domain::Fault;
use rsvault_domain::fault::Result;
use rsvault_domain::id::TenantId;
use rsvault_domain::vault::certificate::{VaultCertificate, resource_number};
use rsvault_domain::vault::{Vault, identity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of PUT.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CertificateBody {
    /// The certificate.
    pub(crate) properties: Option<RawCertificateBody>,
}

/// A certificate as a client sends it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawCertificateBody {
    /// `AAD`, `AzureActiveDirectory`; the ACS of old is refused.
    pub(crate) auth_type: Option<String>,
    /// Base64 of the certificate: DER, or PEM.
    pub(crate) certificate: Option<String>,
}

/// A certificate of a vault.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CertificateView {
    /// ARM id.
    pub(crate) id: String,
    /// Name.
    pub(crate) name: String,
    /// `Microsoft.RecoveryServices/vaults/certificates`.
    pub(crate) r#type: &'static str,
    /// What it says, and where its owner would sign in.
    pub(crate) properties: CertificatePropertiesView,
}

/// What a certificate says (`ResourceCertificateAndAadDetails`).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CertificatePropertiesView {
    /// `AzureActiveDirectory`.
    pub(crate) auth_type: &'static str,
    /// Base64 of the DER.
    pub(crate) certificate: String,
    /// Its name.
    pub(crate) friendly_name: String,
    /// Issuer.
    pub(crate) issuer: String,
    /// Number that stands for the vault.
    pub(crate) resource_id: i64,
    /// Subject.
    pub(crate) subject: String,
    /// SHA-1 of the DER, in hex.
    pub(crate) thumbprint: String,
    /// Valid from.
    pub(crate) valid_from: String,
    /// Valid until.
    pub(crate) valid_to: String,
    /// This server's authority.
    pub(crate) aad_authority: String,
    /// Tenant.
    pub(crate) aad_tenant_id: String,
    /// Id that stands for the client.
    pub(crate) service_principal_client_id: String,
    /// Id that stands for the principal.
    pub(crate) service_principal_object_id: String,
    /// This server.
    pub(crate) azure_management_endpoint_audience: String,
    /// ARM id of the vault.
    pub(crate) service_resource_id: String,
    /// This server.
    pub(crate) aad_audience: String,
}

impl CertificateBody {
    /// The bytes of the certificate.
    pub(crate) fn bytes(self) -> Result<Vec<u8>> {
        const FIELD: &str = "properties.certificate";
        let properties = required(self.properties, "properties")?;
        if let Some(word) = properties.auth_type {
            let allowed = ["AAD", "AzureActiveDirectory", "ACS", "AccessControlService"];
            if one_of(&word, "properties.authType", &allowed)?.starts_with("AC") {
                let what = "Sign-in through the Access Control Service, which Azure has retired,";
                return Err(unsupported(what, "properties.authType", "Send AzureActiveDirectory."));
            }
        }
        let text: String = required(properties.certificate, FIELD)?.split_ascii_whitespace().collect();
        STANDARD.decode(&text).map_err(|e| {
            Fault::invalid(
                "BMSUserErrorInvalidCertificate",
                format!("Property '{FIELD}' is not base64 ({e}). Send the base64 of a .cer file."),
            )
            .at(FIELD)
        })
    }
}

impl CertificateView {
    /// A certificate of a vault, told by the server at `base_url`.
    pub(crate) fn new(base_url: &str, vault: &Vault, tenant: TenantId, certificate: &VaultCertificate) -> Self {
        let id = format!("{}/certificates/{}", vault.arm_id(), certificate.name);
        let (principal, client) = identity::user_principal(&id);
        Self {
            name: certificate.name.clone(),
            r#type: "Microsoft.RecoveryServices/vaults/certificates",
            properties: CertificatePropertiesView {
                auth_type: "AzureActiveDirectory",
                certificate: STANDARD.encode(&certificate.der),
                friendly_name: certificate.name.clone(),
                issuer: certificate.issuer.clone(),
                resource_id: resource_number(vault.id),
                subject: certificate.subject.clone(),
                thumbprint: certificate.thumbprint.clone(),
                valid_from: moment::full(certificate.valid_from),
                valid_to: moment::full(certificate.valid_to),
                aad_authority: format!("{base_url}/adfs"),
                aad_tenant_id: tenant.to_string(),
                service_principal_client_id: client.to_string(),
                service_principal_object_id: principal.to_string(),
                azure_management_endpoint_audience: base_url.to_owned(),
                service_resource_id: vault.arm_id(),
                aad_audience: base_url.to_owned(),
            },
            id,
        }
    }
}
