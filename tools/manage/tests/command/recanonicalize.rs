//! `manage users recanonicalize`, on tables in which a version before filed addresses.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use serde_json::json;

use crate::world::{PASSWORD, World};

/// Files an address as a version before did that knew nothing of the ASCII form of domains.
async fn file_as_before(world: &World, now: &str, before: &str) {
    let client = world.dynamodb().await;
    let key = |address: &str| AttributeValue::S(format!("email#{address}"));
    let delete = client.delete_item().table_name("UsersTable").key("pk", key(now));
    let deleted = delete.return_values(ReturnValue::AllOld).send().await.unwrap();
    let put = client.put_item().table_name("UsersTable").set_item(deleted.attributes);
    put.item("pk", key(before)).send().await.unwrap();
}

#[tokio::test]
async fn an_address_that_a_login_did_not_find_is_found_again() {
    let world = World::new().await;
    world.register("ada@Bücher.example", "ada").await;
    world.register("grace@example.com", "grace").await;
    file_as_before(&world, "ada@xn--bcher-kva.example", "ada@bücher.example").await;
    assert_eq!(world.login_status("ada@bücher.example", PASSWORD).await, 401);

    let dry = world.manage("users recanonicalize --dry-run").await.done();
    let lines: Vec<_> = dry.output.lines().collect();
    assert!(lines[0].starts_with("would move: ada (ada@bücher.example, id "), "{dry:?}");
    assert!(lines[0].ends_with("), from email#ada@bücher.example"), "{dry:?}");
    assert_eq!(lines[1..], ["1 users would be moved, 0 have a twin and would not"]);
    assert!(dry.events.is_empty());
    assert_eq!(world.login_status("ada@bücher.example", PASSWORD).await, 401);

    let run = world.manage("users recanonicalize --json").await.done();
    assert_eq!((&run.documents()[0]["result"], &run.documents()[1]["moved"]), (&json!("moved"), &json!(1)));
    assert_eq!((&run.events[0]["event"], &run.events[0]["users"]), (&json!("user_updated"), &json!(1)));
    assert_eq!(world.login_status("ada@bücher.example", PASSWORD).await, 200);
    assert_eq!(world.login_status("ada@xn--bcher-kva.example", PASSWORD).await, 200);

    let again = world.manage("users recanonicalize").await.done().output;
    assert_eq!(again, "0 users were moved, 0 have a twin and were not\n");
}

#[tokio::test]
async fn twins_are_named_and_left_as_they_are() {
    let world = World::new().await;
    world.register("ada@bücher.example", "ada").await;
    file_as_before(&world, "ada@xn--bcher-kva.example", "ada@bücher.example").await;
    world.register("ADA@xn--bcher-kva.example", "twin").await;
    for arguments in ["users recanonicalize --dry-run", "users recanonicalize"] {
        let ended = world.manage(arguments).await;
        assert_eq!((ended.status, ended.output.lines().count()), (3, 2), "{ended:?}");
        assert!(ended.output.starts_with("twins: ada (ada@bücher.example, id "), "{ended:?}");
        assert!(ended.output.contains(" and twin (ADA@xn--bcher-kva.example, id "), "{ended:?}");
        assert!(ended.events.is_empty(), "{ended:?}");
    }
    assert_eq!(world.login_status("ada@xn--bcher-kva.example", PASSWORD).await, 200);
}

#[tokio::test]
async fn of_two_who_would_be_moved_to_one_place_none_is_and_a_dry_run_says_so_too() {
    let world = World::new().await;
    world.register("ada@bücher.example", "ada").await;
    file_as_before(&world, "ada@xn--bcher-kva.example", "ada@bücher.example").await;
    world.register("ada@ｂücher.example", "twin").await;
    file_as_before(&world, "ada@xn--bcher-kva.example", "ada@ｂücher.example").await;
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
async fn a_twin_is_settled_by_another_address_or_by_a_deletion() {
    let world = World::new().await;
    for (name, written) in [("one", "ada@bücher.example"), ("two", "ada@ｂücher.example")] {
        world.register(written, name).await;
        file_as_before(&world, "ada@xn--bcher-kva.example", written).await;
    }
    world.register("ada@xn--bcher-kva.example", "three").await;
    world.manage("users disable username:one --yes").await.done();
    world.manage("users enable username:one").await.done();
    world.manage("users set-email username:one ada@example.org --yes").await.done();
    assert_eq!(world.login_status("ada@example.org", PASSWORD).await, 200);
    world.manage("users delete username:two --yes").await.done();
    assert_eq!(world.login_status("ada@xn--bcher-kva.example", PASSWORD).await, 200);
    let left = world.manage("users recanonicalize").await.done().output;
    assert_eq!(left, "0 users were moved, 0 have a twin and were not\n");
}
