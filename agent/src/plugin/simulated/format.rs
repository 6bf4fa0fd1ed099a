//! The backup stream of the simulated engine.
//!
//! ```text
//! "RSVSIMBK" version:u32                       version is 1; integers are little-endian
//! section*                                     tag:u8 length:u32 payload digest:[u8;16]
//!   'H' header     JSON [`Header`]             first, once
//!   'P' page run   first:u32 count:u32 pages   upwards; of a full from page 0 without gaps, of a
//!                                              differential those that changed, of a log none
//!   'L' log block  log records end to end      changes after the header's checkpoint (of a log:
//!                                              after its first LSN), in order
//!   'T' trailer    JSON [`Trailer`]            last, once
//! ```
//!
//! The digest is the first 16 bytes of BLAKE3 over section number (u64), tag, length and payload: a
//! section that is altered, left out, doubled or moved is refused by its name, and a stream without
//! a trailer is truncated. The header tells how many streams there are and which this is; the
//! engine writes one.

use super::pages::{PAGE_SIZE, State};
use super::txlog::Record;
use crate::plugin::{RestoreInput, WorkloadError};
use bytes::{Buf, Bytes, BytesMut};
use jiff::Timestamp;
use rsvault_domain::backup::{BackupKind, DatabaseFile, Lsn, RecoveryModel};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const MAGIC: &[u8; 8] = b"RSVSIMBK";
const VERSION: u32 = 1;
const DIGEST: usize = 16;
const LEAD: usize = 5;
/// Most payload bytes of a section (a page run of 1 MiB); more is not believed.
const LARGEST: usize = 8 + 1024 * 1024;
/// Log records are sent in blocks of about this many bytes.
pub(super) const LOG_BLOCK: usize = 256 * 1024;
/// Most pages of a database (64 GiB).
const MOST_PAGES: u32 = 65_536 * super::pages::PAGES_PER_MIB;

/// What a backup says before its pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Header {
    pub(super) kind: BackupKind,
    /// Streams of this backup, and which one this is.
    pub(super) streams: u32,
    pub(super) stream: u32,
    pub(super) database: String,
    pub(super) recovery_model: RecoveryModel,
    pub(super) recovery_fork: Uuid,
    pub(super) pages: u32,
    pub(super) started_at: Timestamp,
    /// Every change up to here is in the pages; the log begins after it.
    pub(super) checkpoint_lsn: Lsn,
    pub(super) database_backup_lsn: Lsn,
    /// Of a log: the LSN after which it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first_lsn: Option<Lsn>,
    /// Of a log: the moment it ends at, if only that can be restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) only_to: Option<Timestamp>,
    #[serde(default)]
    pub(super) read_only: bool,
    pub(super) files: Vec<DatabaseFile>,
    pub(super) engine_version: String,
    /// Thumbprint of the certificate that the database is encrypted with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) certificate: Option<String>,
}

/// What a backup says at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trailer {
    /// Sections before this one.
    pub(super) sections: u64,
    pub(super) log_records: u64,
    /// LSN and commit time of the last change.
    pub(super) last_lsn: Lsn,
    pub(super) consistent_at: Timestamp,
    /// Hash of the state that a restore must give.
    pub(super) state: State,
}

/// A part of the stream as read.
#[derive(Debug)]
pub(super) enum Section {
    Header(Box<Header>),
    Pages { first: u32, content: Bytes },
    Log(Vec<Record>),
    Trailer(Trailer),
}

/// Writes sections.
#[derive(Default)]
pub(super) struct Encoder {
    pub(super) sections: u64,
}

impl Encoder {
    fn section(&mut self, tag: u8, size: usize, fill: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> std::io::Result<Bytes> {
        let mut out = Vec::with_capacity(MAGIC.len() + 4 + LEAD + size + DIGEST);
        if self.sections == 0 {
            out.extend_from_slice(MAGIC);
            out.extend_from_slice(&VERSION.to_le_bytes());
        }
        let lead = out.len();
        out.extend_from_slice(&[tag, 0, 0, 0, 0]);
        fill(&mut out)?;
        let length = (out.len() - lead - LEAD) as u32;
        out[lead + 1..lead + LEAD].copy_from_slice(&length.to_le_bytes());
        let digest = digest(self.sections, &out[lead..]);
        out.extend_from_slice(&digest);
        self.sections += 1;
        Ok(out.into())
    }
    pub(super) fn header(&mut self, header: &Header) -> std::io::Result<Bytes> {
        self.section(b'H', 1024, |out| Ok(serde_json::to_writer(out, header)?))
    }
    /// A page run; `read` fills the pages in place.
    pub(super) fn pages(&mut self, first: u32, count: u32, read: impl FnOnce(&mut [u8]) -> std::io::Result<()>) -> std::io::Result<Bytes> {
        let size = count as usize * PAGE_SIZE;
        self.section(b'P', 8 + size, |out| {
            out.extend_from_slice(&first.to_le_bytes());
            out.extend_from_slice(&count.to_le_bytes());
            let start = out.len();
            out.resize(start + size, 0);
            read(&mut out[start..])
        })
    }
    pub(super) fn log(&mut self, records: &[u8]) -> std::io::Result<Bytes> {
        self.section(b'L', records.len(), |out| {
            out.extend_from_slice(records);
            Ok(())
        })
    }
    pub(super) fn trailer(&mut self, trailer: &Trailer) -> std::io::Result<Bytes> {
        self.section(b'T', 512, |out| Ok(serde_json::to_writer(out, trailer)?))
    }
}

fn digest(number: u64, section: &[u8]) -> [u8; DIGEST] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.update(section);
    let mut short = [0; DIGEST];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..DIGEST]);
    short
}

