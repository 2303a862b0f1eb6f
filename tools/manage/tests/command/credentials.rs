//! The operator's credentials: every kind that the AWS CLI uses, each from its own source, and the error if there are none.

use std::fs;

use rstest::rstest;

use crate::{
    cloud::{Cloud, Running, signer},
    issuers::Issuers,
    world::{Ended, World},
};

/// A home with a configuration of the AWS CLI, an AWS account, and issuers of credentials.
struct Scene {
    world: World,
    cloud: Running,
    issuers: Issuers,
}

/// Who may assume the role `operator`.
const ADA: &str = "[profile ada]\naws_access_key_id = AKIAADA\naws_secret_access_key = secret\n";

/// The profile `operator` of IAM Identity Center, with a named session and with the URL alone, the older form.
const SSO_SESSION: &str = "[profile operator]\nsso_account_id = 111122223333\nsso_role_name = Operator\n\
                           region = eu-north-1\nsso_session = engineering\n\
                           [sso-session engineering]\nsso_region = eu-west-1\n\
                           sso_start_url = https://d-1815.awsapps.com/start\n";
const SSO_START_URL: &str = "[profile operator]\nsso_account_id = 111122223333\nsso_role_name = Operator\n\
                             region = eu-north-1\nsso_region = eu-west-1\n\
                             sso_start_url = https://d-1815.awsapps.com/start\n";

/// Where `aws sso login` keeps the session: the file is named after the SHA-1 of the session's name or of the URL.
const SESSION: &str = ".aws/sso/cache/72917ef6c1d976fb7d5e3e52394a829d441ed3cd.json";
const START_URL: &str = ".aws/sso/cache/d1bda3c3b153a703df00dbfe964543542f96cf66.json";

/// Where `aws login` keeps the session of `arn:aws:iam::111122223333:user/ada`, named after its SHA-256.
const LOGIN: &str = ".aws/login/cache/8a94dcaf071ee6a78db9a6b90e40b539573c9c8ef33a82541e6d9d2ceda11e00.json";

const KEYS: &str = r#"{"Version": 1, "AccessKeyId": "ASIAPROCESS", "SecretAccessKey": "secret", "SessionToken": "token",
    "Expiration": "2100-01-01T00:00:00Z"}"#;

impl Scene {
    async fn new() -> Self {
        let (cloud, issuers) = (Cloud::default().start().await, Issuers::start().await);
        Self { world: World::new().await, cloud, issuers }
    }

    /// The home.
    fn home(&self) -> &str {
        self.world.folder().to_str().unwrap()
    }

    /// Writes a file in the home, with `HOME` and `ISSUERS` in it replaced by the path and the URL.
    fn write(&self, path: &str, text: &str) {
        let file = self.world.folder().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text.replace("HOME", self.home()).replace("ISSUERS", &self.issuers.url)).unwrap();
    }

    /// Lists the users of the stack with this configuration and these variables, in which the same is replaced.
    async fn list(&self, config: &str, variables: &[(&str, &str)]) -> Ended {
        self.write(".aws/config", config);
        let issuers = self.issuers.url.as_str();
        let services = ["AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_STS"];
        let filled = variables
            .iter()
            .map(|(name, value)| (*name, value.replace("HOME", self.home()).replace("ISSUERS", issuers)));
        let filled: Vec<_> = filled.collect();
        let variables: Vec<_> = services
            .map(|name| (name, issuers))
            .into_iter()
            .chain([("HOME", self.home())])
            .chain(filled.iter().map(|(name, value)| (*name, value.as_str())))
            .collect();
        self.cloud.manage_with(&self.world, "--stack pyshop-auth users list".into(), "", &variables).await
    }

    /// The same, and the access key and region of the one request to CloudFormation.
    async fn signer(&self, config: &str, variables: &[(&str, &str)]) -> [String; 2] {
        self.list(config, variables).await.done();
        let mut signers = self.cloud.signers();
        assert_eq!(signers.len(), 1, "{signers:?}");
        signers.remove(0)
    }
}

