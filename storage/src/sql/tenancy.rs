//! Subscriptions and resource groups. A group keeps the casing it was first written in.

use super::db::{Tx, row};
use super::page::{after_text, fetch, slice};
use async_trait::async_trait;
use rsvault_domain::id::{NameKey, SubscriptionId};
use rsvault_domain::ports::{Page, Slice, StoreError, StoreResult, TenancyRows};
use rsvault_domain::tenancy::{ResourceGroup, Subscription};
use sqlx::types::Json;
use std::collections::BTreeMap;
use uuid::Uuid;

row! {
    struct SubscriptionRow { id: Uuid, tenant_id: Uuid, name: String }
}
impl TryFrom<SubscriptionRow> for Subscription {
    type Error = StoreError;
    fn try_from(row: SubscriptionRow) -> StoreResult<Self> {
        Ok(Self { id: row.id.into(), tenant: row.tenant_id.into(), name: row.name })
    }
}

row! {
    struct GroupRow { subscription_id: Uuid, name: String, location: String, tags: Json<BTreeMap<String, String>> }
}
impl TryFrom<GroupRow> for ResourceGroup {
    type Error = StoreError;
    fn try_from(row: GroupRow) -> StoreResult<Self> {
        Ok(Self { subscription: row.subscription_id.into(), name: row.name, location: row.location, tags: row.tags.0 })
    }
}

pub(super) const LIST_GROUPS: &str =
    "SELECT * FROM resource_groups WHERE subscription_id = $1 AND name_key > $2 ORDER BY name_key LIMIT $3";

#[async_trait]
impl TenancyRows for Tx {
    async fn put_subscription(&mut self, subscription: &Subscription) -> StoreResult<()> {
        self.query(
            "INSERT INTO subscriptions (id, tenant_id, name) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET tenant_id = excluded.tenant_id, name = excluded.name",
        )
        .bind(subscription.id.0)
        .bind(subscription.tenant.0)
        .bind(subscription.name.clone())
        .execute()
        .await?;
        Ok(())
    }

    async fn subscriptions(&mut self) -> StoreResult<Vec<Subscription>> {
        self.query("SELECT * FROM subscriptions ORDER BY id").all::<SubscriptionRow, _>().await
    }

    async fn subscription(&mut self, id: SubscriptionId) -> StoreResult<Option<Subscription>> {
        self.query("SELECT * FROM subscriptions WHERE id = $1").bind(id.0).optional::<SubscriptionRow, _>().await
    }

    async fn put_group(&mut self, group: &ResourceGroup) -> StoreResult<(ResourceGroup, bool)> {
        let key = NameKey::new(&group.name);
        let existed = self.group(group.subscription, &key).await?.is_some();
        let stored = self
            .query(
                "INSERT INTO resource_groups (subscription_id, name_key, name, location, tags) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (subscription_id, name_key) DO UPDATE SET location = excluded.location, tags = excluded.tags
                 RETURNING *",
            )
            .bind(group.subscription.0)
            .bind(key.to_string())
            .bind(group.name.clone())
            .bind(group.location.clone())
            .bind(Json(group.tags.clone()))
            .one::<GroupRow, _>()
            .await?;
        Ok((stored, !existed))
    }

    async fn group(&mut self, subscription: SubscriptionId, name: &NameKey) -> StoreResult<Option<ResourceGroup>> {
        self.query("SELECT * FROM resource_groups WHERE subscription_id = $1 AND name_key = $2")
            .bind(subscription.0)
            .bind(name.to_string())
            .optional::<GroupRow, _>()
            .await
    }

    async fn groups(&mut self, subscription: SubscriptionId, page: &Page) -> StoreResult<Slice<ResourceGroup>> {
        let groups =
            self.query(LIST_GROUPS).bind(subscription.0).bind(after_text(page)?).bind(fetch(page)).all::<GroupRow, ResourceGroup>().await?;
        Ok(slice(page, groups, |group| NameKey::new(&group.name).to_string()))
    }

    async fn delete_group(&mut self, subscription: SubscriptionId, name: &NameKey) -> StoreResult<bool> {
        let deleted = self
            .query("DELETE FROM resource_groups WHERE subscription_id = $1 AND name_key = $2")
            .bind(subscription.0)
            .bind(name.to_string())
            .execute()
            .await?;
        Ok(deleted > 0)
    }
}
