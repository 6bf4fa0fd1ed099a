//! The edge as a client meets it.

use super::*;
use crate::testing::{SUBSCRIPTION, TENANT, TestApp, read};
use crate::{EdgeSettings, docs};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::json;

const V: &str = "api-version=2026-08-01";

fn vault(rest: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1/providers/Microsoft.RecoveryServices/vaults/v1{rest}")
}

async fn with_group() -> TestApp {
    let app = TestApp::new().await;
    let (status, ..) = app
        .call("owner", "PUT", &format!("/subscriptions/{SUBSCRIPTION}/resourcegroups/rg1?{V}"), Some(json!({"location": "westeurope"})))
        .await;
    assert_eq!(status, StatusCode::CREATED);
    app
}

/// A concrete path of a template.
fn example(template: &str) -> String {
    let segment = |s: &str| match s {
        "{subscriptionId}" => SUBSCRIPTION.to_owned(),
        "{resourceGroupName}" => "rg1".to_owned(),
        "{fabricName}" => "Azure".to_owned(),
        "{containerName}" => "VMAppContainer;Compute;rg1;vm1".to_owned(),
        "{protectedItemName}" => "SQLDataBase;MSSQLSERVER;db".to_owned(),
        s if s.starts_with('{') => "11111111-1111-1111-1111-111111111111".to_owned(),
        s => s.to_owned(),
    };
    template.split('/').map(segment).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_route_of_the_arm_document_refuses_strangers_and_those_without_the_right() {
    let app = with_group().await;
    app.principal("nobody", &[]).await;
    let document = docs::arm().into_openapi();
    let surface = Surface::new(&document, &coverage_rows(COVERAGE).unwrap());
    let mut served = 0;
    for (template, method, operation) in surface.operations().filter(|(_, _, o)| o.supported) {
        let uri = format!("{}?{V}", example(&template));
        let (status, headers, body) = app.call("", method.as_str(), &uri, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {template}");
        assert!(
            headers["www-authenticate"].to_str().unwrap().starts_with("Bearer authorization_uri=\"https://localhost:8443/"),
            "{template}"
        );
        if *method != Method::HEAD {
            assert_eq!(body["error"]["code"], "AuthenticationFailed", "{template}");
        }
        if let Action::Needs(action) = &operation.action {
            assert!(action.starts_with("Microsoft.") && action.matches('/').count() >= 2, "{}: {action}", operation.id);
            let (status, _, body) = app.call("nobody", method.as_str(), &uri, None).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{method} {template}");
            if *method != Method::HEAD {
                assert_eq!(body["error"]["code"], "AuthorizationFailed");
                let message = body["error"]["message"].as_str().unwrap();
                assert!(message.contains(action.as_str()) && message.contains(&example(&template)), "{message}");
            }
        } else {
            assert!(
                ["Tenants_List", "Subscriptions_List", "Subscriptions_Get", "Operations_List", "Resources"]
                    .contains(&operation.id.as_str()),
                "{} asks for no right",
                operation.id
            );
        }
        served += 1;
    }
    assert!(served >= 9, "{served}");
}

#[tokio::test]
async fn a_role_at_the_vault_opens_that_vault_alone() {
    let app = with_group().await;
    app.principal("reader", &[("Backup Reader", &vault(""))]).await;
    let get = |path: String| app.call("reader", "GET", Box::leak(format!("{path}?{V}").into_boxed_str()), None);
    assert_ne!(get(vault("").to_uppercase().replace("V1", "v1")).await.0, StatusCode::FORBIDDEN);
    assert_eq!(get(vault("2")).await.0, StatusCode::FORBIDDEN);
    assert_eq!(get(vault("/backupProtectableItems")).await.0, StatusCode::FORBIDDEN);
    let (_, _, list) = app.call("reader", "GET", &format!("/subscriptions?{V}"), None).await;
    assert_eq!(list["value"][0]["subscriptionId"], SUBSCRIPTION);
    app.principal("nobody", &[]).await;
    let (_, _, list) = app.call("nobody", "GET", &format!("/subscriptions?{V}"), None).await;
    assert_eq!(list["value"], json!([]));
}

#[tokio::test]
async fn tokens_that_do_not_count_are_told_apart() {
    let app = TestApp::new().await;
    let ask = |header: String| {
        let request = Request::builder()
            .uri(format!("/subscriptions?{V}"))
            .header("host", "localhost")
            .header("authorization", header)
            .body(Body::empty())
            .unwrap();
        app.send(request)
    };
    let token = app.token("owner");
    let foreign =
        app.state.tokens.issue(&crate::testing::principal("owner"), "https://localhost/adfs", "https://management.example").unwrap();
    let gone = app.token("was-never");
    for (header, code) in [
        (format!("Basic {token}"), "AuthenticationFailed"),
        ("Bearer".to_owned(), "AuthenticationFailed"),
        ("Bearer abc".to_owned(), "InvalidAuthenticationToken"),
        (format!("Bearer {foreign}"), "InvalidAuthenticationTokenAudience"),
        (format!("Bearer {gone}"), "InvalidAuthenticationToken"),
    ] {
        let (status, headers, body) = read(ask(header.clone()).await).await;
        assert_eq!((status, body["error"]["code"].as_str().unwrap()), (StatusCode::UNAUTHORIZED, code), "{header}");
        assert!(headers.contains_key("www-authenticate"));
    }
    assert_eq!(ask(format!("bearer {token}")).await.status(), StatusCode::OK);
    app.clock.advance(3600);
    let (status, _, body) = read(ask(format!("Bearer {token}")).await).await;
    assert_eq!((status, body["error"]["code"].as_str().unwrap()), (StatusCode::UNAUTHORIZED, "ExpiredAuthenticationToken"));
}

#[tokio::test]
async fn bad_requests_are_named_before_any_handler_runs() {
    let app = with_group().await;
    let missing = "22222222-2222-2222-2222-222222222222";
    for (method, uri, status, code) in [
        ("GET", "/subscriptions".to_owned(), 400, "MissingApiVersionParameter"),
        ("GET", "/subscriptions?api-version=latest".to_owned(), 400, "InvalidApiVersionParameter"),
        ("GET", format!("/nope?{V}"), 404, "InvalidResourceType"),
        ("GET", format!("{}?{V}", vault("/backupThings/x")), 404, "InvalidResourceType"),
        ("PATCH", format!("/subscriptions?{V}"), 405, "HttpMethodNotAllowed"),
        ("GET", format!("/subscriptions/abc/resourceGroups?{V}"), 400, "InvalidSubscriptionId"),
        ("GET", format!("/subscriptions/{missing}/resourceGroups?{V}"), 404, "SubscriptionNotFound"),
        ("GET", format!("{}?{V}", vault("").replace("rg1", "rg2")), 404, "ResourceGroupNotFound"),
        ("GET", format!("{}?{V}", vault("/backupEngines")), 400, "OperationNotSupportedYet"),
        ("GET", format!("{}?{V}", vault("/backupPolicies/a%00b")), 400, "InvalidRequestUri"),
    ] {
        let (have, headers, body) = app.call("owner", method, &uri, None).await;
        assert_eq!((have.as_u16(), body["error"]["code"].as_str().unwrap_or("")), (status, code), "{method} {uri}");
        assert_eq!(have == StatusCode::METHOD_NOT_ALLOWED, headers.contains_key("allow"));
    }
    let (_, _, body) = app.call("owner", "GET", &format!("{}?{V}", vault("/backupEngines")), None).await;
    assert!(body["error"]["message"].as_str().unwrap().contains("backup_engines list"), "{body}");
}

#[tokio::test]
async fn a_nul_character_is_refused_on_every_database_alike() {
    let app = TestApp::new().await;
    let body = serde_json::json!({"location": "westeurope", "tags": {"a": "b\u{0}c"}});
    let (status, _, body) = app.call("owner", "PUT", &format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1?{V}"), Some(body)).await;
    assert_eq!((status, body["error"]["code"].as_str()), (StatusCode::BAD_REQUEST, Some("InvalidRequestContent")));
}

#[tokio::test]
async fn bodies_are_bounded_and_errors_name_the_place() {
    let app = TestApp::new().await;
    let uri = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1?{V}");
    let put = |body: String, length: bool| {
        let mut request = Request::builder()
            .method("PUT")
            .uri(&uri)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {}", app.token("owner")));
        if length {
            request = request.header("content-length", body.len());
        }
        app.send(request.body(Body::from(body)).unwrap())
    };
    for length in [true, false] {
        let big = format!("{{\"location\":\"{}\"}}", "x".repeat(BODY_LIMIT));
        assert_eq!(put(big, length).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    for (body, target) in [
        ("", None),
        ("{", None),
        ("{\"location\":\"a\"} x", None),
        ("{\"location\":\"a\",\"tags\":{\"k\":1}}", Some("tags.k")),
        ("{}", Some("location")),
    ] {
        let (status, _, answer) = read(put(body.to_owned(), false).await).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer["error"]["target"].as_str(), target, "{body}: {answer}");
    }
    let (status, _, group) = read(put("{\"location\":\"West Europe\",\"unknown\":1}".to_owned(), false).await).await;
    assert_eq!((status, group["location"].as_str().unwrap()), (StatusCode::CREATED, "westeurope"));
}

#[tokio::test]
async fn every_answer_carries_the_common_headers() {
    let app = TestApp::new().await;
    let request =
        Request::builder().uri("/nope").header("host", "localhost").header("x-ms-client-request-id", "abc-1").body(Body::empty()).unwrap();
    let response = app.send(request).await;
    let headers = response.headers();
    let id = headers["x-ms-request-id"].to_str().unwrap();
    assert_eq!(headers["x-ms-correlation-request-id"], id);
    assert_eq!(headers["x-ms-routing-request-id"], format!("RSVAULT:20261125T120000Z:{id}"));
    assert_eq!(headers["x-ms-client-request-id"], "abc-1");
    for (name, value) in [("cache-control", "no-cache"), ("pragma", "no-cache"), ("expires", "-1"), ("x-content-type-options", "nosniff")] {
        assert_eq!(headers[name], value);
    }
    assert!(headers.contains_key("strict-transport-security"));
    let mut request = Request::builder().uri("/nope").header("host", "localhost").body(Body::empty()).unwrap();
    request.extensions_mut().insert(http::uri::Scheme::HTTP);
    assert!(!app.send(request).await.headers().contains_key("strict-transport-security"));
}

#[tokio::test]
async fn a_panic_is_a_500_that_says_nothing() {
    let app = TestApp::new().await;
    async fn boom() {
        panic!("secret detail");
    }
    let router = Router::new().route("/boom", axum::routing::get(boom)).layer(from_fn_with_state(app.state.clone(), headers::common));
    let response = tower::ServiceExt::oneshot(router, Request::builder().uri("/boom").body(Body::empty()).unwrap()).await.unwrap();
    let (status, headers, body) = read(response).await;
    assert_eq!((status, body["error"]["code"].as_str().unwrap()), (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"));
    assert!(headers.contains_key("x-ms-request-id") && !body.to_string().contains("secret"));
}

#[tokio::test]
async fn a_foreign_host_name_is_refused_on_loopback() {
    let app = TestApp::new().await;
    for uri in [format!("/subscriptions?{V}"), "/emulator/servers".to_owned(), "/metadata/endpoints".to_owned()] {
        let response = app.send(Request::builder().uri(&uri).header("host", "rebound.example").body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{uri}");
    }
}

#[tokio::test]
async fn without_the_emulator_its_surfaces_do_not_exist() {
    let app = TestApp::with(EdgeSettings { emulator: false, loopback: true, public_urls: Vec::new(), recorder: None }).await;
    let (status, _, body) = app.call("", "GET", "/emulator/servers", None).await;
    assert_eq!((status, body["code"].as_str()), (StatusCode::NOT_FOUND, Some("NoSuchRoute")));
    for (method, uri) in [("GET", "/adfs/.well-known/openid-configuration"), ("POST", "/adfs/oauth2/token"), ("GET", "/metadata/endpoints")]
    {
        assert_eq!(app.call("", method, uri, None).await.0, StatusCode::UNAUTHORIZED, "{uri}");
    }
    assert_eq!(app.call("owner", "GET", &format!("/tenants?{V}"), None).await.2["value"][0]["tenantId"], TENANT);
}
