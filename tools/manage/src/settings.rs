//! `manage settings`.

use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use serde_json::json;
use shared::{
    settings::{DEFINITIONS, Definition, Stored, Value},
    store::SettingsItem,
};

use crate::{Outcome, OutputOptions, Result, output::print_stderr, target::Tables};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List all settings
    List,
    /// Show the value of a setting
    Get {
        /// Name of the setting (see `settings list`)
        #[arg(value_name = "NAME", value_parser = definition(), hide_possible_values = true)]
        setting: &'static Definition,
    },
    /// Set a setting; takes effect within 30 seconds
    Set {
        /// Name of the setting (see `settings list`)
        #[arg(value_name = "NAME", value_parser = definition(), hide_possible_values = true)]
        setting: &'static Definition,
        /// New value
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Set a setting to its default
    Reset {
        /// Name of the setting (see `settings list`)
        #[arg(value_name = "NAME", value_parser = definition(), hide_possible_values = true)]
        setting: &'static Definition,
    },
}

/// Reads the name of a setting.
fn definition() -> impl TypedValueParser<Value = &'static Definition> {
    let find = |name: String| DEFINITIONS.iter().find(|setting| setting.name() == name).ok_or("no setting");
    PossibleValuesParser::new(DEFINITIONS.iter().map(Definition::name)).try_map(find)
}

pub(crate) async fn run(tables: &Tables, output: OutputOptions, command: Command) -> Result<Outcome> {
    let item = tables.settings.read().await?.unwrap_or_default();
    match command {
        Command::List => list(output, &item)?,
        Command::Get { setting } => get(output, setting, &item)?,
        Command::Set { setting, value } => {
            let value = setting.parse(&value).ok_or_else(|| {
                let unit = if setting.unit().is_empty() { String::new() } else { format!(" ({})", setting.unit()) };
                format!("{} must be {}{unit}; nothing was changed", setting.name(), setting.rule())
            })?;
            set(tables, output, setting, value, item).await?;
        }
        Command::Reset { setting } => {
            // Written rather than removed: of a removed setting, running functions keep the last value.
            set(tables, output, setting, setting.default(), item).await?;
        }
    }
    Ok(Outcome::Completed)
}

fn list(output: OutputOptions, item: &SettingsItem) -> Result<()> {
    for setting in &DEFINITIONS {
        let stored = Shown::of(setting, item);
        let (name, unit, meaning) = (setting.name(), setting.unit(), setting.meaning());
        let mut document = json!({
            "name": name, "value": stored.value(), "unit": unit, "meaning": meaning,
            "default": setting.default().to_string(), "rule": setting.rule(),
        });
        stored.add_problem(setting, &mut document);
        let (text, note) = (stored.text(), stored.note(setting));
        output.print(format!("{name:36} {text:>8} {unit:13} {meaning}{note}"), &document)?;
    }
    if let Some(reason) = item.settings().conflict() {
        print_stderr(format!("warning: {reason}"));
    }
    Ok(())
}

fn get(output: OutputOptions, setting: &Definition, item: &SettingsItem) -> Result<()> {
    let stored = Shown::of(setting, item);
    let note = stored.note(setting);
    if !note.is_empty() {
        print_stderr(note.trim_start());
    }
    let mut document = json!({ "name": setting.name(), "value": stored.value() });
    stored.add_problem(setting, &mut document);
    output.print(stored.text(), &document)
}

/// Sets a setting of this item, and prints the value before and the value now.
async fn set(
    tables: &Tables,
    output: OutputOptions,
    setting: &Definition,
    value: Value,
    mut item: SettingsItem,
) -> Result<()> {
    let name = setting.name();
    let conflict_before = item.settings().conflict();
    item.set(setting, value);
    // A conflict that exists already does not block other changes.
    if let Some(reason) = item.settings().conflict().filter(|reason| conflict_before.as_ref() != Some(reason)) {
        return Err(format!("{reason}; nothing was changed").into());
    }
    let now = value.to_string();
    let before = Shown::of(setting, &tables.settings.set(setting, value).await?);
    let details = json!({ "object": "settings", "setting": name, "before": before.text(), "value": now });
    tables.events.record("sensitive_update", details).await;
    let source = match before {
        Shown::Set(_) => "",
        Shown::Default(_) => " (default)",
        Shown::Invalid(_) => " (invalid)",
    };
    let text = format!("{name}: {}{source} -> {now} {}", before.text(), setting.unit());
    output.print_done(text.trim_end(), &json!({ "name": name, "before": before.text(), "value": now }))
}

/// What the settings item has for a setting.
enum Shown {
    /// A valid value.
    Set(String),
    /// Nothing, so that this default is used.
    Default(String),
    /// A value that cannot be used, as it is written.
    Invalid(String),
}

impl Shown {
    fn of(setting: &Definition, item: &SettingsItem) -> Self {
        match item.get(setting) {
            Stored::Valid(value) => Self::Set(value.to_string()),
            Stored::Invalid => Self::Invalid(shortened(item.raw(setting).unwrap_or_default())),
            Stored::Missing => Self::Default(setting.default().to_string()),
        }
    }

    /// The value in the item, valid or not, or the default.
    fn text(&self) -> &str {
        let (Self::Set(text) | Self::Default(text) | Self::Invalid(text)) = self;
        text
    }

    /// The value that the functions use, if that is known here.
    fn value(&self) -> Option<&str> {
        match self {
            Self::Set(value) | Self::Default(value) => Some(value),
            Self::Invalid(_) => None,
        }
    }

    /// What to print after the value.
    fn note(&self, setting: &Definition) -> String {
        match self {
            Self::Set(_) => String::new(),
            Self::Default(_) => " (default)".into(),
            Self::Invalid(_) => format!(" ({})", problem(setting)),
        }
    }

    /// Adds to a document what is wrong.
    fn add_problem(&self, setting: &Definition, document: &mut serde_json::Value) {
        if let (Self::Invalid(raw), Some(document)) = (self, document.as_object_mut()) {
            document.insert("item".into(), raw.as_str().into());
            document.insert("problem".into(), problem(setting).into());
        }
    }
}

fn problem(setting: &Definition) -> String {
    format!(
        "invalid: must be {}; each function keeps the last valid value that it read, or the default, {}",
        setting.rule(),
        setting.default()
    )
}

/// The longest text that is printed of an invalid value, in characters.
const MAX_RAW: usize = 40;

fn shortened(text: String) -> String {
    match text.char_indices().nth(MAX_RAW) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
