//! What a check found.

use crate::exit::{Failure, Outcome};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// Fine.
    Good,
    /// Works, but look at it.
    Warning,
    /// Does not work.
    Wrong,
}

/// One line.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding {
    pub(super) check: &'static str,
    pub(super) level: Level,
    pub(super) found: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) cure: String,
}

impl Finding {
    pub(super) fn good(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, level: Level::Good, found: found.into(), cure: String::new() }
    }
    pub(super) fn warn(check: &'static str, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { check, level: Level::Warning, found: found.into(), cure: cure.into() }
    }
    pub(super) fn wrong(check: &'static str, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { check, level: Level::Wrong, found: found.into(), cure: cure.into() }
    }
}

pub(super) fn table(findings: &[Finding]) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic).set_header([
        "check",
        "",
        "found",
        "what to do",
    ]);
    for finding in findings {
        let level = match finding.level {
            Level::Good => "ok",
            Level::Warning => "look",
            Level::Wrong => "WRONG",
        };
        table.add_row([finding.check, level, &finding.found, &finding.cure]);
    }
    table.to_string()
}

pub(super) fn json(findings: &[Finding]) -> Outcome<String> {
    serde_json::to_string_pretty(findings).map_err(|e| Failure::run(e.to_string()))
}
