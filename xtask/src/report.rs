//! The table at the end, and the closing line that everyone greps for.

use std::time::Duration;

/// One stage's outcome.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) took: Duration,
}

/// All outcomes, in order.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn add(&mut self, row: Row) {
        println!("== {}: {} passed, {} failed in {:.1} s", row.name, row.passed, row.failed, row.took.as_secs_f64());
        self.rows.push(row);
    }

    pub(crate) fn passed(&self) -> u64 {
        self.rows.iter().map(|r| r.passed).sum()
    }

    pub(crate) fn failed(&self) -> u64 {
        self.rows.iter().map(|r| r.failed).sum()
    }

    pub(crate) fn print(&self) {
        println!("\n{:16} {:>7} {:>7} {:>9}", "stage", "passed", "failed", "seconds");
        for row in &self.rows {
            println!("{:16} {:>7} {:>7} {:>9.1}", row.name, row.passed, row.failed, row.took.as_secs_f64());
        }
        println!("{} passed, {} failed", self.passed(), self.failed());
    }
}
