//! One step of a restore: the bytes of one backup brought into the files aside.
//!
//! Always holds: a backup that does not follow what is there is refused before a page is written; the
//! result has the state that the backup recorded. A step that broke off can be applied again from its
//! beginning: whatever pages it had changed, it changes them again.

use super::aside::Aside;
use super::catalog::Built;
use super::database::{hash_file, place, redo};
use super::format::{Decoder, Header, Section, Trailer, corrupt};
use super::instance::Claim;
use super::pages::{PAGE_SIZE, State, generate};
use super::server::blocking;
use super::txlog::Record;
use crate::plugin::{RestoreInput, WorkloadError};
use jiff::Timestamp;
use rsvault_domain::backup::{BackupKind, FileKind, Lsn};
use rsvault_domain::fault::codes;
use rsvault_domain::id::NameKey;
use rsvault_domain::restore::FileMapping;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Most page hashes that are remembered within a step.
const MOST_SUMS: usize = 65_536;

/// Where a restore is built. Whoever still writes there keeps others out.
pub(super) struct Site {
    pub(super) aside: Aside,
    pub(super) claim: Claim,
}

/// What to apply, and how far.
pub(super) struct Step<'a> {
    pub(super) index: usize,
    pub(super) kind: BackupKind,
    pub(super) mappings: &'a [FileMapping],
    pub(super) stop_at: Option<Timestamp>,
    /// Whether the plan ends here.
    pub(super) last: bool,
    /// Whether the files are as the step before left them.
    pub(super) untouched: bool,
}

/// Applies a step to what the steps before it have built.
pub(super) async fn apply(
    site: &Arc<Site>,
    built: Option<Built>,
    step: &Step<'_>,
    input: &mut dyn RestoreInput,
    cancel: &CancellationToken,
) -> Result<Built, WorkloadError> {
    if input.streams(step.index) != 1 {
        return Err(corrupt(format!("The backup has {} streams; the simulated engine writes one.", input.streams(step.index))));
    }
    let mut decoder = Decoder::open(input, step.index).await?;
    let Section::Header(header) = decoder.next().await? else { return Err(corrupt("The first section is not the header.")) };
    if header.kind != step.kind {
        return Err(corrupt(format!("The backup is a {} where a {} is due.", header.kind.as_str(), step.kind.as_str())));
    }
    site.claim.instance().accepts(&header)?;
    let built = match (step.kind, built) {
        (BackupKind::Full | BackupKind::CopyOnlyFull, None) => {
            check_logical_names(&header, step.mappings)?;
            let (held, pages) = (Arc::clone(site), header.pages);
            let data = blocking(move || {
                let file = File::options().read(true).write(true).create_new(true).open(&held.aside.files.data).map_err(writing)?;
                file.set_len(u64::from(pages) * PAGE_SIZE as u64).map_err(writing)?;
                Ok(file)
            })
            .await?;
            Pages { site, data: Arc::new(data), header: &header, whole: true }.apply(&mut decoder, cancel).await?
        }
        (BackupKind::Differential, Some(built)) => {
            follows(&header, &built)?;
            if header.database_backup_lsn != built.checkpoint_lsn {
                return Err(misfit(format!(
                    "The differential builds on the full with checkpoint LSN {}; the restored full has {}.",
                    header.database_backup_lsn, built.checkpoint_lsn
                )));
            }
            let data = open(site).await?;
            let checkpoint_lsn = built.checkpoint_lsn;
            let built = Pages { site, data, header: &header, whole: false }.apply(&mut decoder, cancel).await?;
            Built { checkpoint_lsn, ..built }
        }
        (BackupKind::Log, Some(built)) => {
            follows(&header, &built)?;
            apply_log(site, &header, built, step, &mut decoder, cancel).await?
        }
        _ => return Err(misfit(format!("A {} cannot be step {} of a restore.", step.kind.as_str(), step.index))),
    };
    if step.last && step.stop_at.is_some_and(|at| built.committed_at > at) {
        return Err(misfit(format!("The restored backups end at {}, after the moment to stop at.", built.committed_at)));
    }
    Ok(built)
}

/// Refuses a backup of another history.
fn follows(header: &Header, built: &Built) -> Result<(), WorkloadError> {
    if header.recovery_fork != built.recovery_fork {
        return Err(misfit("The backup was taken on another recovery fork than the ones before it.".to_owned()));
    }
    if header.pages != built.pages {
        return Err(corrupt(format!("The backup is of {} pages, the restored database has {}.", header.pages, built.pages)));
    }
    Ok(())
}

/// Fulls and differentials: pages, then the log that makes them one state.
struct Pages<'a> {
    site: &'a Arc<Site>,
    data: Arc<File>,
    header: &'a Header,
    /// Whether every page must come.
    whole: bool,
}

