use std::{collections::BTreeSet, fs};

use super::*;

/// A template with what costs depend on.
const SOME: &str = "
Parameters:
  RequestsPerSecond: {Type: Number, Default: '30'}
  HashingRequestsPerSecond: {Type: Number, Default: '4'}
Mappings:
  HalfOf: {'30': {Is: 15}, '4': {Is: 2}}
Globals: {Function: {MemorySize: 200, Environment: {Variables: {}}}}
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefinitionBody:
        x-amazon-apigateway-cors: !If [Any, {allowMethods: [], allowHeaders: a, exposeHeaders: [], maxAge: 1}, b]
      DefaultRouteSettings: {ThrottlingRateLimit: 1.25}
      RouteSettings:
        ANY /api/me: {ThrottlingRateLimit: !FindInMap [HalfOf, !Ref RequestsPerSecond, Is]}
        ANY /api/me/{proxy+}: {ThrottlingRateLimit: !FindInMap [HalfOf, !Ref RequestsPerSecond, Is]}
        ANY /api/login: {ThrottlingRateLimit: !FindInMap [HalfOf, !Ref HashingRequestsPerSecond, Is]}
        GET /api/docs: {ThrottlingRateLimit: 100}
  Small:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: me}}
    Properties:
      Events:
        Path: {Properties: {Method: ANY, Path: /api/me}}
        Below: {Properties: {Method: ANY, Path: '/api/me/{proxy+}'}}
  Large:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: login}}
    Properties: {MemorySize: 3000, Events: {Path: {Properties: {Method: ANY, Path: /api/login}}}}
  Pages:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: docs}}
    Properties: {Events: {Path: {Properties: {Method: ANY, Path: /api/docs}}}}
  One: {Type: AWS::CloudWatch::Alarm, Properties: {MetricName: 5xx, Threshold: !Ref Much}}
  Two:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Metrics:
        - {Id: sum, Expression: SUM(METRICS())}
        - {Id: a, MetricStat: {Stat: Sum}}
        - {Id: b, MetricStat: {Stat: Sum}}
  Counted: {Type: AWS::Logs::MetricFilter, Properties: {FilterPattern: '{ $.status = 500 }'}}
  Topic: {Type: AWS::SNS::Topic}
";

#[test]
fn a_function_has_its_own_memory_or_that_of_all() {
    let template = Template::parse(SOME).unwrap();
    let memory = |name| template.function(name).map(|function| function.memory_mb);
    assert_eq!(["me", "login", "register"].map(memory), [Some(200), Some(3000), None]);
}

#[test]
fn the_throttles_of_a_functions_routes_add_up() {
    let template = Template::parse(SOME).unwrap();
    let limits = template.functions().map(|function| (function.name.as_str(), function.requests_per_second));
    // `docs` has the limit of routes without one of their own.
    assert_eq!(limits.collect::<Vec<_>>(), [("docs", 1.25), ("login", 2.0), ("me", 30.0)]);
}

#[test]
fn a_throttle_that_is_not_a_number_is_an_error() {
    let template = SOME.replace("'4': {Is: 2}", "'5': {Is: 2}");
    let error = Template::parse(&template).unwrap_err();
    assert_eq!(error, "Large: the throttling of its routes is not a number");
}

#[test]
fn an_alarm_counts_each_metric_that_it_watches_and_no_expression() {
    assert_eq!(Template::parse(SOME).unwrap().alarms(), Alarms { watched_metrics: 3, log_metrics: 1 });
}

#[test]
fn the_deployed_template_has_memory_throttles_and_alarms() {
    let template = Template::read().unwrap();
    let [login, refresh, docs] = ["login", "refresh", "docs"].map(|name| template.function(name).unwrap());
    assert!(login.memory_mb > refresh.memory_mb);
    let limits = [docs, login, refresh].map(|function| function.requests_per_second);
    assert!(limits.is_sorted_by(|less, more| less < more), "{limits:?}");
    let alarms = template.alarms();
    assert!(alarms.watched_metrics >= 7 && alarms.log_metrics >= 1, "{alarms:?}");
}

#[test]
fn every_package_of_a_function_is_in_the_template() {
    let packages = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions")).unwrap();
    let packages: BTreeSet<_> = packages.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let template = Template::read().unwrap();
    assert_eq!(template.functions().map(|function| function.name.clone()).collect::<BTreeSet<_>>(), packages);
}

#[test]
fn every_path_has_a_route_of_its_own_and_one_for_all_below_it() {
    let template = Template::read().unwrap();
    let mut all = BTreeSet::new();
    for Function { name, paths, .. } in template.functions() {
        let (below, own): (Vec<_>, Vec<_>) = paths.iter().partition(|path| path.ends_with("/{proxy+}"));
        let bases: BTreeSet<_> = own.iter().map(|path| path.as_str()).collect();
        let below: BTreeSet<_> = below.iter().filter_map(|path| path.strip_suffix("/{proxy+}")).collect();
        let is_known = |base: &&str| base.starts_with("/api/") || base.starts_with("/.well-known/");
        assert!(bases.iter().all(is_known), "{name}: {paths:?}");
        // Other APIs call the authorizer.
        assert_eq!(bases.is_empty(), name == "authorizer");
        assert_eq!((&bases, bases.len() * 2), (&below, paths.len()), "{name}: {paths:?}");
        for path in paths {
            assert!(all.insert(path.clone()), "{path} leads to two functions");
        }
    }
}

#[test]
fn pages_may_send_the_headers_of_the_parameters_default() {
    assert_eq!(Template::read().unwrap().cors().allow_headers, ["authorization", "content-type"]);
}

#[test]
fn a_table_has_the_name_that_its_variable_gives_it() {
    let variable = |name: &str| match name {
        "USERS_TABLE" => Some("SettingsTable".to_owned()),
        "SETTINGS_TABLE" => Some("stack-settings".to_owned()),
        "TOKEN_AUDIENCE" => Some("UsersTable".to_owned()),
        _ => None,
    };
    let template = Template::read().unwrap().with_table_names(variable);
    let keys: Vec<_> = template
        .tables()
        .map(|(name, table)| (name, table.key_schema.first().unwrap().attribute_name.as_str()))
        .collect();
    assert_eq!(keys, [("RefreshTokensTable", "user_id"), ("SettingsTable", "pk"), ("stack-settings", "id")]);
}

#[test]
fn a_variable_is_a_resources_name_or_a_parameters_default() {
    let template = Template::read().unwrap();
    assert_eq!(template.variable("USERS_TABLE").as_deref(), Some("UsersTable"));
    assert_eq!(template.variable("TOKEN_AUDIENCE").as_deref(), Some("pyshop-api"));
    assert_eq!(template.variable("AWS_ENDPOINT_URL_DYNAMODB"), None);
    assert_eq!(template.variable("OTHER"), None);
    assert!(template.variables().any(|variable| variable == ("SECRET_ID", "SigningSecret".into())));
}
