//! Deployment from GitHub: the roles of `deployment/role.yaml` have the permissions that the template's resources need and no
//! others, and the workflow uses these roles instead of keys.

mod needs;
mod workflow;

use std::collections::BTreeSet;

use rstest::rstest;
use serde_norway::Value;

use self::needs::NEEDS;
use crate::template;

const ROLES: &str = include_str!("../../deployment/role.yaml");

/// Statements on resources whose names do not begin with the stack's, by `Sid`, with the reason.
const OF_OTHER_NAMES: [(&str, &str); 20] = [
    ("Api", "API Gateway chooses the names of APIs"),
    ("Code", "SAM's bucket serves all stacks"),
    ("Configurations", "AppConfig chooses the names of applications"),
    ("Deployments", "how requests go over is a configuration of CodeDeploy's own"),
    ("Domain", "the domain has a name of its own"),
    ("ExecutionRole", "the one role that is passed on"),
    ("NewConfigurations", "AppConfig chooses the names of applications"),
    ("NewDomain", "the domain has a name of its own"),
    ("NewSecret", "a secret without a name is called by its logical name"),
    ("NoResource", "IAM knows no resource for these"),
    ("ProxySecret", "the secret is somebody else's, and its ARN is given"),
    ("Record", "the hosted zone has a name of its own"),
    ("RoleOfTheGateway", "API Gateway has given its role a name"),
    ("SamBucket", "SAM's bucket serves all stacks"),
    ("SamObjects", "SAM's bucket serves all stacks"),
    ("SamStack", "SAM's bucket serves all stacks"),
    ("Secret", "a secret without a name is called by its logical name"),
    ("TablesKey", "the key is somebody's own"),
    ("Transform", "AWS's own transform of the template"),
    ("Zone", "the hosted zone has a name of its own"),
];

fn parsed(text: &str) -> Value {
    serde_norway::from_str(text).unwrap()
}

/// All possible values: each member of a list and both branches of a condition, except `AWS::NoValue`.
fn chosen(value: &Value) -> Vec<&Value> {
    match value {
        Value::Tagged(tagged) if tagged.tag == "If" => {
            [&tagged.value[1], &tagged.value[2]].into_iter().flat_map(chosen).collect()
        }
        Value::Tagged(tagged) if tagged.value == "AWS::NoValue" => Vec::new(),
        Value::Sequence(members) => members.iter().flat_map(chosen).collect(),
        value => vec![value],
    }
}

/// A string, with a reference written as `!Sub` would have it.
fn text(value: &Value) -> String {
    let text = value.as_str().unwrap();
    match value {
        Value::Tagged(tagged) if tagged.tag != "Sub" => format!("${{{text}}}"),
        _ => text.to_owned(),
    }
}

/// The strings under a key of a statement, which may be one or a list.
fn texts(statement: &Value, key: &str) -> BTreeSet<String> {
    chosen(&statement[key]).into_iter().map(text).collect()
}

/// The statements of a role's inline policies, and of the managed policies that name it.
fn statements(template: &Value, role: &str) -> Vec<Value> {
    let resources = &template["Resources"];
    let own = resources[role]["Properties"]["Policies"].as_sequence().unwrap().iter();
    let mut documents: Vec<_> = own.map(|policy| &policy["PolicyDocument"]).collect();
    for resource in resources.as_mapping().unwrap().values() {
        let properties = &resource["Properties"];
        if chosen(&properties["Roles"]).iter().any(|name| name.as_str() == Some(role)) {
            documents.push(&properties["PolicyDocument"]);
        }
    }
    documents.into_iter().flat_map(|document| chosen(&document["Statement"])).cloned().collect()
}

/// Expands `a: B C; d: E` into the actions `a:B`, `a:C` and `d:E`.
fn actions(needs: &str) -> BTreeSet<String> {
    let mut actions = BTreeSet::new();
    for of_service in needs.split("; ") {
        let (service, names) = of_service.split_once(": ").unwrap();
        actions.extend(names.split(' ').map(|name| format!("{service}:{name}")));
    }
    actions
}

