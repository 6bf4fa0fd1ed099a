"""The pure model of a vault's storage: which backups a policy leaves standing at a moment, computed from the schedule and
the retention rules alone, independent of the vault's own code."""
import bisect
import datetime as dt

DAY = dt.timedelta(days=1)


class Plan:
    """Weekly full, daily differential on the other days, logs at an interval; times of day in UTC."""

    def __init__(self, full_day, hour, interval, keep_full_weeks, keep_differential, keep_log):
        self.full_day, self.hour, self.interval = full_day, hour, dt.timedelta(minutes=interval)
        self.keep = {"Full": keep_full_weeks * 7 * DAY, "Differential": keep_differential * DAY, "Log": keep_log * DAY}
        self.keep_full_weeks, self.keep_differential, self.keep_log = keep_full_weeks, keep_differential, keep_log

    DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

    def body(self):
        at = f"2026-01-01T{self.hour:02}:00:00Z"
        others = [d for i, d in enumerate(self.DAYS) if i != self.full_day]

        def simple(days):
            return {"schedulePolicyType": "SimpleSchedulePolicy", "scheduleRunFrequency": "Weekly", "scheduleRunDays": days,
                    "scheduleRunTimes": [at], "scheduleWeeklyFrequency": 0}

        def keep(days):
            return {"retentionPolicyType": "SimpleRetentionPolicy", "retentionDuration": {"count": days, "durationType": "Days"}}
        weekly = {"daysOfTheWeek": [self.DAYS[self.full_day]], "retentionTimes": [at],
                  "retentionDuration": {"count": self.keep_full_weeks, "durationType": "Weeks"}}
        return {"properties": {
            "backupManagementType": "AzureWorkload", "workLoadType": "SQLDataBase",
            "settings": {"timeZone": "UTC", "issqlcompression": False, "isCompression": False},
            "subProtectionPolicy": [
                {"policyType": "Full", "schedulePolicy": simple([self.DAYS[self.full_day]]),
                 "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy", "weeklySchedule": weekly}},
                {"policyType": "Differential", "schedulePolicy": simple(others), "retentionPolicy": keep(self.keep_differential)},
                {"policyType": "Log", "schedulePolicy": {"schedulePolicyType": "LogSchedulePolicy",
                                                         "scheduleFrequencyInMins": self.interval.seconds // 60},
                 "retentionPolicy": keep(self.keep_log)}]}}

    def backups(self, since, now):
        """What runs after `since` and until `now`, in order: the first slot, whatever it is, becomes a full (auto-heal)."""
        done, slot = [], since.replace(hour=0, minute=0, second=0, microsecond=0)
        while slot <= now:
            kinds = []
            if slot.hour == self.hour and slot.minute == 0:
                kinds.append("Full" if slot.weekday() == self.full_day else "Differential")
            kinds.append("Log")
            if slot >= since:
                for kind in kinds:
                    done.append((slot, kind if done else "Full"))
            slot += self.interval
        return done

    def standing(self, since, now):
        """Counts by kind at `now`: a backup stays as long as itself or something that needs it is kept. A log needs the
        full or differential before its own beginning, and every log between; a differential needs its full."""
        done = self.backups(since, now)
        fulls = [at for at, kind in done if kind == "Full"]
        differentials = [at for at, kind in done if kind == "Differential"]
        logs = [at for at, kind in done if kind == "Log"]
        bases = sorted(fulls + differentials)

        def lives(at, kind):
            return at + self.keep[kind] > now

        def latest(of, upto):
            return of[max(bisect.bisect_right(of, upto) - 1, 0)]
        needed, first_needed = set(), None
        for at in (at for at in logs if lives(at, "Log")):
            base = latest(bases, at - self.interval)
            needed.add(base)
            first_needed = first_needed or base
        stays = {"Log": [at for at in logs if first_needed and at > first_needed],
                 "Differential": [at for at in differentials if lives(at, "Differential") or at in needed]}
        needed |= {latest(fulls, at) for at in list(needed) + stays["Differential"]}
        stays["Full"] = [at for at in fulls if lives(at, "Full") or at in needed]
        return {kind: len(of) for kind, of in stays.items()}
