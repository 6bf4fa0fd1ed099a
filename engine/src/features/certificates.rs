//! Certificates of a vault: read as X.509, checked, kept.
//!
//! Always holds: what is kept can be parsed whole, is in force when it is taken, has a key and a signature of today's
//! strength, and if it says that it signed itself, it did.

use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine};
use aws_lc_rs::digest;
use jiff::Timestamp;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{ContainerName, NameKey, TenantId, VaultId};
use rsvault_domain::vault::Vault;
use rsvault_domain::vault::certificate::{VaultCertificate, certificate_name};
use std::borrow::Cow;
use std::fmt::Write;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};
use x509_parser::public_key::PublicKey;

/// Most certificates of a vault.
pub const CERTIFICATES_MAX: i64 = 100;
/// Largest certificate, in bytes.
pub const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;
const FIELD: &str = "properties.certificate";

fn refused(why: impl std::fmt::Display) -> Fault {
    Fault::invalid("BMSUserErrorInvalidCertificate", format!("Property '{FIELD}' cannot be used: {why}")).at(FIELD)
}

/// Keeps a certificate (DER, or PEM with one certificate) under a name; the same name again replaces it. With the vault, the
/// tenant it belongs to.
pub async fn put(
    engine: &Engine,
    _caller: &Caller,
    path: &VaultPath,
    name: &str,
    bytes: &[u8],
) -> Result<(Vault, TenantId, VaultCertificate)> {
    certificate_name(name)?;
    let mut tx = engine.store.begin().await?;
    let vault = find(tx.as_mut(), path).await?;
    let certificate = read(vault.id, name, bytes, engine.clock.now())?;
    let stands = tx.certificate(vault.id, &certificate.key()).await?;
    if stands.is_none() && tx.certificate_count(vault.id).await? >= CERTIFICATES_MAX {
        return Err(Fault::invalid(
            "BMSUserErrorCertificateQuotaExceeded",
            format!(
                "Vault '{}' has {CERTIFICATES_MAX} certificates, which is the most. Delete one through 'registeredIdentities' first.",
                vault.name
            ),
        ));
    }
    tx.put_certificate(&certificate).await?;
    let kept = tx.certificate(vault.id, &certificate.key()).await?.unwrap_or(certificate);
    let tenant =
        tx.subscription(vault.subscription).await?.map(|s| s.tenant).ok_or_else(|| Fault::internal("a vault without subscription"))?;
    tx.commit().await?;
    Ok((vault, tenant, kept))
}

/// Gives up the identity that a certificate stands for. None there is no error.
pub async fn delete_identity(engine: &Engine, _caller: &Caller, path: &VaultPath, name: &str) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    let vault = find(tx.as_mut(), path).await?;
    if tx.delete_certificate(vault.id, &NameKey::new(name)).await? {
        return Ok(tx.commit().await?);
    }
    if let Ok(container) = ContainerName::parse(name)
        && tx.container(vault.id, &container.key()).await?.is_some()
    {
        return Err(Fault::invalid(
            "BMSUserErrorRegisteredIdentityIsContainer",
            format!("'{name}' is a protection container, not a registered identity. Unregister it with DELETE backupFabrics/Azure/protectionContainers/{name}."),
        )
        .at("identityName"));
    }
    Ok(())
}

/// Reads and checks a certificate.
fn read(vault_id: VaultId, name: &str, bytes: &[u8], now: Timestamp) -> Result<VaultCertificate> {
    if bytes.is_empty() || bytes.len() > CERTIFICATE_BYTES_MAX {
        return Err(refused(format!("it has {} bytes; a certificate has 1 to {CERTIFICATE_BYTES_MAX}.", bytes.len())));
    }
    let der: Cow<'_, [u8]> = if bytes.trim_ascii_start().starts_with(b"-----BEGIN ") {
        let (rest, pem) = parse_x509_pem(bytes).map_err(|e| refused(format!("it begins as PEM but is none ({e}).")))?;
        if pem.label != "CERTIFICATE" || !rest.trim_ascii().is_empty() {
            return Err(refused("the PEM holds something else than one CERTIFICATE. Send the certificate alone, without its key."));
        }
        Cow::Owned(pem.contents)
    } else {
        Cow::Borrowed(bytes)
    };
    let (rest, certificate) = X509Certificate::from_der(&der)
        .map_err(|e| refused(format!("it is no X.509 certificate in DER or PEM ({e}). Send the base64 of a .cer file.")))?;
    if !rest.is_empty() {
        return Err(refused(format!("{} bytes follow the certificate. Send the certificate alone.", rest.len())));
    }
    strong(&certificate)?;
    let moment = |seconds: i64| Timestamp::from_second(seconds).map_err(|_| refused("its validity is beyond the year 9999."));
    let validity = certificate.validity();
    let (valid_from, valid_to) = (moment(validity.not_before.timestamp())?, moment(validity.not_after.timestamp())?);
    if now < valid_from || now > valid_to {
        return Err(refused(format!("it is valid from {valid_from} to {valid_to}, and it is {now} now. Send one that is in force.")));
    }
    let thumbprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &der).as_ref().iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02X}");
        out
    });
    let (subject, issuer) = (certificate.subject().to_string(), certificate.issuer().to_string());
    Ok(VaultCertificate { vault_id, name: name.to_owned(), der: der.into_owned(), subject, issuer, thumbprint, valid_from, valid_to })
}

/// Refuses what proves nothing today.
fn strong(certificate: &X509Certificate<'_>) -> Result<()> {
    if certificate.version() != X509Version::V3 {
        return Err(refused("it is of an old version of X.509; only version 3 is taken."));
    }
    let algorithm = certificate.signature_algorithm.algorithm.to_id_string();
    // MD2, MD5 and SHA-1 with RSA; SHA-1 with DSA and ECDSA.
    let weak = ["1.2.840.113549.1.1.2", "1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10040.4.3", "1.2.840.10045.4.1"];
    if weak.contains(&algorithm.as_str()) {
        return Err(refused("it is signed with MD5 or SHA-1. Send one that is signed with SHA-256 or better."));
    }
    let key = certificate.public_key().parsed().map_err(|e| refused(format!("its public key cannot be read ({e}).")))?;
    match key {
        PublicKey::RSA(rsa) if rsa.key_size() < 2048 => {
            return Err(refused(format!("its RSA key has {} bits; 2048 are the least.", rsa.key_size())));
        }
        PublicKey::DSA(_) | PublicKey::GostR3410(_) | PublicKey::GostR3410_2012(_) => {
            return Err(refused("its key is neither RSA nor of an elliptic curve. Send one that is."));
        }
        _ => {}
    }
    if certificate.subject() == certificate.issuer() {
        certificate.verify_signature(None).map_err(|_| refused("it names itself as its issuer, but its signature is not its own."))?;
    }
    Ok(())
}
