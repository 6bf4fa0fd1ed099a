//! The leaf: which names it bears, how long it lives, and when it is made anew.

use super::authority::{Authority, SKEW};
use super::{TlsError, files};
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Some systems refuse leaves of more than 825 days.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 397);
/// Made anew when less than this is left.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_hours(24 * 30);

/// When a certificate is valid, and for which names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    /// Not before.
    pub(crate) from: Timestamp,
    /// Not after.
    pub(crate) until: Timestamp,
    /// DNS names and addresses.
    pub(crate) names: BTreeSet<String>,
}

/// The names of the leaf: the loopback ones and those of the public URLs.
pub(super) fn names(hosts: &[String]) -> BTreeSet<String> {
    let loopback = ["localhost", "127.0.0.1", "::1"].into_iter().map(str::to_owned);
    loopback.chain(hosts.iter().map(|host| host.trim_matches(['[', ']']).to_lowercase())).collect()
}

/// Reads the first certificate of a PEM file.
pub(crate) fn read_validity(path: &Path) -> Result<Validity, TlsError> {
    let text = files::read(path)?;
    parse(&text).map_err(|e| TlsError::Broken(path.display().to_string(), e))
}

fn parse(pem: &str) -> Result<Validity, String> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|e| e.to_string())?;
    let (_, certificate) = X509Certificate::from_der(&der).map_err(|e| e.to_string())?;
    let time = |t: x509_parser::time::ASN1Time| Timestamp::from_second(t.timestamp()).map_err(|e| e.to_string());
    let mut names = BTreeSet::new();
    if let Some(extension) = certificate.subject_alternative_name().map_err(|e| e.to_string())? {
        for name in &extension.value.general_names {
            match name {
                GeneralName::DNSName(name) => names.insert((*name).to_owned()),
                GeneralName::IPAddress(bytes) => match (<[u8; 4]>::try_from(*bytes), <[u8; 16]>::try_from(*bytes)) {
                    (Ok(v4), _) => names.insert(IpAddr::from(v4).to_string()),
                    (_, Ok(v6)) => names.insert(IpAddr::from(v6).to_string()),
                    _ => false,
                },
                _ => false,
            };
        }
    }
    Ok(Validity { from: time(certificate.validity().not_before)?, until: time(certificate.validity().not_after)?, names })
}

/// Makes a new leaf unless the one in `dir` bears these names and is far from its end.
pub(super) fn renew_if_needed(dir: &Path, authority: &Authority, names: &BTreeSet<String>, now: Timestamp) -> Result<(), TlsError> {
    let (certificate, key) = (dir.join("leaf.pem"), dir.join("leaf.key"));
    let good =
        key.exists() && read_validity(&certificate).is_ok_and(|v| v.names == *names && v.from <= now && now + RENEW_BEFORE < v.until);
    if good {
        return Ok(());
    }
    let pair = KeyPair::generate()?;
    let mut params = CertificateParams::new(names.iter().cloned().collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, "rsvault");
    params.is_ca = rcgen::IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Without it strict verifiers (Python 3.13) refuse the chain.
    params.use_authority_key_identifier_extension = true;
    params.not_before = offset(now - SKEW);
    params.not_after = offset(now + LIFE);
    let signed = params.signed_by(&pair, authority)?;
    // A crash between the two leaves a pair that does not fit; the old certificate goes first.
    if certificate.exists() {
        std::fs::remove_file(&certificate).map_err(|source| TlsError::File { path: certificate.display().to_string(), source })?;
    }
    files::write(&key, &pair.serialize_pem(), 0o600)?;
    files::write(&certificate, &signed.pem(), 0o644)?;
    tracing::info!(path = %certificate.display(), "made a server certificate");
    Ok(())
}

/// rcgen counts in the `time` crate.
pub(super) fn offset(time: Timestamp) -> time::OffsetDateTime {
    time::OffsetDateTime::from_unix_timestamp(time.as_second()).unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
}
