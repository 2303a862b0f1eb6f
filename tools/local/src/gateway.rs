//! An HTTP API in front of the functions: requests become events of payload format 2.0, as API Gateway makes them.

use std::{
    fmt::Display,
    io::{self, Write},
    net::SocketAddr,
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{self, Body},
    extract::{ConnectInfo, Request},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    middleware::{self, Next},
    response::Response,
    routing::any,
};
use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use serde_json::{Map, Value, json};
use shared::{
    Error,
    error::StoreError,
    random::Random,
    runtime::{
        Service,
        lambda::{Endpoint, Function},
    },
};
use stack::{Template, template};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{Options, StartError, fence};

/// API Gateway's own limit for a request's body, in bytes.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// The API: every function of the template that has routes, and 404 elsewhere.
///
/// # Errors
/// [`stack::Error::Template`] when the template has a function that this program does not.
pub(crate) async fn router(
    service_of: impl Fn(&str) -> Result<Service, StoreError>,
    template: &Template,
    options: &Options,
) -> Result<Router, StartError> {
    let mut router = Router::new();
    for function in template.functions() {
        if function.paths.is_empty() || (function.name == "docs" && options.no_docs) {
            continue;
        }
        router = mount(router, &service_of(&function.name)?, function).await?;
    }
    router = router.fallback(async || refuse(&Error::NotFound));
    if !options.cors_origins.is_empty() {
        router = router.layer(cors(template.cors(), &options.cors_origins)?);
    }
    // On another address, other machines are let in on purpose, under any name that they have for this one.
    if options.host.to_canonical().is_loopback() {
        router = router.layer(middleware::from_fn(own_names_only));
    }
    if !options.quiet {
        router = router.layer(middleware::from_fn(log_request));
    }
    Ok(router)
}

/// The functions that can be mounted, each by its package and its endpoint.
macro_rules! functions {
    ($($package:ident::$endpoint:ident,)+) => {
        /// Mounts a function on its routes.
        ///
        /// # Errors
        /// [`stack::Error::Template`] when it is not among the functions of this program.
        async fn mount(router: Router, service: &Service, function: &template::Function) -> Result<Router, StartError> {
            let paths = &function.paths;
            match function.name.as_str() {
                $(stringify!($package) => Ok(mount_endpoint::<$package::$endpoint>(router, service, paths).await),)+
                other => Err(stack::Error::Template(format!("unknown function {other}")).into()),
            }
        }

        /// The package of each function, and its endpoint's name and paths.
        #[cfg(test)]
        const FUNCTIONS: &[(&str, &str, &[&str])] = &[
            $((
                stringify!($package),
                <$package::$endpoint as Endpoint>::NAME,
                <$package::$endpoint as Endpoint>::PATHS,
            )),+
        ];
    };
}

functions! {
    docs::Docs,
    jwks::Jwks,
    login::Login,
    logout::Logout,
    me::Me,
    refresh::Refresh,
    register::Register,
}

async fn mount_endpoint<E: Endpoint>(mut router: Router, service: &Service, paths: &[String]) -> Router {
    let endpoint = E::new(service);
    endpoint.warm_up().await;
    let function = Arc::new(Function::new(endpoint, service));
    for path in paths {
        let call = {
            let (function, route) = (function.clone(), format!("ANY {path}"));
            any(move |request| call(function, route, request))
        };
        // `{proxy+}` on AWS is two routes here: with and without something after the slash.
        router = match path.strip_suffix("{proxy+}") {
            Some(base) => router.route(base, call.clone()).route(&format!("{base}{{*proxy}}"), call),
            None => router.route(path, call),
        };
    }
    router
}

async fn call<E: Endpoint>(function: Arc<Function<E>>, route: String, request: Request) -> Response {
    match event(route, request).await {
        Ok(event) => into_response(function.call(event).await),
        Err(error) => refuse(&error),
    }
}

/// An error that needs no function.
fn refuse(error: &Error) -> Response {
    error.response().map(|body| Body::from(body.to_vec()))
}

