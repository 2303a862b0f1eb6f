//! The log: one JSON object a line.

use std::{io, sync::Arc};

use aws_lc_rs::hmac;
use serde::Serializer;
use tracing::{Event, Subscriber, level_filters::LevelFilter};
use tracing_serde::SerdeMapVisitor;
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{
        self, FmtContext, FormatEvent, FormattedFields, MakeWriter,
        format::{JsonFields, Writer},
        time::{FormatTime, SystemTime},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::domain::Source;

/// How source addresses appear in the log.
#[derive(Debug, Clone)]
pub enum LogSources {
    /// Unchanged.
    Plain,
    /// As HMAC-SHA256 under this key: equal addresses have equal hashes, and nobody can recover an address from the log alone.
    Hashed(Arc<hmac::Key>),
}

/// How much of a hash is shown, in bytes: enough to distinguish all addresses in a log.
const SHOWN_BYTES: usize = 8;

impl LogSources {
    pub(crate) fn hashed(key: &str) -> Self {
        Self::Hashed(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes())))
    }

    /// The source as the log shows it: plain, or the first 16 hexadecimal digits of its hash.
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

/// Writes this project's events from `level` on, and other crates' warnings. At finer levels the SDK logs requests with their
/// contents.
pub fn subscriber<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target(env!("CARGO_CRATE_NAME"), level);
    let lines = fmt::layer().fmt_fields(JsonFields::new()).event_format(Lines).with_writer(writer);
    tracing_subscriber::registry().with(lines.with_filter(filter))
}

/// The current time as in every line: RFC 3339, UTC, with microseconds.
pub(super) fn timestamp() -> String {
    let mut text = String::new();
    // Writing to memory does not fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}

/// One JSON object a line: timestamp, level, the fields of the surrounding spans, then those of the event, all at the top level.
/// `tracing_subscriber`'s own JSON format nests the fields of spans, where no other line has them.
struct Lines;

impl<S> FormatEvent<S, JsonFields> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        write!(writer, "{{\"timestamp\":\"{}\",\"level\":\"{}\"", timestamp(), event.metadata().level())?;
        for span in context.event_scope().into_iter().flat_map(|spans| spans.from_root()) {
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>() {
                write_members(&mut writer, &fields.fields)?;
            }
        }
        write_members(&mut writer, &members(event).ok_or(std::fmt::Error)?)?;
        writeln!(writer, "}}")
    }
}

/// The fields of an event as a JSON object, in the order in which they are logged.
fn members(event: &Event<'_>) -> Option<String> {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut bytes);
    let mut visitor = SerdeMapVisitor::new(serializer.serialize_map(None).ok()?);
    event.record(&mut visitor);
    visitor.finish().ok()?;
    String::from_utf8(bytes).ok()
}

/// The members of a JSON object, behind others.
fn write_members(writer: &mut Writer<'_>, object: &str) -> std::fmt::Result {
    match object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        None | Some("") => Ok(()),
        Some(members) => write!(writer, ",{members}"),
    }
}

/// Logs to standard output, where Lambda picks it up.
pub(crate) fn init(level: LevelFilter) {
    subscriber(level, io::stdout).init();
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// What was written to one log.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `work` logs, without their time.
    fn logged(work: impl FnOnce()) -> Vec<String> {
        let written = Written::default();
        let writer = written.clone();
        tracing::subscriber::with_default(subscriber(LevelFilter::INFO, move || writer.clone()), work);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let timeless = |line: &str| {
            let (time, rest) = line.split_at(r#"{"timestamp":"2027-01-15T08:00:00.000000Z","#.len());
            assert!(time.starts_with(r#"{"timestamp":""#) && time.ends_with(r#"Z","#), "{line}");
            format!("{{{rest}")
        };
        text.lines().map(timeless).collect()
    }

    #[test]
    fn the_fields_of_the_request_are_beside_those_of_the_event() {
        let lines = logged(|| {
            tracing::info_span!("request", request_id = "r1", source = Some("\"quoted\"")).in_scope(|| {
                tracing::warn!(event = "authn_login_fail", user_id = 7, absent = None::<u64>, "two words")
            });
        });
        let expected = r#"{"level":"WARN","request_id":"r1","source":"\"quoted\"","event":"authn_login_fail","user_id":7,"message":"two words"}"#;
        let read = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        assert_eq!(lines.iter().map(|line| read(line)).collect::<Vec<_>>(), [read(expected)]);
        assert!(lines[0].starts_with(r#"{"level":"WARN","request_id":"r1","#), "{lines:?}");
    }

    #[test]
    fn a_line_outside_a_request_is_an_object_too() {
        let lines = logged(|| tracing::info!("ready"));
        assert_eq!(lines, [r#"{"level":"INFO","message":"ready"}"#]);
        let lines = logged(|| tracing::info_span!("request").in_scope(|| tracing::info!(event = "x")));
        assert_eq!(lines, [r#"{"level":"INFO","event":"x"}"#]);
    }

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
