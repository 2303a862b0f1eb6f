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
    random::Random,
    runtime::{
        Service,
        lambda::{Endpoint, Function},
    },
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{
    Options, StartError, fence,
    template::{Cors, Template},
};

/// API Gateway's own limit for a request's body, in bytes.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// The API: every function of the template on its routes, and 404 elsewhere.
///
/// # Errors
/// [`StartError::Template`] when the template has a function that this program does not.
pub(crate) async fn router(
    service_of: impl Fn(&str) -> Result<Service, Error>,
    template: &Template,
    options: &Options,
) -> Result<Router, StartError> {
    let mut router = Router::new();
    for (binary, paths) in template.functions() {
        let service = service_of(binary)?;
        router = match binary {
            "docs" if options.no_docs => router,
            "docs" => mount::<docs::Docs>(router, &service, paths).await,
            "login" => mount::<login::Login>(router, &service, paths).await,
            "logout" => mount::<logout::Logout>(router, &service, paths).await,
            "me" => mount::<me::Me>(router, &service, paths).await,
            "refresh" => mount::<refresh::Refresh>(router, &service, paths).await,
            "register" => mount::<register::Register>(router, &service, paths).await,
            other => return Err(StartError::Template(format!("there is no function {other}"))),
        };
    }
    router = router.fallback(async || refuse(&Error::NotFound));
    if !options.cors_origins.is_empty() {
        router = router.layer(cors(template.cors(), &options.cors_origins)?);
    }
    // Who listens elsewhere lets others in on purpose, by whatever name they have for this machine.
    if options.host.to_canonical().is_loopback() {
        router = router.layer(middleware::from_fn(own_names_alone));
    }
    if !options.quiet {
        router = router.layer(middleware::from_fn(print));
    }
    Ok(router)
}

async fn mount<E: Endpoint>(mut router: Router, service: &Service, paths: &[String]) -> Router {
    let endpoint = E::new(service);
    endpoint.warm_up().await;
    let function = Arc::new(Function::new(endpoint, service));
    for path in paths {
        let call = {
            let (function, route) = (function.clone(), format!("ANY {path}"));
            any(move |request| call(function, route, request))
        };
        // What `{proxy+}` takes on AWS is two routes here: with something behind the slash, and with nothing.
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

/// What no function is asked for.
fn refuse(error: &Error) -> Response {
    error.response().map(|body| Body::from(body.to_vec()))
}

/// The event that API Gateway would send for a request that takes this route.
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
        "headers": joined(&parts.headers),
        "requestContext": {
            "requestId": BASE64_URL_SAFE_NO_PAD.encode(Random::system().bytes::<12>()?),
            "stage": "$default",
            "http": { "method": parts.method.as_str(), "path": parts.uri.path(), "sourceIp": source },
        },
        "body": text,
        "isBase64Encoded": base64,
    }))
}

/// Headers of one name in one, with commas.
fn joined(headers: &HeaderMap) -> Map<String, Value> {
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

/// Turns away who calls by a name that is not this machine's: a web page whose name leads here is of the same origin to a
/// browser, and may read what it is answered.
async fn own_names_alone(request: Request, next: Next) -> Response {
    if fence::calls_this_machine(&request) {
        return next.run(request).await;
    }
    let detail =
        "This API answers to 127.0.0.1, [::1] and localhost alone. Call it by one of these, or start it with --host.";
    let mut response = Response::new(Body::from(json!({ "detail": detail }).to_string()));
    *response.status_mut() = StatusCode::FORBIDDEN;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// CORS as the template's gateway answers it for the origins that it lists.
fn cors(cors: &Cors, origins: &[HeaderValue]) -> Result<CorsLayer, StartError> {
    let origins = origins.to_vec();
    Ok(CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| origins.contains(origin)))
        .allow_methods(parsed::<Method>(&cors.allow_methods)?)
        .allow_headers(parsed::<HeaderName>(&cors.allow_headers)?)
        .expose_headers(parsed::<HeaderName>(&cors.expose_headers)?)
        .max_age(Duration::from_secs(cors.max_age)))
}

fn parsed<T: FromStr<Err: Display>>(texts: &[String]) -> Result<Vec<T>, StartError> {
    let parse = |text: &String| text.parse().map_err(|error| StartError::Template(format!("{text}: {error}")));
    texts.iter().map(parse).collect()
}

/// A line for each request.
async fn print(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let start = Instant::now();
    let response = next.run(request).await;
    // Nobody may be reading any more; that is no reason to stop answering.
    let _ = writeln!(io::stdout(), "{method} {path} {} {} ms", response.status().as_u16(), start.elapsed().as_millis());
    response
}
