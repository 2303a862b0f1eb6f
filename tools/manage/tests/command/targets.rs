//! The target of the command.

use std::{fs, path::Path};

use harness::stand_in::Nowhere;
use rstest::rstest;

use crate::{
    cloud::{Cloud, OUTPUTS},
    world::{Ended, World, run, run_with},
};

#[tokio::test]
async fn a_missing_target_is_an_error_that_names_the_options() {
    let ended = run(Path::new("/"), "users list".into(), String::new()).await;
    ended.is_error("no target: pass --stack NAME, --local, or the three --*-table options");
}

#[rstest]
#[case::of_one_level("--stack prod --local users list", "--stack and --local")]
#[case::a_stack_after("--local users list --stack prod", "--stack and --local")]
#[case::a_local_stack_after("--stack prod users list --local", "--stack and --local")]
#[case::between("users --stack prod list --local", "--stack and --local")]
#[case::tables_after(
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
async fn options_that_contradict_each_other_are_refused(#[case] arguments: &str, #[case] both: &str) {
    let ended = run(Path::new("/"), arguments.into(), String::new()).await;
    let line = format!("error: {both} cannot be used together\n");
    assert_eq!((ended.status, ended.errors), (2, line));
}

#[tokio::test]
async fn a_local_stack_that_does_not_run_is_an_error_with_a_hint() {
    let nowhere = Nowhere::new();
    let url = nowhere.url();
    let ended = run(Path::new("/"), format!("--local --dynamodb-endpoint {url} users list"), String::new()).await;
    let expected = format!("error: no answer from {url}: ");
    assert!(ended.status == 1 && ended.errors.starts_with(&expected), "{ended:?}");
    let hint = ended.errors.lines().skip(1).collect::<Vec<_>>();
    assert_eq!(hint, ["hint: start the local stack with `cargo run`"], "{ended:?}");
}

#[tokio::test]
async fn a_missing_table_is_named() {
    let world = World::new().await;
    let url = &world.stack.dynamodb_url;
    let tables = "--users-table UsersTable --refresh-tokens-table Sessions --settings-table SettingsTable";
    let arguments = format!("{tables} --dynamodb-endpoint {url} users list");
    let ended = run(world.folder(), arguments, String::new()).await;
    ended.is_error(&format!("table not found: Sessions in {url}"));
}

#[tokio::test]
async fn tables_can_be_named_by_options() {
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
async fn the_outputs_of_a_stack_name_its_tables() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    assert_eq!(users_of(&world, "pyshop-auth", &OUTPUTS).await.done().documents()[0]["username"], "ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_does_not_exist_is_named_with_the_region() {
    let ended = users_of(&World::new().await, "pyshop", &OUTPUTS).await;
    ended.is_error_with_hint("stack not found: pyshop in eu-central-1", "pass --region to look in another region");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_of_another_service_is_refused() {
    let ended = users_of(&World::new().await, "pyshop-auth", &OUTPUTS[..1]).await;
    let message = "stack pyshop-auth has no output UsersTableName";
    ended.is_error_with_hint(message, "check that it is a stack of this service");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_made_of_the_stacks_service_words_is_refused() {
    let world = World::new().await;
    let cloud = Cloud { service_words: "Wombat, Quokka House", ..Cloud::default() }.start().await;
    let create = "users create --email ada@example.com";
    let refused = cloud.manage(&world, "pyshop-auth", create, "quokkawombat").await;
    refused.is_error("This password is too common.");
    let elsewhere = Cloud::default().start().await;
    elsewhere.manage(&world, "pyshop-auth", create, "quokkawombat").await.done();
}

#[tokio::test]
async fn without_a_stack_the_service_words_come_from_the_environment() {
    let world = World::new().await;
    let create = world.here("users create --email ada@example.com");
    let words = [("SERVICE_WORDS", "wombat,quokka")];
    let refused = run_with(world.folder(), create.clone(), "quokkawombat".into(), &words).await;
    refused.is_error("This password is too common.");
    run(world.folder(), create, "quokkawombat".into()).await.done();
}

/// Incomplete or wrong AWS settings, as on a machine that is also used with AWS.
#[rstest]
#[case::no_secret_key(&[("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")])]
#[case::no_access_key(&[("AWS_SECRET_ACCESS_KEY", "secret")])]
#[case::empty_keys(&[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")])]
#[case::keys_and_no_region(&[("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret")])]
#[case::a_missing_profile(&[("AWS_PROFILE", "nobody")])]
#[case::a_process_that_fails(&[("AWS_PROFILE", "fails")])]
#[case::an_empty_region(&[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "")])]
#[case::fips(&[("AWS_USE_FIPS_ENDPOINT", "true")])]
#[case::dual_stack(&[("AWS_USE_DUALSTACK_ENDPOINT", "true")])]
#[case::a_broken_configuration(&[("AWS_CONFIG_FILE", "broken"), ("AWS_SHARED_CREDENTIALS_FILE", "broken")])]
#[tokio::test]
async fn a_local_target_needs_neither_credentials_nor_a_region(#[case] variables: &[(&str, &str)]) {
    let world = World::new().await;
    fs::write(world.folder().join("broken"), "[profile\nregion\n= ").unwrap();
    let process = "[profile fails]\ncredential_process = exit 3\nregion = eu-central-1\nuse_fips_endpoint = true\n";
    fs::write(world.folder().join("config"), process).unwrap();
    let others = [("AWS_CONFIG_FILE", "config"), ("AWS_EC2_METADATA_DISABLED", "true")];
    let variables: Vec<_> = others.into_iter().chain(variables.iter().copied()).collect();
    let tables = "--users-table UsersTable --refresh-tokens-table RefreshTokensTable --settings-table SettingsTable";
    for target in ["--local", tables] {
        let arguments = format!("{target} --dynamodb-endpoint {} settings list", world.stack.dynamodb_url);
        let ended = run_with(world.folder(), arguments, String::new(), &variables).await.done();
        assert!(ended.output.starts_with("ACCESS_TOKEN_LIFETIME ") && ended.errors.is_empty(), "{ended:?}");
    }
}
