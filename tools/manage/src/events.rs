//! What operators did, for whoever asks later: a line of JSON each, on standard error and, with `--stack`, beside what the
//! functions log. Named with OWASP's vocabulary (Application Logging Vocabulary Cheat Sheet), with users' ids and never an
//! address, a name, a password or a hash.

use std::{env, fs};

use aws_sdk_cloudwatchlogs::{Client, types::InputLogEvent};
use serde_json::{Value, json};
use shared::{
    clock::{Clock, UnixSeconds},
    error::describe_sdk_error,
};

use crate::{manner::remark, shown};

/// Tells what operators do.
#[derive(Debug)]
pub(crate) struct Events {
    clock: Clock,
    operator: Value,
    log: Option<Log>,
}

/// Where the functions of a stack log.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) client: Client,
    /// The log group, or why none is known.
    pub(crate) group: Result<String, String>,
}

impl Events {
    /// Events of whoever runs this, who is known to AWS by this access key if by any.
    pub(crate) fn new(clock: Clock, access_key_id: Option<&str>, log: Option<Log>) -> Self {
        Self { clock, operator: operator(access_key_id), log }
    }

    /// Tells that something was done; `details` is an object. What was done stays done where the log does not take it, and a
    /// line says so.
    pub(crate) async fn note(&self, event: &str, details: Value) {
        let now = self.clock.now();
        let timestamp = shown::time(now).unwrap_or_default();
        let mut line = json!({ "timestamp": timestamp, "level": "INFO", "event": event, "operator": self.operator });
        if let (Some(line), Value::Object(details)) = (line.as_object_mut(), details) {
            line.extend(details);
        }
        let line = shown::json(&line);
        remark(&line);
        if let Some(log) = &self.log
            && let Err(reason) = log.put(now, &timestamp, line).await
        {
            remark(format!("warning: the event is not in the log of the functions: {reason}"));
        }
    }
}

impl Log {
    /// Writes a line to the stream of its day.
    async fn put(&self, time: UnixSeconds, timestamp: &str, line: String) -> Result<(), String> {
        let group = self.group.as_ref().map_err(String::clone)?;
        let stream = format!("manage/{}", timestamp.get(.."2026-11-25".len()).unwrap_or_default());
        let create = self.client.create_log_stream().log_group_name(group).log_stream_name(&stream);
        if let Err(error) = create.send().await
            && !error.as_service_error().is_some_and(|error| error.is_resource_already_exists_exception())
        {
            return Err(describe_sdk_error(&error));
        }
        let milliseconds = i64::try_from(time).unwrap_or_default().saturating_mul(1000);
        let event = InputLogEvent::builder().timestamp(milliseconds).message(line).build();
        let event = event.map_err(|error| error.to_string())?;
        let put = self.client.put_log_events().log_group_name(group).log_stream_name(stream).log_events(event);
        match put.send().await {
            Ok(answer) if answer.rejected_log_events_info().is_some() => {
                Err("it is refused for its time: is the clock of this machine right?".into())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(describe_sdk_error(&error)),
        }
    }
}

/// Who runs this: as the system and as AWS know them.
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
