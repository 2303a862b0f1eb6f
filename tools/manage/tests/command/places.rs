//! Where the command works.

use std::{fs, path::Path};

use rstest::rstest;

use crate::{
    cloud::{Cloud, OUTPUTS},
    world::{Ended, World, run, run_with},
};

#[tokio::test]
async fn without_a_place_it_is_told_how_to_say_one() {
    let ended = run(Path::new("/"), "users list".into(), String::new()).await;
    ended.is_error("where? say --stack NAME, --local, or the names of the tables (--help)");
}

#[rstest]
#[case::of_one_level("--stack prod --local users list", "--stack and --local")]
#[case::a_stack_behind("--local users list --stack prod", "--stack and --local")]
#[case::a_local_stack_behind("--stack prod users list --local", "--stack and --local")]
#[case::between("users --stack prod list --local", "--stack and --local")]
#[case::tables_behind(
    "--stack prod users list --users-table a --refresh-tokens-table b --settings-table c",
    "--stack and --users-table"
)]
#[case::tables_before(
    "--users-table a --refresh-tokens-table b --settings-table c users list --local",
    "--local and --users-table"
)]
#[case::a_stack_elsewhere(
    "--stack prod users list --dynamodb-endpoint http://127.0.0.1:8000",
    "--stack and --dynamodb-endpoint"
)]
#[case::a_local_stack_in_a_region("--region eu-central-1 users list --local", "--local and --region")]
#[tokio::test]
async fn a_place_that_contradicts_itself_is_refused(#[case] arguments: &str, #[case] both: &str) {
    let ended = run(Path::new("/"), arguments.into(), String::new()).await;
    let line = format!("error: {both} cannot be used together\n");
    assert_eq!((ended.status, ended.errors), (2, line));
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

/// Lists the users of a stack, where CloudFormation knows `pyshop-auth` with these outputs.
async fn users_of(world: &World, stack: &str, outputs: &[(&'static str, &'static str)]) -> Ended {
    let cloud = Cloud { outputs: outputs.to_vec(), ..Cloud::default() }.start().await;
    cloud.manage(world, stack, "users list --json", "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_names_its_tables_in_its_outputs() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    assert_eq!(users_of(&world, "pyshop-auth", &OUTPUTS).await.done().documents()[0]["username"], "ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_without_the_stack_is_named() {
    let ended = users_of(&World::new().await, "pyshop", &OUTPUTS).await;
    ended.is_error("there is no stack pyshop in eu-central-1: say --region for another");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_of_something_else_is_told_apart() {
    let ended = users_of(&World::new().await, "pyshop-auth", &OUTPUTS[..1]).await;
    ended.is_error("the stack pyshop-auth has no output UsersTableName: is it this service?");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_names_the_service_and_no_password_is_made_of_that() {
    let world = World::new().await;
    let cloud = Cloud { service_words: "Wombat, Quokka House", ..Cloud::default() }.start().await;
    let create = "users create --email ada@example.com";
    let refused = cloud.manage(&world, "pyshop-auth", create, "quokkawombat").await;
    refused.is_error("This password is too common.");
    let elsewhere = Cloud::default().start().await;
    elsewhere.manage(&world, "pyshop-auth", create, "quokkawombat").await.done();
}

#[tokio::test]
async fn without_a_stack_the_environment_names_the_service() {
    let world = World::new().await;
    let create = world.here("users create --email ada@example.com");
    let words = [("SERVICE_WORDS", "wombat,quokka")];
    let refused = run_with(world.folder(), create.clone(), "quokkawombat".into(), &words).await;
    refused.is_error("This password is too common.");
    run(world.folder(), create, "quokkawombat".into()).await.done();
}

/// Whatever of this is set halfway or wrong, as it may be on a machine that also works with AWS.
#[rstest]
#[case::no_secret_key(&[("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")])]
#[case::no_access_key(&[("AWS_SECRET_ACCESS_KEY", "secret")])]
#[case::empty_keys(&[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")])]
#[case::keys_and_no_region(&[("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret")])]
#[case::a_profile_that_is_not_there(&[("AWS_PROFILE", "nobody")])]
#[case::a_process_that_fails(&[("AWS_PROFILE", "fails")])]
#[case::an_empty_region(&[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "")])]
#[case::fips(&[("AWS_USE_FIPS_ENDPOINT", "true")])]
#[case::dual_stack(&[("AWS_USE_DUALSTACK_ENDPOINT", "true")])]
#[case::a_broken_configuration(&[("AWS_CONFIG_FILE", "broken"), ("AWS_SHARED_CREDENTIALS_FILE", "broken")])]
#[tokio::test]
async fn what_is_here_needs_neither_credentials_nor_a_region(#[case] variables: &[(&str, &str)]) {
    let world = World::new().await;
    fs::write(world.folder().join("broken"), "[profile\nregion\n= ").unwrap();
    let process = "[profile fails]\ncredential_process = exit 3\nregion = eu-central-1\nuse_fips_endpoint = true\n";
    fs::write(world.folder().join("config"), process).unwrap();
    let others = [("AWS_CONFIG_FILE", "config"), ("AWS_EC2_METADATA_DISABLED", "true")];
    let variables: Vec<_> = others.into_iter().chain(variables.iter().copied()).collect();
    let tables = "--users-table UsersTable --refresh-tokens-table RefreshTokensTable --settings-table SettingsTable";
    for place in ["--local", tables] {
        let arguments = format!("{place} --dynamodb-endpoint {} settings list", world.stack.dynamodb_url);
        let ended = run_with(world.folder(), arguments, String::new(), &variables).await.done();
        assert!(ended.output.starts_with("ACCESS_TOKEN_LIFETIME ") && ended.errors.is_empty(), "{ended:?}");
    }
}
