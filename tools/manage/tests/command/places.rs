//! Where the command works.

use std::path::Path;

use axum::{Router, http::StatusCode};
use harness::stand_in;
use rstest::rstest;

use crate::world::{Ended, World, run, run_with};

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

/// What CloudFormation answers when it is asked for the stack `pyshop-auth`, which has these outputs, or for another.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html>
async fn cloudformation(request: String, outputs: &[(&str, &str)]) -> (StatusCode, String) {
    let stack = request.split('&').find_map(|pair| pair.strip_prefix("StackName=")).unwrap();
    if stack != "pyshop-auth" {
        let error = format!("<Code>ValidationError</Code><Message>Stack with id {stack} does not exist</Message>");
        return (
            StatusCode::BAD_REQUEST,
            format!("<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>"),
        );
    }
    let member = |(key, value): &(&str, &str)| {
        format!("<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>")
    };
    let outputs: String = outputs.iter().map(member).collect();
    let stack = format!(
        "<member><StackName>{stack}</StackName><CreationTime>2026-11-25T00:00:00Z</CreationTime>\
         <StackStatus>CREATE_COMPLETE</StackStatus><Outputs>{outputs}</Outputs></member>"
    );
    let result = format!("<DescribeStacksResult><Stacks>{stack}</Stacks></DescribeStacksResult>");
    (StatusCode::OK, format!("<DescribeStacksResponse>{result}</DescribeStacksResponse>"))
}

const OUTPUTS: [(&str, &str); 4] = [
    ("ApiUrl", "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"),
    ("RefreshTokensTableName", "RefreshTokensTable"),
    ("SettingsTableName", "SettingsTable"),
    ("UsersTableName", "UsersTable"),
];

/// Lists the users of a stack, where CloudFormation knows one with these outputs.
async fn users_of(world: &World, stack: &str, outputs: &'static [(&'static str, &'static str)]) -> Ended {
    let answers = Router::new().fallback(move |request| cloudformation(request, outputs));
    let cloudformation = stand_in::serve(answers).await;
    let variables = [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL_CLOUDFORMATION", cloudformation.as_str()),
        ("AWS_ENDPOINT_URL_DYNAMODB", world.stack.dynamodb_url.as_str()),
    ];
    let arguments = format!("--stack {stack} --region eu-central-1 users list --json");
    run_with(world.folder(), arguments, String::new(), &variables).await
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

#[tokio::test]
async fn without_credentials_it_is_told_where_they_come_from() {
    let variables = [("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_REGION", "eu-central-1")];
    let ended = run_with(Path::new("/"), "--stack pyshop-auth users list".into(), String::new(), &variables).await;
    ended.is_error(
        "no AWS credentials: run `aws configure` or `aws sso login`, or set AWS_PROFILE or AWS_ACCESS_KEY_ID",
    );
}
