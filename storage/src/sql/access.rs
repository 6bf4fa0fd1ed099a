//! Principals with the hash of their secret, and their roles.

use super::column::digest;
use super::db::{Tx, row};
use async_trait::async_trait;
use rsvault_domain::access::{Principal, RoleAssignment};
use rsvault_domain::id::PrincipalId;
use rsvault_domain::ports::{AccessRows, StoreError, StoreResult};
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
    struct AssignmentRow { principal_id: Uuid, role: String, scope: String }
}
impl TryFrom<AssignmentRow> for RoleAssignment {
    type Error = StoreError;
    fn try_from(row: AssignmentRow) -> StoreResult<Self> {
        Ok(Self { principal_id: row.principal_id.into(), role: row.role, scope: row.scope })
    }
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

    async fn put_assignment(&mut self, assignment: &RoleAssignment) -> StoreResult<()> {
        self.query("INSERT INTO role_assignments (principal_id, role, scope) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(assignment.principal_id.0)
            .bind(assignment.role.clone())
            .bind(assignment.scope.clone())
            .execute()
            .await?;
        Ok(())
    }

    async fn assignments(&mut self, principal: PrincipalId) -> StoreResult<Vec<RoleAssignment>> {
        self.query("SELECT * FROM role_assignments WHERE principal_id = $1 ORDER BY role, scope")
            .bind(principal.0)
            .all::<AssignmentRow, _>()
            .await
    }
}