/// The event that API Gateway would send for a request on this route.
async fn event(route: String, request: Request) -> Result<Value, Error> {
    let (parts, body) = request.into_parts();
    let body = body::to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| Error::BodyTooLarge)?;
    let (text, base64) = match str::from_utf8(&body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (BASE64_STANDARD.encode(&body), true),
    };
    let source = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_string());
    Ok(json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": parts.uri.path(),
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": combine(&parts.headers),
        "requestContext": {
            "requestId": BASE64_URL_SAFE_NO_PAD.encode(Random::system().bytes::<12>()?),
            "stage": "$default",
            "http": { "method": parts.method.as_str(), "path": parts.uri.path(), "sourceIp": source },
        },
        "body": text,
        "isBase64Encoded": base64,
    }))
}

/// The headers, with repeated ones combined by commas.
fn combine(headers: &HeaderMap) -> Map<String, Value> {
    let value = |name| {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        values.join(",")
    };
    headers.keys().map(|name| (name.to_string(), value(name).into())).collect()
}

fn into_response(event: ApiGatewayV2httpResponse) -> Response {
    let mut response = Response::new(Body::from(event.body.map(|body| body.to_vec()).unwrap_or_default()));
    *response.status_mut() =
        u16::try_from(event.status_code).ok().and_then(|code| code.try_into().ok()).unwrap_or_default();
    *response.headers_mut() = event.headers;
    response
}

/// Refuses requests under a name that is not this machine's. To a browser, a page whose name resolves to this machine has the
/// same origin, and could read the answers.
async fn own_names_only(request: Request, next: Next) -> Response {
    if fence::calls_this_machine(&request) {
        return next.run(request).await;
    }
    let detail =
        "This API answers only to 127.0.0.1, [::1] and localhost. Use one of these names, or start it with --host.";
    let mut response = Response::new(Body::from(json!({ "detail": detail }).to_string()));
    *response.status_mut() = StatusCode::FORBIDDEN;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// CORS as API Gateway does it with the template, for these origins.
fn cors(cors: &template::Cors, origins: &[HeaderValue]) -> Result<CorsLayer, StartError> {
    let origins = origins.to_vec();
    Ok(CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| origins.contains(origin)))
        .allow_methods(parse_all::<Method>(&cors.allow_methods)?)
        .allow_headers(parse_all::<HeaderName>(&cors.allow_headers)?)
        .expose_headers(parse_all::<HeaderName>(&cors.expose_headers)?)
        .max_age(Duration::from_secs(cors.max_age)))
}

fn parse_all<T: FromStr<Err: Display>>(texts: &[String]) -> Result<Vec<T>, StartError> {
    let parse = |text: &String| text.parse().map_err(|error| stack::Error::Template(format!("{text}: {error}")));
    Ok(texts.iter().map(parse).collect::<Result<_, _>>()?)
}

/// Prints a line for each request.
async fn log_request(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let start = Instant::now();
    let response = next.run(request).await;
    // If nobody reads the output any more, the API still answers.
    let _ = writeln!(io::stdout(), "{method} {path} {} {} ms", response.status().as_u16(), start.elapsed().as_millis());
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_mounted_functions_are_those_of_the_template() {
        let template = Template::read().unwrap();
        let names: BTreeSet<_> = FUNCTIONS.iter().map(|(name, ..)| *name).collect();
        let routed = template.functions().filter(|function| !function.paths.is_empty());
        assert_eq!(names, routed.map(|function| function.name.as_str()).collect());
    }

    #[test]
    fn every_route_of_a_function_leads_to_its_endpoint_and_every_path_has_a_route() {
        let template = Template::read().unwrap();
        for (package, name, paths) in FUNCTIONS {
            assert_eq!(package, name);
            let routes = &template.function(name).unwrap().paths;
            for route in routes {
                let path = route.trim_end_matches("/{proxy+}");
                assert!(paths.contains(&path), "{name} does not serve {path}");
            }
            for path in *paths {
                let leads = |route: &String| match route.strip_suffix("{proxy+}") {
                    Some(base) => path.starts_with(base),
                    None => route == path,
                };
                assert!(routes.iter().any(leads), "{path} has no route: {routes:?}");
            }
        }
    }
}