impl Pages<'_> {
    async fn apply(self, decoder: &mut Decoder<'_>, cancel: &CancellationToken) -> Result<Built, WorkloadError> {
        let (header, pages) = (self.header, self.header.pages);
        let (mut next_page, mut log_records, mut last_lsn) = (0, 0_u64, header.checkpoint_lsn);
        let trailer = loop {
            match decoder.next().await? {
                Section::Header(_) => return Err(corrupt("There is a second header.")),
                Section::Pages { first, content } => {
                    let count = (content.len() / PAGE_SIZE) as u32;
                    let due = if self.whole { first == next_page } else { first >= next_page };
                    if !due || first > pages || count > pages - first || log_records > 0 {
                        return Err(corrupt(format!("A page run begins at page {first} where page {next_page} of {pages} is due.")));
                    }
                    let (file, held) = (Arc::clone(&self.data), Arc::clone(self.site));
                    blocking(move || {
                        let _held = held;
                        file.write_all_at(&content, place(first)).map_err(writing)
                    })
                    .await?;
                    next_page = first + count;
                }
                Section::Log(records) => {
                    if self.whole && next_page != pages {
                        return Err(corrupt(format!("The log begins where page {next_page} of {pages} is due.")));
                    }
                    log_records += records.len() as u64;
                    last_lsn = follow(last_lsn, &records)?;
                    let (file, held) = (Arc::clone(&self.data), Arc::clone(self.site));
                    blocking(move || {
                        let _held = held;
                        records.iter().try_for_each(|record| redo(&file, pages, record)).map_err(writing)
                    })
                    .await?;
                }
                Section::Trailer(trailer) => break trailer,
            }
        };
        if self.whole && next_page != pages {
            return Err(corrupt("The trailer does not fit what came before it."));
        }
        ends(&trailer, log_records, last_lsn, decoder).await?;
        let state = proven(self.site, self.data, pages, cancel).await?;
        if state != trailer.state {
            return Err(corrupt("The restored pages do not hash to the state in the trailer."));
        }
        Ok(Built {
            pages,
            recovery_model: header.recovery_model,
            recovery_fork: header.recovery_fork,
            read_only: header.read_only,
            certificate: header.certificate.clone(),
            logical_data: logical(header, FileKind::Data),
            logical_log: logical(header, FileKind::Log),
            checkpoint_lsn: header.checkpoint_lsn,
            lsn: trailer.last_lsn,
            committed_at: trailer.consistent_at,
            state,
        })
    }
}

async fn apply_log(
    site: &Arc<Site>,
    header: &Header,
    mut built: Built,
    step: &Step<'_>,
    decoder: &mut Decoder<'_>,
    cancel: &CancellationToken,
) -> Result<Built, WorkloadError> {
    let Some(first_lsn) = header.first_lsn else { return Err(corrupt("The log does not tell where it begins.")) };
    if first_lsn > built.lsn {
        return Err(misfit(format!("The log begins at LSN {first_lsn}, but the restored database ends at LSN {}.", built.lsn)));
    }
    if let (Some(stop), Some(end)) = (step.stop_at, header.only_to)
        && stop < end
    {
        return Err(WorkloadError::fault(codes::BULK_LOGGED, format!("The log can be restored to its end at {end} only.")));
    }
    let data = open(site).await?;
    let state = if step.untouched { built.state } else { proven(site, Arc::clone(&data), built.pages, cancel).await? };
    let mut redone = Redone { data, pages: built.pages, state, sums: HashMap::new() };
    let (reached, mut log_records, mut last_lsn) = (built.lsn, 0, first_lsn);
    let trailer = loop {
        match decoder.next().await? {
            Section::Header(_) | Section::Pages { .. } => return Err(corrupt("A log has nothing but log blocks.")),
            Section::Log(mut records) => {
                log_records += records.len() as u64;
                last_lsn = follow(last_lsn, &records)?;
                // What an overlapping log has repeated is there; what comes after the moment to stop at
                // is read to prove the stream, but not applied.
                records.retain(|record| record.lsn > reached && step.stop_at.is_none_or(|stop| record.committed_at <= stop));
                let Some(end) = records.last() else { continue };
                (built.lsn, built.committed_at, built.state) = (end.lsn, end.committed_at, end.state);
                let held = Arc::clone(site);
                redone = blocking(move || {
                    let _held = held;
                    redone.apply(&records).map_err(writing)?;
                    Ok(redone)
                })
                .await?;
            }
            Section::Trailer(trailer) => break trailer,
        }
    };
    ends(&trailer, log_records, last_lsn, decoder).await?;
    if trailer.last_lsn < reached {
        return Err(misfit(format!("The log ends at LSN {}, but the restored database is at LSN {reached} already.", trailer.last_lsn)));
    }
    if let Some(stop) = step.stop_at.filter(|stop| step.last && *stop > trailer.consistent_at) {
        return Err(misfit(format!("The last log ends at {}, before {stop}.", trailer.consistent_at)));
    }
    let whole = built.lsn == trailer.last_lsn;
    if redone.state != built.state || (whole && built.state != trailer.state) {
        return Err(corrupt("The restored pages do not hash to the state that the log recorded."));
    }
    if step.last {
        if proven(site, redone.data, built.pages, cancel).await? != built.state {
            return Err(corrupt("The restored data file does not hash to the state that the log recorded."));
        }
    } else {
        let held = Arc::clone(site);
        blocking(move || {
            let _held = held;
            redone.data.sync_data().map_err(writing)
        })
        .await?;
    }
    Ok(Built { recovery_model: header.recovery_model, ..built })
}

