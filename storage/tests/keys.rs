//! Key files.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test panics")]
#![allow(clippy::disallowed_methods, reason = "a test awaits what it spawns")]

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rsvault_domain::backup::WrappedKey;
use rsvault_domain::id::VaultId;
use rsvault_domain::ports::{KeyRing, Recipient};
use rsvault_storage::FileKeyRing;
use std::os::unix::fs::PermissionsExt;

fn vault() -> VaultId {
    uuid::Uuid::now_v7().into()
}
/// Wraps as an agent does.
fn wrap(recipient: &Recipient, plain: &[u8]) -> WrappedKey {
    let body: String = recipient.public_key_pem.lines().filter(|line| !line.starts_with('-')).collect();
    let public = PublicEncryptingKey::from_der(&STANDARD.decode(body).unwrap()).unwrap();
    let public = OaepPublicEncryptingKey::new(public).unwrap();
    let mut sealed = vec![0; public.ciphertext_size()];
    let sealed = public.encrypt(&OAEP_SHA256_MGF1SHA256, plain, &mut sealed, None).unwrap();
    WrappedKey { key_id: recipient.key_id.clone(), version: recipient.version, wrapped: STANDARD.encode(sealed) }
}

#[tokio::test]
async fn a_key_outlives_its_ring_and_opens_what_was_wrapped_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault();
    let recipient = FileKeyRing::open(folder.path().join("keys")).unwrap().recipient(vault).await.unwrap();
    assert!(recipient.public_key_pem.starts_with("-----BEGIN PUBLIC KEY-----\n"));
    let wrapped = wrap(&recipient, &[42; 32]);
    let ring = FileKeyRing::open(folder.path().join("keys")).unwrap();
    assert_eq!(ring.recipient(vault).await.unwrap(), recipient);
    assert_eq!(*ring.unwrap_key(vault, &wrapped).await.unwrap(), [42; 32]);
    let file = folder.path().join(format!("keys/{vault}/1.pem"));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(file.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "staging files are left");
    assert!(!format!("{ring:?}").contains("PRIVATE"));
}

#[tokio::test]
async fn racing_makers_agree_on_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault();
    // A ring each: as two processes on one folder.
    let makers = (0..4).map(|_| {
        let ring = FileKeyRing::open(folder.path()).unwrap();
        tokio::spawn(async move { ring.recipient(vault).await.unwrap() })
    });
    let mut keys = Vec::new();
    for maker in makers.collect::<Vec<_>>() {
        keys.push(maker.await.unwrap());
    }
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[tokio::test]
async fn a_missing_or_other_key_is_unavailable_and_never_a_defect() {
    let folder = tempfile::tempdir().unwrap();
    let ring = FileKeyRing::open(folder.path()).unwrap();
    let vault = vault();
    let recipient = ring.recipient(vault).await.unwrap();
    let wrapped = wrap(&recipient, &[1; 32]);
    let garbled = [
        WrappedKey { version: 2, ..wrapped.clone() },
        WrappedKey { key_id: "another".into(), ..wrapped.clone() },
        WrappedKey { wrapped: "not base64!".into(), ..wrapped.clone() },
        WrappedKey { wrapped: "AAAA".into(), ..wrapped.clone() },
    ];
    for wrapped in &garbled {
        assert_eq!(ring.unwrap_key(vault, wrapped).await.unwrap_err().code, "BMSUserErrorKeyUnavailable");
    }
    ring.forget(vault).await.unwrap();
    ring.forget(vault).await.unwrap();
    assert_eq!(ring.unwrap_key(vault, &wrapped).await.unwrap_err().code, "BMSUserErrorKeyUnavailable");
    // A key made anew is not the old one.
    assert_ne!(ring.recipient(vault).await.unwrap().key_id, recipient.key_id);
    assert_eq!(ring.unwrap_key(vault, &wrapped).await.unwrap_err().code, "BMSUserErrorKeyUnavailable");
}

#[tokio::test]
async fn a_key_file_that_was_brought_back_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let ring = FileKeyRing::open(folder.path()).unwrap();
    let vault = vault();
    let wrapped = wrap(&ring.recipient(vault).await.unwrap(), &[5; 32]);
    let file = folder.path().join(format!("{vault}/1.pem"));
    let kept = std::fs::read(&file).unwrap();
    let stranger = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = stranger.as_der().unwrap();
    std::fs::write(&file, format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()))).unwrap();
    assert!(ring.unwrap_key(vault, &wrapped).await.is_err());
    std::fs::write(&file, kept).unwrap();
    assert_eq!(*ring.unwrap_key(vault, &wrapped).await.unwrap(), [5; 32]);
}
