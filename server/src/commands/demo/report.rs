//! The figures at the end.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;
use std::time::Duration;

const MIB: f64 = 1024.0 * 1024.0;

/// What the demo found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) database: String,
    pub(super) restored_as: String,
    pub(super) recovery_point: String,
    pub(super) lsn: String,
    /// Hash of the restored database and of the state at `lsn`: they are equal.
    pub(super) checksum: String,
    /// Bytes the engine gave.
    pub(super) sent_bytes: u64,
    /// Ciphertext bytes in the object store.
    pub(super) stored_bytes: u64,
    /// Bytes given back to the engine.
    pub(super) restored_bytes: u64,
    pub(super) backup_seconds: f64,
    pub(super) restore_seconds: f64,
}

fn rate(bytes: u64, seconds: f64) -> String {
    format!("{:.0} MiB/s", bytes as f64 / MIB / seconds.max(Duration::from_millis(1).as_secs_f64()))
}
fn size(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / MIB)
}

impl Report {
    pub(super) fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(UTF8_FULL_CONDENSED).set_header(["", "bytes", "time", "rate"]);
        table.add_row([
            "sent by the agent",
            &size(self.sent_bytes),
            &format!("{:.2} s", self.backup_seconds),
            &rate(self.sent_bytes, self.backup_seconds),
        ]);
        table.add_row(["stored, compressed and sealed", &size(self.stored_bytes), "", ""]);
        table.add_row([
            "restored",
            &size(self.restored_bytes),
            &format!("{:.2} s", self.restore_seconds),
            &rate(self.restored_bytes, self.restore_seconds),
        ]);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}
