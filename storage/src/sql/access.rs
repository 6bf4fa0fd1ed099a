//! Principals with the hash of their secret, and their roles.

use super::column::{digest, micros, time};
use super::db::{Tx, row};
use super::page::{after_pair, fetch, slice};
use async_trait::async_trait;
use rsvault_domain::access::{Principal, RoleAssignment};
use rsvault_domain::id::{AssignmentId, NameKey, PrincipalId};
use rsvault_domain::ports::{AccessRows, Page, Slice, StoreError, StoreResult};
use uuid::Uuid;

row! {
    struct PrincipalRow { id: Uuid, client_id: String, tenant_id: Uuid, name: String, secret_hash: Vec<u8> }
}
impl TryFrom<PrincipalRow> for (Principal, [u8; 32]) {
    type Error = StoreError;
    fn try_from(row: PrincipalRow) -> StoreResult<Self> {
        let hash = digest("secret_hash", row.secret_hash)?;
        Ok((Principal { id: row.id.into(), client_id: row.client_id, tenant: row.tenant_id.into(), name: row.name }, hash))
    }
}

row! {
    struct AssignmentRow { id: Uuid, principal_id: Uuid, role: String, scope: String, created_at: i64 }
}
impl TryFrom<AssignmentRow> for RoleAssignment {
    type Error = StoreError;
    fn try_from(row: AssignmentRow) -> StoreResult<Self> {
        Ok(Self {
            id: row.id.into(),
            principal_id: row.principal_id.into(),
            role: row.role,
            scope: row.scope,
            created_at: time(row.created_at)?,
        })
    }
}

/// The range of scopes below one: everything between `scope/` and `scope0`.
fn under(scope: &NameKey) -> (String, String) {
    let scope = scope.as_str().trim_end_matches('/');
    (format!("{scope}/"), format!("{scope}0"))
}

#[async_trait]
impl AccessRows for Tx {
    async fn put_principal(&mut self, principal: &Principal, secret_hash: [u8; 32]) -> StoreResult<()> {
        // Either identity may stand already, on different rows even: the new record replaces both.
        self.query("DELETE FROM principals WHERE id = $1 OR client_id = $2")
            .bind(principal.id.0)
            .bind(principal.client_id.clone())
            .execute()
            .await?;
        self.query("INSERT INTO principals (id, client_id, tenant_id, name, secret_hash) VALUES ($1, $2, $3, $4, $5)")
            .bind(principal.id.0)
            .bind(principal.client_id.clone())
            .bind(principal.tenant.0)
            .bind(principal.name.clone())
            .bind(secret_hash.to_vec())
            .execute()
            .await?;
        Ok(())
    }

    async fn principal_by_client(&mut self, client_id: &str) -> StoreResult<Option<(Principal, [u8; 32])>> {
        self.query("SELECT * FROM principals WHERE client_id = $1").bind(client_id.to_owned()).optional::<PrincipalRow, _>().await
    }

    async fn principal_by_id(&mut self, id: PrincipalId) -> StoreResult<Option<Principal>> {
        let found =
            self.query("SELECT * FROM principals WHERE id = $1").bind(id.0).optional::<PrincipalRow, (Principal, [u8; 32])>().await?;
        Ok(found.map(|(principal, _)| principal))
    }

    async fn insert_assignment(&mut self, assignment: &RoleAssignment) -> StoreResult<()> {
        self.query(
            "INSERT INTO role_assignments (id, principal_id, role, scope, scope_key, created_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT DO NOTHING",
        )
        .bind(assignment.id.0)
        .bind(assignment.principal_id.0)
        .bind(assignment.role.clone())
        .bind(assignment.scope.clone())
        .bind(assignment.scope_key().to_string())
        .bind(micros(assignment.created_at))
        .insert(|| format!("role assignment {}", assignment.id))
        .await
    }

    async fn assignments(&mut self, principal: PrincipalId) -> StoreResult<Vec<RoleAssignment>> {
        self.query("SELECT * FROM role_assignments WHERE principal_id = $1 ORDER BY role, scope_key")
            .bind(principal.0)
            .all::<AssignmentRow, _>()
            .await
    }

    async fn assignment(&mut self, id: AssignmentId) -> StoreResult<Option<RoleAssignment>> {
        self.query("SELECT * FROM role_assignments WHERE id = $1").bind(id.0).optional::<AssignmentRow, _>().await
    }

    async fn assignments_at(&mut self, scopes: &[NameKey], below: Option<&NameKey>, page: &Page) -> StoreResult<Slice<RoleAssignment>> {
        // Scopes are few (the segments of an ARM id), and each is one look into the index; what lies below
        // one is a range of the same index.
        let (from, to) = below.map_or((String::new(), String::new()), under);
        let (id, after) = after_pair(page)?.unwrap_or((Uuid::nil(), String::new()));
        let mut found: Vec<RoleAssignment> = Vec::new();
        for scope in scopes {
            let at = self.query(
                "SELECT * FROM role_assignments WHERE scope_key = $1 AND (scope_key, id) > ($2, $3) ORDER BY scope_key, id LIMIT $4",
            );
            found.extend(at.bind(scope.to_string()).bind(after.clone()).bind(id).bind(fetch(page)).all::<AssignmentRow, _>().await?);
        }
        if below.is_some() {
            let under = self.query(
                "SELECT * FROM role_assignments WHERE scope_key >= $1 AND scope_key < $2 AND (scope_key, id) > ($3, $4)
                 ORDER BY scope_key, id LIMIT $5",
            );
            found.extend(under.bind(from).bind(to).bind(after).bind(id).bind(fetch(page)).all::<AssignmentRow, _>().await?);
        }
        found.sort_by_key(|assignment| (assignment.scope_key(), assignment.id));
        found.dedup_by_key(|assignment| assignment.id);
        // The id first: it has no bar, a scope may.
        Ok(slice(page, found, |assignment| format!("{}|{}", assignment.id, assignment.scope_key())))
    }

    async fn delete_assignment(&mut self, id: AssignmentId) -> StoreResult<bool> {
        Ok(self.query("DELETE FROM role_assignments WHERE id = $1").bind(id.0).execute().await? > 0)
    }

    async fn delete_assignments_of(&mut self, scope: &NameKey) -> StoreResult<u64> {
        let at = self.query("DELETE FROM role_assignments WHERE scope_key = $1").bind(scope.to_string()).execute().await?;
        let (from, to) = under(scope);
        let below = self.query("DELETE FROM role_assignments WHERE scope_key >= $1 AND scope_key < $2");
        Ok(at + below.bind(from).bind(to).execute().await?)
    }
}
