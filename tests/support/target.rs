//! Where the suite's target is: on this machine, or deployed behind API Gateway, which may rename a header, turns away what is
//! too much, and answers some requests by itself.

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

/// The header of a challenge, and what API Gateway may call it: it is documented to for REST APIs.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>
static CHALLENGES: [&str; 2] = ["www-authenticate", "x-amzn-remapped-www-authenticate"];

/// How often a request is sent again that the throttle turns away.
const TRIES: usize = 60;

/// How long to wait before that.
const PAUSE: Duration = Duration::from_millis(500);

static IS_DEPLOYED: LazyLock<bool> = LazyLock::new(|| {
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    decide(variable("API_URL").as_deref(), variable("API_IS_DEPLOYED").as_deref())
});

/// Whether the target is a deployed stack: what `API_IS_DEPLOYED` says, `1` or `0`; without it, whether the host of `API_URL` is
/// a name that the internet may know.
pub fn is_deployed() -> bool {
    *IS_DEPLOYED
}

fn decide(url: Option<&str>, said: Option<&str>) -> bool {
    match said {
        Some("1") => true,
        Some("0") => false,
        Some(other) => panic!("API_IS_DEPLOYED is {other}: set it to 1 or 0"),
        None => url.and_then(|url| url.parse::<Url>().ok()).is_some_and(|url| url.domain().is_some_and(is_public)),
    }
}

/// Whether a name is none of this machine, of a container or of one network alone.
fn is_public(name: &str) -> bool {
    name.contains('.') && !name.ends_with(".localhost") && name != "host.docker.internal"
}

/// What API Gateway answers by itself, or hands on in another form: no function is asked what a test of it means to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewaysOwn {
    /// Headers with bytes outside of ASCII.
    BytesInHeaders,
    /// A body that is no text in UTF-8.
    NoText,
    /// A body without a Content-Type.
    NoType,
    /// Paths with empty segments, or with escaped slashes.
    OddPaths,
    /// The method OPTIONS.
    Options,
}

impl GatewaysOwn {
    fn reason(self) -> &'static str {
        match self {
            Self::BytesInHeaders => "it may refuse headers with bytes outside of ASCII",
            Self::NoText => "it may replace bytes that are no UTF-8",
            Self::NoType => "it may give a body a Content-Type",
            Self::OddPaths => "it may change paths with empty segments or escaped slashes",
            Self::Options => "it answers OPTIONS itself where CorsOrigins lists anybody",
        }
    }
}

/// Whether a test, or a case of it, is left out, since the target is deployed and API Gateway answers there. It is told on
/// standard error.
pub fn is_left_out(what: GatewaysOwn) -> bool {
    if is_deployed() {
        let test = thread::current();
        let test = test.name().unwrap_or("a test");
        // Past what the harness keeps back of a test that succeeds; nobody may be reading any more.
        let _ = writeln!(io::stderr(), "Left out behind API Gateway, since {}: {test}", what.reason());
    }
    is_deployed()
}

/// The names under which a challenge may come.
pub(crate) fn challenge_names() -> &'static [&'static str] {
    let count = if is_deployed() { CHALLENGES.len() } else { 1 };
    CHALLENGES.get(..count).unwrap_or_default()
}

/// Sends a request, and again while the throttle of a deployed target turns it away.
pub(crate) fn past_the_throttle(send: impl Fn() -> Answer) -> Answer {
    if is_deployed() { repeated(PAUSE, send) } else { send() }
}

fn repeated(pause: Duration, send: impl Fn() -> Answer) -> Answer {
    let mut answer = send();
    for _ in 0..TRIES {
        if answer.status != 429 || !is_gateways(&answer) {
            break;
        }
        thread::sleep(pause);
        answer = send();
    }
    answer
}

/// Whether the gateway answered by itself: in its own form, or with nothing, and without the id that every function sends.
fn is_gateways(answer: &Answer) -> bool {
    let body = serde_json::from_str::<Value>(&answer.body).unwrap_or_default();
    let is_its_form = body.as_object().is_some_and(|fields| fields.keys().eq(["message"]));
    answer.header("x-request-id").is_none() && (answer.body.is_empty() || is_its_form)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;

    #[test]
    fn a_target_is_deployed_if_its_host_has_a_name_on_the_internet() {
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
    fn what_is_said_goes_before_the_hosts_name() {
        assert!(decide(Some("http://127.0.0.1:3000"), Some("1")));
        assert!(!decide(Some("https://auth.example.com"), Some("0")));
    }

    fn answer(status: u16, body: &str, id: Option<&'static str>) -> Answer {
        let id = id.map(|id| (reqwest::header::HeaderName::from_static("x-request-id"), HeaderValue::from_static(id)));
        Answer { status, headers: HeaderMap::from_iter(id), body: body.into() }
    }

    /// How often a request is sent that is answered like this first, and with 200 the third time; and its last status.
    fn sent(first: &Answer) -> (usize, u16) {
        let times = Cell::new(0);
        let last = repeated(Duration::ZERO, || {
            times.set(times.get() + 1);
            if times.get() < 3 { first.clone() } else { answer(200, "{}", Some("a")) }
        });
        (times.get(), last.status)
    }

    #[test]
    fn what_the_gateway_turns_away_is_sent_again_and_nothing_else() {
        assert_eq!(sent(&answer(429, r#"{"message":"Too Many Requests"}"#, None)), (3, 200));
        assert_eq!(sent(&answer(429, "", None)), (3, 200));
        assert_eq!(sent(&answer(429, r#"{"detail":"Request was throttled."}"#, Some("a"))), (1, 429));
        assert_eq!(sent(&answer(429, r#"{"message":"Too Many Requests"}"#, Some("a"))), (1, 429));
        assert_eq!(sent(&answer(429, r#"{"message":"No.","detail":"No."}"#, None)), (1, 429));
        assert_eq!(sent(&answer(404, r#"{"message":"Not Found"}"#, None)), (1, 404));
        let always = repeated(Duration::ZERO, || answer(429, "", None));
        assert_eq!(always.status, 429);
    }

    #[test]
    fn on_this_machine_nothing_is_left_out() {
        assert!(!is_deployed() && !is_left_out(GatewaysOwn::Options));
        assert_eq!(challenge_names(), ["www-authenticate"]);
    }
}
