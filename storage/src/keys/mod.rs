//! Key-encryption keys of the vaults, as files.
//!
//! Always holds: a private key is in its file (`{folder}/{vault}/{version}.pem`, PKCS#8, owner only)
//! and nowhere else: not in a log, not in `Debug`, not in memory longer than one call. A key's file is
//! durable before its public half is given out. A key's id names the key itself, so a key that was
//! lost and made anew is never taken for the old one.

mod file;
mod pem;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rsvault_domain::backup::WrappedKey;
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::id::VaultId;
use rsvault_domain::ports::{KeyRing, Recipient};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Rotation is not built yet: every vault has this version.
const VERSION: u32 = 1;

/// Keeps keys in files below one folder.
#[derive(Debug)]
pub struct FileKeyRing {
    folder: PathBuf,
    /// One maker at a time: a key takes long to make, and only one would be kept.
    making: tokio::sync::Mutex<()>,
}

impl FileKeyRing {
    /// Opens the folder, made (for its owner only) if it is not there.
    pub fn open(folder: impl AsRef<Path>) -> Result<Arc<Self>> {
        let folder = folder.as_ref().to_owned();
        crate::folder::make(&folder).map_err(|e| io_fault(&folder, &e))?;
        Ok(Arc::new(Self { folder, making: tokio::sync::Mutex::new(()) }))
    }
    fn path(&self, vault: VaultId, version: u32) -> PathBuf {
        self.folder.join(vault.to_string()).join(format!("{version}.pem"))
    }
    async fn load(&self, vault: VaultId, version: u32) -> Result<Option<Key>> {
        let path = self.path(vault, version);
        blocking(move || Key::load(vault, &path)).await
    }
}

#[async_trait]
impl KeyRing for FileKeyRing {
    async fn recipient(&self, vault: VaultId) -> Result<Recipient> {
        let mut key = self.load(vault, VERSION).await?;
        if key.is_none() {
            let _turn = self.making.lock().await;
            let path = self.path(vault, VERSION);
            key = blocking(move || {
                if Key::load(vault, &path)?.is_none() {
                    Key::make(&path)?;
                }
                // What counts is the file that stands: another process may have been first.
                Key::load(vault, &path)
            })
            .await?;
        }
        let key = key.ok_or_else(|| Fault::internal(format!("key of vault {vault} vanished while it was made")))?;
        Ok(Recipient { key_id: key.id, version: VERSION, public_key_pem: key.public_pem })
    }

    async fn unwrap_key(&self, vault: VaultId, key: &WrappedKey) -> Result<Zeroizing<Vec<u8>>> {
        let have = self.load(vault, key.version).await?.filter(|have| have.id == key.key_id);
        let have =
            have.ok_or_else(|| unavailable(format!("no key file of vault {vault} holds key {} version {}", key.key_id, key.version)))?;
        let wrapped = STANDARD.decode(&key.wrapped).map_err(|_| unavailable("the wrapped key is not base64"))?;
        blocking(move || have.unwrap(&wrapped)).await
    }

    async fn forget(&self, vault: VaultId) -> Result<()> {
        let folder = self.folder.join(vault.to_string());
        blocking(move || file::remove_folder(&folder).map_err(|e| io_fault(&folder, &e))).await
    }
}

/// A key read from its file.
struct Key {
    private: PrivateDecryptingKey,
    id: String,
    public_pem: String,
}

impl Key {
    fn load(vault: VaultId, path: &Path) -> Result<Option<Self>> {
        let Some(text) = file::read(path).map_err(|e| io_fault(path, &e))? else { return Ok(None) };
        let der = pem::decode(&text, "PRIVATE KEY").ok_or_else(|| unavailable(format!("{} is not a PEM file", path.display())))?;
        let private =
            PrivateDecryptingKey::from_pkcs8(&der).map_err(|e| unavailable(format!("{} holds no RSA key: {e}", path.display())))?;
        let public: PublicKeyX509Der<'_> = private.public_key().as_der().map_err(Fault::internal)?;
        let fingerprint: String = digest(&SHA256, public.as_ref()).as_ref().iter().take(16).map(|b| format!("{b:02x}")).collect();
        Ok(Some(Self { id: format!("{vault}/{fingerprint}"), public_pem: pem::encode(public.as_ref(), "PUBLIC KEY").to_string(), private }))
    }

    /// Makes a key in `path`, unless one stands there by then.
    fn make(path: &Path) -> Result<()> {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa3072).map_err(Fault::internal)?;
        let der: Pkcs8V1Der<'_> = private.as_der().map_err(Fault::internal)?;
        file::create(path, pem::encode(der.as_ref(), "PRIVATE KEY").as_bytes()).map_err(|e| io_fault(path, &e))
    }

    fn unwrap(self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let opener = OaepPrivateDecryptingKey::new(self.private).map_err(Fault::internal)?;
        let mut plain = Zeroizing::new(vec![0; opener.min_output_size()]);
        let length = opener
            .decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut plain, None)
            .map_err(|_| unavailable(format!("key {} does not open the wrapped key", self.id)))?
            .len();
        Ok(Zeroizing::new(plain[..length].to_vec()))
    }
}

fn unavailable(why: impl std::fmt::Display) -> Fault {
    Fault::new(
        FaultKind::Conflict,
        "BMSUserErrorKeyUnavailable",
        "The key that opens this backup is not in the vault's key folder. Bring the vault's key file back, then try again.",
    )
    .because(why)
}

fn io_fault(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(
        FaultKind::Unavailable,
        "KeyStoreUnavailable",
        "The vault's key folder cannot be used now. Check its rights and free space, then try again.",
    )
    .because(format!("{}: {error}", path.display()))
}

/// Runs file and RSA work off the runtime's threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Fault::internal)?
}
