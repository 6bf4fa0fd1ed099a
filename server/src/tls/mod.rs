//! The server's certificates: a development authority made once, and a leaf made anew when it nears
//! its end or the names change.
//!
//! Always holds: the authority is kept, so clients trust it once; the leaf names localhost,
//! 127.0.0.1, ::1 and the hosts of the public URLs and passes strict verifiers; keys are 0600; a
//! file is either the old or the new one, never half.

mod authority;
mod files;
mod leaf;

pub(crate) use leaf::read_validity;

use jiff::Timestamp;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file cannot be read or written.
    #[error("cannot use {path}: {source}")]
    File { path: String, source: std::io::Error },
    /// A certificate or key cannot be understood.
    #[error(
        "{0} is not a usable certificate or key: {1}. Restore it, or remove the tls folder to get a new authority (clients must then trust the new ca.pem)"
    )]
    Broken(String, String),
    /// A certificate cannot be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
}

/// Makes what is missing or old in `dir` and gives the TLS configuration (h2 and http/1.1).
pub(crate) fn prepare(dir: &Path, hosts: &[String], now: Timestamp) -> Result<Arc<rustls::ServerConfig>, TlsError> {
    files::make_dir(dir)?;
    let authority = authority::open_or_make(dir, now)?;
    leaf::renew_if_needed(dir, &authority, &leaf::names(hosts), now)?;
    let chain_path = dir.join("leaf.pem");
    let broken = |path: &Path, e: &dyn std::fmt::Display| TlsError::Broken(path.display().to_string(), e.to_string());
    let chain = files::read(&chain_path)?;
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>().map_err(|e| broken(&chain_path, &e))?;
    let key_path = dir.join("leaf.key");
    let key = PrivateKeyDer::from_pem_slice(files::read(&key_path)?.as_bytes()).map_err(|e| broken(&key_path, &e))?;
    let mut config =
        rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).map_err(|e| broken(&key_path, &e))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests;