/// A session of IAM Identity Center with this token and this expiry.
fn session(token: &str, expires_at: &str) -> String {
    let start = r#""startUrl": "https://d-1815.awsapps.com/start", "region": "eu-west-1""#;
    format!(r#"{{{start}, "accessToken": "{token}", "expiresAt": "{expires_at}"}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_a_profile_are_used() {
    let scene = Scene::new().await;
    scene.write(".aws/credentials", "[ops]\naws_access_key_id = AKIAOPS\naws_secret_access_key = secret\n");
    let signer = scene.signer("[profile ops]\nregion = ap-southeast-2\n", &[("AWS_PROFILE", "ops")]).await;
    assert_eq!(signer, ["AKIAOPS", "ap-southeast-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_process_runs_once() {
    let scene = Scene::new().await;
    scene.write("keys.json", KEYS);
    scene.write("process", "echo run >> HOME/runs\ncat HOME/keys.json\n");
    let config = "[default]\ncredential_process = sh HOME/process\nregion = sa-east-1\n";
    assert_eq!(scene.signer(config, &[]).await, ["ASIAPROCESS", "sa-east-1"]);
    assert_eq!(fs::read_to_string(scene.world.folder().join("runs")).unwrap(), "run\n");
}

#[rstest]
#[case::of_another_profile("source_profile = ada", "AKIAADA")]
#[case::of_a_container("credential_source = EcsContainer", "ASIACONTAINER")]
#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_assumed_with_the_keys(#[case] source: &str, #[case] expected: &str) {
    let scene = Scene::new().await;
    let role = "[profile operator]\nrole_arn = arn:aws:iam::111122223333:role/operator\nregion = ca-central-1\n";
    let variables = [("AWS_PROFILE", "operator"), ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "ISSUERS/container")];
    assert_eq!(scene.signer(&format!("{role}{source}\n{ADA}"), &variables).await, ["ASIAROLE", "ca-central-1"]);
    let received = scene.issuers.received();
    let sts: Vec<_> = received.iter().filter(|request| request.path == "/").collect();
    assert!(sts.len() == 1 && sts[0].body.contains("Action=AssumeRole&"), "{received:?}");
    assert_eq!(signer(&sts[0].headers)[0], expected);
}

#[rstest]
#[case::of_the_environment(
    "",
    &[("AWS_WEB_IDENTITY_TOKEN_FILE", "HOME/token"), ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/operator")]
)]
#[case::of_a_profile(
    "[default]\nrole_arn = arn:aws:iam::111122223333:role/operator\nweb_identity_token_file = HOME/token\n",
    &[]
)]
#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_assumed_with_a_web_identity(#[case] config: &str, #[case] variables: &[(&str, &str)]) {
    let scene = Scene::new().await;
    scene.write("token", "who-ada-is-elsewhere");
    let variables = [variables, &[("AWS_REGION", "eu-south-2")]].concat();
    assert_eq!(scene.signer(config, &variables).await, ["ASIAROLE", "eu-south-2"]);
    let received = scene.issuers.received();
    assert_eq!(received.len(), 1, "{received:?}");
    let request = &received[0];
    assert!(request.body.contains("Action=AssumeRoleWithWebIdentity&"), "{request:?}");
    assert!(request.body.contains("WebIdentityToken=who-ada-is-elsewhere"), "{request:?}");
    assert_eq!(request.header("authorization"), "");
}

