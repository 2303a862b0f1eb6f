//! The deployment workflow.

use std::collections::BTreeSet;

use serde_norway::Value;

use super::{ROLES, parsed, text};
use crate::template;

const WORKFLOW: &str = include_str!("../../../.github/workflows/deploy.yml");
const ADVISORIES: &str = include_str!("../../../.github/workflows/advisories.yml");
const CI: &str = include_str!("../../../.github/workflows/ci.yml");
const REQUIREMENTS: &str = include_str!("../../targets/requirements.txt");

/// The commands of the steps of a job.
fn runs(job: &Value) -> Vec<&str> {
    job["steps"].as_sequence().unwrap().iter().filter_map(|step| step["run"].as_str()).collect()
}

/// The step that uses an action, in any version.
fn using<'a>(job: &'a Value, action: &str) -> &'a Value {
    let uses = |step: &&Value| step["uses"].as_str().is_some_and(|uses| uses.starts_with(&format!("{action}@")));
    job["steps"].as_sequence().unwrap().iter().find(uses).unwrap()
}

#[test]
fn only_the_deploying_job_gets_a_token_and_it_builds_nothing() {
    let workflow = parsed(WORKFLOW);
    assert_eq!(workflow["permissions"], parsed("{contents: read}"));
    let jobs = workflow["jobs"].as_mapping().unwrap();
    for (name, job) in jobs {
        let deploys = name == "deploy";
        assert_eq!(job.get("permissions").is_some(), deploys, "{name:?}");
        assert_eq!(job.get("environment").is_some(), deploys, "{name:?}");
        assert!(job["timeout-minutes"].as_u64().is_some(), "{name:?}");
        let builds = runs(job).iter().any(|run| run.contains("cargo ") || run.contains("sam build"));
        assert_ne!(builds, deploys, "{name:?}");
    }
    let deploy = &workflow["jobs"]["deploy"];
    assert_eq!(deploy["permissions"], parsed("{contents: read, id-token: write}"));
    // The environment that the role trusts by default.
    assert_eq!(deploy["environment"], parsed(ROLES)["Parameters"]["Environment"]["Default"]);
}

#[test]
fn pull_requests_do_not_deploy_and_a_running_deployment_is_not_cancelled() {
    let workflow = parsed(WORKFLOW);
    let events = workflow["on"].as_mapping().unwrap();
    assert_eq!(events.keys().collect::<Vec<_>>(), ["push", "workflow_dispatch"]);
    assert_eq!(workflow["on"]["push"], parsed("{tags: ['v*']}"));
    assert_eq!(workflow["concurrency"], parsed("{group: deploy, cancel-in-progress: false}"));
}

#[test]
fn every_action_is_pinned_to_a_commit() {
    let uses = |line: &'static str| line.trim().trim_start_matches("- ").strip_prefix("uses: ");
    for workflow in [WORKFLOW, ADVISORIES, CI] {
        let actions: Vec<_> = workflow.lines().filter_map(uses).collect();
        assert_eq!(actions.len(), workflow.matches("uses:").count());
        for action in actions {
            let (commit, version) = action.split_once('@').unwrap().1.split_once(" # v").unwrap();
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{action}");
            assert!(version.split('.').count() == 3, "{action}");
        }
    }
}

/// Whether this is a pip package with a version, such as `moto==5.2.5`.
fn is_pinned(word: &str) -> bool {
    word.split_once("==").is_some_and(|(_, version)| version.starts_with(|digit: char| digit.is_ascii_digit()))
}

#[test]
fn the_workflow_installs_the_tool_versions_that_are_tested() {
    let workflow = parsed(WORKFLOW);
    let tested: BTreeSet<_> = REQUIREMENTS.lines().collect();
    let mut installed = BTreeSet::new();
    for job in workflow["jobs"].as_mapping().unwrap().values() {
        installed.extend(runs(job).into_iter().flat_map(str::split_whitespace).filter(|word| is_pinned(word)));
    }
    assert!(installed.is_subset(&tested), "{installed:?}");
    let names: Vec<_> = installed.iter().map(|tool| tool.split('=').next().unwrap()).collect();
    assert_eq!(names, ["aws-sam-cli", "cargo-lambda", "ziglang"]);
}

