//! Reads along while the tar stream of a base backup passes: the backup label at its start, the WAL
//! range of the manifest at its end, and the moment at which the log files begin, which is when the
//! server has ended the backup. Keeps a few KiB, whatever the size of the stream.

use rsvault_domain::backup::Lsn;

const BLOCK: usize = 512;
const KEPT: usize = 64 * 1024;

/// What a stream said of its backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Positions {
    /// Where recovery begins.
    pub(super) start: Lsn,
    /// The checkpoint the backup builds on.
    pub(super) checkpoint: Lsn,
    /// Where the restored cluster is consistent.
    pub(super) end: Lsn,
    /// Timeline.
    pub(super) timeline: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Label,
    Manifest,
    Other,
}

/// Follows a tar stream given in pieces of any size.
pub(super) struct TarScan {
    header: Vec<u8>,
    member: Member,
    data: u64,
    padding: u64,
    label: Vec<u8>,
    manifest_tail: Vec<u8>,
    log_reached: bool,
}

impl TarScan {
    /// At the start of a stream.
    pub(super) fn new() -> Self {
        Self {
            header: Vec::with_capacity(BLOCK),
            member: Member::Other,
            data: 0,
            padding: 0,
            label: Vec::new(),
            manifest_tail: Vec::new(),
            log_reached: false,
        }
    }

    /// Whether a log segment has begun: the server sends them after it ended the backup.
    pub(super) fn log_reached(&self) -> bool {
        self.log_reached
    }

    /// Takes the next piece.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.data > 0 {
                let (now, rest) = split(bytes, self.data);
                self.data -= now.len() as u64;
                self.keep(now);
                bytes = rest;
            } else if self.padding > 0 {
                let (now, rest) = split(bytes, self.padding);
                self.padding -= now.len() as u64;
                bytes = rest;
            } else {
                let (now, rest) = split(bytes, (BLOCK - self.header.len()) as u64);
                self.header.extend_from_slice(now);
                bytes = rest;
                if self.header.len() == BLOCK {
                    self.begin_member();
                    self.header.clear();
                }
            }
        }
    }

    fn begin_member(&mut self) {
        let name = text(&self.header[..100]);
        self.member = match name {
            "backup_label" => Member::Label,
            "backup_manifest" => Member::Manifest,
            _ => Member::Other,
        };
        self.data = number(&self.header[124..136]);
        self.padding = self.data.next_multiple_of(BLOCK as u64) - self.data;
        self.log_reached |= self.data > 0 && name.starts_with("pg_wal/");
    }

    fn keep(&mut self, bytes: &[u8]) {
        match self.member {
            Member::Label => {
                let room = KEPT.saturating_sub(self.label.len());
                self.label.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
            Member::Manifest => {
                self.manifest_tail.extend_from_slice(bytes);
                let excess = self.manifest_tail.len().saturating_sub(KEPT);
                self.manifest_tail.drain(..excess);
            }
            Member::Other => {}
        }
    }

    /// What the stream said; None if it lacked its label or the range of its log.
    pub(super) fn positions(&self) -> Option<Positions> {
        let label = std::str::from_utf8(&self.label).ok()?;
        let field = |key: &str| label.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(": "));
        let start = field("START WAL LOCATION")?.split(' ').next()?;
        let manifest = String::from_utf8_lossy(&self.manifest_tail);
        let ranges = &manifest[manifest.rfind("\"WAL-Ranges\"")?..];
        let ranges = &ranges[ranges.find('[')?..=ranges.find(']')?];
        let ranges: Vec<Range> = serde_json::from_str(ranges).ok()?;
        Some(Positions {
            start: lsn(start)?,
            checkpoint: lsn(field("CHECKPOINT LOCATION")?)?,
            end: ranges.iter().map(|r| lsn(&r.end)).max()??,
            timeline: field("START TIMELINE")?.parse().ok()?,
        })
    }
}

#[derive(serde::Deserialize)]
struct Range {
    #[serde(rename = "End-LSN")]
    end: String,
}

fn split(bytes: &[u8], at: u64) -> (&[u8], &[u8]) {
    bytes.split_at(usize::try_from(at).map_or(bytes.len(), |at| at.min(bytes.len())))
}
fn text(field: &[u8]) -> &str {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    std::str::from_utf8(&field[..end]).unwrap_or_default()
}
/// A tar number: octal digits, or big-endian after a byte with the top bit set.
fn number(field: &[u8]) -> u64 {
    match field.first() {
        Some(first) if first & 0x80 != 0 => field[1..].iter().fold(0, |n, b| n << 8 | u64::from(*b)),
        _ => u64::from_str_radix(text(field).trim(), 8).unwrap_or(0),
    }
}
/// `16/B374D848`: high and low half in hexadecimal.
fn lsn(text: &str) -> Option<Lsn> {
    let (high, low) = text.trim().split_once('/')?;
    let half = |t| u32::from_str_radix(t, 16).ok().map(u128::from);
    Some(Lsn(half(high)? << 32 | half(low)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut add = |name: &str, data: &[u8]| {
            let mut header = tar::Header::new_ustar();
            header.set_size(data.len() as u64);
            header.set_mode(0o600);
            tar.append_data(&mut header, name, data).unwrap();
        };
        add(
            "backup_label",
            b"START WAL LOCATION: 16/B374D848 (file 0000000100000016000000B3)\nCHECKPOINT LOCATION: 16/B374D880\nBACKUP METHOD: streamed\nSTART TIME: 2026-01-01 10:00:00 UTC\nSTART TIMELINE: 3\n",
        );
        add("base/1/1259", &[7; 100_000]);
        add("pg_wal/0000000100000016000000B3", &[0; 70_000]);
        let files = "{\"Path\":\"base/1/1259\"},".repeat(10_000);
        let manifest = format!(
            "{{\"Files\":[{files}],\n\"WAL-Ranges\": [\n{{ \"Timeline\": 3, \"Start-LSN\": \"16/B374D848\", \"End-LSN\": \"16/B3750000\" }}\n],\n\"Manifest-Checksum\": \"ab\"}}\n"
        );
        add("backup_manifest", manifest.as_bytes());
        tar.into_inner().unwrap()
    }

    #[test]
    fn positions_are_read_from_pieces_of_any_size() {
        let stream = stream();
        for size in [1, 7, 512, 513, 65_536, usize::MAX] {
            let mut scan = TarScan::new();
            for piece in stream.chunks(size) {
                scan.push(piece);
            }
            let positions = scan.positions().unwrap();
            assert_eq!(positions.start, Lsn(0x16_B374_D848));
            assert_eq!(positions.checkpoint, Lsn(0x16_B374_D880));
            assert_eq!(positions.end, Lsn(0x16_B375_0000));
            assert_eq!(positions.timeline, 3);
            assert!(scan.log_reached());
            assert!(scan.manifest_tail.len() <= KEPT);
        }
    }

    #[test]
    fn a_stream_that_was_cut_has_no_positions() {
        let stream = stream();
        let mut scan = TarScan::new();
        scan.push(&stream[..stream.len() / 2]);
        assert_eq!(scan.positions(), None);
    }
}
