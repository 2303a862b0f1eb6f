//! What the template lets through: how many requests, from which front ends.

use serde_norway::Value;

use crate::TEMPLATE;

const ENDPOINTS: [&str; 5] = ["login", "logout", "me", "refresh", "register"];

/// The value of the parameter that is referred to.
fn number(template: &Value, value: &Value) -> f64 {
    let Value::Tagged(reference) = value else { panic!("{value:?} is no parameter") };
    assert_eq!(reference.tag, "Ref");
    template["Parameters"][&reference.value]["Default"].as_str().unwrap().parse().unwrap()
}

#[test]
fn statement_10_every_route_is_throttled_and_those_that_hash_the_hardest() {
    let template: Value = serde_norway::from_str(TEMPLATE).unwrap();
    let gateway = &template["Resources"]["HttpApi"]["Properties"];
    let rate = |settings: &Value| {
        let [rate, burst] = ["ThrottlingRateLimit", "ThrottlingBurstLimit"].map(|name| settings[name].clone());
        assert_eq!(rate, burst);
        number(&template, &rate)
    };
    let all = rate(&gateway["DefaultRouteSettings"]);
    assert!(all > 0.0);
    for endpoint in ENDPOINTS {
        for route in [format!("ANY /api/{endpoint}"), format!("ANY /api/{endpoint}/{{proxy+}}")] {
            // A route with settings of its own takes nothing from the default.
            match gateway["RouteSettings"].get(&route) {
                Some(settings) => assert!(rate(settings) <= all / 10.0, "{route}"),
                None => assert!(!["login", "register"].contains(&endpoint), "{route}"),
            }
        }
    }
}

#[test]
fn statement_10_every_function_has_a_bound_of_concurrency() {
    let template: Value = serde_norway::from_str(TEMPLATE).unwrap();
    let Value::Tagged(bound) = &template["Globals"]["Function"]["ReservedConcurrentExecutions"] else { panic!() };
    assert_eq!((bound.tag.to_string().as_str(), &bound.value[0]), ("!If", &"ReservesConcurrency".into()));
    assert!(number(&template, &bound.value[1]) > 0.0);
    for (name, resource) in template["Resources"].as_mapping().unwrap() {
        assert!(resource["Properties"].get("ReservedConcurrentExecutions").is_none(), "{name:?} has another");
    }
}

#[test]
fn statement_22_origins_are_those_that_are_listed_and_no_credentials_go_along() {
    let template: Value = serde_norway::from_str(TEMPLATE).unwrap();
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
