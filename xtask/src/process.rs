//! Child processes with a bound: what a stage starts ends with it, whatever it forked.

use crate::workspace::MARK;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How a bounded command ended.
pub(crate) struct Ending {
    pub(crate) success: bool,
    pub(crate) timed_out: bool,
    /// Everything it said, stderr and stdout as they came.
    pub(crate) lines: Vec<String>,
}

/// Runs `command` and ends it and all of its kind after `limit`. Its output is shown as it comes if `shown`.
pub(crate) fn run(command: &mut Command, mark: &str, limit: Duration, shown: bool) -> Result<Ending, String> {
    let program = format!("{command:?}");
    command.env(MARK, mark).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| format!("cannot start {program}: {e}"))?;
    let (tx, lines) = mpsc::channel();
    let out = child.stdout.take().map(|pipe| copy(pipe, tx.clone(), shown));
    let err = child.stderr.take().map(|pipe| copy(pipe, tx, shown));
    let (status, timed_out) = wait(&mut child, mark, limit)?;
    // A process left behind may hold the pipes open: the stage will count it, nobody waits for it here.
    let drained = Instant::now();
    while [&out, &err].into_iter().flatten().any(|t| !t.is_finished()) && drained.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(Ending { success: status && !timed_out, timed_out, lines: lines.try_iter().collect() })
}

fn wait(child: &mut Child, mark: &str, limit: Duration) -> Result<(bool, bool), String> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|e| e.to_string())? {
            return Ok((status.success(), false));
        }
        if started.elapsed() > limit {
            sweep(mark);
            let _ = child.wait();
            return Ok((false, true));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn copy(pipe: impl Read + Send + 'static, to: mpsc::Sender<String>, shown: bool) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|n| n > 0) {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            if shown {
                println!("{line}");
            }
            let _ = to.send(line);
            bytes.clear();
        }
    })
}

/// Processes that carry the mark or one below it, except this one.
fn marked(mark: &str) -> Vec<(u32, String)> {
    let own = std::process::id();
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let ids = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| *id != own)
        .filter(|id| std::fs::read(format!("/proc/{id}/environ")).is_ok_and(|environment| carries(&environment, mark)))
        .map(|id| (id, std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default().trim().to_owned()))
        .collect()
}

/// Whether a process's environment has the mark, or that of a stage below it (`mark/stage`).
fn carries(environment: &[u8], mark: &str) -> bool {
    let values = environment.split(|b| *b == 0).filter_map(|variable| variable.strip_prefix(MARK.as_bytes())?.strip_prefix(b"="));
    values.filter_map(|value| value.strip_prefix(mark.as_bytes())).any(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// Ends marked processes: asked first, then without asking. Answers whom it met.
pub(crate) fn sweep(mark: &str) -> Vec<(u32, String)> {
    let met = marked(mark);
    for signal in ["INT", "KILL"] {
        let left = marked(mark);
        if left.is_empty() {
            break;
        }
        let _ =
            Command::new("kill").arg(format!("-{signal}")).args(left.iter().map(|(id, _)| id.to_string())).stderr(Stdio::null()).status();
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(3) && !marked(mark).is_empty() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    met
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_finds_its_stages_and_a_stage_only_its_own() {
        let of = |value: &str| format!("PATH=/bin\0{MARK}={value}\0HOME=/").into_bytes();
        assert!(carries(&of("7-1/az"), "7-1/az"));
        assert!(carries(&of("7-1/az"), "7-1"));
        assert!(!carries(&of("7-1/az-pit"), "7-1/az"));
        assert!(!carries(&of("7-12"), "7-1"));
        assert!(!carries(&of("7-1"), "7-1/az"));
        assert!(!carries(b"PATH=/bin\0OTHER=7-1", "7-1"));
    }

    #[test]
    fn ending_a_stage_leaves_the_stage_beside_it_alone() {
        let run = format!("test-{}", std::process::id());
        let (own, other) = (format!("{run}/a"), format!("{run}/b"));
        let mut beside = Command::new("sleep").arg("60").env(MARK, &other).spawn().unwrap();
        let ended = super::run(Command::new("sleep").arg("60"), &own, Duration::from_millis(200), false).unwrap();
        assert!(ended.timed_out && !ended.success);
        assert!(beside.try_wait().unwrap().is_none(), "the other stage was ended too");
        assert_eq!(sweep(&run), [(beside.id(), "sleep".to_owned())]);
        beside.wait().unwrap();
    }
}
