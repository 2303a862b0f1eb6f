//! Where the command works.

use std::path::Path;

use rstest::rstest;

use crate::world::{World, run};

#[rstest]
#[case::nowhere("users list", "where? say --stack NAME, --local, or the names of the tables (--help)")]
#[case::without_a_region("--stack pyshop-auth users list", "no region is set: say --region, or set AWS_REGION")]
#[tokio::test]
async fn what_is_missing_is_told_in_a_line(#[case] arguments: &str, #[case] line: &str) {
    run(Path::new("/"), arguments.into(), String::new()).await.is_error(line);
}

#[tokio::test]
async fn a_local_stack_that_does_not_run_is_told_how_to_start() {
    // Nobody listens on a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let arguments = format!("--local --dynamodb-endpoint http://127.0.0.1:{port} users list");
    let ended = run(Path::new("/"), arguments, String::new()).await;
    let expected = format!("error: nothing answers at http://127.0.0.1:{port}: ");
    assert!(ended.status == 1 && ended.errors.starts_with(&expected) && ended.errors.lines().count() == 1, "{ended:?}");
}

#[tokio::test]
async fn a_table_that_is_missing_is_named() {
    let world = World::new().await;
    let url = &world.stack.dynamodb_url;
    let tables = "--users-table UsersTable --refresh-tokens-table Sessions --settings-table SettingsTable";
    let arguments = format!("{tables} --dynamodb-endpoint {url} users list");
    let ended = run(world.folder(), arguments, String::new()).await;
    ended.is_error(&format!("there is no table Sessions at {url}"));
}

#[tokio::test]
async fn tables_may_be_named_by_hand() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let tables = "--users-table UsersTable --refresh-tokens-table RefreshTokensTable --settings-table SettingsTable";
    let arguments = format!("{tables} --dynamodb-endpoint {} users list --json", world.stack.dynamodb_url);
    let ended = run(world.folder(), arguments, String::new()).await.done();
    assert_eq!(ended.documents()[0]["username"], "ada");
}
