//! Logs: one JSON object a line on standard output, where Lambda picks them up.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

/// Logs this project's events from `level` on, and other crates' warnings: what the SDK tells at finer levels holds
/// requests and their contents.
pub(crate) fn init(level: LevelFilter) {
    let filter = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target(env!("CARGO_CRATE_NAME"), level);
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_span_list(false).with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}
