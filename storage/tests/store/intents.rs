//! Auto-protection intents and what they know of databases; names of items.

use crate::bed::Bed;
use crate::on_both;
use crate::sample::{at, container, id, item, policy, server, vault};
use rsvault_domain::discovery::Container;
use rsvault_domain::id::{ItemName, NameKey};
use rsvault_domain::intent::{Intent, IntentDatabase, IntentTarget, Standing};
use rsvault_domain::policy::Policy;
use rsvault_domain::ports::{Page, Tx};
use rsvault_domain::protection::SoftDeleted;

on_both!(
    an_intent_is_found_by_name_id_and_container,
    intents_of_a_vault_come_by_name_in_pages,
    what_an_intent_knows_of_a_database_is_replaced_and_goes_with_it,
    intents_go_with_their_container_and_their_vault,
    names_of_items_come_in_order_with_their_soft_deletion,
);

async fn place(tx: &mut dyn Tx, name: &str) -> (Container, Policy) {
    let vault = vault(name);
    tx.insert_vault(&vault).await.unwrap();
    let server = tx.put_server(&server(&format!("vm-{name}"))).await.unwrap();
    let container = container(vault.id, &server);
    tx.insert_container(&container).await.unwrap();
    let policy = policy(vault.id, "Daily");
    tx.put_policy(&policy).await.unwrap();
    (container, policy)
}
fn intent(container: &Container, policy: &Policy, name: &str, target: IntentTarget) -> Intent {
    Intent {
        id: id(),
        vault_id: container.vault_id,
        container_id: container.id,
        name: name.into(),
        target,
        policy_id: policy.id,
        created_at: at(1),
        updated_at: at(2),
    }
}
fn instance(name: &str) -> IntentTarget {
    IntentTarget::Instance(name.into())
}

async fn an_intent_is_found_by_name_id_and_container(bed: Bed) {
    let mut tx = bed.begin().await;
    let (container, policy) = place(&mut *tx, "v1").await;
    let mut one = intent(&container, &policy, "One", instance("MSSQLSERVER"));
    let group = intent(&container, &policy, "Two", IntentTarget::AvailabilityGroup("MSSQLSERVER".into()));
    tx.put_intent(&one).await.unwrap();
    tx.put_intent(&group).await.unwrap();
    assert_eq!(tx.intent(container.vault_id, &NameKey::new("ONE")).await.unwrap().as_ref(), Some(&one));
    assert_eq!(tx.intent_by_id(group.id).await.unwrap().as_ref(), Some(&group));
    assert_eq!(tx.intents_of_container(container.id).await.unwrap(), [group.clone(), one.clone()]);
    assert_eq!(tx.intents_of_policy(policy.id).await.unwrap(), 2);
    // Put again it keeps its birthday and takes the rest.
    one.name = "Three".into();
    one.updated_at = at(9);
    tx.put_intent(&one).await.unwrap();
    assert_eq!(tx.intent(container.vault_id, &NameKey::new("one")).await.unwrap(), None);
    assert_eq!(tx.intent(container.vault_id, &NameKey::new("three")).await.unwrap(), Some(one.clone()));
    assert!(tx.delete_intent(one.id).await.unwrap());
    assert!(!tx.delete_intent(one.id).await.unwrap());
    assert_eq!(tx.intents_of_container(container.id).await.unwrap(), [group]);
}

async fn intents_of_a_vault_come_by_name_in_pages(bed: Bed) {
    let mut tx = bed.begin().await;
    let (container, policy) = place(&mut *tx, "v1").await;
    let (other, others) = place(&mut *tx, "v2").await;
    tx.put_intent(&intent(&other, &others, "m", instance("X"))).await.unwrap();
    let names = ["c", "A", "b", "E", "d"];
    for name in names {
        tx.put_intent(&intent(&container, &policy, name, instance(name))).await.unwrap();
    }
    let mut page = Page { after: None, limit: 2 };
    let mut seen = Vec::new();
    loop {
        let slice = tx.intents(container.vault_id, &page).await.unwrap();
        seen.extend(slice.items.into_iter().map(|intent| intent.name));
        match slice.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, ["A", "b", "c", "d", "E"]);
}

async fn what_an_intent_knows_of_a_database_is_replaced_and_goes_with_it(bed: Bed) {
    let mut tx = bed.begin().await;
    let (container, policy) = place(&mut *tx, "v1").await;
    let intent = intent(&container, &policy, "i", instance("MSSQLSERVER"));
    tx.put_intent(&intent).await.unwrap();
    let name = ItemName::new("MSSQLSERVER", "Sales");
    let mut sales = IntentDatabase { intent_id: intent.id, name, standing: Standing::Configuring, job_id: Some(id()), failures: 2 };
    let hr = IntentDatabase {
        name: ItemName::new("MSSQLSERVER", "hr"),
        standing: Standing::OptedOut,
        job_id: None,
        failures: 0,
        ..sales.clone()
    };
    for database in [&sales, &hr] {
        tx.put_intent_database(database).await.unwrap();
    }
    let key = NameKey::new("sqldatabase;mssqlserver;SALES");
    assert_eq!(tx.intent_database(intent.id, &key).await.unwrap().as_ref(), Some(&sales));
    sales = IntentDatabase { standing: Standing::GivenUp, job_id: None, failures: 4, ..sales };
    tx.put_intent_database(&sales).await.unwrap();
    assert_eq!(tx.intent_databases(intent.id).await.unwrap(), [hr.clone(), sales]);
    tx.delete_intent_database(intent.id, &key).await.unwrap();
    assert_eq!(tx.intent_databases(intent.id).await.unwrap(), [hr]);
    tx.delete_intent(intent.id).await.unwrap();
    assert_eq!(tx.intent_databases(intent.id).await.unwrap(), []);
}

async fn intents_go_with_their_container_and_their_vault(bed: Bed) {
    let mut tx = bed.begin().await;
    let (container, policy) = place(&mut *tx, "v1").await;
    let gone = intent(&container, &policy, "i", instance("MSSQLSERVER"));
    tx.put_intent(&gone).await.unwrap();
    assert!(tx.delete_container(container.id).await.unwrap());
    assert_eq!(tx.intent_by_id(gone.id).await.unwrap(), None);
    tx.remove_vault(container.vault_id).await.unwrap();
}

async fn names_of_items_come_in_order_with_their_soft_deletion(bed: Bed) {
    let mut tx = bed.begin().await;
    let (container, _) = place(&mut *tx, "v1").await;
    for (instance, database, deleted) in [("B", "z", false), ("A", "Y;1", true), ("A", "x", false), ("A", "é", false), ("AA", "q", false)]
    {
        let mut item = item(&container, database);
        item.name = ItemName::new(instance, database);
        item.soft_deleted = deleted.then(|| SoftDeleted { at: at(1), purge_at: at(2) });
        tx.insert_item(&item).await.unwrap();
    }
    let key = NameKey::new;
    let of_a = tx.item_names(container.id, &key("sqldatabase;a;"), &key("sqldatabase;a<")).await.unwrap();
    let named = |text: &str, deleted| (NameKey::new(text), deleted);
    assert_eq!(of_a, [named("sqldatabase;a;x", false), named("sqldatabase;a;y;1", true), named("sqldatabase;a;é", false)]);
    assert_eq!(tx.item_names(container.id, &key("sqldatabase;"), &key("sqldatabase<")).await.unwrap().len(), 5);
    assert_eq!(
        tx.item_names(container.id, &key("sqldatabase;b;z"), &key("sqldatabase;b;z")).await.unwrap(),
        [named("sqldatabase;b;z", false)]
    );
}
