//! Several items in one request.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    types::{KeysAndAttributes, builders::KeysAndAttributesBuilder},
};

use super::{Item, backoff};
use crate::{error::StoreError, random::Random, timeouts::PARTIAL_READS};

/// An item to read.
#[derive(Debug, Clone)]
pub(super) struct Wanted<'a> {
    pub(super) table: &'a str,
    pub(super) key: Item,
    /// The attributes to read, including those of the key; all if `None`. The same for all items of a table.
    pub(super) attributes: Option<&'static str>,
}

impl Wanted<'_> {
    fn is(&self, item: &Item) -> bool {
        self.key.iter().all(|(name, value)| item.get(name) == Some(value))
    }
}

/// Reads items consistently, in the order of `wanted`; `None` for an item that does not exist. Requests again what DynamoDB leaves
/// out of a response.
///
/// # Errors
/// [`StoreError::Aws`] if DynamoDB fails, [`StoreError::Unavailable`] if it does not return all items.
pub(super) async fn read<const N: usize>(
    client: &Client,
    random: &Random,
    wanted: [Wanted<'_>; N],
) -> Result<[Option<Item>; N], StoreError> {
    let mut tables: HashMap<&str, KeysAndAttributesBuilder> = HashMap::new();
    for item in &wanted {
        let table = tables.entry(item.table).or_default();
        let attributes = item.attributes.map(Into::into);
        *table = std::mem::take(table).keys(item.key.clone()).set_projection_expression(attributes);
    }
    let mut left = HashMap::new();
    for (table, keys) in tables {
        let keys: KeysAndAttributes = keys.consistent_read(true).build()?;
        left.insert(table.to_owned(), keys);
    }
    let mut found: HashMap<String, Vec<Item>> = HashMap::new();
    let mut attempt = 1;
    loop {
        let answer = client.batch_get_item().set_request_items(Some(left)).send().await;
        let answer = answer?;
        for (table, items) in answer.responses.unwrap_or_default() {
            found.entry(table).or_default().extend(items);
        }
        left = answer.unprocessed_keys.unwrap_or_default();
        if left.is_empty() {
            break;
        }
        if attempt == PARTIAL_READS {
            return Err(StoreError::Unavailable("DynamoDB did not return all items".into()));
        }
        backoff::wait(random, attempt).await?;
        attempt += 1;
    }
    Ok(wanted.map(|wanted| {
        let items = found.get_mut(wanted.table)?;
        let position = items.iter().position(|item| wanted.is(item))?;
        Some(items.swap_remove(position))
    }))
}
