//! The table at the end, and the closing line that everyone greps for.

use std::collections::BTreeMap;
use std::time::Duration;

/// One stage's outcome.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) took: Duration,
}

/// All outcomes, by their place in the list, whichever ended first.
#[derive(Default)]
pub(crate) struct Report {
    rows: BTreeMap<usize, Row>,
}

impl Report {
    pub(crate) fn add(&mut self, place: usize, row: Row) {
        println!("== {}: {} passed, {} failed in {:.1} s", row.name, row.passed, row.failed, row.took.as_secs_f64());
        self.rows.insert(place, row);
    }

    pub(crate) fn passed(&self) -> u64 {
        self.rows.values().map(|r| r.passed).sum()
    }

    pub(crate) fn failed(&self) -> u64 {
        self.rows.values().map(|r| r.failed).sum()
    }

    pub(crate) fn print(&self) {
        println!("\n{:16} {:>7} {:>7} {:>9}", "stage", "passed", "failed", "seconds");
        for row in self.rows.values() {
            println!("{:16} {:>7} {:>7} {:>9.1}", row.name, row.passed, row.failed, row.took.as_secs_f64());
        }
        println!("{} passed, {} failed", self.passed(), self.failed());
    }
}
