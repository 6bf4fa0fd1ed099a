//! A ready request that makes the emulator raise a code.

use super::{Entry, Provoke};
use serde_json::{Map, Value, json};

/// Method, path and body of the request; None where ordinary use alone does it, or nothing.
pub fn recipe(entry: &Entry) -> Option<(&'static str, &'static str, Option<Value>)> {
    let keys = |text: &str| match serde_json::from_str(text) {
        Ok(Value::Object(keys)) => keys,
        _ => Map::new(), // A test reads them all.
    };
    let with = |mut whole: Value, more: Map<String, Value>| {
        if let Value::Object(into) = &mut whole {
            into.extend(more);
        }
        whole
    };
    let database = |more| with(json!({"name": "salesdb"}), more);
    let instance = |more| with(json!({"name": "MSSQLSERVER", "databases": [database(Map::new())]}), more);
    let server = |more| with(json!({"resourceGroup": "rg1", "location": "westeurope", "instances": [instance(Map::new())]}), more);
    let put = |body| Some(("PUT", "/emulator/servers/{name}", Some(body)));
    let only = |key: &str, value: Value| Map::from_iter([(key.to_owned(), json!([value]))]);
    match entry.provoke {
        Provoke::Server(text) => put(server(keys(text))),
        Provoke::Instance(text) => put(server(only("instances", instance(keys(text))))),
        Provoke::Database(text) => put(server(only("instances", instance(only("databases", database(keys(text))))))),
        Provoke::Request(method, path, "") => Some((method, path, None)),
        Provoke::Request(method, path, body) => Some((method, path, Some(Value::Object(keys(body))))),
        Provoke::Steps | Provoke::Never => None,
    }
}
