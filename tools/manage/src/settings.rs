//! `manage settings`.

use aws_sdk_dynamodb::types::AttributeValue;
use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use serde_json::json;
use shared::settings::{DEFINITIONS, Definition};

use crate::{Manner, Result, place::Tables};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show all settings
    List,
    /// Show the value of one
    Get {
        #[arg(value_name = "NAME", value_parser = definition())]
        setting: &'static Definition,
    },
    /// Set one; it holds within 30 seconds
    Set {
        #[arg(value_name = "NAME", value_parser = definition())]
        setting: &'static Definition,
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Set one to its default
    Reset {
        #[arg(value_name = "NAME", value_parser = definition())]
        setting: &'static Definition,
    },
}

/// Reads the name of a setting.
fn definition() -> impl TypedValueParser<Value = &'static Definition> {
    let find = |name: String| DEFINITIONS.iter().find(|setting| setting.name() == name).ok_or("no setting");
    PossibleValuesParser::new(DEFINITIONS.iter().map(Definition::name)).try_map(find)
}

pub(crate) async fn run(tables: &Tables, manner: Manner, command: Command) -> Result<()> {
    match command {
        Command::List => {
            let item = tables.settings.read().await?.unwrap_or_default();
            for setting in &DEFINITIONS {
                let Shown { value, remark } = shown(setting, item.get(setting.name()));
                let (name, unit, meaning) = (setting.name(), setting.unit(), setting.meaning());
                manner.tell(
                    format!("{name:34} {value:>8} {unit:13} {meaning}{remark}"),
                    &json!({
                        "name": name, "value": value, "unit": unit, "meaning": meaning,
                        "default": setting.default(), "rule": setting.rule(),
                    }),
                );
            }
        }
        Command::Get { setting } => {
            let item = tables.settings.read().await?.unwrap_or_default();
            let Shown { value, remark } = shown(setting, item.get(setting.name()));
            if !remark.is_empty() {
                eprintln!("{}", remark.trim_start());
            }
            manner.tell(&value, &json!({ "name": setting.name(), "value": value }));
        }
        Command::Set { setting, value } => {
            let attribute = setting.parse(&value).ok_or_else(|| {
                let of_what = if setting.unit().is_empty() { String::new() } else { format!(" ({})", setting.unit()) };
                format!("{} must be {}{of_what}; nothing was changed", setting.name(), setting.rule())
            })?;
            set(tables, manner, setting, attribute).await?;
        }
        Command::Reset { setting } => {
            // Written, since of a setting that is taken out the last value holds on in functions that run.
            let attribute = setting.parse(&setting.default()).ok_or("the default is none")?;
            set(tables, manner, setting, attribute).await?;
        }
    }
    Ok(())
}

/// Sets a setting, and tells the value before and the one now.
async fn set(tables: &Tables, manner: Manner, setting: &Definition, attribute: AttributeValue) -> Result<()> {
    let now = setting.read(&attribute).unwrap_or_default();
    let before = tables.settings.set(setting, attribute).await?;
    let Shown { value: before, remark } = shown(setting, before.as_ref());
    let (name, unit) = (setting.name(), setting.unit());
    let text = format!("{name}: {before}{remark} -> {now} {unit}");
    manner.tell(text.trim_end(), &json!({ "name": name, "before": before, "value": now }));
    Ok(())
}

/// A value as it holds.
struct Shown {
    value: String,
    /// Where it comes from, if not from the item.
    remark: String,
}

fn shown(setting: &Definition, attribute: Option<&AttributeValue>) -> Shown {
    let default = setting.default();
    match attribute.map(|attribute| setting.read(attribute)) {
        Some(Some(value)) => Shown { value, remark: String::new() },
        Some(None) => Shown { value: default, remark: format!(" (the item's is wrong, must be {})", setting.rule()) },
        None => Shown { value: default, remark: " (default)".into() },
    }
}
