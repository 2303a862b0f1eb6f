//! `manage users recanonicalize`, on tables with email keys of an older version.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use serde_json::json;

use crate::world::{PASSWORD, World};

/// Gives an email the key of an older version, which did not know the ASCII form of domains.
async fn use_old_key(world: &World, now: &str, before: &str) {
    let client = world.dynamodb().await;
    let key = |address: &str| AttributeValue::S(format!("email#{address}"));
    let delete = client.delete_item().table_name("UsersTable").key("pk", key(now));
    let deleted = delete.return_values(ReturnValue::AllOld).send().await.unwrap();
    let put = client.put_item().table_name("UsersTable").set_item(deleted.attributes);
    put.item("pk", key(before)).send().await.unwrap();
}

#[tokio::test]
async fn a_user_with_an_old_email_key_can_log_in_again() {
    let world = World::new().await;
    world.register("ada@Bücher.example", "ada").await;
    world.register("grace@example.com", "grace").await;
    use_old_key(&world, "ada@xn--bcher-kva.example", "ada@bücher.example").await;
    assert_eq!(world.login_status("ada@bücher.example", PASSWORD).await, 401);

    let dry = world.manage("users recanonicalize --dry-run").await.done();
    let lines: Vec<_> = dry.output.lines().collect();
    assert!(lines[0].starts_with("would move: ada (ada@bücher.example, id "), "{dry:?}");
    assert!(lines[0].ends_with("), from email#ada@bücher.example"), "{dry:?}");
    assert_eq!(lines[1..], ["would move 1, skip 0 (email shared with another user)"]);
    assert!(dry.events.is_empty());
    assert_eq!(world.login_status("ada@bücher.example", PASSWORD).await, 401);

    let run = world.manage("users recanonicalize --json").await.done();
    assert_eq!((&run.documents()[0]["result"], &run.documents()[1]["moved"]), (&json!("moved"), &json!(1)));
    assert_eq!((&run.events[0]["event"], &run.events[0]["users"]), (&json!("user_updated"), &json!(1)));
    assert_eq!(world.login_status("ada@bücher.example", PASSWORD).await, 200);
    assert_eq!(world.login_status("ada@xn--bcher-kva.example", PASSWORD).await, 200);

    let again = world.manage("users recanonicalize").await.done().output;
    assert_eq!(again, "moved 0, skipped 0 (email shared with another user)\n");
}

#[tokio::test]
async fn users_who_share_an_email_are_listed_and_not_changed() {
    let world = World::new().await;
    world.register("ada@bücher.example", "ada").await;
    use_old_key(&world, "ada@xn--bcher-kva.example", "ada@bücher.example").await;
    world.register("ADA@xn--bcher-kva.example", "twin").await;
    for arguments in ["users recanonicalize --dry-run", "users recanonicalize"] {
        let ended = world.manage(arguments).await;
        assert_eq!((ended.status, ended.output.lines().count()), (3, 2), "{ended:?}");
        assert!(ended.output.starts_with("shared email: ada (ada@bücher.example, id "), "{ended:?}");
        assert!(ended.output.contains(" and twin (ADA@xn--bcher-kva.example, id "), "{ended:?}");
        assert!(ended.events.is_empty(), "{ended:?}");
    }
    assert_eq!(world.login_status("ada@xn--bcher-kva.example", PASSWORD).await, 200);
}

#[tokio::test]
async fn of_two_users_who_would_get_the_same_key_neither_is_moved_and_a_dry_run_agrees() {
    let world = World::new().await;
    world.register("ada@bücher.example", "ada").await;
    use_old_key(&world, "ada@xn--bcher-kva.example", "ada@bücher.example").await;
    world.register("ada@ｂücher.example", "twin").await;
    use_old_key(&world, "ada@xn--bcher-kva.example", "ada@ｂücher.example").await;
    let counts = async |arguments: &str| {
        let ended = world.manage(arguments).await;
        let last = ended.documents().pop().unwrap();
        (ended.status, last["moved"].clone(), last["twins"].clone())
    };
    let dry = counts("users recanonicalize --json --dry-run").await;
    assert_eq!(dry, (3, json!(0), json!(2)));
    assert_eq!(counts("users recanonicalize --json").await, dry);
}

#[tokio::test]
async fn a_shared_email_is_resolved_by_a_new_email_or_by_deleting_a_user() {
    let world = World::new().await;
    for (name, written) in [("one", "ada@bücher.example"), ("two", "ada@ｂücher.example")] {
        world.register(written, name).await;
        use_old_key(&world, "ada@xn--bcher-kva.example", written).await;
    }
    world.register("ada@xn--bcher-kva.example", "three").await;
    world.manage("users disable username:one --yes").await.done();
    world.manage("users enable username:one").await.done();
    world.manage("users set-email username:one ada@example.org --yes").await.done();
    assert_eq!(world.login_status("ada@example.org", PASSWORD).await, 200);
    world.manage("users delete username:two --yes").await.done();
    assert_eq!(world.login_status("ada@xn--bcher-kva.example", PASSWORD).await, 200);
    let left = world.manage("users recanonicalize").await.done().output;
    assert_eq!(left, "moved 0, skipped 0 (email shared with another user)\n");
}