#[rstest]
#[case::by_its_name(SSO_SESSION, SESSION)]
#[case::by_the_url(SSO_START_URL, START_URL)]
#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_identity_center_is_used(#[case] config: &str, #[case] file: &str) {
    let scene = Scene::new().await;
    scene.write(file, &session("the-session", "2100-01-01T00:00:00Z"));
    let signer = scene.signer(config, &[("AWS_PROFILE", "operator")]).await;
    assert_eq!(signer, ["ASIASSO", "eu-north-1"]);
    let received = scene.issuers.received();
    assert_eq!(received.len(), 1, "{received:?}");
    let request = &received[0];
    assert_eq!(request.header("x-amz-sso_bearer_token"), "the-session");
    assert!(request.path.contains("account_id=111122223333"), "{request:?}");
    assert!(request.path.contains("role_name=Operator"), "{request:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_session_is_renewed_if_possible() {
    let scene = Scene::new().await;
    let over = session("over", "2020-01-01T00:00:00Z");
    let client = r#""clientId": "client", "clientSecret": "secret", "registrationExpiresAt": "2100-01-01T00:00:00Z""#;
    scene.write(SESSION, &over.replace('}', &format!(r#", "refreshToken": "renew", {client}}}"#)));
    let signer = scene.signer(SSO_SESSION, &[("AWS_PROFILE", "operator")]).await;
    assert_eq!(signer, ["ASIASSO", "eu-north-1"]);
    let received = scene.issuers.received();
    assert!(received[0].path == "/token" && received[0].body.contains("\"renew\""), "{received:?}");
    assert_eq!(received[1].header("x-amz-sso_bearer_token"), "renewed");
    assert!(fs::read_to_string(scene.world.folder().join(SESSION)).unwrap().contains("\"renewed\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_aws_login_is_used() {
    let scene = Scene::new().await;
    let token = r#"{"accessKeyId": "ASIALOGIN", "secretAccessKey": "secret", "sessionToken": "token",
        "accountId": "111122223333", "expiresAt": "2100-01-01T00:00:00Z"}"#;
    let client = r#""clientId": "arn:aws:signin:::devtools/same-device", "dpopKey": "none is needed yet""#;
    scene.write(LOGIN, &format!(r#"{{"accessToken": {token}, "refreshToken": "renew", {client}}}"#));
    let config = "[default]\nlogin_session = arn:aws:iam::111122223333:user/ada\nregion = eu-central-2\n";
    assert_eq!(scene.signer(config, &[]).await, ["ASIALOGIN", "eu-central-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_uses_the_credentials_of_its_task() {
    let scene = Scene::new().await;
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "ISSUERS/container"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "of-the-task"),
        ("AWS_REGION", "us-east-2"),
    ];
    assert_eq!(scene.signer("", &variables).await, ["ASIACONTAINER", "us-east-2"]);
    assert_eq!(scene.issuers.received()[0].header("authorization"), "of-the-task");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_uses_the_credentials_and_region_of_its_metadata() {
    let scene = Scene::new().await;
    let variables = [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ISSUERS")];
    assert_eq!(scene.signer("", &variables).await, ["ASIAINSTANCE", "us-west-2"]);
}

#[rstest]
#[case::nothing_at_all("", &[], &["Environment: environment variable not set; Profile: none; WebIdentityToken: "])]
#[case::half_of_the_keys("", &[("AWS_ACCESS_KEY_ID", "AKIAADA")], &["Environment: environment variable not set; "])]
#[case::a_missing_profile(
    ADA,
    &[("AWS_PROFILE", "nobody")],
    &["(profile nobody: Environment: ", "`nobody` was not defined"]
)]
#[case::a_process_that_fails(
    "[profile proc]\ncredential_process = sh HOME/fails\n",
    &[("AWS_PROFILE", "proc")],
    &["(profile proc: ", "exit status: 3", "no ticket: run kinit)"]
)]
#[case::a_process_with_much_output("[default]\ncredential_process = sh HOME/talks\n", &[], &["really really"])]
#[case::a_process_with_incomplete_output("[default]\ncredential_process = sh HOME/little\n", &[], &["`SecretAccessKey`"])]
#[case::a_process_that_prints_prose(
    "[default]\ncredential_process = sh HOME/prose\n",
    &[],
    &["could not parse response"]
)]
#[case::an_expired_session(
    SSO_SESSION,
    &[("AWS_PROFILE", "operator")],
    &["(profile operator: ", "the SSO token has expired"]
)]
#[case::a_role_that_is_not_granted(
    "[default]\nrole_arn = arn:aws:iam::111122223333:role/auditor\nsource_profile = ada\n\
     [profile ada]\naws_access_key_id = AKIAADA\naws_secret_access_key = keep-it-secret\n",
    &[],
    &["AccessDenied", "not authorized to perform: sts:AssumeRole"]
)]
#[tokio::test(flavor = "multi_thread")]
async fn missing_credentials_are_an_error_with_what_was_tried_and_a_hint(
    #[case] config: &str,
    #[case] variables: &[(&str, &str)],
    #[case] reasons: &[&str],
) {
    let scene = Scene::new().await;
    scene.write("fails", "echo 'no ticket:' >&2; echo 'run kinit' >&2; exit 3\n");
    scene.write("talks", "yes really | head -2000 >&2; exit 3\n");
    scene.write("little", r#"echo '{"Version": 1, "AccessKeyId": "ASIAADA", "SessionToken": "keep-it-secret"}'"#);
    scene.write("prose", "echo keep-it-secret\n");
    scene.write(SESSION, &session("keep-it-secret", "2020-01-01T00:00:00Z"));
    let ended = scene.list(config, &[variables, &[("AWS_REGION", "eu-north-1")]].concat()).await;
    assert_eq!((ended.status, ended.errors.lines().count()), (1, 2), "{ended:?}");
    assert!(ended.errors.starts_with("error: no AWS credentials ("), "{ended:?}");
    assert!(ended.errors.len() < 1_500, "{ended:?}");
    for text in
        reasons.iter().chain(&[")\nhint: run `aws configure`, `aws sso login` or `aws login`", "export-credentials"])
    {
        assert!(ended.errors.contains(text), "{text} is not in {ended:?}");
    }
    assert!(!ended.errors.contains("keep-it-secret"), "{ended:?}");
    assert_eq!(scene.cloud.signers(), &[] as &[[String; 2]]);
}

#[rstest]
#[case::none(&[])]
#[case::an_empty_one(&[("AWS_REGION", "")])]
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_region_is_an_error_with_a_hint(#[case] variables: &[(&str, &str)]) {
    let scene = Scene::new().await;
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAADA"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let ended = scene.list("", &[variables, &keys].concat()).await;
    ended.is_error_with_hint("no AWS region is set", "pass --region or set AWS_REGION");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_region_names_a_profile_that_does_not_exist() {
    let ended = Scene::new().await.list(ADA, &[("AWS_PROFILE", "nobody")]).await;
    let message = "no AWS region is set; profile nobody has none or does not exist";
    ended.is_error_with_hint(message, "pass --region or set AWS_REGION");
}
