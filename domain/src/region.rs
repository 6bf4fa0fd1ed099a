//! Regions, and the one that each is paired with: where the copies of a geo-redundant vault lie and where
//! its backups can be restored when its own region is lost (rulebook 4.5).
//!
//! Always holds: names are compared without case and blanks; the pairs are Azure's, so that a client that
//! looks the secondary of a vault up in its own table asks for the one that is served.

/// A region as it is compared and shown in paths: `West Europe` is `westeurope`.
pub fn folded(region: &str) -> String {
    region.replace(' ', "").to_lowercase()
}

/// The region that Azure pairs `region` with; None if it is in no pair.
pub fn paired(region: &str) -> Option<&'static str> {
    let region = folded(region);
    PAIRS.binary_search_by(|(own, _)| (*own).cmp(region.as_str())).ok().and_then(|at| PAIRS.get(at)).map(|(_, other)| *other)
}

/// The secondary of a vault in `region`: Azure's pair, else what the operator has named for regions
/// without one.
pub fn secondary_of(region: &str, named: Option<&str>) -> Option<String> {
    paired(region).map(str::to_owned).or_else(|| named.map(folded))
}

/// Whether a vault may have its copies in `region`.
pub fn is_secondary(region: &str, named: Option<&str>) -> bool {
    let region = folded(region);
    PAIRS.iter().any(|(_, other)| *other == region) || named.is_some_and(|named| folded(named) == region)
}

/// Region and secondary, by region.
const PAIRS: &[(&str, &str)] = &[
    ("australiacentral", "australiacentral2"),
    ("australiacentral2", "australiacentral"),
    ("australiaeast", "australiasoutheast"),
    ("australiasoutheast", "australiaeast"),
    ("bleufrancecentral", "bleufrancesouth"),
    ("bleufrancesouth", "bleufrancecentral"),
    ("brazilsouth", "southcentralus"),
    ("brazilsoutheast", "brazilsouth"),
    ("canadacentral", "canadaeast"),
    ("canadaeast", "canadacentral"),
    ("centralindia", "southindia"),
    ("centralus", "eastus2"),
    ("centraluseuap", "eastus2euap"),
    ("chinaeast", "chinanorth"),
    ("chinaeast2", "chinanorth2"),
    ("chinaeast3", "chinanorth3"),
    ("chinanorth", "chinaeast"),
    ("chinanorth2", "chinaeast2"),
    ("chinanorth3", "chinaeast3"),
    ("deloscloudgermanycentral", "deloscloudgermanynorth"),
    ("deloscloudgermanynorth", "deloscloudgermanycentral"),
    ("eastasia", "southeastasia"),
    ("eastus", "westus"),
    ("eastus2", "centralus"),
    ("eastus2euap", "centraluseuap"),
    ("eastus3", "westus3"),
    ("francecentral", "francesouth"),
    ("francesouth", "francecentral"),
    ("germanycentral", "germanynortheast"),
    ("germanynorth", "germanywestcentral"),
    ("germanynortheast", "germanycentral"),
    ("germanywestcentral", "germanynorth"),
    ("indiasouthcentral", "centralindia"),
    ("japaneast", "japanwest"),
    ("japanwest", "japaneast"),
    ("jioindiacentral", "jioindiawest"),
    ("jioindiawest", "jioindiacentral"),
    ("koreacentral", "koreasouth"),
    ("koreasouth", "koreacentral"),
    ("malaysiasouth", "japanwest"),
    ("northcentralus", "southcentralus"),
    ("northeastus5", "centralus"),
    ("northeurope", "westeurope"),
    ("norwayeast", "norwaywest"),
    ("norwaywest", "norwayeast"),
    ("southafricanorth", "southafricawest"),
    ("southafricawest", "southafricanorth"),
    ("southcentralus", "northcentralus"),
    ("southcentralus2", "westcentralus"),
    ("southeastasia", "eastasia"),
    ("southeastasia3", "malaysiawest"),
    ("southeastus", "westus3"),
    ("southeastus3", "westus3"),
    ("southeastus5", "centralus"),
    ("southindia", "centralindia"),
    ("southwestus", "centralus"),
    ("swedencentral", "swedensouth"),
    ("swedensouth", "swedencentral"),
    ("switzerlandnorth", "switzerlandwest"),
    ("switzerlandwest", "switzerlandnorth"),
    ("taiwannorth", "taiwannorthwest"),
    ("taiwannorthwest", "taiwannorth"),
    ("uaecentral", "uaenorth"),
    ("uaenorth", "uaecentral"),
    ("uksouth", "ukwest"),
    ("ukwest", "uksouth"),
    ("usdodcentral", "usdodeast"),
    ("usdodeast", "usdodcentral"),
    ("usgovarizona", "usgovtexas"),
    ("usgoviowa", "usgovvirginia"),
    ("usgovtexas", "usgovarizona"),
    ("usgovvirginia", "usgovtexas"),
    ("usnateast", "usnatwest"),
    ("usnatwest", "usnateast"),
    ("usseceast", "ussecwest"),
    ("ussecwest", "usseceast"),
    ("ussecwestcentral", "usseceast"),
    ("westcentralus", "westus2"),
    ("westeurope", "northeurope"),
    ("westindia", "southindia"),
    ("westus", "eastus"),
    ("westus2", "westcentralus"),
    ("westus3", "eastus"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pairs_are_in_order_and_nobody_is_its_own_secondary() {
        assert!(PAIRS.is_sorted_by(|a, b| a.0 < b.0));
        for (own, other) in PAIRS {
            assert_ne!(own, other);
            assert_eq!((folded(own), folded(other)), ((*own).to_owned(), (*other).to_owned()));
            assert_eq!(paired(own), Some(*other));
        }
    }

    #[test]
    fn a_region_is_found_however_it_is_written_and_the_operator_names_the_rest() {
        assert_eq!(paired("West Europe"), Some("northeurope"));
        assert_eq!(paired("cellar"), None);
        assert_eq!(secondary_of("WestEurope", Some("attic")).as_deref(), Some("northeurope"));
        assert_eq!(secondary_of("cellar", Some("The Attic")).as_deref(), Some("theattic"));
        assert_eq!(secondary_of("cellar", None), None);
        assert!(is_secondary("North Europe", None) && is_secondary("the attic", Some("TheAttic")) && !is_secondary("cellar", None));
    }
}
