//! What jobs look like to clients of older API versions.

/// The last version whose `actionsInfo` holds numbers (wire-facts 7).
const LAST_WITH_NUMBERS: &str = "2023-01-01";

/// Whether `actionsInfo` holds numbers: `[1]` for `["Cancellable"]`.
pub(super) fn actions_are_numbers(api_version: Option<&str>) -> bool {
    api_version.and_then(|version| version.get(..10)).is_some_and(|day| day <= LAST_WITH_NUMBERS)
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_end_with_2023_01_01() {
        for (version, numbers) in [
            ("2016-12-01", true),
            ("2023-01-01", true),
            ("2023-02-01", false),
            ("2018-12-20-preview", true),
            ("2026-08-01", false),
            ("x", false),
        ] {
            assert_eq!(super::actions_are_numbers(Some(version)), numbers, "{version}");
        }
        assert!(!super::actions_are_numbers(None));
    }
}
