//! What the template lets through: how many requests, from which front ends.

use serde_norway::Value;

use crate::{resources, template};

/// How many requests a second a route lets through, and how many at once.
const THROTTLES: [&str; 2] = ["ThrottlingRateLimit", "ThrottlingBurstLimit"];

/// The name of the parameter that is referred to.
fn parameter(value: &Value) -> &str {
    let Value::Tagged(reference) = value else { panic!("{value:?} is no parameter") };
    assert_eq!(reference.tag, "Ref");
    reference.value.as_str().unwrap()
}

/// A parameter's default.
fn default(template: &Value, parameter: &str) -> f64 {
    template["Parameters"][parameter]["Default"].as_str().unwrap().parse().unwrap()
}

/// What half of a parameter stands for: the parameter's name, and what is looked up for its default.
fn half<'a>(template: &Value, value: &'a Value) -> (&'a str, f64) {
    let Value::Tagged(found) = value else { panic!("{value:?} is looked up nowhere") };
    assert_eq!(found.tag, "FindInMap");
    let parameter = parameter(&found.value[1]);
    let row = &template["Mappings"][&found.value[0]][&template["Parameters"][parameter]["Default"]];
    (parameter, row[&found.value[2]].as_f64().unwrap())
}

/// The routes of a function, as its events have them.
fn routes(function: &Value) -> Vec<String> {
    let events = function["Properties"]["Events"].as_mapping().unwrap().values();
    events.map(|event| format!("ANY {}", event["Properties"]["Path"].as_str().unwrap())).collect()
}

#[test]
fn statement_10_the_routes_of_an_endpoint_let_through_what_the_parameter_says_together() {
    let template = template();
    let settings = &template["Resources"]["HttpApi"]["Properties"]["RouteSettings"];
    // The documentation has the default throttle; see below.
    let always = resources(&template, "AWS::Serverless::Function").into_iter();
    let always: Vec<_> = always.filter(|(_, function)| function.get("Condition").is_none()).collect();
    assert!(always.len() > 4);
    for (endpoint, function) in always {
        // Functions that hash with each request have a whole core.
        let hashes = function["Properties"].get("MemorySize").is_some();
        let said = if hashes { "HashingRequestsPerSecond" } else { "RequestsPerSecond" };
        for throttle in THROTTLES {
            let routes = routes(function);
            assert_eq!(routes.len(), 2, "{endpoint}");
            let halves: Vec<_> =
                routes.iter().map(|route| half(&template, &settings[route.as_str()][throttle])).collect();
            assert!(halves.iter().all(|(parameter, _)| *parameter == said), "{endpoint}: {halves:?}");
            let together: f64 = halves.iter().map(|(_, half)| half).sum();
            assert_eq!(together, default(&template, said), "{endpoint}, {throttle}");
        }
    }
    assert!(default(&template, "HashingRequestsPerSecond") <= default(&template, "RequestsPerSecond") / 10.0);
}

#[test]
fn statement_10_a_half_is_a_half_whatever_the_parameter_is() {
    let template = template();
    let halves = template["Mappings"]["HalfOf"].as_mapping().unwrap();
    for (whole, half) in halves {
        // A burst is a whole number.
        let half = half["Is"].as_u64().unwrap();
        assert_eq!(whole.as_str().unwrap(), (2 * half).to_string());
    }
    for parameter in ["RequestsPerSecond", "HashingRequestsPerSecond"] {
        let allowed = template["Parameters"][parameter]["AllowedValues"].as_sequence().unwrap();
        assert!(allowed.iter().eq(halves.keys()), "{parameter} may be what has no half, or not all that has one");
    }
}

#[test]
fn statement_10_the_documentation_is_off_and_where_it_is_on_it_lets_five_requests_a_second_through() {
    let template = template();
    assert_eq!(template["Parameters"]["Docs"]["Default"], "false");
    let gateway = &template["Resources"]["HttpApi"]["Properties"];
    let docs = &template["Resources"]["DocsFunction"];
    assert_eq!(docs["Condition"], "HasDocs");
    let events = docs["Properties"]["Events"].as_mapping().unwrap();
    for event in events.values() {
        // A route that may go has no settings of its own, which would be in its way.
        let route = format!("ANY {}", event["Properties"]["Path"].as_str().unwrap());
        assert!(gateway["RouteSettings"].get(&route).is_none(), "{route}");
    }
    let [rate, burst] = THROTTLES.map(|throttle| gateway["DefaultRouteSettings"][throttle].as_f64().unwrap());
    assert_eq!(f64::from(u32::try_from(events.len()).unwrap()) * rate, 5.0);
    // The page and its four files are asked for at once.
    assert!((5.0..=20.0).contains(&burst), "{burst}");
}

/// By default the throttles bound what a flood costs: a reservation would take from the account's other functions, and new
/// accounts have nothing to reserve.
#[test]
fn nothing_is_reserved_by_default_and_the_same_for_every_function_where_somebody_asks_for_it() {
    let template = template();
    let Value::Tagged(bound) = &template["Globals"]["Function"]["ReservedConcurrentExecutions"] else { panic!() };
    assert_eq!((bound.tag.to_string().as_str(), &bound.value[0]), ("!If", &"ReservesConcurrency".into()));
    assert_eq!(template["Parameters"][parameter(&bound.value[1])]["Default"], "");
    for (name, resource) in template["Resources"].as_mapping().unwrap() {
        assert!(resource["Properties"].get("ReservedConcurrentExecutions").is_none(), "{name:?} has another");
    }
}

/// CloudFormation refuses an update that takes away what was said of it: <https://github.com/aws/aws-cdk/issues/8286>.
#[test]
fn how_a_table_is_encrypted_is_said_with_a_key_and_without() {
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
fn statement_22_origins_are_those_that_are_listed_and_no_credentials_go_along() {
    let template = template();
    let origins = &template["Parameters"]["CorsOrigins"];
    assert_eq!(origins["Default"], "");
    // `*`, and every pattern with it, is refused before anything is deployed.
    assert_eq!(origins["AllowedPattern"], r"^(https?://[^*/\s]+)?$");
    let gateway = &template["Resources"]["HttpApi"]["Properties"]["DefinitionBody"];
    let Value::Tagged(cors) = &gateway["x-amazon-apigateway-cors"] else { panic!() };
    let allowed = &cors.value[1];
    assert!(matches!(&allowed["allowOrigins"], Value::Tagged(list) if list.value == "CorsOrigins"), "{allowed:?}");
    // The default: no cookies.
    assert!(allowed.get("allowCredentials").is_none());
}