pub(super) fn corrupt(what: impl Into<String>) -> WorkloadError {
    WorkloadError::fault("UserErrorRecoveryPointDataCorrupt", what)
}

/// Reads sections; refuses by name whatever is not as the writer made it.
pub(super) struct Decoder<'a> {
    input: &'a mut dyn RestoreInput,
    step: usize,
    buffer: BytesMut,
    pub(super) sections: u64,
}

impl<'a> Decoder<'a> {
    /// Reads the magic and the version.
    pub(super) async fn open(input: &'a mut dyn RestoreInput, step: usize) -> Result<Self, WorkloadError> {
        let mut decoder = Self { input, step, buffer: BytesMut::new(), sections: 0 };
        decoder.fetch(MAGIC.len() + 4, "the magic").await?;
        if decoder.buffer[..MAGIC.len()] != MAGIC[..] {
            return Err(corrupt("The stream does not begin with the magic of a simulated backup."));
        }
        decoder.buffer.advance(MAGIC.len());
        let version = decoder.buffer.get_u32_le();
        if version != VERSION {
            return Err(corrupt(format!("The stream has format version {version}; this build reads version {VERSION}.")));
        }
        Ok(decoder)
    }

    async fn fetch(&mut self, bytes: usize, part: &str) -> Result<(), WorkloadError> {
        while self.buffer.len() < bytes {
            match self.input.read(self.step, 0).await? {
                Some(more) => self.buffer.extend_from_slice(&more),
                None => return Err(corrupt(format!("The stream is truncated in {part}."))),
            }
        }
        Ok(())
    }

    /// The next section.
    pub(super) async fn next(&mut self) -> Result<Section, WorkloadError> {
        let number = self.sections;
        self.fetch(LEAD, &format!("the lead of section {number}")).await?;
        let tag = self.buffer[0];
        let name = match tag {
            b'H' => format!("the header (section {number})"),
            b'P' => format!("a page run (section {number})"),
            b'L' => format!("a log block (section {number})"),
            b'T' => format!("the trailer (section {number})"),
            other => return Err(corrupt(format!("Section {number} has the unknown tag {other:#04x}."))),
        };
        let length = u32::from_le_bytes([self.buffer[1], self.buffer[2], self.buffer[3], self.buffer[4]]) as usize;
        if length > LARGEST {
            return Err(corrupt(format!("The length of {name} is impossible: {length} bytes.")));
        }
        self.fetch(LEAD + length + DIGEST, &name).await?;
        let section = self.buffer.split_to(LEAD + length).freeze();
        let stored = self.buffer.split_to(DIGEST);
        if stored[..] != digest(number, &section) {
            return Err(corrupt(format!("The digest of {name} does not match.")));
        }
        self.sections += 1;
        let payload = section.slice(LEAD..);
        let unreadable = |e: serde_json::Error| corrupt(format!("The content of {name} is not readable: {e}."));
        match tag {
            b'H' => {
                let header: Header = serde_json::from_slice(&payload).map_err(unreadable)?;
                if !(1..=MOST_PAGES).contains(&header.pages) || header.streams != 1 || header.stream != 0 {
                    return Err(corrupt(format!(
                        "The header tells of {} pages and stream {} of {}.",
                        header.pages, header.stream, header.streams
                    )));
                }
                Ok(Section::Header(Box::new(header)))
            }
            b'P' => page_run(payload, &name),
            b'L' => log_block(&payload, &name),
            _ => serde_json::from_slice(&payload).map(Section::Trailer).map_err(unreadable),
        }
    }

    /// Refuses bytes after the trailer.
    pub(super) async fn end(&mut self) -> Result<(), WorkloadError> {
        while self.buffer.is_empty() {
            match self.input.read(self.step, 0).await? {
                Some(more) => self.buffer.extend_from_slice(&more),
                None => return Ok(()),
            }
        }
        Err(corrupt("There are bytes after the trailer."))
    }
}

fn page_run(mut payload: Bytes, name: &str) -> Result<Section, WorkloadError> {
    if payload.len() < 8 {
        return Err(corrupt(format!("The lead of {name} is short.")));
    }
    let (first, count) = (payload.get_u32_le(), payload.get_u32_le());
    if count == 0 || payload.len() as u64 != u64::from(count) * PAGE_SIZE as u64 {
        return Err(corrupt(format!("The length of {name} does not fit its {count} pages.")));
    }
    Ok(Section::Pages { first, content: payload })
}

fn log_block(mut rest: &[u8], name: &str) -> Result<Section, WorkloadError> {
    let mut records = Vec::new();
    while !rest.is_empty() {
        let (record, length) = Record::decode(rest).ok_or_else(|| corrupt(format!("A log record in {name} is not whole.")))?;
        records.push(record);
        rest = &rest[length..];
    }
    Ok(Section::Log(records))
}
