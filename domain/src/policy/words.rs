//! The enumerations of a policy, each spelled exactly as Azure spells it on the wire.

/// Declares an enum whose variants are Azure's own words, with `as_str` and an exact `parse`.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }
        impl $name {
            /// Every value, in Azure's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Azure's word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }
            /// Parses Azure's word exactly.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.as_str() == word)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
    )+};
}

words! {
    /// What a sub-policy schedules (`policyType`). Only Full, Differential and Log can be saved;
    /// the others are known so that they are refused by name.
    SubPolicyType {
        /// Full backups.
        Full,
        /// Differential backups.
        Differential,
        /// Log backups.
        Log,
        /// On demand only: never scheduled.
        CopyOnlyFull,
        /// SAP HANA only.
        Incremental,
        /// Snapshot of an instance.
        SnapshotFull,
        /// Copy-only snapshot of an instance.
        SnapshotCopyOnlyFull,
    }
    /// How often a simple schedule fires (`scheduleRunFrequency`). Hourly is for VMs: refused for SQL.
    RunFrequency {
        /// Every day.
        Daily,
        /// On the days listed.
        Weekly,
        /// VMs only.
        Hourly,
    }
    /// A day of the week.
    DayOfWeek {
        /// Sunday.
        Sunday,
        /// Monday.
        Monday,
        /// Tuesday.
        Tuesday,
        /// Wednesday.
        Wednesday,
        /// Thursday.
        Thursday,
        /// Friday.
        Friday,
        /// Saturday.
        Saturday,
    }
    /// Which of a month's weeks.
    WeekOfMonth {
        /// First.
        First,
        /// Second.
        Second,
        /// Third.
        Third,
        /// Fourth.
        Fourth,
        /// Last.
        Last,
    }
    /// A month.
    MonthOfYear {
        /// January.
        January,
        /// February.
        February,
        /// March.
        March,
        /// April.
        April,
        /// May.
        May,
        /// June.
        June,
        /// July.
        July,
        /// August.
        August,
        /// September.
        September,
        /// October.
        October,
        /// November.
        November,
        /// December.
        December,
    }
    /// Unit of a retention (`durationType`).
    DurationUnit {
        /// Days.
        Days,
        /// Weeks.
        Weeks,
        /// Months.
        Months,
        /// Years.
        Years,
    }
    /// How monthly and yearly retention names its days (`retentionScheduleFormatType`).
    RetentionFormat {
        /// By number of the day.
        Daily,
        /// By week and day of the week.
        Weekly,
    }
}

impl DayOfWeek {
    /// The calendar's day.
    pub fn weekday(self) -> jiff::civil::Weekday {
        use jiff::civil::Weekday as W;
        match self {
            Self::Sunday => W::Sunday,
            Self::Monday => W::Monday,
            Self::Tuesday => W::Tuesday,
            Self::Wednesday => W::Wednesday,
            Self::Thursday => W::Thursday,
            Self::Friday => W::Friday,
            Self::Saturday => W::Saturday,
        }
    }
}
