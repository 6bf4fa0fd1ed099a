//! The emulator surface as a test author uses it.

use crate::testing::{SUBSCRIPTION, TestApp, read};
use crate::{EdgeSettings, docs};
use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_server_is_made_changed_shown_and_deleted() {
    let app = TestApp::new().await;
    let body =
        json!({"resourceGroup": "RG9", "location": "westeurope", "instances": [{"name": "MSSQLSERVER", "databases": [{"name": "a b"}]}]});
    let (status, _, made) = app.call("", "PUT", "/emulator/servers/Vm9", Some(body.clone())).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(
        made["instances"][0]["databases"][0],
        json!({"name": "a b", "recoveryModel": "Full", "sizeMiB": 8, "writeRate": 0, "writeIntervalSeconds": 1, "readOnly": false})
    );
    let (status, _, again) = app.call("", "PUT", "/emulator/servers/vm9", Some(made.clone())).await;
    assert_eq!((status, &again), (StatusCode::OK, &made));
    let (_, _, list) = app.call("", "GET", "/emulator/servers", None).await;
    assert_eq!(list["value"], json!([made]));
    let vm =
        format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg9/providers/Microsoft.Compute/virtualMachines/VM9?api-version=2026-04-01");
    let (_, _, machine) = app.call("owner", "GET", &vm, None).await;
    assert_eq!((machine["id"].as_str(), machine["location"].as_str()), (made["vmId"].as_str(), Some("westeurope")));
    assert_eq!(app.call("", "DELETE", "/emulator/servers/VM9", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(app.call("", "GET", "/emulator/servers/VM9", None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(app.call("owner", "GET", &vm, None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn bad_servers_are_refused_by_name_with_problem_json() {
    let app = TestApp::new().await;
    let put = |body| app.call("", "PUT", "/emulator/servers/vm", Some(body));
    for (body, target) in [
        (
            json!({"resourceGroup": "g", "location": "l", "instances": [{"name": "I", "databases": [{"name": "tempdb"}]}]}),
            "databases[].name",
        ),
        (
            json!({"resourceGroup": "g", "location": "l", "instances": [{"name": "I", "databases": [{"name": "d", "recoveryModel": "Fast"}]}]}),
            "instances[0].databases[0].recoveryModel",
        ),
        (json!({"resourceGroup": "g", "location": "l", "name": "other"}), "name"),
        (json!({"resourceGroup": "g", "location": "l", "subscription": "33333333-3333-3333-3333-333333333333"}), "subscription"),
        (json!({"resourceGroup": "g.", "location": "l"}), "resourceGroupName"),
    ] {
        let (status, headers, problem) = put(body.clone()).await;
        assert_eq!((status, problem["field"].as_str()), (StatusCode::BAD_REQUEST, Some(target)), "{body}: {problem}");
        assert_eq!(headers["content-type"], "application/problem+json");
    }
    let (_, _, list) = app.call("", "GET", "/emulator/servers", None).await;
    assert_eq!(list["value"], json!([]));
}

#[tokio::test]
async fn the_oracle_answers_for_one_moment() {
    let app = TestApp::new().await;
    assert_eq!(app.call("", "POST", "/emulator/reset", None).await.0, StatusCode::NO_CONTENT);
    let (status, _, written) = app
        .call("", "POST", "/emulator/servers/sqlvm1/write", Some(json!({"instance": "I", "database": "d", "pages": 3, "seed": 4})))
        .await;
    assert_eq!((status, written["lsn"].as_str()), (StatusCode::OK, Some("7")));
    let bulk = json!({"instance": "I", "database": "d", "pages": 3, "seed": 4, "bulk": true});
    assert_eq!(app.call("", "POST", "/emulator/servers/sqlvm1/write", Some(bulk)).await.2["lsn"], "107");
    let sum = "/emulator/servers/sqlvm1/checksum?instance=I&database=a%20b";
    assert_eq!(app.call("", "GET", sum, None).await.2["hash"], "I/a b Latest");
    assert_eq!(app.call("", "GET", &format!("{sum}&lsn=7"), None).await.2["hash"], "I/a b Lsn(Lsn(7))");
    for bad in [
        format!("{sum}&lsn=x"),
        format!("{sum}&at=yesterday"),
        format!("{sum}&lsn=1&at=2026-01-01T00:00:00Z"),
        "/emulator/servers/sqlvm1/checksum".to_owned(),
    ] {
        let (status, headers, _) = app.call("", "GET", &bad, None).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}");
        assert_eq!(headers["content-type"], "application/problem+json");
    }
    let (status, _, token) = app.call("", "POST", "/emulator/servers/sqlvm1/enrollmentTokens", None).await;
    assert_eq!((status, token["expiresAt"].as_str()), (StatusCode::CREATED, Some("2026-11-25T13:00:00Z")));
    assert!(rsvault_engine::agents::enroll(&app.state.engine, token["token"].as_str().unwrap(), "1").await.is_ok());
}

#[tokio::test]
async fn another_product_backs_up_a_database_by_name() {
    let app = TestApp::new().await;
    let foreign = |database: &str, kind: &str| {
        let path = format!("/emulator/servers/sqlvm1/instances/I/databases/{database}/foreignBackup");
        let (app, kind) = (&app, json!({"kind": kind}));
        async move { app.call("", "POST", &path, Some(kind)).await }
    };
    assert_eq!(app.call("", "POST", "/emulator/reset", None).await.0, StatusCode::NO_CONTENT);
    for (kind, lsn) in [("Full", "431"), ("Differential", "1231"), ("Log", "331")] {
        let (status, _, done) = foreign("a%20b", kind).await;
        assert_eq!((status, done["lsn"].as_str()), (StatusCode::OK, Some(lsn)), "{done}");
    }
    let (status, _, problem) = foreign("a", "CopyOnlyFull").await;
    assert_eq!((status, problem["field"].as_str()), (StatusCode::BAD_REQUEST, Some("kind")), "{problem}");
}

#[tokio::test]
async fn reset_brings_the_seed_back_and_nothing_else() {
    let app = TestApp::new().await;
    let body = json!({"resourceGroup": "rg1", "location": "westeurope"});
    app.call("", "PUT", "/emulator/servers/extra", Some(body)).await;
    let vault =
        format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1/providers/Microsoft.RecoveryServices/vaults/v1?api-version=2026-07-01");
    let body = json!({"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}});
    assert_eq!(app.call("owner", "PUT", &vault, Some(body)).await.0, StatusCode::CREATED);
    assert_eq!(app.call("", "POST", "/emulator/reset", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(app.call("owner", "GET", &vault, None).await.0, StatusCode::NOT_FOUND);
    let (_, _, list) = app.call("", "GET", "/emulator/servers", None).await;
    let names: Vec<&str> = list["value"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["sqlvm1"]);
    assert_eq!(app.simulated.count(), 1);
    let (status, _, purged) = app.call("", "POST", "/emulator/purge", None).await;
    assert_eq!((status, purged), (StatusCode::OK, json!({"items": [], "containers": [], "vaults": []})));
}

#[tokio::test]
async fn off_loopback_every_route_wants_an_owner() {
    let app =
        TestApp::with(EdgeSettings { emulator: true, loopback: false, public_urls: vec!["https://localhost".into()], recorder: None })
            .await;
    app.principal("reader", &[("Reader", "/")]).await;
    app.principal("vault-owner", &[("Owner", &format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1"))]).await;
    let document = docs::emulator().into_openapi();
    let mut seen = 0;
    for (path, item) in document.paths.paths.iter().filter(|(path, _)| path.starts_with("/emulator")) {
        for (method, _) in crate::edge::operations(item) {
            let uri = path.replace("{name}", "x");
            assert_eq!(app.call("", method.as_str(), &uri, None).await.0, StatusCode::UNAUTHORIZED, "{method} {uri}");
            for client in ["reader", "vault-owner"] {
                assert_eq!(app.call(client, method.as_str(), &uri, None).await.0, StatusCode::FORBIDDEN, "{client}: {method} {uri}");
            }
            seen += 1;
        }
    }
    assert!(seen >= 9, "{seen}");
    assert_eq!(app.call("owner", "GET", "/emulator/servers", None).await.0, StatusCode::OK);
}

#[tokio::test]
async fn on_loopback_a_foreign_web_page_is_refused() {
    let app = TestApp::new().await;
    let from = |origin: &str| {
        app.send(
            Request::builder()
                .method("POST")
                .uri("/emulator/purge")
                .header("host", "localhost:8443")
                .header("origin", origin)
                .body(Body::empty())
                .unwrap(),
        )
    };
    let (status, _, problem) = read(from("https://evil.example").await).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::FORBIDDEN, Some("ForeignOrigin")));
    assert_eq!(from("https://localhost:8443").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_clock_is_shown_changed_and_run_forwards() {
    let app = TestApp::new().await;
    let (status, _, clock) = app.call("", "GET", "/emulator/clock", None).await;
    assert_eq!((status, clock), (StatusCode::OK, json!({"now": "2026-11-25T12:00:00Z", "frozen": true, "scale": 1.0})));
    let change = json!({"now": "2026-11-26T00:00:00Z", "frozen": false, "scale": 60});
    let (status, _, clock) = app.call("", "PUT", "/emulator/clock", Some(change)).await;
    assert_eq!((status, clock), (StatusCode::OK, json!({"now": "2026-11-26T00:00:00Z", "frozen": false, "scale": 60.0})));
    for (how, to) in [
        (json!({"by": "P1M"}), "2026-12-26T00:00:00Z"),
        (json!({"by": 90}), "2026-12-26T00:01:30Z"),
        (json!({"by": "PT15M"}), "2026-12-26T00:16:30Z"),
        (json!({"to": "2027-01-01T00:00:00+01:00"}), "2026-12-31T23:00:00Z"),
    ] {
        let (status, _, advanced) = app.call("", "POST", "/emulator/clock/advance", Some(how)).await;
        assert_eq!((status, advanced["to"].as_str()), (StatusCode::OK, Some(to)), "{advanced}");
        assert_eq!(advanced["counts"], json!({"softDelete": 1}));
        assert_eq!(advanced["fired"], json!([{"at": to, "kind": "softDelete", "subject": "i", "text": "purged"}]));
    }
}

#[tokio::test]
async fn what_is_no_time_and_no_duration_is_refused_by_name() {
    let app = TestApp::new().await;
    for (method, uri, body, field) in [
        ("PUT", "/emulator/clock", json!({"now": "noon"}), "now"),
        ("PUT", "/emulator/clock", json!({"scale": "fast"}), "scale"),
        ("PUT", "/emulator/clock", json!({"speed": 2}), "speed"),
        ("POST", "/emulator/clock/advance", json!({"by": "soon"}), "by"),
        ("POST", "/emulator/clock/advance", json!({"by": "-P1D"}), "by"),
        ("POST", "/emulator/clock/advance", json!({"by": 0}), "by"),
        ("POST", "/emulator/clock/advance", json!({"by": 1e300}), "by"),
        ("POST", "/emulator/clock/advance", json!({"by": true}), "by"),
        ("POST", "/emulator/clock/advance", json!({}), "by"),
        ("POST", "/emulator/clock/advance", json!({"by": "P1D", "to": "2027-01-01T00:00:00Z"}), "by"),
        ("POST", "/emulator/clock/advance", json!({"to": "later"}), "to"),
    ] {
        let (status, _, problem) = app.call("", method, uri, Some(body.clone())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{method} {uri} {body}: {problem}");
        assert_eq!(problem["field"].as_str(), Some(field), "{body}: {problem}");
    }
}

#[tokio::test]
async fn a_parameter_that_a_route_does_not_have_is_refused_by_name() {
    let app = TestApp::new().await;
    assert_eq!(app.call("", "POST", "/emulator/reset", None).await.0, StatusCode::NO_CONTENT);
    let of_database = "/emulator/servers/sqlvm1/checksum?instance=I&database=d";
    for (method, uri) in [
        ("GET", format!("{of_database}&time=2026-01-01T00:00:00Z")),
        ("GET", "/emulator/servers?name=x".to_owned()),
        ("GET", "/emulator/servers/sqlvm1?time=x".to_owned()),
        ("PUT", "/emulator/servers/sqlvm1?subscription=x".to_owned()),
        ("DELETE", "/emulator/servers/sqlvm1?force=true".to_owned()),
        ("POST", "/emulator/servers/sqlvm1/write?pages=1".to_owned()),
        ("POST", "/emulator/servers/sqlvm1/enrollmentTokens?hours=1".to_owned()),
        ("POST", "/emulator/servers/sqlvm1/instances/I/databases/d/foreignBackup?kind=Log".to_owned()),
        ("POST", "/emulator/reset?seed=x".to_owned()),
        ("POST", "/emulator/purge?item=x".to_owned()),
        ("GET", "/emulator/clock?at=x".to_owned()),
        ("PUT", "/emulator/clock?scale=2".to_owned()),
        ("POST", "/emulator/clock/advance?by=P1D".to_owned()),
    ] {
        let (status, _, problem) = app.call("", method, &uri, Some(json!({}))).await;
        let parameter = uri.rsplit(['?', '&']).next().and_then(|pair| pair.split('=').next()).unwrap();
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::BAD_REQUEST, Some("InvalidQueryParameter")),
            "{method} {uri}: {problem}"
        );
        assert!(problem["detail"].as_str().unwrap().contains(parameter), "{problem}");
    }
    let (status, _, sum) = app.call("", "GET", &format!("{of_database}&subscription={SUBSCRIPTION}"), None).await;
    assert_eq!((status, sum["hash"].as_str()), (StatusCode::OK, Some("I/d Latest")), "{sum}");
}
