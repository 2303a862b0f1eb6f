//! A stand-in for AWS: CloudFormation and CloudWatch Logs of an account with one stack.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    http::{HeaderMap, StatusCode},
};
use harness::stand_in;
use serde_json::{Value, json};

use crate::world::{Ended, World, run_with};

/// The outputs that the command needs.
pub(crate) const OUTPUTS: [(&str, &str); 4] = [
    ("ApiUrl", "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"),
    ("RefreshTokensTableName", "RefreshTokensTable"),
    ("SettingsTableName", "SettingsTable"),
    ("UsersTableName", "UsersTable"),
];

/// An AWS account with the stack `pyshop-auth`.
#[derive(Debug, Clone)]
pub(crate) struct Cloud {
    pub(crate) outputs: Vec<(&'static str, &'static str)>,
    pub(crate) service_words: &'static str,
    /// Whether CloudWatch Logs denies every request.
    pub(crate) logs_are_denied: bool,
}

/// The running stand-in.
pub(crate) struct Running {
    cloudformation: String,
    logs: String,
    received: Received,
    signers: Signers,
}

/// The operations that CloudWatch Logs received, each with its request.
type Received = Arc<Mutex<Vec<(String, Value)>>>;

/// The access key and region of each request to CloudFormation.
type Signers = Arc<Mutex<Vec<[String; 2]>>>;

impl Default for Cloud {
    /// A stack of the present version.
    fn default() -> Self {
        let outputs = OUTPUTS.into_iter().chain([("FunctionsLogName", "/aws/lambda/pyshop-auth")]).collect();
        Self { outputs, service_words: "", logs_are_denied: false }
    }
}

impl Cloud {
    pub(crate) async fn start(self) -> Running {
        let (received, signers, denied, cloud) = (Received::default(), Signers::default(), self.logs_are_denied, self);
        let sign = signers.clone();
        let describe = move |headers: HeaderMap, request: String| {
            let (cloud, sign) = (cloud.clone(), sign.clone());
            async move {
                sign.lock().unwrap().push(signer(&headers));
                cloud.describe(&request)
            }
        };
        let keep = received.clone();
        let log = move |headers: HeaderMap, request: String| {
            let keep = keep.clone();
            async move { log(&headers, &request, &keep, denied) }
        };
        Running {
            cloudformation: stand_in::serve(Router::new().fallback(describe)).await,
            logs: stand_in::serve(Router::new().fallback(log)).await,
            received,
            signers,
        }
    }

    /// The answer of CloudFormation for this stack, or for another.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html>
    fn describe(&self, request: &str) -> (StatusCode, String) {
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
        let outputs: String = self.outputs.iter().map(member).collect();
        let parameter = format!(
            "<member><ParameterKey>ServiceWords</ParameterKey><ParameterValue>{}</ParameterValue></member>",
            self.service_words
        );
        let stack = format!(
            "<member><StackName>{stack}</StackName><CreationTime>2026-11-25T00:00:00Z</CreationTime>\
             <StackStatus>CREATE_COMPLETE</StackStatus><Outputs>{outputs}</Outputs>\
             <Parameters>{parameter}</Parameters></member>"
        );
        let result = format!("<DescribeStacksResult><Stacks>{stack}</Stacks></DescribeStacksResult>");
        (StatusCode::OK, format!("<DescribeStacksResponse>{result}</DescribeStacksResponse>"))
    }
}

/// The answer of CloudWatch Logs. A stream can be created once.
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>
fn log(headers: &HeaderMap, request: &str, received: &Received, denied: bool) -> (StatusCode, String) {
    let refused = |code: &str, message: &str| {
        (StatusCode::BAD_REQUEST, json!({ "__type": code, "message": message }).to_string())
    };
    if denied {
        return refused("AccessDeniedException", "User: ada is not authorized to perform: logs:CreateLogStream");
    }
    let operation = headers["x-amz-target"].to_str().unwrap().trim_start_matches("Logs_20140328.").to_owned();
    let request: Value = serde_json::from_str(request).unwrap();
    let mut received = received.lock().unwrap();
    let is_again = operation == "CreateLogStream" && received.contains(&(operation.clone(), request.clone()));
    received.push((operation, request));
    if is_again {
        return refused("ResourceAlreadyExistsException", "The specified log stream already exists");
    }
    (StatusCode::OK, "{}".into())
}

/// The access key that signed a request, and the region.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html>
pub(crate) fn signer(headers: &HeaderMap) -> [String; 2] {
    let authorization = headers["authorization"].to_str().unwrap();
    let scope: Vec<_> = authorization.split_once("Credential=").unwrap().1.split('/').collect();
    // The date is between them.
    [scope[0], scope[2]].map(str::to_owned)
}

impl Running {
    /// Runs the command on a stack whose DynamoDB is that of this world.
    pub(crate) async fn manage(&self, world: &World, stack: &str, arguments: &str, input: &str) -> Ended {
        let keys = [("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret-access-key")];
        let arguments = format!("--stack {stack} --region eu-central-1 {arguments}");
        self.manage_with(world, arguments, input, &keys).await
    }

    /// Runs the command with no credentials except those in these variables.
    pub(crate) async fn manage_with(
        &self,
        world: &World,
        arguments: String,
        input: &str,
        variables: &[(&str, &str)],
    ) -> Ended {
        let here = [
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ENDPOINT_URL_CLOUDFORMATION", self.cloudformation.as_str()),
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", self.logs.as_str()),
            ("AWS_ENDPOINT_URL_DYNAMODB", world.stack.dynamodb_url.as_str()),
            ("USER", "operator"),
        ];
        let variables: Vec<_> = here.into_iter().chain(variables.iter().copied()).collect();
        run_with(world.folder(), arguments, input.into(), &variables).await
    }

    /// The requests that CloudWatch Logs received.
    pub(crate) fn logged(&self) -> Vec<(String, Value)> {
        self.received.lock().unwrap().clone()
    }

    /// The [`signer`] of each request to CloudFormation.
    pub(crate) fn signers(&self) -> Vec<[String; 2]> {
        self.signers.lock().unwrap().clone()
    }
}
