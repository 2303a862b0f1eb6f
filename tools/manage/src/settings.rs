//! `manage settings`.

use aws_sdk_dynamodb::types::AttributeValue;
use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use serde_json::json;
use shared::{
    settings::{DEFINITIONS, Definition, conflict},
    store::Item,
};

use crate::{Ending, Manner, Result, manner::remark, place::Tables};

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

pub(crate) async fn run(tables: &Tables, manner: Manner, command: Command) -> Result<Ending> {
    let item = tables.settings.read().await?.unwrap_or_default();
    match command {
        Command::List => list(manner, &item)?,
        Command::Get { setting } => get(manner, setting, &item)?,
        Command::Set { setting, value } => {
            let attribute = setting.parse(&value).ok_or_else(|| {
                let of_what = if setting.unit().is_empty() { String::new() } else { format!(" ({})", setting.unit()) };
                format!("{} must be {}{of_what}; nothing was changed", setting.name(), setting.rule())
            })?;
            set(tables, manner, setting, attribute, item).await?;
        }
        Command::Reset { setting } => {
            // Written, since of a setting that is taken out the last value holds on in functions that run.
            let attribute = setting.parse(&setting.default()).ok_or("the default is none")?;
            set(tables, manner, setting, attribute, item).await?;
        }
    }
    Ok(Ending::Done)
}

fn list(manner: Manner, item: &Item) -> Result<()> {
    for setting in &DEFINITIONS {
        let standing = Standing::of(setting, item.get(setting.name()));
        let (name, unit, meaning) = (setting.name(), setting.unit(), setting.meaning());
        let mut document = json!({
            "name": name, "value": standing.value(), "unit": unit, "meaning": meaning,
            "default": setting.default(), "rule": setting.rule(),
        });
        standing.explain(setting, &mut document);
        let (text, remark) = (standing.text(), standing.remark(setting));
        manner.tell(format!("{name:36} {text:>8} {unit:13} {meaning}{remark}"), &document)?;
    }
    if let Some(reason) = conflict(item) {
        remark(format!("warning: {reason}"));
    }
    Ok(())
}

fn get(manner: Manner, setting: &Definition, item: &Item) -> Result<()> {
    let standing = Standing::of(setting, item.get(setting.name()));
    let explained = standing.remark(setting);
    if !explained.is_empty() {
        remark(explained.trim_start());
    }
    let mut document = json!({ "name": setting.name(), "value": standing.value() });
    standing.explain(setting, &mut document);
    manner.tell(standing.text(), &document)
}

/// Sets a setting of this item, and tells what stood there before and what does now.
async fn set(
    tables: &Tables,
    manner: Manner,
    setting: &Definition,
    attribute: AttributeValue,
    mut item: Item,
) -> Result<()> {
    let name = setting.name();
    let contradiction = conflict(&item);
    item.insert(name.into(), attribute.clone());
    // One that is there already stops no change of something else.
    if let Some(reason) = conflict(&item).filter(|reason| contradiction.as_ref() != Some(reason)) {
        return Err(format!("{reason}; nothing was changed").into());
    }
    let now = setting.read(&attribute).unwrap_or_default();
    let before = tables.settings.set(setting, attribute).await?;
    let before = Standing::of(setting, before.as_ref());
    let details = json!({ "object": "settings", "setting": name, "before": before.text(), "value": now });
    tables.events.note("sensitive_update", details).await;
    let source = match before {
        Standing::Set(_) => "",
        Standing::Default(_) => " (default)",
        Standing::Wrong(_) => " (which did not hold)",
    };
    let text = format!("{name}: {}{source} -> {now} {}", before.text(), setting.unit());
    manner.done(text.trim_end(), &json!({ "name": name, "before": before.text(), "value": now }))
}

/// What the item says of a setting.
enum Standing {
    /// This, which holds.
    Set(String),
    /// Nothing, and so this holds, the default.
    Default(String),
    /// This, which cannot hold.
    Wrong(String),
}

impl Standing {
    fn of(setting: &Definition, attribute: Option<&AttributeValue>) -> Self {
        match attribute.map(|attribute| setting.read(attribute).ok_or_else(|| raw(attribute))) {
            Some(Ok(value)) => Self::Set(value),
            Some(Err(raw)) => Self::Wrong(raw),
            None => Self::Default(setting.default()),
        }
    }

    /// What stands there, whether it holds or not.
    fn text(&self) -> &str {
        let (Self::Set(text) | Self::Default(text) | Self::Wrong(text)) = self;
        text
    }

    /// What holds, if that can be known from here.
    fn value(&self) -> Option<&str> {
        match self {
            Self::Set(value) | Self::Default(value) => Some(value),
            Self::Wrong(_) => None,
        }
    }

    /// What is to be said of it beside the text.
    fn remark(&self, setting: &Definition) -> String {
        match self {
            Self::Set(_) => String::new(),
            Self::Default(_) => " (default)".into(),
            Self::Wrong(_) => format!(" ({})", problem(setting)),
        }
    }

    /// Says in a document what is wrong.
    fn explain(&self, setting: &Definition, document: &mut serde_json::Value) {
        if let (Self::Wrong(raw), Some(document)) = (self, document.as_object_mut()) {
            document.insert("item".into(), raw.as_str().into());
            document.insert("problem".into(), problem(setting).into());
        }
    }
}

fn problem(setting: &Definition) -> String {
    format!(
        "does not hold: must be {}; each function goes on with the last good value that it had, which may be another in \
         each, or with the default, {}",
        setting.rule(),
        setting.default()
    )
}

/// The longest text that is shown of a value that does not hold.
const SHOWN_CHARACTERS: usize = 40;

/// A value as it stands in the item, of whatever type.
fn raw(attribute: &AttributeValue) -> String {
    let text = match attribute {
        AttributeValue::S(text) => format!("\"{text}\""),
        AttributeValue::N(number) => number.clone(),
        AttributeValue::Bool(value) => value.to_string(),
        AttributeValue::Null(_) => "null".into(),
        AttributeValue::B(_) => "bytes".into(),
        AttributeValue::L(_) => "a list".into(),
        AttributeValue::M(_) => "a map".into(),
        _ => "a set".into(),
    };
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
