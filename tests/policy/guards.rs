//! The limits that the template sets: throttles, reserved concurrency, encryption of tables, and CORS.

use serde_norway::Value;

use crate::{resources, template};

/// The limits of a route: requests per second, and the size of a burst.
const THROTTLES: [&str; 2] = ["ThrottlingRateLimit", "ThrottlingBurstLimit"];

/// The name of the parameter that a `!Ref` names.
fn parameter(value: &Value) -> &str {
    let Value::Tagged(reference) = value else { panic!("{value:?} is not a parameter") };
    assert_eq!(reference.tag, "Ref");
    reference.value.as_str().unwrap()
}

fn default(template: &Value, parameter: &str) -> f64 {
    template["Parameters"][parameter]["Default"].as_str().unwrap().parse().unwrap()
}

/// The parameter that a lookup in a mapping halves, and half of its default.
fn half<'a>(template: &Value, value: &'a Value) -> (&'a str, f64) {
    let Value::Tagged(found) = value else { panic!("{value:?} is not looked up in a mapping") };
    assert_eq!(found.tag, "FindInMap");
    let parameter = parameter(&found.value[1]);
    let row = &template["Mappings"][&found.value[0]][&template["Parameters"][parameter]["Default"]];
    (parameter, row[&found.value[2]].as_f64().unwrap())
}

/// The keys of the routes that the events of a function make.
fn routes(function: &Value) -> Vec<String> {
    let events = function["Properties"]["Events"].as_mapping().unwrap().values();
    events.map(|event| format!("ANY {}", event["Properties"]["Path"].as_str().unwrap())).collect()
}

#[test]
fn statement_10_the_two_routes_of_a_path_together_allow_the_rate_of_its_parameter() {
    let template = template();
    let settings = &template["Resources"]["HttpApi"]["Properties"]["RouteSettings"];
    // The documentation has the default throttle, which has a test of its own.
    let always = resources(&template, "AWS::Serverless::Function").into_iter();
    let always: Vec<_> = always.filter(|(_, function)| function.get("Condition").is_none()).collect();
    assert!(always.len() > 4);
    for (endpoint, function) in always {
        // Functions that hash with each request have a whole core.
        let hashes = function["Properties"].get("MemorySize").is_some();
        let said = if hashes { "HashingRequestsPerSecond" } else { "RequestsPerSecond" };
        for throttle in THROTTLES {
            let routes = routes(function);
            let (below, own): (Vec<_>, Vec<_>) = routes.iter().partition(|route| route.ends_with("/{proxy+}"));
            assert!(!own.is_empty() && own.len() == below.len(), "{endpoint}: {routes:?}");
            for path in own {
                let halves = [path.clone(), format!("{path}/{{proxy+}}")]
                    .map(|route| half(&template, &settings[route.as_str()][throttle]));
                assert!(halves.iter().all(|(parameter, _)| *parameter == said), "{path}: {halves:?}");
                let together: f64 = halves.iter().map(|(_, half)| half).sum();
                assert_eq!(together, default(&template, said), "{path}, {throttle}");
            }
        }
    }
    assert!(default(&template, "HashingRequestsPerSecond") <= default(&template, "RequestsPerSecond") / 10.0);
}

#[test]
fn statement_10_every_allowed_rate_has_an_exact_half() {
    let template = template();
    let halves = template["Mappings"]["HalfOf"].as_mapping().unwrap();
    for (whole, half) in halves {
        // A burst is a whole number.
        let half = half["Is"].as_u64().unwrap();
        assert_eq!(whole.as_str().unwrap(), (2 * half).to_string());
    }
    for parameter in ["RequestsPerSecond", "HashingRequestsPerSecond"] {
        let allowed = template["Parameters"][parameter]["AllowedValues"].as_sequence().unwrap();
        assert!(allowed.iter().eq(halves.keys()), "the allowed values of {parameter} are not the keys of HalfOf");
    }
}

#[test]
fn statement_10_the_documentation_is_off_by_default_and_limited_to_five_requests_a_second() {
    let template = template();
    assert_eq!(template["Parameters"]["Docs"]["Default"], "false");
    let gateway = &template["Resources"]["HttpApi"]["Properties"];
    let docs = &template["Resources"]["DocsFunction"];
    assert_eq!(docs["Condition"], "HasDocs");
    let events = docs["Properties"]["Events"].as_mapping().unwrap();
    for event in events.values() {
        // A conditional route has no settings of its own: API Gateway refuses to remove a route that has some.
        let route = format!("ANY {}", event["Properties"]["Path"].as_str().unwrap());
        assert!(gateway["RouteSettings"].get(&route).is_none(), "{route}");
    }
    let [rate, burst] = THROTTLES.map(|throttle| gateway["DefaultRouteSettings"][throttle].as_f64().unwrap());
    assert_eq!(f64::from(u32::try_from(events.len()).unwrap()) * rate, 5.0);
    // A browser requests the page and its four files at the same time.
    assert!((5.0..=20.0).contains(&burst), "{burst}");
}

/// By default, throttles alone limit the cost of a flood: a reservation would take capacity from the other functions of the
/// account, and new accounts have none to reserve.
#[test]
fn no_concurrency_is_reserved_by_default_and_a_reservation_is_the_same_for_every_function() {
    let template = template();
    let Value::Tagged(bound) = &template["Globals"]["Function"]["ReservedConcurrentExecutions"] else { panic!() };
    assert_eq!((bound.tag.to_string().as_str(), &bound.value[0]), ("!If", &"ReservesConcurrency".into()));
    assert_eq!(template["Parameters"][parameter(&bound.value[1])]["Default"], "");
    for (name, resource) in template["Resources"].as_mapping().unwrap() {
        assert!(resource["Properties"].get("ReservedConcurrentExecutions").is_none(), "{name:?} has its own");
    }
}

/// CloudFormation refuses an update that removes the property once it is set: <https://github.com/aws/aws-cdk/issues/8286>.
#[test]
fn the_encryption_of_a_table_is_stated_with_and_without_a_key() {
    let template = template();
    let tables = resources(&template, "AWS::DynamoDB::Table");
    assert_eq!(tables.len(), 3);
    for (_, table) in tables {
        let Value::Tagged(encryption) = &table["Properties"]["SSESpecification"] else { panic!("{table:?}") };
        assert_eq!((encryption.tag.to_string().as_str(), &encryption.value[0]), ("!If", &"HasTablesKey".into()));
        let enabled = [1, 2].map(|branch| encryption.value[branch]["SSEEnabled"].as_bool());
        assert_eq!(enabled, [Some(true), Some(false)]);
    }
}

#[test]
fn statement_22_only_listed_origins_are_allowed_and_without_credentials() {
    let template = template();
    let origins = &template["Parameters"]["CorsOrigins"];
    assert_eq!(origins["Default"], "");
    // CloudFormation refuses `*`, alone or in a pattern, before it deploys anything.
    assert_eq!(origins["AllowedPattern"], r"^(https?://[^*/\s]+)?$");
    let gateway = &template["Resources"]["HttpApi"]["Properties"]["DefinitionBody"];
    let Value::Tagged(cors) = &gateway["x-amazon-apigateway-cors"] else { panic!() };
    let allowed = &cors.value[1];
    assert!(matches!(&allowed["allowOrigins"], Value::Tagged(list) if list.value == "CorsOrigins"), "{allowed:?}");
    // The default is to allow no cookies.
    assert!(allowed.get("allowCredentials").is_none());
}
