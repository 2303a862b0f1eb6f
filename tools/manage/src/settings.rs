//! `manage settings`.

use aws_sdk_dynamodb::types::AttributeValue;
use clap::{Subcommand, builder::PossibleValuesParser};
use serde_json::json;
use shared::{
    settings::{DEFINITIONS, Definition},
    store::Item,
};

use crate::{Manner, Result, place::Tables};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show all settings
    List,
    /// Show the value of one
    Get {
        #[arg(value_parser = names())]
        name: String,
    },
    /// Set one; it holds within 30 seconds
    Set {
        #[arg(value_parser = names())]
        name: String,
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Set one to its default
    Reset {
        #[arg(value_parser = names())]
        name: String,
    },
}

fn names() -> PossibleValuesParser {
    DEFINITIONS.iter().map(Definition::name).collect::<Vec<_>>().into()
}

pub(crate) async fn run(tables: &Tables, manner: Manner, command: Command) -> Result<()> {
    match command {
        Command::List => {
            let item = tables.settings.read().await?.unwrap_or_default();
            for setting in &DEFINITIONS {
                let Shown { value, remark } = shown(setting, &item);
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
        Command::Get { name } => {
            let item = tables.settings.read().await?.unwrap_or_default();
            let Shown { value, remark } = shown(definition(&name)?, &item);
            if !remark.is_empty() {
                eprintln!("{}", remark.trim_start());
            }
            manner.tell(&value, &json!({ "name": name, "value": value }));
        }
        Command::Set { name, value } => {
            let setting = definition(&name)?;
            let attribute = setting.parse(&value).ok_or_else(|| {
                let of_what = if setting.unit().is_empty() { String::new() } else { format!(" ({})", setting.unit()) };
                format!("{name} must be {}{of_what}; nothing was changed", setting.rule())
            })?;
            set(tables, manner, setting, attribute).await?;
        }
        Command::Reset { name } => {
            // Written, since of a setting that is taken out the last value holds on in functions that run.
            let setting = definition(&name)?;
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
    let before: Item = before.into_iter().map(|before| (setting.name().into(), before)).collect();
    let Shown { value: before, remark } = shown(setting, &before);
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

fn shown(setting: &Definition, item: &Item) -> Shown {
    let default = setting.default();
    match item.get(setting.name()).map(|attribute| setting.read(attribute)) {
        Some(Some(value)) => Shown { value, remark: String::new() },
        Some(None) => Shown { value: default, remark: format!(" (the item's is wrong, must be {})", setting.rule()) },
        None => Shown { value: default, remark: " (default)".into() },
    }
}

fn definition(name: &str) -> Result<&'static Definition> {
    DEFINITIONS.iter().find(|setting| setting.name() == name).ok_or_else(|| format!("no setting {name}").into())
}
