//! Sign-in as `az` plays it.

use crate::EdgeSettings;
use crate::testing::{TENANT, TestApp, read};
use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::Value;

async fn post(app: &TestApp, uri: &str, host: &str, form: &str) -> (StatusCode, Value) {
    let request =
        Request::builder().method("POST").uri(uri).header("host", host).header("content-type", "application/x-www-form-urlencoded");
    let (status, _, body) = read(app.send(request.body(Body::from(form.to_owned())).unwrap()).await).await;
    (status, body)
}

fn form(id: &str, secret: &str, scope: &str) -> String {
    let claims = "%7B%22access_token%22%3A%7B%22xms_cc%22%3A%7B%22values%22%3A%5B%22CP1%22%5D%7D%7D%7D";
    format!("client_id={id}&client_secret={secret}&grant_type=client_credentials&scope={scope}&client_info=1&claims={claims}")
}

const HERE: &str = "127.0.0.1:8443";
const SCOPE: &str = "https%3A%2F%2F127.0.0.1%3A8443%2F.default";

#[tokio::test]
async fn the_clients_three_requests_lead_to_the_subscriptions() {
    let app = TestApp::new().await;
    let get = |uri: &'static str| app.send(Request::builder().uri(uri).header("host", HERE).body(Body::empty()).unwrap());
    for (discovery, token) in [
        ("/adfs/.well-known/openid-configuration", "https://127.0.0.1:8443/adfs/oauth2/token".to_owned()),
        (
            "/00000000-0000-0000-0000-00000000000a/v2.0/.well-known/openid-configuration",
            format!("https://127.0.0.1:8443/{TENANT}/oauth2/v2.0/token"),
        ),
    ] {
        let (_, _, document) = read(get(discovery).await).await;
        assert_eq!(document["token_endpoint"], token);
        assert!(document["authorization_endpoint"].as_str().unwrap().starts_with("https://127.0.0.1:8443/"));
        let path = token.strip_prefix("https://127.0.0.1:8443").unwrap();
        // The second form comes from a resource id with a trailing slash.
        for scope in [SCOPE, "https%3A%2F%2F127.0.0.1%3A8443%2F%2F.default"] {
            let (status, body) = post(&app, path, HERE, &form("owner", "owner", scope)).await;
            assert_eq!(status, StatusCode::OK, "{body}");
            assert_eq!(body["token_type"], "Bearer");
            assert!(body["expires_in"].as_i64().unwrap() >= 3599);
            let bearer = format!("Bearer {}", body["access_token"].as_str().unwrap());
            let request =
                Request::builder().uri("/subscriptions?api-version=2022-12-01").header("host", HERE).header("authorization", bearer);
            let (status, _, list) = read(app.send(request.body(Body::empty()).unwrap()).await).await;
            assert_eq!((status, list["value"][0]["state"].as_str()), (StatusCode::OK, Some("Enabled")));
        }
    }
    let (_, _, cloud) = read(get("/metadata/endpoints?api-version=2022-09-01").await).await;
    assert_eq!(cloud["authentication"]["loginEndpoint"], "https://127.0.0.1:8443/adfs");
    let (_, _, keys) = read(get("/adfs/discovery/keys").await).await;
    assert_eq!(keys["keys"][0]["alg"], "RS256");
}

#[tokio::test]
async fn refusals_have_the_shape_of_oauth() {
    let app = TestApp::new().await;
    let adfs = "/adfs/oauth2/token";
    let other_tenant = "/00000000-0000-0000-0000-00000000000b/oauth2/v2.0/token";
    for (uri, form, status, error) in [
        (adfs, form("owner", "wrong", SCOPE), 401, "invalid_client"),
        (adfs, form("stranger", "", SCOPE), 401, "invalid_client"),
        (adfs, form("owner", "", SCOPE), 401, "invalid_client"),
        (other_tenant, form("owner", "owner", SCOPE), 401, "invalid_client"),
        (adfs, form("owner", "owner", "https%3A%2F%2Fmanagement.example%2F.default"), 400, "invalid_scope"),
        (adfs, form("owner", "owner", "https%3A%2F%2F127.0.0.1%3A8443"), 400, "invalid_scope"),
        (adfs, form("owner", "owner", ""), 400, "invalid_scope"),
        (adfs, "client_id=owner&grant_type=password".to_owned(), 400, "unsupported_grant_type"),
        (adfs, "client_id=owner".to_owned(), 400, "invalid_request"),
        (adfs, String::new(), 400, "invalid_request"),
    ] {
        let (have, body) = post(&app, uri, HERE, &form).await;
        assert_eq!((have.as_u16(), body["error"].as_str().unwrap_or("")), (status, error), "{form}");
        assert!(body["error_description"].as_str().unwrap().starts_with("AADSTS"));
        assert!(!body.to_string().contains("access_token"));
    }
}

#[tokio::test]
async fn off_loopback_only_public_urls_are_given_tokens() {
    let edge = EdgeSettings { emulator: true, loopback: false, public_urls: vec!["https://vault.example".into()], recorder: None };
    let app = TestApp::with(edge).await;
    let (status, _) =
        post(&app, "/adfs/oauth2/token", "vault.example", &form("owner", "owner", "https%3A%2F%2Fvault.example%2F.default")).await;
    assert_eq!(status, StatusCode::OK);
    let (status, body) = post(&app, "/adfs/oauth2/token", "vault.example", &form("owner", "owner", SCOPE)).await;
    assert_eq!((status, body["error"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_scope")));
}
