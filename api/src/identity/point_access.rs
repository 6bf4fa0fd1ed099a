//! Tokens for one recovery point: they let their holder restore it in one region, for an hour, and nothing
//! else. Signed by the key of the access tokens; neither kind counts as the other, for each lacks claims that
//! the other must have.

use super::tokens::{TokenError, Tokens};
use jiff::Timestamp;
use rsvault_domain::fault::{Fault, Result};
use serde::{Deserialize, Serialize};

/// How long a token is good for, in seconds.
const LIFETIME: i64 = 3600;
/// Whom it is for: the trigger of cross-region restores.
const AUDIENCE: &str = "urn:rsvault:cross-region-restore";

/// What a token lets its holder restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PointClaims {
    /// Vault.
    pub(crate) vault: uuid::Uuid,
    /// Item.
    pub(crate) item: uuid::Uuid,
    /// Recovery point, or the range of the logs.
    pub(crate) point: String,
    /// Region restored in.
    pub(crate) region: String,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    aud: String,
    nbf: i64,
    exp: i64,
    #[serde(flatten)]
    claims: PointClaims,
}

impl Tokens {
    /// A token for a point.
    pub(crate) fn issue_for_point(&self, claims: PointClaims) -> Result<String> {
        let now = self.now().as_second();
        self.sign(&Sealed { aud: AUDIENCE.to_owned(), nbf: now, exp: now.saturating_add(LIFETIME), claims })
    }

    /// What a token lets its holder restore now.
    pub(crate) fn check_for_point(&self, token: &str) -> Result<PointClaims> {
        let refused = |why: &str| {
            Fault::invalid(
                "BMSUserErrorInvalidCrossRegionRestoreAccessToken",
                format!("The access token {why}. Ask for one with POST …/recoveryPoints/{{id}}/accessToken and send its 'properties' as they are."),
            )
            .at("crossRegionRestoreAccessDetails.accessTokenString")
        };
        let sealed: Sealed = self.signed(token, &["exp", "nbf", "aud"]).map_err(|error| match error {
            TokenError::Invalid(detail) => refused("is not one of this server").because(detail),
            _ => refused("is not one of this server"),
        })?;
        if sealed.aud != AUDIENCE {
            return Err(refused("is not for a cross-region restore"));
        }
        let now = self.now().as_second();
        if now >= sealed.exp || now < sealed.nbf.saturating_sub(5) {
            let until = Timestamp::from_second(sealed.exp).unwrap_or(Timestamp::MAX);
            return Err(refused(&format!("was good until {until}")));
        }
        Ok(sealed.claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EdgeSettings;
    use crate::testing::{FixedClock, principal};

    #[test]
    fn a_point_token_counts_for_an_hour_and_is_no_sign_in_token_nor_the_other_way_round() {
        let folder = tempfile::tempdir().unwrap();
        let clock = FixedClock::new();
        let tokens = Tokens::open(folder.path(), clock.clone()).unwrap();
        let edge = EdgeSettings { emulator: true, loopback: true, ..EdgeSettings::default() };
        let claims = PointClaims {
            vault: uuid::Uuid::from_u128(1),
            item: uuid::Uuid::from_u128(2),
            point: "3".into(),
            region: "northeurope".into(),
        };
        let token = tokens.issue_for_point(claims.clone()).unwrap();
        assert_eq!(tokens.check_for_point(&token).unwrap(), claims);
        assert!(matches!(tokens.check(&token, &edge), Err(TokenError::Invalid(_))));
        let sign_in = tokens.issue(&principal("app"), "https://localhost:8443", "https://localhost:8443").unwrap();
        let stranger = Tokens::open(tempfile::tempdir().unwrap().path(), clock.clone()).unwrap();
        let foreign = stranger.issue_for_point(claims).unwrap();
        for bad in [sign_in.as_str(), foreign.as_str(), &token[..token.len() - 6], "", "x.y.z"] {
            let fault = tokens.check_for_point(bad).unwrap_err();
            assert_eq!(fault.code, "BMSUserErrorInvalidCrossRegionRestoreAccessToken", "{bad}");
        }
        clock.advance(LIFETIME - 1);
        assert!(tokens.check_for_point(&token).is_ok());
        clock.advance(1);
        assert!(tokens.check_for_point(&token).unwrap_err().message.contains("was good until"));
    }
}
