//! Access tokens: RS256 JWTs of one RSA key that lies in the data folder. Always holds: a token
//! counts only if it names our key and algorithm, an issuer and an audience that are the server's
//! own URLs, and a time that has begun and not ended by the house's [`Clock`] (jsonwebtoken would
//! ask the system's, so its own time checks are off and ours demand the claims).

use super::verified::Verified;
use crate::EdgeSettings;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rsvault_domain::access::Principal;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::ports::Clock;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

/// How long a token is good for, in seconds.
pub(super) const LIFETIME: i64 = 3600;
/// By how much a token may come before its time (clocks of two servers behind one name).
const SKEW: i64 = 5;

/// What a token says. Every claim is required.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Audience: one of the server's own URLs.
    pub aud: String,
    /// Issuer: where it was given out.
    pub iss: String,
    /// Given out, Unix seconds.
    pub iat: i64,
    /// Not before.
    pub nbf: i64,
    /// Expiry.
    pub exp: i64,
    /// Client id.
    pub appid: String,
    /// Object id.
    pub oid: String,
    /// Subject: the object id.
    pub sub: String,
    /// Tenant.
    pub tid: String,
    /// Kind of identity; always `app`.
    pub idtyp: String,
    /// Version of the token's shape.
    pub ver: String,
}

/// Why a token does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Not ours: shape, algorithm, key or signature. The text is for the log.
    Invalid(String),
    /// Its time is over.
    Expired {
        /// Expiry.
        at: Timestamp,
        /// Now.
        now: Timestamp,
    },
    /// Its time has not come.
    NotYet {
        /// Start.
        at: Timestamp,
        /// Now.
        now: Timestamp,
    },
    /// For somebody else.
    Audience(String),
    /// From somebody else.
    Issuer(String),
}

/// Makes and checks tokens.
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    kid: String,
    modulus: String,
    exponent: String,
    clock: Arc<dyn Clock>,
    verified: Verified,
}

