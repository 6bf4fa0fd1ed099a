//! Key wrapping: RSA-OAEP with SHA-256 (`RSA-OAEP-256` of key vaults and JWE).

use super::{DataKey, SealError};
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// Fewest bits of a key that data keys are wrapped for.
const MIN_BITS: usize = 2048;

/// Wraps `key` for a public key given as SubjectPublicKeyInfo (PEM, or base64 of DER). Gives base64.
pub fn wrap_key(key: &DataKey, public_key_pem: &str) -> Result<String, SealError> {
    let der = der_of(public_key_pem).ok_or(SealError::Key("the public key is not PEM"))?;
    let public = PublicEncryptingKey::from_der(&der).map_err(|_| SealError::Key("the public key is not an RSA SubjectPublicKeyInfo"))?;
    if public.key_size_bits() < MIN_BITS {
        return Err(SealError::Key("the public key has fewer than 2048 bits"));
    }
    let public = OaepPublicEncryptingKey::new(public).map_err(|_| SealError::Library)?;
    let mut out = vec![0; public.ciphertext_size()];
    let wrapped = public.encrypt(&OAEP_SHA256_MGF1SHA256, key.expose(), &mut out, None).map_err(|_| SealError::Library)?;
    Ok(STANDARD.encode(wrapped))
}

/// Unwraps with a PKCS#8 DER private key.
pub fn unwrap_key(wrapped: &str, private_key_pkcs8: &[u8]) -> Result<DataKey, SealError> {
    let wrapped = STANDARD.decode(wrapped).map_err(|_| SealError::Key("the wrapped key is not base64"))?;
    let private = PrivateDecryptingKey::from_pkcs8(private_key_pkcs8).map_err(|_| SealError::Key("the private key is not PKCS#8 RSA"))?;
    let private = OaepPrivateDecryptingKey::new(private).map_err(|_| SealError::Library)?;
    let mut out = Zeroizing::new(vec![0; private.min_output_size()]);
    let key = private
        .decrypt(&OAEP_SHA256_MGF1SHA256, &wrapped, &mut out, None)
        .map_err(|_| SealError::Key("the wrapped key does not belong to this private key, or was altered"))?;
    DataKey::from_slice(key)
}

fn der_of(pem: &str) -> Option<Vec<u8>> {
    let body: String = pem.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).ok().filter(|der| !der.is_empty())
}
