//! Statement 14: tokens and sessions that were voided do not become valid again.

use aws_sdk_dynamodb::types::AttributeValue;
use rstest::rstest;
use serde_json::json;
use shared::{
    settings::Settings,
    store::{AccessChange, Account, NewAccount},
};

use crate::world::{ISSUER, World};

const ADA: &str = "ada@example.com";

async fn world_with_ada() -> World {
    let world = World::new().await;
    assert_eq!(world.register(ADA).await.status, 201);
    world
}

/// The account as an export contains it.
fn copy(account: &Account) -> NewAccount {
    NewAccount {
        user: account.user.clone(),
        password_hash: account.password_hash().clone(),
        disabled: account.disabled,
        created_at: account.created_at,
    }
}

#[rstest]
#[case::deletion_and_import(false)]
#[case::disabling_deletion_import_and_enabling(true)]
#[tokio::test]
async fn statement_14_voided_tokens_stay_void_after_a_user_is_deleted_and_imported_again(#[case] is_disabled: bool) {
    let world = world_with_ada().await;
    let stolen = world.log_in(ADA).await;
    let users = world.service.users();
    let mut before = world.account(ADA).await;
    if is_disabled {
        before = users.change_access(before, &AccessChange::Disable).await.unwrap().unwrap();
    }
    let copy = copy(&before);
    for _ in 0..2 {
        users.delete(world.account(ADA).await).await.unwrap();
        users.add(&copy).await.unwrap();
        if is_disabled {
            users.change_access(world.account(ADA).await, &AccessChange::Enable).await.unwrap().unwrap();
        }
        // The session is still stored.
        world.me("GET", stolen.text("access"), &json!({})).await.is_detail(401, "Invalid token.");
        world.refresh(stolen.text("refresh")).await.is_detail(401, "Token is invalid or expired.");
    }
    let login = world.log_in(ADA).await;
    assert_eq!(world.me("GET", login.text("access"), &json!({})).await.status, 200);
    assert_eq!(world.refresh(login.text("refresh")).await.status, 200);
}

#[tokio::test]
async fn statement_14_a_login_that_overlaps_a_deletion_and_an_import_opens_a_void_session() {
    let world = world_with_ada().await;
    let before = world.account(ADA).await;
    let copy = copy(&before);
    let users = world.service.users();
    users.delete(before.clone()).await.unwrap();
    users.add(&copy).await.unwrap();
    // A login that read the account before the deletion.
    let (holder, sessions) = (before.holder(), world.service.sessions());
    let handle = sessions.new_handle(holder.user).unwrap();
    sessions.open(&handle, holder.generation, 1_000).await.unwrap();
    let refresh = world.service.refresh_tokens().write(&handle).await.unwrap();
    let tokens = world.service.access_tokens();
    let access = tokens.issue_token(ISSUER.into(), holder, handle.session, &Settings::default()).await.unwrap();
    world.refresh(&refresh).await.is_detail(401, "Token is invalid or expired.");
    world.me("GET", &access, &json!({})).await.is_detail(401, "Invalid token.");
}

#[tokio::test]
async fn sessions_of_users_without_a_generation_work_until_they_are_voided() {
    let world = world_with_ada().await;
    let before = world.account(ADA).await;
    for key in [format!("user#{}", before.user.id), format!("email#{ADA}")] {
        let update = world.client.update_item().table_name("UsersTable").key("pk", AttributeValue::S(key));
        update.update_expression("REMOVE generation").send().await.unwrap();
    }
    let login = world.log_in(ADA).await;
    assert_eq!(world.me("PATCH", login.text("access"), &json!({ "username": "ada" })).await.status, 200);
    assert_eq!(world.refresh(login.text("refresh")).await.status, 200);
    let users = world.service.users();
    let account = users.change_access(world.account(ADA).await, &AccessChange::Disable).await.unwrap().unwrap();
    users.change_access(account, &AccessChange::Enable).await.unwrap().unwrap();
    assert_eq!(world.me("GET", login.text("access"), &json!({})).await.status, 401);
    assert_eq!(world.refresh(login.text("refresh")).await.status, 401);
}
