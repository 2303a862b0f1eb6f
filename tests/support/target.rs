//! The location of the target: on this machine, or deployed behind API Gateway, which may rename a header, throttles requests,
//! and answers some requests itself.

use std::{
    env,
    io::{self, Write},
    sync::LazyLock,
    thread,
    time::Duration,
};

use reqwest::Url;
use serde_json::Value;

use crate::Answer;

/// The header of a challenge, and the name that API Gateway may give it, which is documented for REST APIs.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>
static CHALLENGES: [&str; 2] = ["www-authenticate", "x-amzn-remapped-www-authenticate"];

/// How many times a throttled request is retried.
const TRIES: usize = 60;

/// The pause before each retry.
const PAUSE: Duration = Duration::from_millis(500);

static IS_DEPLOYED: LazyLock<bool> = LazyLock::new(|| {
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    decide(variable("API_URL").as_deref(), variable("API_IS_DEPLOYED").as_deref())
});

/// Whether the target is a deployed stack: the value of `API_IS_DEPLOYED`, `1` or `0`. If that is not set, whether the host of
/// `API_URL` looks like a public name.
pub fn is_deployed() -> bool {
    *IS_DEPLOYED
}

fn decide(url: Option<&str>, said: Option<&str>) -> bool {
    match said {
        Some("1") => true,
        Some("0") => false,
        Some(other) => panic!("invalid API_IS_DEPLOYED: {other} (expected 1 or 0)"),
        None => url.and_then(|url| url.parse::<Url>().ok()).is_some_and(|url| url.domain().is_some_and(is_public)),
    }
}

/// Whether a name is not limited to this machine, a container or a local network.
fn is_public(name: &str) -> bool {
    name.contains('.') && !name.ends_with(".localhost") && name != "host.docker.internal"
}

/// Requests that API Gateway answers itself or forwards in another form, so that they do not reach a function as the test
/// intends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandledByGateway {
    /// Headers with non-ASCII bytes.
    NonAsciiHeader,
    /// A body that is not valid UTF-8.
    NonUtf8Body,
    /// A body without a Content-Type.
    NoContentType,
    /// Paths with empty segments or escaped slashes.
    UnusualPath,
    /// The method OPTIONS.
    Options,
}

impl HandledByGateway {
    fn reason(self) -> &'static str {
        match self {
            Self::NonAsciiHeader => "it may refuse headers with non-ASCII bytes",
            Self::NonUtf8Body => "it may replace bytes that are not UTF-8",
            Self::NoContentType => "it may add a Content-Type",
            Self::UnusualPath => "it may change paths with empty segments or escaped slashes",
            Self::Options => "it answers OPTIONS itself if CorsOrigins is set",
        }
    }
}

/// Whether to skip a test or a case of it, because the target is deployed and API Gateway would answer itself. Notes the skip
/// on standard error.
pub fn is_skipped(what: HandledByGateway) -> bool {
    if is_deployed() {
        let test = thread::current();
        let test = test.name().unwrap_or("a test");
        // Written directly, since the test harness captures `eprintln!` of tests that pass. Standard error may be closed.
        let _ = writeln!(io::stderr(), "skipped behind API Gateway, because {}: {test}", what.reason());
    }
    is_deployed()
}

/// The names that the header of a challenge may have.
pub(crate) fn challenge_names() -> &'static [&'static str] {
    let count = if is_deployed() { CHALLENGES.len() } else { 1 };
    CHALLENGES.get(..count).unwrap_or_default()
}

/// Sends a request, and retries it while a deployed target throttles it.
pub(crate) fn retry_if_throttled(send: impl Fn() -> Answer) -> Answer {
    if is_deployed() { retry(PAUSE, send) } else { send() }
}

fn retry(pause: Duration, send: impl Fn() -> Answer) -> Answer {
    let mut answer = send();
    for _ in 0..TRIES {
        if answer.status != 429 || !is_from_gateway(&answer) {
            break;
        }
        thread::sleep(pause);
        answer = send();
    }
    answer
}

/// Whether the gateway answered itself: with an empty body or one in its own format, and without the id that every function
/// sends.
fn is_from_gateway(answer: &Answer) -> bool {
    let body = serde_json::from_str::<Value>(&answer.body).unwrap_or_default();
    let is_in_its_format = body.as_object().is_some_and(|fields| fields.keys().eq(["message"]));
    answer.header("x-request-id").is_none() && (answer.body.is_empty() || is_in_its_format)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;

    #[test]
    fn a_target_with_a_public_host_name_is_deployed() {
        let deployed = [
            "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
            "https://auth.example.com/v1/auth",
            "https://localhost.example.com",
            "http://127.0.0.1.example.com",
        ];
        let local = [
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "http://192.168.0.7:3000",
            "http://localhost:3000",
            "http://auth.localhost:3000",
            "http://host.docker.internal:3000",
            "http://stack:3000",
            "no URL",
        ];
        assert!(deployed.iter().all(|url| decide(Some(url), None)));
        assert!(!local.iter().any(|url| decide(Some(url), None)));
        assert!(!decide(None, None));
    }

    #[test]
    fn the_variable_overrides_the_host_name() {
        assert!(decide(Some("http://127.0.0.1:3000"), Some("1")));
        assert!(!decide(Some("https://auth.example.com"), Some("0")));
    }

    fn answer(status: u16, body: &str, id: Option<&'static str>) -> Answer {
        let id = id.map(|id| (reqwest::header::HeaderName::from_static("x-request-id"), HeaderValue::from_static(id)));
        Answer { status, headers: HeaderMap::from_iter(id), body: body.into() }
    }

    /// Sends a request to which the first two responses are `first` and the third is 200. Returns the number of attempts and the
    /// last status.
    fn sent(first: &Answer) -> (usize, u16) {
        let times = Cell::new(0);
        let last = retry(Duration::ZERO, || {
            times.set(times.get() + 1);
            if times.get() < 3 { first.clone() } else { answer(200, "{}", Some("a")) }
        });
        (times.get(), last.status)
    }

    #[test]
    fn only_requests_throttled_by_the_gateway_are_retried() {
        assert_eq!(sent(&answer(429, r#"{"message":"Too Many Requests"}"#, None)), (3, 200));
        assert_eq!(sent(&answer(429, "", None)), (3, 200));
        assert_eq!(sent(&answer(429, r#"{"detail":"Request was throttled."}"#, Some("a"))), (1, 429));
        assert_eq!(sent(&answer(429, r#"{"message":"Too Many Requests"}"#, Some("a"))), (1, 429));
        assert_eq!(sent(&answer(429, r#"{"message":"No.","detail":"No."}"#, None)), (1, 429));
        assert_eq!(sent(&answer(404, r#"{"message":"Not Found"}"#, None)), (1, 404));
        let always = retry(Duration::ZERO, || answer(429, "", None));
        assert_eq!(always.status, 429);
    }

    #[test]
    fn no_case_is_skipped_on_this_machine() {
        assert!(!is_deployed() && !is_skipped(HandledByGateway::Options));
        assert_eq!(challenge_names(), ["www-authenticate"]);
    }
}
