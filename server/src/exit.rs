//! How the process ends: one type of failure, and the exit codes that scripts may rely on.

use rsvault_domain::Fault;
use std::fmt;
use std::process::ExitCode;

/// Something did not work.
const FAILED: u8 = 1;
/// The settings cannot be used (2 is clap's own code for usage).
const CONFIGURATION: u8 = 3;

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// A failure of the work itself (code 1).
    pub(crate) fn run(message: impl Into<String>) -> Self {
        Self { code: FAILED, message: message.into() }
    }
    /// Settings or seed that cannot be used (code 3).
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self { code: CONFIGURATION, message: message.into() }
    }
    /// Says during what it happened.
    pub(crate) fn during(self, step: &str) -> Self {
        Self { message: format!("{step}: {}", self.message), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// On the operator's own terminal the private half of a fault is what helps.
impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::run(explain(&fault))
    }
}

/// A fault in one line, with its private half.
pub(crate) fn explain(fault: &Fault) -> String {
    match fault.internal_detail() {
        Some(detail) => format!("{} ({detail})", fault.message),
        None => fault.message.clone(),
    }
}

/// Result of a command.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// Prints the failure and gives its exit code.
#[expect(clippy::print_stderr, reason = "the last word of a command line goes to its terminal")]
pub(crate) fn report(failure: &Failure) -> ExitCode {
    eprintln!("rsvault: {failure}");
    ExitCode::from(failure.code)
}