#[test]
fn the_execution_role_has_exactly_the_permissions_that_the_template_needs() {
    let template = template();
    let resources = template["Resources"].as_mapping().unwrap();
    let types: BTreeSet<_> = resources.values().map(|resource| resource["Type"].as_str().unwrap()).collect();
    assert_eq!(types, NEEDS.iter().map(|(kind, _)| *kind).collect::<BTreeSet<_>>());

    let needed: BTreeSet<_> = NEEDS.iter().flat_map(|(_, needs)| actions(needs)).collect();
    let roles = parsed(ROLES);
    let allowed: BTreeSet<_> =
        statements(&roles, "ExecutionRole").iter().flat_map(|statement| texts(statement, "Action")).collect();
    assert_eq!(allowed, needed);
}

#[test]
fn the_deployment_role_can_request_changes_but_makes_none_itself_outside_the_sam_bucket() {
    let roles = parsed(ROLES);
    let statements = statements(&roles, "DeploymentRole");
    let allowed: BTreeSet<_> = statements.iter().flat_map(|statement| texts(statement, "Action")).collect();
    let expected = actions(
        "cloudformation: CreateChangeSet DeleteChangeSet DescribeChangeSet DescribeStackEvents DescribeStacks \
         ExecuteChangeSet GetTemplateSummary TagResource UntagResource; iam: PassRole; \
         s3: CreateBucket GetBucketPolicy GetObject GetObjectVersion ListBucket PutBucketPolicy \
         PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning PutEncryptionConfiguration PutObject",
    );
    assert_eq!(allowed, expected);
    let is_of_s3 = |statement: &&Value| texts(statement, "Action").iter().any(|action| action.starts_with("s3:"));
    for resource in statements.iter().filter(is_of_s3).flat_map(|statement| texts(statement, "Resource")) {
        assert!(resource.contains(":::aws-sam-cli-managed-default-"), "{resource}");
    }
}

#[test]
fn statements_on_resources_outside_the_stacks_name_have_a_reason() {
    let roles = parsed(ROLES);
    let mut found = BTreeSet::new();
    for statement in ["DeploymentRole", "ExecutionRole"].iter().flat_map(|role| statements(&roles, role)) {
        let sid = statement["Sid"].as_str().unwrap();
        let resources = texts(&statement, "Resource");
        assert!(!resources.is_empty() && statement["Effect"] == "Allow", "{sid}");
        assert!(sid == "NoResource" || !resources.contains("*"), "{sid} applies to every resource");
        // The stack's name is followed by a hyphen, or by the rest of the resource's name.
        let bears = |resource: &String| resource.contains("${StackName}-") || resource.contains("${StackName}/");
        if !resources.iter().all(bears) {
            found.insert(sid.to_owned());
        }
    }
    let explained: BTreeSet<_> = OF_OTHER_NAMES.iter().map(|(sid, _)| (*sid).to_owned()).collect();
    assert_eq!(found, explained);
}

/// Another stack may have resources with the same names; only those of this stack can be changed.
#[rstest]
#[case::the_secret("Secret")]
#[case::the_configuration("Configurations")]
fn a_statement_is_limited_to_the_stack_by_its_tag(#[case] sid: &str) {
    let roles = parsed(ROLES);
    let statement = statements(&roles, "ExecutionRole").into_iter().find(|statement| statement["Sid"] == sid).unwrap();
    let tag = &statement["Condition"]["StringEquals"]["aws:ResourceTag/aws:cloudformation:stack-name"];
    assert_eq!(text(tag), "${StackName}");
}

