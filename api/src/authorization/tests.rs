//! Role assignments through the whole edge: given, they count at once; taken away, they do not.

use crate::testing::{SUBSCRIPTION, TestApp as App};
use http::StatusCode;
use rsvault_domain::access::role;
use serde_json::{Value, json};

const V: &str = "api-version=2022-04-01";
const ONE: &str = "11111111-1111-4111-8111-111111111111";
const TWO: &str = "22222222-2222-4222-8222-222222222222";

fn group() -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1")
}
fn vault(name: &str) -> String {
    format!("{}/providers/Microsoft.RecoveryServices/vaults/{name}", group())
}
fn at(scope: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}?{V}")
}
fn grant(name: &str, principal: &str) -> Value {
    let id = role(name).unwrap().id;
    json!({"properties": {"roleDefinitionId": format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{id}"), "principalId": principal}})
}
async fn world() -> (App, String) {
    let app = App::new().await;
    app.principal("reader", &[]).await;
    for (uri, body) in [
        (group(), json!({"location": "westeurope"})),
        (vault("v1"), json!({"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}})),
    ] {
        let (status, _, answer) = app.call("owner", "PUT", &format!("{uri}?{V}"), Some(body)).await;
        assert!(status.is_success(), "{answer}");
    }
    let mut tx = app.state.engine.store.read().await.unwrap();
    let id = tx.principal_by_client("reader").await.unwrap().unwrap().0.id.to_string();
    drop(tx);
    (app, id)
}
async fn reads(app: &App, name: &str) -> StatusCode {
    app.call("reader", "GET", &format!("{}?{V}", vault(name)), None).await.0
}
fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or("")
}

#[tokio::test]
async fn a_role_counts_from_the_moment_it_is_given_to_the_moment_it_is_taken() {
    let (app, reader) = world().await;
    assert_eq!(reads(&app, "v1").await, StatusCode::FORBIDDEN);
    let uri = at(&vault("V1"), ONE);
    let (status, _, given) = app.call("owner", "PUT", &uri, Some(grant("Backup Reader", &reader))).await;
    assert_eq!(status, StatusCode::CREATED, "{given}");
    assert_eq!(given["properties"]["principalId"], reader.as_str());
    assert!(given["id"].as_str().unwrap().ends_with(&format!("/vaults/V1/providers/Microsoft.Authorization/roleAssignments/{ONE}")));
    assert_eq!(reads(&app, "v1").await, StatusCode::OK);
    let (status, _, write) = app.call("reader", "PUT", &at(&vault("v1"), TWO), Some(grant("Owner", &reader))).await;
    assert_eq!((status, code(&write)), (StatusCode::FORBIDDEN, "AuthorizationFailed"), "nobody raises himself");
    let (status, _, again) = app.call("owner", "PUT", &uri, Some(grant("Backup Reader", &reader))).await;
    assert_eq!((status, &again), (StatusCode::OK, &given), "the same again is the same");
    let (status, _, shown) = app.call("reader", "GET", &uri, None).await;
    assert_eq!((status, &shown), (StatusCode::OK, &given));
    let (status, _, gone) = app.call("owner", "DELETE", &uri, None).await;
    assert_eq!((status, &gone), (StatusCode::OK, &given));
    assert_eq!(reads(&app, "v1").await, StatusCode::FORBIDDEN);
    assert_eq!(app.call("owner", "DELETE", &uri, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(code(&app.call("owner", "GET", &uri, None).await.2), "RoleAssignmentNotFound");
}

#[tokio::test]
async fn assignments_are_listed_at_a_scope_with_those_above_and_below() {
    let (app, reader) = world().await;
    let subscription = format!("/subscriptions/{SUBSCRIPTION}");
    for (scope, name, role) in [(&subscription, ONE, "Reader"), (&vault("v1"), TWO, "Backup Operator")] {
        assert_eq!(app.call("owner", "PUT", &at(scope, name), Some(grant(role, &reader))).await.0, StatusCode::CREATED);
    }
    let list = async |scope: &str, filter: &str| {
        let uri = format!("{scope}/providers/Microsoft.Authorization/roleAssignments?{V}{filter}");
        let (status, _, answer) = app.call("owner", "GET", &uri, None).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["value"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|a| a["properties"]["principalId"] == reader.as_str())
            .map(|a| a["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(list(&group(), "").await, [ONE, TWO]);
    assert_eq!(list(&group(), "&$filter=atScope()").await, [ONE]);
    assert_eq!(list(&vault("v1"), &format!("&$filter=atScope()%20and%20assignedTo(%27{reader}%27)")).await.len(), 2);
    let (status, _, answer) = app
        .call("owner", "GET", &format!("{}/providers/Microsoft.Authorization/roleAssignments?{V}&$filter=x%20eq%201", group()), None)
        .await;
    assert_eq!((status, code(&answer), answer["error"]["target"].as_str()), (StatusCode::BAD_REQUEST, "UnsupportedQuery", Some("$filter")));
}

#[tokio::test]
async fn what_cannot_be_given_is_refused_with_field_rule_and_cure() {
    let (app, reader) = world().await;
    let nobody = "99999999-9999-4999-8999-999999999999";
    let mut conditional = grant("Reader", &reader);
    conditional["properties"]["condition"] = json!("true");
    let mut user = grant("Reader", &reader);
    user["properties"]["principalType"] = json!("User");
    let mut unknown = grant("Reader", &reader);
    unknown["properties"]["roleDefinitionId"] = json!("King");
    for (scope, name, body, status, want) in [
        (vault("v1"), "abc", grant("Reader", &reader), 400, "InvalidRoleAssignmentId"),
        (vault("v1"), ONE, grant("Reader", nobody), 400, "PrincipalNotFound"),
        (vault("v1"), ONE, grant("Reader", "x"), 400, "InvalidPrincipalId"),
        (vault("v1"), ONE, unknown, 404, "RoleDefinitionDoesNotExist"),
        (vault("v1"), ONE, conditional, 400, "ConditionNotSupported"),
        (vault("v1"), ONE, user, 400, "UnmatchedPrincipalType"),
        (vault("v1"), ONE, json!({}), 400, "BadRequestFormat"),
        (vault("nope"), ONE, grant("Reader", &reader), 404, "ResourceNotFound"),
        (format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/nope"), ONE, grant("Reader", &reader), 404, "ResourceGroupNotFound"),
    ] {
        let (got, _, answer) = app.call("owner", "PUT", &at(&scope, name), Some(body)).await;
        assert_eq!((got.as_u16(), code(&answer)), (status, want), "{answer}");
    }
    assert_eq!(app.call("owner", "PUT", &at(&vault("v1"), ONE), Some(grant("Reader", &reader))).await.0, StatusCode::CREATED);
    let (status, _, twice) = app.call("owner", "PUT", &at(&vault("v1"), TWO), Some(grant("Reader", &reader))).await;
    assert_eq!((status, code(&twice)), (StatusCode::CONFLICT, "RoleAssignmentExists"));
    let (status, _, other) = app.call("owner", "PUT", &at(&vault("v1"), ONE), Some(grant("Owner", &reader))).await;
    assert_eq!((status, code(&other)), (StatusCode::BAD_REQUEST, "RoleAssignmentUpdateNotPermitted"));
}

#[tokio::test]
async fn built_in_roles_are_found_by_name_and_by_id() {
    let (app, _) = world().await;
    let uri = |rest: &str| format!("{}/providers/Microsoft.Authorization/roleDefinitions{rest}", vault("v1"));
    let (_, _, all) = app.call("owner", "GET", &uri(&format!("?{V}")), None).await;
    assert!(all["value"].as_array().unwrap().len() >= 7);
    let (_, _, one) = app.call("owner", "GET", &uri(&format!("?{V}&$filter=roleName%20eq%20%27backup%20reader%27")), None).await;
    assert_eq!(one["value"][0]["properties"]["roleName"], "Backup Reader");
    assert_eq!(one["value"].as_array().unwrap().len(), 1);
    let id = one["value"][0]["name"].as_str().unwrap();
    let (status, _, got) = app.call("owner", "GET", &uri(&format!("/{id}?{V}")), None).await;
    assert_eq!((status, &got), (StatusCode::OK, &one["value"][0]));
}

#[tokio::test]
async fn a_vault_and_a_group_take_the_roles_given_in_them_with_them() {
    let (app, reader) = world().await;
    let new = json!({"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}});
    for (n, gone) in [(1, vault("v1")), (2, group()), (3, group())] {
        let scope = if n == 3 { vault("v1") } else { gone.clone() };
        assert_eq!(app.call("owner", "PUT", &at(&scope, ONE), Some(grant("Backup Reader", &reader))).await.0, StatusCode::CREATED, "{n}");
        // A name that begins alike is another scope.
        let sibling = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg12");
        let (status, _, _) = app.call("owner", "PUT", &format!("{sibling}?{V}"), Some(json!({"location": "westeurope"}))).await;
        assert!(status.is_success());
        assert!(app.call("owner", "PUT", &at(&sibling, TWO), Some(grant("Reader", &reader))).await.0.is_success());
        assert_eq!(reads(&app, "v1").await, StatusCode::OK);
        let (status, _, answer) = app.call("owner", "DELETE", &format!("{gone}?{V}"), None).await;
        assert!(status.is_success(), "{n}: {answer}");
        for (uri, body) in [(group(), json!({"location": "westeurope"})), (vault("v1"), new.clone())] {
            let (status, _, answer) = app.call("owner", "PUT", &format!("{uri}?{V}"), Some(body)).await;
            assert!(status.is_success(), "{n}: {answer}");
        }
        assert_eq!(reads(&app, "v1").await, StatusCode::FORBIDDEN, "{n}: what has the name anew is another resource");
        assert_eq!(app.call("owner", "GET", &at(&sibling, TWO), None).await.0, StatusCode::OK, "{n}");
    }
}

#[tokio::test]
async fn a_scope_is_the_id_of_something_that_stands_however_it_is_spelt() {
    let (app, reader) = world().await;
    let bare = SUBSCRIPTION.replace('-', "");
    for scope in
        [vault("v1%2F"), vault("v1%2fx"), vault("none"), format!("/subscriptions/{bare}"), format!("/subscriptions/%7B{SUBSCRIPTION}%7D")]
    {
        let (status, _, answer) = app.call("owner", "PUT", &at(&scope, ONE), Some(grant("Owner", &reader))).await;
        assert!(status.is_client_error(), "{scope}: {status} {answer}");
    }
    assert_eq!(
        app.call("owner", "PUT", &format!("{}/?{V}", at(&vault("v1"), ONE).split_once('?').unwrap().0), Some(grant("Reader", &reader)))
            .await
            .0,
        StatusCode::CREATED
    );
    assert_eq!(app.call("owner", "GET", &at(&vault("V1").to_uppercase(), ONE), None).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_principal_of_another_tenant_is_given_nothing() {
    let (app, _) = world().await;
    let stranger = rsvault_domain::access::Principal {
        tenant: "00000000-0000-0000-0000-00000000000b".parse().unwrap(),
        ..crate::testing::principal("stranger")
    };
    let mut tx = app.state.engine.store.begin().await.unwrap();
    tx.put_principal(&stranger, [0; 32]).await.unwrap();
    tx.commit().await.unwrap();
    let (status, _, answer) = app.call("owner", "PUT", &at(&vault("v1"), ONE), Some(grant("Reader", &stranger.id.to_string()))).await;
    assert_eq!((status, code(&answer)), (StatusCode::BAD_REQUEST, "PrincipalNotFound"), "{answer}");
}
