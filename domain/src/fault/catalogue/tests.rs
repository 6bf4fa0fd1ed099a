use super::*;
use crate::simulation::ServerSpec;
use std::collections::HashSet;

#[test]
fn a_code_and_its_number_stand_in_the_catalogue_once() {
    let (mut codes, mut numbers) = (HashSet::new(), HashSet::new());
    for entry in all() {
        assert!(codes.insert(entry.code), "{} stands twice", entry.code);
        assert!(entry.number == 0 || numbers.insert(entry.number), "{} of {} stands twice", entry.number, entry.code);
    }
    assert!(!numbers.contains(&super::super::job::UNKNOWN));
}

#[test]
fn every_entry_says_all_that_people_need() {
    for entry in all() {
        let code = entry.code;
        assert!(!entry.title.is_empty() && !entry.text.is_empty() && !entry.raised.is_empty(), "{code}");
        assert!(!entry.recommendations.is_empty(), "{code}");
        for sentence in entry.recommendations.iter().chain([&entry.text, &entry.how]) {
            assert!(sentence.ends_with('.') && !sentence.contains('—'), "{code}: {sentence}");
        }
        assert!(entry.level == Level::Listed || entry.provoke != Provoke::Never, "{code} must be provoked");
        assert!(entry.level == Level::Listed || !entry.own, "{code}: the rulebook does not know rsvault's own words");
    }
}

#[test]
fn a_ready_request_for_a_server_is_one_that_the_emulator_takes() {
    let mut read = 0;
    for entry in all() {
        let text = match entry.provoke {
            Provoke::Server(text) | Provoke::Instance(text) | Provoke::Database(text) => text,
            Provoke::Request(_, _, "") | Provoke::Steps | Provoke::Never => continue,
            Provoke::Request(_, _, text) => text,
        };
        let keys: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).unwrap();
        assert!(!keys.is_empty(), "{}", entry.code);
        let (method, _, body) = recipe(entry).unwrap();
        if method == "PUT" {
            let spec: ServerSpec = serde_json::from_value(body.unwrap()).unwrap_or_else(|e| panic!("{}: {e}", entry.code));
            spec.validate("sqlvm1").unwrap();
            read += 1;
        }
    }
    assert!(read > 25, "{read}");
}

#[test]
fn what_heals_is_listed_as_such() {
    let healing: Vec<&str> = all().filter(|entry| entry.heals()).map(|entry| entry.code).collect();
    assert_eq!(healing.len(), 7, "{healing:?}");
}
