//! Audit events of operators: a line of JSON each, on standard error and, with `--stack`, in the functions' log. The names are
//! those of OWASP's Application Logging Vocabulary Cheat Sheet. Events hold users' ids, and never an email, a username, a
//! password or a hash.

use std::{env, fs};

use aws_sdk_cloudwatchlogs::{Client, types::InputLogEvent};
use serde_json::{Value, json};
use shared::{
    clock::{Clock, UnixSeconds},
    error::describe_sdk_error,
};

use crate::{escape, output::print_stderr, time};

/// Records what operators do.
#[derive(Debug)]
pub(crate) struct Events {
    clock: Clock,
    operator: Value,
    log: Option<Log>,
}

/// The log of a stack's functions.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) client: Client,
    /// The log group, or why it is unknown.
    pub(crate) group: Result<String, String>,
}

impl Events {
    /// Events of the person who runs this command, with this access key if AWS is used.
    pub(crate) fn new(clock: Clock, access_key_id: Option<&str>, log: Option<Log>) -> Self {
        Self { clock, operator: operator(access_key_id), log }
    }

    /// Records a change; `details` is an object. If the log cannot be written, a warning says so: the change is made already.
    pub(crate) async fn record(&self, event: &str, details: Value) {
        let now = self.clock.now();
        let timestamp = time::format(now).unwrap_or_default();
        let mut line = json!({ "timestamp": timestamp, "level": "INFO", "event": event, "operator": self.operator });
        if let (Some(line), Value::Object(details)) = (line.as_object_mut(), details) {
            line.extend(details);
        }
        let line = escape::json(&line);
        print_stderr(&line);
        if let Some(log) = &self.log
            && let Err(reason) = log.put(now, &timestamp, line).await
        {
            print_stderr(format!("warning: the event was not written to the functions' log: {reason}"));
        }
    }
}

impl Log {
    /// Writes a line to the log stream of the day.
    async fn put(&self, now: UnixSeconds, timestamp: &str, line: String) -> Result<(), String> {
        let group = self.group.as_ref().map_err(String::clone)?;
        let stream = format!("manage/{}", timestamp.get(.."2026-11-25".len()).unwrap_or_default());
        let create = self.client.create_log_stream().log_group_name(group).log_stream_name(&stream);
        if let Err(error) = create.send().await
            && !error.as_service_error().is_some_and(|error| error.is_resource_already_exists_exception())
        {
            return Err(describe_sdk_error(&error));
        }
        let milliseconds = i64::try_from(now).unwrap_or_default().saturating_mul(1000);
        let event = InputLogEvent::builder().timestamp(milliseconds).message(line).build();
        let event = event.map_err(|error| error.to_string())?;
        let put = self.client.put_log_events().log_group_name(group).log_stream_name(stream).log_events(event);
        match put.send().await {
            Ok(answer) if answer.rejected_log_events_info().is_some() => {
                Err("rejected because of its time (check this machine's clock)".into())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(describe_sdk_error(&error)),
        }
    }
}

/// The operator, as the system and AWS know them.
fn operator(access_key_id: Option<&str>) -> Value {
    let variable = |names: &[&str]| {
        let mut values = names.iter().filter_map(|name| env::var(name).ok());
        values.find(|value| !value.is_empty())
    };
    let host = variable(&["HOSTNAME", "COMPUTERNAME"]);
    let host = host.or_else(|| Some(fs::read_to_string("/etc/hostname").ok()?.trim().to_owned()));
    json!({
        "user": variable(&["USER", "LOGNAME", "USERNAME"]),
        "host": host,
        "profile": access_key_id.and_then(|_| variable(&["AWS_PROFILE"])),
        "access_key_id": access_key_id,
    })
}
