//! What a vault has beside its backups, what operations have to tell, and counts.
//!
//! Always holds: a count goes over an index of its own; what hangs on a vault or an operation goes with it.

use super::column::{digest, micros, time};
use super::db::{Tx, row};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::id::{NameKey, OperationId, VaultId};
use rsvault_domain::outcome::Outcome;
use rsvault_domain::ports::{FeatureRows, StoreError, StoreResult};
use rsvault_domain::vault::certificate::VaultCertificate;
use rsvault_domain::vault::extended::ExtendedInfo;
use rsvault_domain::vault::pin::SecurityPin;
use rsvault_domain::vault::usage::VaultCounts;
use sqlx::types::Json;
use uuid::Uuid;

row! {
    struct ExtendedRow {
        integrity_key: Option<String>,
        encryption_key: Option<String>,
        encryption_key_thumbprint: Option<String>,
        algorithm: Option<String>,
        etag: Uuid,
    }
}
impl TryFrom<ExtendedRow> for ExtendedInfo {
    type Error = StoreError;
    fn try_from(row: ExtendedRow) -> StoreResult<Self> {
        let ExtendedRow { integrity_key, encryption_key, encryption_key_thumbprint, algorithm, etag } = row;
        Ok(Self { integrity_key, encryption_key, encryption_key_thumbprint, algorithm, etag })
    }
}

row! {
    struct CertificateRow {
        vault_id: Uuid,
        name: String,
        der: Vec<u8>,
        subject: String,
        issuer: String,
        thumbprint: String,
        valid_from: i64,
        valid_to: i64,
    }
}
impl TryFrom<CertificateRow> for VaultCertificate {
    type Error = StoreError;
    fn try_from(row: CertificateRow) -> StoreResult<Self> {
        Ok(Self {
            vault_id: row.vault_id.into(),
            name: row.name,
            der: row.der,
            subject: row.subject,
            issuer: row.issuer,
            thumbprint: row.thumbprint,
            valid_from: time(row.valid_from)?,
            valid_to: time(row.valid_to)?,
        })
    }
}

row! {
    struct PinRow { salt: Vec<u8>, hash: Vec<u8>, expires_at: i64 }
}
impl TryFrom<PinRow> for SecurityPin {
    type Error = StoreError;
    fn try_from(row: PinRow) -> StoreResult<Self> {
        Ok(Self {
            salt: digest("security_pins.salt", row.salt)?,
            hash: digest("security_pins.hash", row.hash)?,
            expires_at: time(row.expires_at)?,
        })
    }
}

row! {
    struct OutcomeRow { outcome: Json<Outcome> }
}
impl TryFrom<OutcomeRow> for Outcome {
    type Error = StoreError;
    fn try_from(row: OutcomeRow) -> StoreResult<Self> {
        Ok(row.outcome.0)
    }
}

row! {
    struct CountsRow {
        servers: i64,
        items: i64,
        initial: i64,
        stopped: i64,
        soft_deleted: i64,
        policies: i64,
        running_jobs: i64,
        failed_jobs: i64,
    }
}
impl TryFrom<CountsRow> for VaultCounts {
    type Error = StoreError;
    fn try_from(row: CountsRow) -> StoreResult<Self> {
        let CountsRow { servers, items, initial, stopped, soft_deleted, policies, running_jobs, failed_jobs } = row;
        Ok(Self { servers, items, initial, stopped, soft_deleted, policies, running_jobs, failed_jobs })
    }
}

pub(super) const COUNTS: &str = "SELECT
     (SELECT COUNT(*) FROM containers WHERE vault_id = $1 AND registration IN ('Registering', 'Registered')) AS servers,
     (SELECT COUNT(*) FROM items WHERE vault_id = $1 AND deleted_at IS NULL) AS items,
     (SELECT COUNT(*) FROM items WHERE vault_id = $1 AND deleted_at IS NULL AND state = 'IRPending') AS initial,
     (SELECT COUNT(*) FROM items WHERE vault_id = $1 AND deleted_at IS NULL AND state IN ('ProtectionStopped', 'BackupsSuspended')) AS stopped,
     (SELECT COUNT(*) FROM items WHERE vault_id = $1 AND deleted_at IS NOT NULL) AS soft_deleted,
     (SELECT COUNT(*) FROM policies WHERE vault_id = $1) AS policies,
     (SELECT COUNT(*) FROM jobs WHERE vault_id = $1 AND status IN ('InProgress', 'Cancelling')) AS running_jobs,
     (SELECT COUNT(*) FROM jobs WHERE vault_id = $1 AND status = 'Failed' AND started_at >= $2) AS failed_jobs";

#[async_trait]
impl FeatureRows for Tx {
    async fn mark_registered(&mut self, vault: VaultId) -> StoreResult<()> {
        self.query("INSERT INTO vault_registered (vault_id) VALUES ($1) ON CONFLICT DO NOTHING").bind(vault.0).execute().await?;
        Ok(())
    }

