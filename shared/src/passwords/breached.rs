//! The list of breached passwords of Have I Been Pwned, or a copy of it.
//!
//! The service sends five hexadecimal digits of the password's SHA-1, which hundreds of breached passwords share, and no address,
//! name or id. The response is the part of the list with this prefix, padded, so that neither the operator of the list nor an
//! observer learns whether the password is in it (k-anonymity, <https://haveibeenpwned.com/API/v3#PwnedPasswords>).

use std::time::Duration;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{http::HttpConnector, orchestrator::HttpRequest},
};
use http_body_util::{BodyExt, Limited};

use crate::{domain::FieldError, error::with_causes, passwords::NewPassword};

/// From resolving the name to the last byte of the response. A registration waits for it.
const TIME_LIMIT: Duration = Duration::from_secs(1);

/// The largest accepted response, in bytes. Those of Have I Been Pwned have about 40 000.
const MAX_BYTES: usize = 1 << 20;

/// How many of a hash's 40 digits are sent.
const SENT_DIGITS: usize = 5;

/// A list of breached passwords, or none.
#[derive(Debug)]
pub struct BreachedPasswords(Option<List>);

#[derive(Debug)]
struct List {
    url: String,
    connector: Connector,
}

impl BreachedPasswords {
    /// The list at this URL, which the first digits of a hash are appended to. Without a URL, nothing is sent.
    pub fn new(url: Option<String>) -> Self {
        Self(url.map(|url| List { url, connector: connector() }))
    }

    /// Rejects a password that is in the list. If the list does not respond, the password is accepted, with a warning in the log.
    ///
    /// # Errors
    /// The same error as for other common passwords.
    pub async fn judge(&self, password: NewPassword) -> Result<NewPassword, FieldError> {
        let Some(list) = &self.0 else { return Ok(password) };
        let found = match tokio::time::timeout(TIME_LIMIT, list.has(&password)).await {
            Ok(found) => found,
            Err(_) => Err("no answer in time".into()),
        };
        match found {
            Ok(false) => Ok(password),
            Ok(true) => Err(NewPassword::too_common()),
            Err(error) => {
                // No cause contains the URL.
                let reason = with_causes(error.as_ref());
                tracing::warn!(event = "breached_passwords_unavailable", reason, "the password was taken");
                Ok(password)
            }
        }
    }
}

impl List {
    async fn has(&self, password: &NewPassword) -> Result<bool, BoxError> {
        let hash = sha1(password.expose());
        let (sent, kept) = hash.split_at_checked(SENT_DIGITS).ok_or("SHA-1 is too short")?;
        let mut request = HttpRequest::get(format!("{}{sent}", self.url))?;
        request.headers_mut().try_insert("add-padding", "true")?;
        request.headers_mut().try_insert("user-agent", "pyshop-auth")?;
        let response = self.connector.call(request).await?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(format!("an answer with status {status}").into());
        }
        let body = Limited::new(response.into_body(), MAX_BYTES).collect().await?.to_bytes();
        let answer = str::from_utf8(&body).ok().and_then(|body| is_in(body, kept));
        answer.ok_or_else(|| "an answer that is no list of hashes".into())
    }
}

/// Trusts the system's root certificates. Each connection is used once: registrations are rare, and an idle connection may be dead
/// when Lambda resumes the process.
fn connector() -> Connector {
    Connector::builder().pool_max_idle_per_host(0).tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build()
}

/// 40 upper-case hexadecimal digits. The list uses SHA-1; nothing here depends on its strength.
fn sha1(text: &str) -> String {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Whether a response contains the rest of a hash. Each line has one, a colon, and how often the password was found: 0 for padding.
/// `None` if the response has another format or is empty, since the list has entries for every prefix.
fn is_in(answer: &str, rest: &str) -> Option<bool> {
    let mut found = None;
    for line in answer.lines() {
        let (listed, count) = line.split_once(':')?;
        let count: u64 = count.trim().parse().ok()?;
        if listed.len() != rest.len() || !listed.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let is_this = count > 0 && listed.eq_ignore_ascii_case(rest);
        found = Some(is_this || found == Some(true));
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const REST: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";

    #[test]
    fn a_hash_is_the_one_that_the_list_has() {
        assert_eq!(sha1("password"), format!("5BAA6{REST}"));
        assert_eq!(sha1("пароль").len(), 40);
    }

    #[rstest]
    #[case::once(&format!("{REST}:1"), Some(true))]
    #[case::among_others(&format!("003D68EB55068C33ACE09247EE4C639306B:3\r\n{REST}:52256179\r\n"), Some(true))]
    #[case::in_small_letters(&format!("{}:7", REST.to_lowercase()), Some(true))]
    #[case::before_padding_that_is_alike(&format!("{REST}:2\n{REST}:0"), Some(true))]
    #[case::as_padding(&format!("{REST}:0"), Some(false))]
    #[case::not_at_all("003D68EB55068C33ACE09247EE4C639306B:3\n", Some(false))]
    #[case::in_an_empty_answer("", None)]
    #[case::in_a_page("<!doctype html>\n<title>Sign in to this network</title>", None)]
    #[case::in_a_list_of_whole_hashes(&format!("5BAA6{REST}:1"), None)]
    #[case::without_a_count(REST, None)]
    #[case::with_a_count_below_none(&format!("{REST}:-1"), None)]
    #[case::before_something_else(&format!("{REST}:1\nError: out of memory"), None)]
    #[case::in_other_digits(&format!("{}:1", "é".repeat(35)), None)]
    fn a_hash_is_found(#[case] answer: &str, #[case] expected: Option<bool>) {
        assert_eq!(is_in(answer, REST), expected);
    }

    #[test]
    fn an_error_is_told_with_its_causes() {
        let error: BoxError = Box::new(std::io::Error::other("the cable is cut"));
        assert_eq!(with_causes(error.as_ref()), "the cable is cut");
    }

    proptest! {
        #[test]
        fn any_answer_is_read(answer in "\\PC{0,60}(:[0-9]{1,3})?\r?\n?") {
            is_in(&answer, REST);
        }

        #[test]
        fn a_hash_is_found_wherever_it_stands(
            before in prop::collection::vec("[0-9A-F]{35}:[0-9]{1,9}", 0..20),
            after in prop::collection::vec("[0-9A-F]{35}:[0-9]{1,9}", 0..20),
            times in 1..=u64::MAX,
        ) {
            let this = format!("{REST}:{times}");
            let lines: Vec<_> = before.into_iter().chain([this]).chain(after).collect();
            prop_assert_eq!(is_in(&lines.join("\r\n"), REST), Some(true));
        }
    }
}
