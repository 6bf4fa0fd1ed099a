//! `$filter`: terms `key eq 'value'` joined by `and`, the only grammar that clients of this surface
//! send. Keys and values are compared without case; a doubled quote stands for one.
//!
//! Always holds: a key that a list does not know is refused by name, never ignored; a date that cannot
//! be read is refused with the format it must have.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rsvault_domain::Fault;
use rsvault_domain::fault::Result;

/// The code Azure answers for a filter it cannot use (wire-facts 9).
const CODE: &str = "BMSUserErrorInvalidInput";

/// Azure's management types.
const MANAGEMENT: &[&str] =
    &["AzureWorkload", "AzureIaasVM", "AzureStorage", "AzureSql", "MAB", "DPM", "AzureBackupServer", "DefaultBackup"];
/// Azure's workload types.
pub(crate) const WORKLOADS: &[&str] = &[
    "SQLDataBase",
    "SQLInstance",
    "SQL",
    "VM",
    "AzureFileShare",
    "SAPHanaDatabase",
    "SAPHanaDBInstance",
    "SAPHanaSystem",
    "SAPAseDatabase",
    "SAPAseSystem",
    "AzureSqlDb",
    "SQLDB",
    "FileFolder",
    "Exchange",
    "Sharepoint",
    "VMwareVM",
    "SystemState",
    "Client",
    "GenericDataSource",
];

/// A parsed filter; empty when none was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    terms: Vec<(String, String)>,
}

impl Filter {
    /// Parses `text` (already percent-decoded) and refuses keys that are not among `known`.
    pub(crate) fn parse(text: Option<&str>, known: &[&str]) -> Result<Self> {
        let mut terms: Vec<(String, String)> = Vec::new();
        let mut rest = text.unwrap_or_default().trim();
        while !rest.is_empty() {
            let (key, after) = word(rest).ok_or_else(|| bad(rest))?;
            let (op, after) = word(after).ok_or_else(|| bad(rest))?;
            if !op.eq_ignore_ascii_case("eq") {
                return Err(
                    Fault::invalid(CODE, format!("$filter uses the operator '{op}' on '{key}'; only 'eq' is possible.")).at("$filter")
                );
            }
            let (value, after) = value(after).ok_or_else(|| bad(rest))?;
            let Some(key) = known.iter().find(|k| k.eq_ignore_ascii_case(key)) else {
                return Err(Fault::invalid(
                    CODE,
                    format!("$filter names '{key}', which this list cannot be filtered by. It knows: {}.", known.join(", ")),
                )
                .at("$filter"));
            };
            if terms.iter().any(|(k, _)| k == key) {
                return Err(Fault::invalid(CODE, format!("$filter names '{key}' twice. Send it once.")).at("$filter"));
            }
            terms.push(((*key).to_owned(), value));
            rest = match word(after) {
                None => "",
                Some((and, more)) if and.eq_ignore_ascii_case("and") && !more.trim().is_empty() => more.trim_start(),
                Some(_) => return Err(bad(after)),
            };
        }
        Ok(Self { terms })
    }
    /// The value of `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.terms.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }
    /// Whether the filter lets through what has `value` for `key`: true when it does not name the key.
    pub(crate) fn admits(&self, key: &str, value: &str) -> bool {
        self.get(key).is_none_or(|want| want.eq_ignore_ascii_case(value))
    }
    /// Whether a list of what is `AzureWorkload` shows anything; an unknown management type is refused.
    pub(crate) fn admits_workload(&self) -> Result<bool> {
        self.known("backupManagementType", MANAGEMENT)?;
        Ok(self.admits("backupManagementType", "AzureWorkload"))
    }
    /// The value of `key` in the spelling of `allowed`; a word that is none of them is refused by name.
    pub(crate) fn known<'a>(&self, key: &str, allowed: &[&'a str]) -> Result<Option<&'a str>> {
        let Some(text) = self.get(key) else { return Ok(None) };
        allowed.iter().copied().find(|a| a.eq_ignore_ascii_case(text)).map(Some).ok_or_else(|| {
            Fault::invalid(CODE, format!("$filter: '{key}' is '{text}', which is not known. Allowed: {}.", allowed.join(", ")))
                .at("$filter")
        })
    }
    /// Whether the filter asks `key eq 'true'`.
    pub(crate) fn is_true(&self, key: &str) -> bool {
        self.get(key).is_some_and(|v| v.eq_ignore_ascii_case("true"))
    }
    /// The moment that `key` names: `yyyy-MM-dd hh:mm:ss AM` (UTC), or RFC 3339.
    pub(crate) fn moment(&self, key: &str) -> Result<Option<Timestamp>> {
        let Some(text) = self.get(key) else { return Ok(None) };
        let twelve =
            DateTime::strptime("%Y-%m-%d %I:%M:%S %p", text).ok().and_then(|d| d.to_zoned(TimeZone::UTC).ok()).map(|z| z.timestamp());
        twelve.or_else(|| text.parse().ok()).map(Some).ok_or_else(|| {
            Fault::invalid(CODE, format!("$filter: '{key}' is '{text}', which is not a date. Write it as 'yyyy-MM-dd hh:mm:ss AM' or 'PM' in UTC, for instance '2026-11-23 11:59:59 PM'."))
                .at("$filter")
        })
    }
}