    async fn ever_registered(&mut self, vault: VaultId) -> StoreResult<bool> {
        let count: i64 = self.query("SELECT COUNT(*) FROM vault_registered WHERE vault_id = $1").bind(vault.0).value().await?;
        Ok(count > 0)
    }

    async fn put_extended_info(&mut self, vault: VaultId, info: &ExtendedInfo) -> StoreResult<()> {
        self.query(
            "INSERT INTO vault_extended_info (vault_id, integrity_key, encryption_key, encryption_key_thumbprint, algorithm, etag)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (vault_id) DO UPDATE SET integrity_key = excluded.integrity_key,
               encryption_key = excluded.encryption_key, encryption_key_thumbprint = excluded.encryption_key_thumbprint,
               algorithm = excluded.algorithm, etag = excluded.etag",
        )
        .bind(vault.0)
        .bind(info.integrity_key.clone())
        .bind(info.encryption_key.clone())
        .bind(info.encryption_key_thumbprint.clone())
        .bind(info.algorithm.clone())
        .bind(info.etag)
        .execute()
        .await?;
        Ok(())
    }

    async fn extended_info(&mut self, vault: VaultId) -> StoreResult<Option<ExtendedInfo>> {
        self.query("SELECT * FROM vault_extended_info WHERE vault_id = $1").bind(vault.0).optional::<ExtendedRow, _>().await
    }

    async fn put_certificate(&mut self, certificate: &VaultCertificate) -> StoreResult<()> {
        self.query(
            "INSERT INTO vault_certificates (vault_id, name_key, name, der, subject, issuer, thumbprint, valid_from, valid_to)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (vault_id, name_key) DO UPDATE SET der = excluded.der,
               subject = excluded.subject, issuer = excluded.issuer, thumbprint = excluded.thumbprint,
               valid_from = excluded.valid_from, valid_to = excluded.valid_to",
        )
        .bind(certificate.vault_id.0)
        .bind(certificate.key().to_string())
        .bind(certificate.name.clone())
        .bind(certificate.der.clone())
        .bind(certificate.subject.clone())
        .bind(certificate.issuer.clone())
        .bind(certificate.thumbprint.clone())
        .bind(micros(certificate.valid_from))
        .bind(micros(certificate.valid_to))
        .execute()
        .await?;
        Ok(())
    }

    async fn certificate(&mut self, vault: VaultId, name: &NameKey) -> StoreResult<Option<VaultCertificate>> {
        self.query("SELECT * FROM vault_certificates WHERE vault_id = $1 AND name_key = $2")
            .bind(vault.0)
            .bind(name.to_string())
            .optional::<CertificateRow, _>()
            .await
    }

    async fn delete_certificate(&mut self, vault: VaultId, name: &NameKey) -> StoreResult<bool> {
        let gone = self
            .query("DELETE FROM vault_certificates WHERE vault_id = $1 AND name_key = $2")
            .bind(vault.0)
            .bind(name.to_string())
            .execute()
            .await?;
        Ok(gone > 0)
    }

    async fn certificate_count(&mut self, vault: VaultId) -> StoreResult<i64> {
        self.query("SELECT COUNT(*) FROM vault_certificates WHERE vault_id = $1").bind(vault.0).value().await
    }

    async fn put_security_pin(&mut self, vault: VaultId, pin: &SecurityPin) -> StoreResult<()> {
        self.query(
            "INSERT INTO security_pins (vault_id, salt, hash, expires_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (vault_id) DO UPDATE SET salt = excluded.salt, hash = excluded.hash, expires_at = excluded.expires_at",
        )
        .bind(vault.0)
        .bind(pin.salt.to_vec())
        .bind(pin.hash.to_vec())
        .bind(micros(pin.expires_at))
        .execute()
        .await?;
        Ok(())
    }

    async fn security_pin(&mut self, vault: VaultId) -> StoreResult<Option<SecurityPin>> {
        self.query("SELECT * FROM security_pins WHERE vault_id = $1").bind(vault.0).optional::<PinRow, _>().await
    }

    async fn put_outcome(&mut self, operation: OperationId, outcome: &Outcome) -> StoreResult<()> {
        self.query(
            "INSERT INTO operation_outcomes (operation_id, outcome) VALUES ($1, $2)
             ON CONFLICT (operation_id) DO UPDATE SET outcome = excluded.outcome",
        )
        .bind(operation.0)
        .bind(Json(outcome.clone()))
        .execute()
        .await?;
        Ok(())
    }

    async fn outcome(&mut self, operation: OperationId) -> StoreResult<Option<Outcome>> {
        self.query("SELECT outcome FROM operation_outcomes WHERE operation_id = $1").bind(operation.0).optional::<OutcomeRow, _>().await
    }

    async fn vault_counts(&mut self, vault: VaultId, since: Timestamp) -> StoreResult<VaultCounts> {
        self.query(COUNTS).bind(vault.0).bind(micros(since)).one::<CountsRow, _>().await
    }
}