#[test]
fn only_a_job_in_the_environment_of_the_repository_can_assume_the_deployment_role() {
    let roles = parsed(ROLES);
    let trust = chosen(&roles["Resources"]["DeploymentRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]);
    assert_eq!((trust.len(), &trust[0]["Action"]), (1, &"sts:AssumeRoleWithWebIdentity".into()));
    let Value::Mapping(conditions) = &trust[0]["Condition"] else { panic!() };
    // Not a pattern that another repository, branch or environment could match.
    assert_eq!(conditions.keys().collect::<Vec<_>>(), ["StringEquals"]);
    let equal = &conditions["StringEquals"];
    assert_eq!(text(&equal["token.actions.githubusercontent.com:aud"]), "sts.amazonaws.com");
    let subject = text(&equal["token.actions.githubusercontent.com:sub"]);
    assert_eq!(subject, "repo:${Repository}:environment:${Environment}");
}

#[rstest]
#[case::the_execution_role("DeploymentRole", "${ExecutionRole.Arn}", &["cloudformation.amazonaws.com"])]
#[case::the_roles_of_the_stack(
    "ExecutionRole",
    "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${StackName}-*",
    &["codedeploy.amazonaws.com", "lambda.amazonaws.com"]
)]
fn a_role_can_be_passed_only_to_the_services_that_need_it(
    #[case] by: &str,
    #[case] passed: &str,
    #[case] services: &[&str],
) {
    let statements = statements(&parsed(ROLES), by);
    let passes = |statement: &&Value| texts(statement, "Action").contains("iam:PassRole");
    let passing: Vec<_> = statements.iter().filter(passes).collect();
    assert_eq!(passing.len(), 1);
    assert_eq!(texts(passing[0], "Resource").into_iter().collect::<Vec<_>>(), [passed]);
    let to = texts(&passing[0]["Condition"]["StringEquals"], "iam:PassedToService");
    assert_eq!(to.into_iter().collect::<Vec<_>>(), services);
}

#[test]
fn with_a_boundary_no_role_can_be_created_or_widened_without_it() {
    let statements = statements(&parsed(ROLES), "ExecutionRole");
    let widening = actions("iam: AttachRolePolicy CreateRole PutRolePermissionsBoundary PutRolePolicy");
    let mut found = BTreeSet::new();
    for statement in &statements {
        let widening: Vec<_> = texts(statement, "Action").intersection(&widening).cloned().collect();
        if !widening.is_empty() {
            // Either the operator or the whole condition depends on whether there is a boundary.
            let condition = &statement["Condition"];
            let equals = condition.get("StringEquals").unwrap_or(condition);
            let Value::Tagged(choice) = equals else { panic!("{widening:?}") };
            assert!(choice.tag == "If" && choice.value[0] == "HasBoundary", "{widening:?}");
            let bounded = choice.value[1].get("StringEquals").unwrap_or(&choice.value[1]);
            assert_eq!(text(&bounded["iam:PermissionsBoundary"]), "${PermissionsBoundary}");
            found.extend(widening);
        }
    }
    assert_eq!(found, widening);

    let roles = statements.iter().find(|statement| statement["Sid"] == "Roles").unwrap();
    let mut members = roles["Action"].as_sequence().unwrap().iter();
    let removal = members.find(|action| matches!(action, Value::Tagged(_))).unwrap();
    assert!(removal[0] == "HasBoundary" && chosen(&removal[1]).is_empty(), "{removal:?}");
    assert_eq!(removal[2], "iam:DeleteRolePermissionsBoundary");
}

#[test]
fn the_execution_role_cannot_change_itself_or_the_deployment_role() {
    let roles = parsed(ROLES);
    for role in ["DeploymentRole", "ExecutionRole", "GatewayPolicy"] {
        // Its ARN contains role/deployment/…, which no pattern role/<stack>-… matches.
        assert_eq!(roles["Resources"][role]["Properties"]["Path"], "/deployment/", "{role}");
    }
}

/// Names have at most 64 characters: the stack's name, the logical name and up to 13 generated characters, joined by hyphens.
#[test]
fn names_of_functions_and_roles_are_not_cut_for_the_longest_stack_name() {
    let most = parsed(ROLES)["Parameters"]["StackName"]["MaxLength"].as_u64().unwrap();
    let template = template();
    let is_short = |kind: &Value| kind == "AWS::IAM::Role" || kind == "AWS::Serverless::Function";
    let resources = template["Resources"].as_mapping().unwrap().iter();
    let names = resources.filter(|(_, resource)| is_short(&resource["Type"])).map(|(name, _)| name.as_str().unwrap());
    let longest = names.map(str::len).max().unwrap();
    assert!(usize::try_from(most).unwrap() + longest + 15 <= 64, "{longest}");
}
