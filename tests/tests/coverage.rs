//! Nothing of Azure's surface is forgotten: each operation of the official SDKs has its row in `openapi/coverage.toml`, and the
//! row says the truth about `openapi/arm.json`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Verb, and path without parameter names, case and query.
type Operation = (String, String);

const VERBS: [&str; 6] = ["get", "put", "post", "patch", "delete", "head"];

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn operation(verb: &str, path: &str) -> Operation {
    let path = path.split('?').next().unwrap_or_default().trim_end_matches('/').to_lowercase();
    let nameless = path.split('{').map(|part| part.split_once('}').map_or(part.to_owned(), |(_, rest)| format!("{{}}{rest}")));
    (verb.to_uppercase(), nameless.collect())
}

fn of_document(document: &Value) -> Vec<Operation> {
    let verbs = |(path, verbs): (&String, &Value)| -> Vec<Operation> {
        verbs.as_object().unwrap().keys().filter(|v| VERBS.contains(&v.as_str())).map(|v| operation(v, path)).collect()
    };
    ["paths", "x-ms-paths"].iter().filter_map(|k| document[*k].as_object()).flat_map(|paths| paths.iter().flat_map(verbs)).collect()
}

/// Operation to whether its row says that it is served.
fn rows() -> BTreeMap<Operation, bool> {
    let table: toml::Table = file("../openapi/coverage.toml").parse().unwrap();
    let row = |row: &toml::Value| {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        let served = match text("status").as_str() {
            "supported" => true,
            "not-yet" => false,
            other => panic!("{}: status '{other}' is neither supported nor not-yet", text("name")),
        };
        (operation(&text("method"), &text("path")), served)
    };
    table["operation"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn every_operation_of_the_sdks_has_a_row() {
    let contract: Value = serde_json::from_str(&file("contract/openapi-oracle.json")).unwrap();
    let rows = rows();
    let known = of_document(&contract);
    assert!(known.len() > 100, "the contract has only {} operations", known.len());
    let missing: Vec<_> = known.iter().filter(|o| !rows.contains_key(*o)).collect();
    assert!(missing.is_empty(), "no row in openapi/coverage.toml: {missing:#?}");
}

#[test]
fn a_row_is_supported_exactly_when_the_document_serves_it() {
    let arm: Value = serde_json::from_str(&file("../openapi/arm.json")).unwrap();
    let served = of_document(&arm);
    let wrong: Vec<_> = rows().into_iter().filter(|(row, supported)| served.contains(row) != *supported).collect();
    assert!(wrong.is_empty(), "rows whose status is not what openapi/arm.json says: {wrong:#?}");
}
