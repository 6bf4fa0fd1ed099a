//! What a vault holds and how often something was asked of it.

use super::column::{micros, time};
use super::db::{Tx, row};
use async_trait::async_trait;
use rsvault_domain::id::{SubscriptionId, VaultId};
use rsvault_domain::limits::Quota;
use rsvault_domain::ports::{Held, QuotaRows, StoreError, StoreResult};

row! {
    struct HeldRow {
        policies: i64,
        items: i64,
        containers: i64,
    }
}
impl TryFrom<HeldRow> for Held {
    type Error = StoreError;
    fn try_from(row: HeldRow) -> StoreResult<Self> {
        let HeldRow { policies, items, containers } = row;
        Ok(Self { policies, items, containers })
    }
}

row! {
    struct QuotaRow {
        since: i64,
        used: i64,
    }
}
impl TryFrom<QuotaRow> for Quota {
    type Error = StoreError;
    fn try_from(row: QuotaRow) -> StoreResult<Self> {
        Ok(Self { since: time(row.since)?, used: row.used })
    }
}

row! {
    struct RegionRow {
        location: String,
    }
}

/// Counts go over indexes; each is bounded by a limit.
const HELD: &str = "SELECT
     (SELECT COUNT(*) FROM policies WHERE vault_id = $1) AS policies,
     (SELECT COUNT(*) FROM items WHERE vault_id = $1) AS items,
     (SELECT COUNT(*) FROM containers WHERE vault_id = $1) AS containers";

#[async_trait]
impl QuotaRows for Tx {
    async fn held(&mut self, vault: VaultId) -> StoreResult<Held> {
        self.query(HELD).bind(vault.0).one::<HeldRow, _>().await
    }

    async fn vaults_in(&mut self, subscription: SubscriptionId, location: &str) -> StoreResult<i64> {
        let live = "SELECT location FROM vaults WHERE subscription_id = $1 AND deleted_at IS NULL";
        let regions = self.query(live).bind(subscription.0).rows::<RegionRow>().await?;
        let here = regions.iter().filter(|row| row.location.eq_ignore_ascii_case(location)).count();
        Ok(i64::try_from(here).unwrap_or(i64::MAX))
    }

    async fn quota(&mut self, vault: VaultId, what: &str) -> StoreResult<Option<Quota>> {
        self.query("SELECT since, used FROM quotas WHERE vault_id = $1 AND what = $2")
            .bind(vault.0)
            .bind(what.to_owned())
            .optional::<QuotaRow, _>()
            .await
    }

    async fn put_quota(&mut self, vault: VaultId, what: &str, quota: Quota) -> StoreResult<()> {
        self.query(
            "INSERT INTO quotas (vault_id, what, since, used) VALUES ($1, $2, $3, $4)
             ON CONFLICT (vault_id, what) DO UPDATE SET since = excluded.since, used = excluded.used",
        )
        .bind(vault.0)
        .bind(what.to_owned())
        .bind(micros(quota.since))
        .bind(quota.used)
        .execute()
        .await?;
        Ok(())
    }
}
