//! Logs: one JSON object a line.

use std::io;

use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

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