/// The data file that the steps before have built.
async fn open(site: &Arc<Site>) -> Result<Arc<File>, WorkloadError> {
    let held = Arc::clone(site);
    blocking(move || File::options().read(true).write(true).open(&held.aside.files.data).map(Arc::new).map_err(writing)).await
}

/// Makes the data file durable and gives its hash as read back.
async fn proven(site: &Arc<Site>, data: Arc<File>, pages: u32, cancel: &CancellationToken) -> Result<State, WorkloadError> {
    let (held, stop) = (Arc::clone(site), cancel.clone());
    blocking(move || {
        let _held = held;
        let state = hash_file(&data, pages, || stop.is_cancelled()).map_err(writing)?;
        data.sync_data().map_err(writing)?;
        Ok(state)
    })
    .await
}

/// Checks the end of a stream.
async fn ends(trailer: &Trailer, log_records: u64, last_lsn: Lsn, decoder: &mut Decoder<'_>) -> Result<(), WorkloadError> {
    if trailer.log_records != log_records || trailer.last_lsn != last_lsn || trailer.sections + 1 != decoder.sections {
        return Err(corrupt("The trailer does not fit what came before it."));
    }
    decoder.end().await
}

/// A data file whose state is known while log is applied to it.
struct Redone {
    data: Arc<File>,
    pages: u32,
    state: State,
    sums: HashMap<u32, State>,
}

impl Redone {
    /// Applies records: of a page that several change, only the last content is written.
    fn apply(&mut self, records: &[Record]) -> std::io::Result<()> {
        let newest: BTreeMap<u32, u64> = records.iter().flat_map(|r| r.pages.iter().map(|page| (*page, r.seed))).collect();
        if let Some((page, _)) = newest.last_key_value().filter(|(page, _)| **page >= self.pages) {
            let what = format!("a log record changes page {page} of {}", self.pages);
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, what));
        }
        if self.sums.len() > MOST_SUMS {
            self.sums.clear();
        }
        let mut content = vec![0; PAGE_SIZE];
        for (page, seed) in newest {
            let old = match self.sums.get(&page) {
                Some(sum) => *sum,
                None => {
                    self.data.read_exact_at(&mut content, place(page))?;
                    State::of_page(page, &content)
                }
            };
            generate(page, seed, &mut content);
            self.data.write_all_at(&content, place(page))?;
            let new = State::of_page(page, &content);
            self.sums.insert(page, new);
            self.state.sub(old);
            self.state.add(new);
        }
        Ok(())
    }
}

fn follow(mut last: Lsn, records: &[Record]) -> Result<Lsn, WorkloadError> {
    for record in records {
        if record.lsn <= last {
            return Err(corrupt(format!("The log record with LSN {} follows LSN {last}.", record.lsn)));
        }
        last = record.lsn;
    }
    Ok(last)
}

fn logical(header: &Header, kind: FileKind) -> String {
    header.files.iter().find(|file| file.kind == kind).map_or_else(|| header.database.clone(), |file| file.logical_name.clone())
}

fn check_logical_names(header: &Header, mappings: &[FileMapping]) -> Result<(), WorkloadError> {
    for mapping in mappings {
        let known = header
            .files
            .iter()
            .any(|file| file.kind == mapping.kind && NameKey::new(&file.logical_name) == NameKey::new(&mapping.logical_name));
        if !known && !mapping.logical_name.is_empty() {
            return Err(WorkloadError::fault(
                "UserErrorGenericSQLUserCorrectableFault",
                format!(
                    "Logical {} file '{}' is not part of the backup of '{}'.",
                    mapping.kind.as_str(),
                    mapping.logical_name,
                    header.database
                ),
            ));
        }
    }
    Ok(())
}

/// A backup that does not fit the ones before it.
fn misfit(why: String) -> WorkloadError {
    WorkloadError::fault(codes::LSN, why)
}

fn writing(error: std::io::Error) -> WorkloadError {
    WorkloadError::io("write the restored database", error)
}
