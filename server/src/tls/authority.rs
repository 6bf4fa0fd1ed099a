//! The development authority: made on first start, then kept.

use super::leaf::offset;
use super::{TlsError, files};
use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use std::path::Path;

/// Years would be fine for a clock; verifiers of some systems refuse more than this in a root they
/// were told to trust by hand.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 365 * 10);
/// Clocks of clients may be behind.
pub(super) const SKEW: SignedDuration = SignedDuration::from_hours(24);

/// An authority that can sign.
pub(super) type Authority = Issuer<'static, KeyPair>;

/// The authority of `dir`; a new one if there is none at all.
pub(super) fn open_or_make(dir: &Path, now: Timestamp) -> Result<Authority, TlsError> {
    let (certificate, key) = (dir.join("ca.pem"), dir.join("ca.key"));
    // The key is written first: a certificate without key is a loss to be told, not to be mended.
    if !certificate.exists() {
        make(&certificate, &key, now)?;
    }
    let broken = |path: &Path, e: &rcgen::Error| TlsError::Broken(path.display().to_string(), e.to_string());
    let pair = KeyPair::from_pem(&files::read(&key)?).map_err(|e| broken(&key, &e))?;
    Issuer::from_ca_cert_pem(&files::read(&certificate)?, pair).map_err(|e| broken(&certificate, &e))
}

fn make(certificate: &Path, key: &Path, now: Timestamp) -> Result<(), TlsError> {
    let pair = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    // Unlike authorities of one name confuse clients that trust several.
    let name = format!("rsvault development CA {}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params.not_before = offset(now - SKEW);
    params.not_after = offset(now + LIFE);
    let signed = params.self_signed(&pair)?;
    files::write(key, &pair.serialize_pem(), 0o600)?;
    files::write(certificate, &signed.pem(), 0o644)?;
    tracing::info!(path = %certificate.display(), "made a development certificate authority");
    Ok(())
}
