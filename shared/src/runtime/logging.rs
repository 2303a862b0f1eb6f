//! Logs: one JSON object a line.

use std::{io, sync::Arc};

use aws_lc_rs::hmac;
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::domain::Source;

/// How the addresses that requests come from appear in the log.
#[derive(Debug, Clone)]
pub enum LogSources {
    /// As they are.
    Plain,
    /// Behind HMAC-SHA256 under this key: the same address is the same text, and whoever has the log alone finds none out.
    Hashed(Arc<hmac::Key>),
}

/// How much of a hash is shown, in bytes: enough to tell apart all that are in a log.
const SHOWN_BYTES: usize = 8;

impl LogSources {
    /// Hashed under this key.
    pub(crate) fn hashed(key: &str) -> Self {
        Self::Hashed(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes())))
    }

    /// The source as the log has it: of a hash the first 16 hexadecimal digits.
    pub(crate) fn shown(&self, source: Source) -> String {
        match self {
            Self::Plain => source.to_string(),
            Self::Hashed(key) => {
                let hash = hmac::sign(key, source.to_string().as_bytes());
                hash.as_ref().iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}")).collect()
            }
        }
    }
}

/// Writes this project's events from `level` on to `writer`, and other crates' warnings: what the SDK tells at finer levels
/// holds requests and their contents.
pub fn subscriber<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target(env!("CARGO_CRATE_NAME"), level);
    let lines = fmt::layer().json().flatten_event(true).with_span_list(false).with_target(false).with_writer(writer);
    tracing_subscriber::registry().with(lines.with_filter(filter))
}

/// Logs to standard output, where Lambda picks it up.
pub(crate) fn init(level: LevelFilter) {
    subscriber(level, io::stdout).init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_source_is_what_openssl_makes_of_it() {
        // printf %s 203.0.113.7 | openssl dgst -sha256 -hmac 'arn of the stack'
        let shown = LogSources::hashed("arn of the stack").shown(Source::read("203.0.113.7"));
        assert_eq!(shown, "354a7385be0a62b4");
    }

    #[test]
    fn a_plain_source_is_the_network_that_is_counted() {
        assert_eq!(LogSources::Plain.shown(Source::read("2001:db8::1")), "2001:db8::/64");
    }
}
