//! What people read of a failed job.

use super::catalogue;

/// The number of a failure that the catalogue does not know.
pub(super) const UNKNOWN: i64 = 520_999;

/// An error of a job as people see it: from the catalogue (rulebook 9), with number, title, text
/// and recommendations.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct JobFault {
    /// The number `az` prints as `errorCode`.
    pub number: i64,
    /// The catalogue code, shown as `errorTitle` (`UserErrorSQLPODoesNotExist`).
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub recommendations: Vec<String>,
    /// What the database engine or the operating system said, in its own words (`additionalDetails`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

impl JobFault {
    /// A catalogue entry by code. A code that is not in it (a refusal that ended a job) is shown with a
    /// number for all such.
    pub fn catalogue(code: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let (number, text, recommendations) = match catalogue::find(code) {
            Some(entry) => (if entry.number == 0 { UNKNOWN } else { entry.number }, entry.text, entry.recommendations),
            None => (UNKNOWN, "The operation failed.", ["See the details and try again."].as_slice()),
        };
        let message = if detail.is_empty() { text.to_owned() } else { format!("{text} {detail}") };
        Self {
            number,
            code: code.to_owned(),
            message,
            recommendations: recommendations.iter().map(|&text| text.to_owned()).collect(),
            details: None,
        }
    }
    /// With what the engine said.
    #[must_use]
    pub fn saying(self, details: impl Into<String>) -> Self {
        Self { details: Some(details.into()), ..self }
    }
}