fn bad(near: &str) -> Fault {
    Fault::invalid(
        CODE,
        format!("$filter cannot be read near '{near}'. It must be terms like backupManagementType eq 'AzureWorkload', joined by 'and'."),
    )
    .at("$filter")
}

/// The next blank-delimited word and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// A quoted value, or a bare word.
fn value(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('\'') else {
        return word(text).filter(|(w, _)| !w.contains('\'')).map(|(w, rest)| (w.to_owned(), rest));
    };
    let mut out = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c != '\'' {
            out.push(c);
        } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
            out.push('\'');
        } else {
            let rest = &quoted[at + 1..];
            return (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some((out, rest));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[&str] = &["backupManagementType", "status", "startTime", "friendlyName"];

    #[test]
    fn terms_are_read_without_case_and_with_doubled_quotes() {
        let f = Filter::parse(Some("BackupManagementType eq 'AzureWorkLoad' AND friendlyName  eq 'o''neil and co'"), KEYS).unwrap();
        assert!(f.admits("backupManagementType", "AzureWorkload"));
        assert!(!f.admits("backupManagementType", "AzureIaasVM"));
        assert_eq!(f.get("friendlyName"), Some("o'neil and co"));
        assert!(f.admits("status", "anything"));
    }

    #[test]
    fn no_filter_admits_everything() {
        assert_eq!(Filter::parse(None, KEYS).unwrap(), Filter::default());
        assert_eq!(Filter::parse(Some("  "), KEYS).unwrap(), Filter::default());
    }

    #[test]
    fn unknown_keys_are_refused_by_name() {
        let fault = Filter::parse(Some("colour eq 'red'"), KEYS).unwrap_err();
        assert!(fault.message.contains("'colour'"), "{}", fault.message);
    }

    #[test]
    fn what_is_not_the_grammar_is_refused() {
        for text in [
            "status",
            "status eq",
            "status ne 'x'",
            "status eq 'x",
            "status eq 'x' and",
            "status eq 'x' or friendlyName eq 'y'",
            "status eq 'x'y",
            "status eq 'a' and status eq 'b'",
        ] {
            assert!(Filter::parse(Some(text), KEYS).is_err(), "{text}");
        }
    }

    #[test]
    fn dates_are_twelve_hour_utc() {
        let f = Filter::parse(Some("startTime eq '2026-11-30 01:45:59 PM'"), KEYS).unwrap();
        assert_eq!(f.moment("startTime").unwrap(), Some("2026-11-30T13:45:59Z".parse().unwrap()));
        let midnight = Filter::parse(Some("startTime eq '2026-11-01 12:00:00 AM'"), KEYS).unwrap();
        assert_eq!(midnight.moment("startTime").unwrap(), Some("2026-11-01T00:00:00Z".parse().unwrap()));
        let bad = Filter::parse(Some("startTime eq '31-12-2026'"), KEYS).unwrap();
        assert!(bad.moment("startTime").unwrap_err().message.contains("yyyy-MM-dd"));
    }
}