#[test]
fn the_workflow_contains_no_key_and_no_account_number() {
    let lower = WORKFLOW.to_lowercase();
    for word in ["secrets.", "access-key", "access_key", "session-token", "session_token"] {
        assert!(!lower.contains(word), "{word}");
    }
    // Account numbers have twelve digits.
    assert!(lower.split(|letter: char| !letter.is_ascii_digit()).all(|digits| digits.len() != 12));
}

#[test]
fn the_workflow_reads_the_variables_that_the_output_of_the_roles_stack_sets() {
    let is_name = |letter: char| letter.is_ascii_uppercase() || letter == '_';
    let names = |text: &str, before: &str| -> BTreeSet<String> {
        text.split(before).skip(1).map(|rest| rest.chars().take_while(|letter| is_name(*letter)).collect()).collect()
    };
    let set = names(&text(&parsed(ROLES)["Outputs"]["Variables"]["Value"]), "gh variable set ");
    let mut read = names(WORKFLOW, "vars.");
    // Optional: for several environments in samconfig.toml.
    assert!(read.remove("SAM_CONFIG_ENV"));
    assert_eq!((read.len(), read), (4, set));
}

#[test]
fn the_workflow_assumes_the_deployment_role_and_passes_the_execution_role_to_cloudformation() {
    let workflow = parsed(WORKFLOW);
    let deploy = &workflow["jobs"]["deploy"];
    let credentials = &using(deploy, "aws-actions/configure-aws-credentials")["with"];
    assert_eq!(credentials["role-to-assume"], "${{ vars.AWS_DEPLOYMENT_ROLE }}");
    assert_eq!(deploy["env"]["EXECUTION_ROLE"], "${{ vars.AWS_EXECUTION_ROLE }}");
    let command = runs(deploy).into_iter().find(|run| run.starts_with("sam deploy ")).unwrap();
    for option in ["--role-arn \"$EXECUTION_ROLE\"", "--stack-name \"$STACK_NAME\"", "--no-confirm-changeset"] {
        assert!(command.contains(option), "{option}");
    }
}

/// How many minutes a deployment takes to shift all traffic: 10 % first and the rest after a pause, or 10 % after each pause.
fn minutes(preference: &str) -> u64 {
    let digits = |text: &str| text.trim_matches(|letter: char| !letter.is_ascii_digit()).parse::<u64>().unwrap();
    match preference.split_once("10Percent") {
        None => 0,
        Some(("Linear", pause)) => 10 * digits(pause),
        Some((_, pause)) => digits(pause),
    }
}

#[test]
fn the_credentials_outlive_the_slowest_deployment() {
    let workflow = parsed(WORKFLOW);
    let deploy = &workflow["jobs"]["deploy"];
    let credentials = &using(deploy, "aws-actions/configure-aws-credentials")["with"];
    let seconds = credentials["role-duration-seconds"].as_u64().unwrap();
    let roles = parsed(ROLES);
    assert_eq!(roles["Resources"]["DeploymentRole"]["Properties"]["MaxSessionDuration"], seconds);
    assert!(deploy["timeout-minutes"].as_u64().unwrap() * 60 >= seconds);
    let template = template();
    let preferences = template["Parameters"]["DeploymentPreference"]["AllowedValues"].as_sequence().unwrap();
    let slowest = preferences.iter().map(|value| minutes(value.as_str().unwrap())).max().unwrap();
    assert_eq!(slowest, 100);
    // The rest of the deployment takes some minutes too.
    assert!((slowest + 15) * 60 <= seconds, "{slowest}");
}

#[test]
fn the_smoke_test_runs_after_the_deployment() {
    let workflow = parsed(WORKFLOW);
    let smoke = &workflow["jobs"]["smoke"];
    assert_eq!((&smoke["needs"], &workflow["jobs"]["deploy"]["needs"]), (&"deploy".into(), &"build".into()));
    let steps = smoke["steps"].as_sequence().unwrap();
    let command = "cargo test -p tests --test contract smoke -- --nocapture";
    let walk = steps.iter().find(|step| step["run"] == command).unwrap();
    assert_eq!(walk["env"]["API_URL"], "${{ needs.deploy.outputs.api }}");
}