impl Tokens {
    /// Opens the signing key in `data/identity`, making it on first start.
    pub fn open(data: &Path, clock: Arc<dyn Clock>) -> Result<Self> {
        let path = data.join("identity").join("token-key.pem");
        let blame = |what: &str, error: &dyn std::fmt::Display| {
            Fault::new(
                rsvault_domain::FaultKind::Unavailable,
                "TokenKeyUnavailable",
                format!(
                    "The token signing key {} cannot be {what}: {error}. Check that the data folder exists and is writable; delete the file to make a new key.",
                    path.display()
                ),
            )
        };
        let pem = match std::fs::read_to_string(&path) {
            Ok(pem) => pem,
            Err(error) if error.kind() == ErrorKind::NotFound => create(&path).map_err(|e| blame("made", &e))?,
            Err(error) => return Err(blame("read", &error)),
        };
        let der = decode_pem(&pem).ok_or_else(|| blame("read", &"it is not a PKCS#8 PEM file"))?;
        let pair = KeyPair::from_pkcs8(&der).map_err(|e| blame("read", &e))?;
        let modulus = pair.public_key().modulus().big_endian_without_leading_zero().to_vec();
        let exponent = pair.public_key().exponent().big_endian_without_leading_zero().to_vec();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &modulus);
        let (n, e) = (URL_SAFE_NO_PAD.encode(&modulus), URL_SAFE_NO_PAD.encode(&exponent));
        Ok(Self {
            signing: EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|e| blame("read", &e))?,
            checking: DecodingKey::from_rsa_components(&n, &e).map_err(|e| blame("read", &e))?,
            kid: URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]),
            modulus: n,
            exponent: e,
            clock,
            verified: Verified::default(),
        })
    }

    /// The public key as a JWK Set.
    pub fn jwks(&self) -> serde_json::Value {
        serde_json::json!({ "keys": [{ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": self.modulus, "e": self.exponent }] })
    }

    /// A token for `principal`, from `issuer`, for `audience`.
    pub fn issue(&self, principal: &Principal, issuer: &str, audience: &str) -> Result<String> {
        let now = self.clock.now().as_second();
        let claims = Claims {
            aud: audience.to_owned(),
            iss: issuer.to_owned(),
            iat: now,
            nbf: now,
            exp: now.saturating_add(LIFETIME),
            appid: principal.client_id.clone(),
            oid: principal.id.to_string(),
            sub: principal.id.to_string(),
            tid: principal.tenant.to_string(),
            idtyp: "app".to_owned(),
            ver: "1.0".to_owned(),
        };
        self.sign(&claims)
    }

    /// Now, by the clock that tokens go by.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Signs claims of whatever kind.
    pub(super) fn sign(&self, claims: &impl Serialize) -> Result<String> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.signing).map_err(Fault::internal)
    }

    /// The claims of a token that counts here and now.
    pub fn check(&self, token: &str, edge: &EdgeSettings) -> Result<Arc<Claims>, TokenError> {
        let claims = match self.verified.get(token) {
            Some(claims) => claims,
            None => self.verified.keep(token, self.signed(token, &["exp", "nbf", "aud", "iss"])?),
        };
        let now = self.clock.now();
        let time = |seconds: i64| Timestamp::from_second(seconds).map_err(|e| TokenError::Invalid(e.to_string()));
        let (from, until) = (time(claims.nbf)?, time(claims.exp)?);
        if now >= until {
            return Err(TokenError::Expired { at: until, now });
        }
        if from.as_second() > now.as_second().saturating_add(SKEW) {
            return Err(TokenError::NotYet { at: from, now });
        }
        if !edge.owns(&claims.aud) {
            return Err(TokenError::Audience(claims.aud.clone()));
        }
        if !edge.owns(&claims.iss) {
            return Err(TokenError::Issuer(claims.iss.clone()));
        }
        Ok(claims)
    }

    /// The claims of a token that our key has signed; those `required` must be in it.
    pub(super) fn signed<T: DeserializeOwned>(&self, token: &str, required: &[&str]) -> Result<T, TokenError> {
        let invalid = |e: jsonwebtoken::errors::Error| TokenError::Invalid(e.to_string());
        let header = jsonwebtoken::decode_header(token).map_err(invalid)?;
        if header.kid.as_deref() != Some(&self.kid) {
            return Err(TokenError::Invalid("the key id is not ours".into()));
        }
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_required_spec_claims(required);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.leeway = 0;
        Ok(jsonwebtoken::decode(token, &self.checking, &validation).map_err(invalid)?.claims)
    }
}

fn decode_pem(pem: &str) -> Option<Vec<u8>> {
    let body = pem.trim().strip_prefix("-----BEGIN PRIVATE KEY-----")?.strip_suffix("-----END PRIVATE KEY-----")?;
    STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
}

/// Makes the key file, whole or not at all: written beside, made durable, then linked; if another
/// start was first, its key is taken.
fn create(path: &Path) -> std::io::Result<String> {
    let other = |e: &dyn std::fmt::Display| std::io::Error::other(e.to_string());
    let folder = path.parent().ok_or_else(|| other(&"no folder"))?;
    std::fs::create_dir_all(folder)?;
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|e| other(&e))?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|e| other(&e))?;
    let encoded = STANDARD.encode(der.as_ref());
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    for start in (0..encoded.len()).step_by(64) {
        pem.push_str(&encoded[start..encoded.len().min(start + 64)]);
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    let beside = path.with_extension(format!("{}.new", uuid::Uuid::new_v4()));
    let written = (|| {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(pem.as_bytes())?;
        file.sync_all()?;
        std::fs::hard_link(&beside, path)
    })();
    let _ = std::fs::remove_file(&beside);
    match written {
        Ok(()) => std::fs::File::open(folder)?.sync_all().map(|()| pem),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => std::fs::read_to_string(path),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FixedClock, principal};
    use std::os::unix::fs::PermissionsExt;

    const EDGE: EdgeSettings = EdgeSettings { emulator: true, loopback: true, public_urls: Vec::new(), recorder: None };
    const HERE: &str = "https://localhost:8443";

    fn open() -> (tempfile::TempDir, Arc<FixedClock>, Tokens) {
        let folder = tempfile::tempdir().unwrap();
        let clock = FixedClock::new();
        let tokens = Tokens::open(folder.path(), clock.clone()).unwrap();
        (folder, clock, tokens)
    }

    #[test]
    fn a_token_counts_until_its_time_is_over_by_the_clock() {
        let (_folder, clock, tokens) = open();
        let token = tokens.issue(&principal("app"), HERE, HERE).unwrap();
        assert_eq!(tokens.check(&token, &EDGE).unwrap().appid, "app");
        clock.advance(LIFETIME - 1);
        assert!(tokens.check(&token, &EDGE).is_ok());
        clock.advance(1);
        assert!(matches!(tokens.check(&token, &EDGE), Err(TokenError::Expired { .. })));
        clock.advance(-LIFETIME - 60);
        assert!(matches!(tokens.check(&token, &EDGE), Err(TokenError::NotYet { .. })));
    }

    #[test]
    fn audience_and_issuer_must_be_ours() {
        let (_folder, _clock, tokens) = open();
        let check = |iss, aud| tokens.check(&tokens.issue(&principal("app"), iss, aud).unwrap(), &EDGE);
        assert!(check("https://127.0.0.1:9/adfs", "https://localhost:1").is_ok());
        assert!(matches!(check(HERE, "https://management.example"), Err(TokenError::Audience(_))));
        assert!(matches!(check("https://sts.example/x", HERE), Err(TokenError::Issuer(_))));
    }

    #[test]
    fn a_token_of_another_key_or_algorithm_or_without_a_claim_is_invalid() {
        let (_folder, _clock, tokens) = open();
        let (_other, _, stranger) = open();
        let good = tokens.issue(&principal("app"), HERE, HERE).unwrap();
        let foreign = stranger.issue(&principal("app"), HERE, HERE).unwrap();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(tokens.kid.clone());
        let claims = tokens.check(&good, &EDGE).unwrap();
        let symmetric = jsonwebtoken::encode(&header, &*claims, &EncodingKey::from_secret(tokens.modulus.as_bytes())).unwrap();
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(tokens.kid.clone());
        let without = |claim: &str| {
            let mut body = serde_json::to_value(&*claims).unwrap();
            body.as_object_mut().unwrap().remove(claim);
            jsonwebtoken::encode(&header, &body, &tokens.signing).unwrap()
        };
        let mut parts: Vec<&str> = good.split('.').collect();
        let other_body = foreign.split('.').nth(1).unwrap();
        parts[1] = other_body;
        let spliced = if parts.join(".") == good { String::new() } else { parts.join(".") };
        let cut = good[..good.len() - 8].to_owned();
        let tokens_to_refuse = [
            foreign.clone(),
            symmetric,
            without("exp"),
            without("nbf"),
            without("aud"),
            without("iss"),
            spliced,
            cut,
            "x".into(),
            String::new(),
        ];
        for token in tokens_to_refuse {
            // Asked twice: a refusal is not remembered as anything else.
            for _ in 0..2 {
                assert!(matches!(tokens.check(&token, &EDGE), Err(TokenError::Invalid(_))), "{token}");
            }
        }
    }

    #[test]
    fn the_key_outlives_a_restart_and_is_private() {
        let (folder, clock, tokens) = open();
        let token = tokens.issue(&principal("app"), HERE, HERE).unwrap();
        assert!(Tokens::open(folder.path(), clock.clone()).unwrap().check(&token, &EDGE).is_ok());
        let path = folder.path().join("identity/token-key.pem");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path().join("identity")).unwrap().count(), 1);
        std::fs::write(&path, "junk").unwrap();
        assert_eq!(Tokens::open(folder.path(), clock).err().unwrap().code, "TokenKeyUnavailable");
    }
}
