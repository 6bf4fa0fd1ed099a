use super::*;
use crate::edge::CoverageRow;
use std::collections::BTreeMap;

fn every_operation() -> Vec<(&'static str, String, String, serde_json::Value)> {
    let mut all = Vec::new();
    for (name, document) in documents() {
        let json = serde_json::to_value(&document).unwrap();
        for (path, item) in json["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap().iter().filter(|(_, o)| o.get("responses").is_some()) {
                all.push((name, path.clone(), method.clone(), operation.clone()));
            }
        }
    }
    all
}

#[test]
fn documents_have_what_client_generators_demand() {
    for (name, document) in documents() {
        let json = serde_json::to_value(&document).unwrap();
        assert_eq!(json["info"]["license"]["identifier"], "Apache-2.0", "{name}");
    }
    let mut ids: BTreeMap<(&str, String), String> = BTreeMap::new();
    for (name, path, method, operation) in every_operation() {
        let place = format!("{name}: {method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{place} has no operation id")).to_owned();
        if let Some(other) = ids.insert((name, id.clone()), place.clone()) {
            panic!("{id} is both {other} and {place}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(response["description"].as_str().is_some_and(|d| !d.is_empty()), "{place}: {status} has no description");
        }
        let declared: Vec<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|p| p["in"] == "path")
            .map(|p| p["name"].as_str().unwrap())
            .collect();
        let mut in_path: Vec<&str> = path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')).collect();
        in_path.sort_unstable();
        let mut sorted = declared.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, in_path, "{place}: path parameters");
    }
}

#[test]
fn documents_are_the_same_each_time() {
    let text = || documents().map(|(_, d)| serde_json::to_string(&d).unwrap());
    assert_eq!(text(), text());
}

#[test]
fn every_reference_in_a_document_leads_somewhere() {
    fn references(value: &serde_json::Value, into: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(map) => map.iter().for_each(|(key, value)| match (key.as_str(), value.as_str()) {
                ("$ref", Some(target)) => into.push(target.to_owned()),
                _ => references(value, into),
            }),
            serde_json::Value::Array(all) => all.iter().for_each(|v| references(v, into)),
            _ => {}
        }
    }
    for (name, document) in documents() {
        let json = serde_json::to_value(&document).unwrap();
        let mut all = Vec::new();
        references(&json, &mut all);
        for target in all {
            assert!(json.pointer(target.trim_start_matches('#')).is_some(), "{name}: {target} leads nowhere");
        }
    }
}

#[test]
fn coverage_is_what_the_routes_are() {
    let rows: Vec<CoverageRow> = coverage_rows(COVERAGE).unwrap();
    let known: BTreeSet<String> = rows.iter().map(|r| shape(&r.method, &r.path)).collect();
    let unlisted: Vec<String> = served().difference(&known).cloned().collect();
    assert!(unlisted.is_empty(), "routes without a row in openapi/coverage.toml: {unlisted:?}");
    let want = coverage().unwrap();
    if std::env::var_os("RSVAULT_WRITE_COVERAGE").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/coverage.toml"), &want).unwrap();
        return;
    }
    assert!(
        want == COVERAGE,
        "openapi/coverage.toml does not say what the routes are: run `rsvault openapi` (or this test with RSVAULT_WRITE_COVERAGE=1)"
    );
}
