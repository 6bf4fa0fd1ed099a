//! What a stage says about its own tests, read from its output. A stage that should count and does not has failed.

/// How a stage tells what it ran.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Counts {
    /// Its exit code is its one test.
    ExitCode,
    /// `Summary [..] N tests run: N passed, N failed` of nextest, or cargo's `test result:` lines.
    Cargo,
    /// `N passed, N failed` alone on its last line.
    Story,
}

/// Passed and failed.
pub(crate) type Pair = (u64, u64);

impl Counts {
    /// Reads what the lines say; `None` when they say nothing.
    pub(crate) fn read(self, lines: &[String]) -> Option<Pair> {
        match self {
            Self::ExitCode => None,
            Self::Story => lines.iter().rev().find_map(|line| story(line)),
            Self::Cargo => {
                let told = lines.iter().filter(|l| l.contains(" run: ") && l.contains(" passed") || l.contains("test result:"));
                told.map(|l| (before(l, "passed"), before(l, "failed") + before(l, "timed out"))).reduce(|a, b| (a.0 + b.0, a.1 + b.1))
            }
        }
    }
}

fn story(line: &str) -> Option<Pair> {
    let (passed, failed) = line.trim().split_once(", ")?;
    Some((passed.strip_suffix(" passed")?.parse().ok()?, failed.strip_suffix(" failed")?.parse().ok()?))
}

fn before(line: &str, word: &str) -> u64 {
    let Some((head, _)) = line.split_once(&format!(" {word}")) else {
        return 0;
    };
    head.rsplit(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(counts: Counts, text: &str) -> Option<Pair> {
        counts.read(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn nextest_summary_is_read_with_its_time_outs() {
        let text = "     Summary [  12.3s] 120 tests run: 117 passed (1 slow), 2 failed, 1 timed out, 3 skipped";
        assert_eq!(read(Counts::Cargo, text), Some((117, 3)));
    }

    #[test]
    fn every_result_line_of_cargo_test_is_added() {
        let text = "test result: ok. 3 passed; 0 failed; 0 ignored\nnoise\ntest result: FAILED. 4 passed; 2 failed; 0 ignored";
        assert_eq!(read(Counts::Cargo, text), Some((7, 2)));
    }

    #[test]
    fn a_story_without_its_closing_line_says_nothing() {
        assert_eq!(read(Counts::Story, "ok - one\n2 passed"), None);
        assert_eq!(read(Counts::Story, "ok - one\n2 passed, 1 failed\n"), Some((2, 1)));
    }
}
