//! What is told at the end: figures, each with its bound where it has one.

use serde::Serialize;

/// One figure.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) what: String,
    /// Ours, with its unit.
    pub(crate) ours: String,
    /// What it is compared with.
    pub(crate) theirs: String,
    /// The quotient that is judged: the median of the rounds.
    pub(crate) ratio: f64,
    /// Its least and its greatest value in a round.
    pub(crate) spread: (f64, f64),
    pub(crate) bound: Option<Bound>,
}

/// What a quotient must keep.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Line {
    /// Whether it keeps its bound.
    pub(crate) fn kept(&self) -> bool {
        match self.bound {
            Some(Bound::AtLeast(least)) => self.ratio >= least,
            Some(Bound::AtMost(most)) => self.ratio <= most,
            None => true,
        }
    }
}

/// A whole run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: String,
    pub(crate) sizes: crate::fill::Sizes,
    pub(crate) notes: Vec<String>,
    pub(crate) lines: Vec<Line>,
}

impl Report {
    pub(crate) fn print(&self) {
        println!("\n{}", self.machine);
        for note in &self.notes {
            println!("{note}");
        }
        let mut table = comfy_table::Table::new();
        table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
        table.set_header(["what", "ours", "compared with", "ratio (min-max)", "bound", ""]);
        for line in &self.lines {
            let bound = match line.bound {
                Some(Bound::AtLeast(least)) => format!(">= {least}"),
                Some(Bound::AtMost(most)) => format!("<= {most}"),
                None => String::new(),
            };
            let verdict = match (line.bound, line.kept()) {
                (None, _) => "",
                (_, true) => "kept",
                (_, false) => "MISSED",
            };
            let ratio = format!("{:.2} ({:.2}-{:.2})", line.ratio, line.spread.0, line.spread.1);
            table.add_row([line.what.as_str(), &line.ours, &line.theirs, &ratio, &bound, verdict]);
        }
        println!("{table}");
    }
    pub(crate) fn kept(&self) -> bool {
        self.lines.iter().all(Line::kept)
    }
}

/// Median, least and greatest.
pub(crate) fn spread(mut values: Vec<f64>) -> (f64, (f64, f64)) {
    values.sort_by(f64::total_cmp);
    let median = values.get(values.len() / 2).copied().unwrap_or(f64::NAN);
    (median, (values.first().copied().unwrap_or(f64::NAN), values.last().copied().unwrap_or(f64::NAN)))
}

/// The machine, as far as it tells.
pub(crate) fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|l| l.strip_prefix("model name")).map_or("unknown CPU", |l| l.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory =
        read("/proc/meminfo").lines().find_map(|l| l.strip_prefix("MemTotal:")?.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0);
    let load = read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned();
    format!("machine: {cores} x {model}, {} GiB, Linux {}, load {load} at the end", memory >> 20, read("/proc/sys/kernel/osrelease").trim())
}
