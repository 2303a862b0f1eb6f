//! Transactions of conditional writes.

use aws_sdk_dynamodb::{
    Client,
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeSerializationInterceptorContextMut},
    error::{BoxError, SdkError},
    operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsInput},
    types::{CancellationReason, TransactWriteItem},
};

use super::backoff;
use crate::{error::StoreError, random::Random};

/// How DynamoDB recognises a repeated attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeated {
    /// By a token that the SDK sends with each attempt: a transaction whose response was lost is not written twice.
    ByToken,
    /// Not at all: what was written before fails the conditions, which is just as good. The embedded DynamoDB looks through all
    /// tokens of the last ten minutes with each transaction, which would slow a large import down.
    ByConditions,
}

/// The result of a transaction.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written<Role> {
    /// Everything is written.
    Done,
    /// Nothing is written: the conditions of the writes with these roles failed. In the order of the writes.
    Refused(Vec<Role>),
    /// Nothing is written: others wrote the same items at each attempt.
    Collided,
}

/// Executes all writes or none, in up to `attempts` attempts.
///
/// # Errors
/// [`StoreError::Aws`] if DynamoDB fails.
pub(super) async fn transact<Role: Copy>(
    client: &Client,
    random: &Random,
    writes: Vec<(Role, TransactWriteItem)>,
    repeated: Repeated,
    attempts: u32,
) -> Result<Written<Role>, StoreError> {
    let (roles, items): (Vec<_>, Vec<_>) = writes.into_iter().unzip();
    for attempt in 1..=attempts {
        let request = client.transact_write_items().set_transact_items(Some(items.clone()));
        let result = match repeated {
            Repeated::ByToken => request.send().await,
            Repeated::ByConditions => request.customize().interceptor(WithoutToken).send().await,
        };
        let Err(error) = result else { return Ok(Written::Done) };
        let reasons = cancellation_reasons(&error);
        let failed: Vec<_> = roles
            .iter()
            .zip(reasons)
            .filter_map(|(role, reason)| (reason.code() == Some("ConditionalCheckFailed")).then_some(*role))
            .collect();
        if !failed.is_empty() {
            return Ok(Written::Refused(failed));
        }
        if !reasons.iter().any(|reason| reason.code() == Some("TransactionConflict")) {
            return Err(error.into());
        }
        if attempt < attempts {
            backoff::wait(random, attempt).await?;
        }
    }
    Ok(Written::Collided)
}

/// Removes the token that the SDK adds to every transaction.
#[derive(Debug)]
struct WithoutToken;

impl Intercept for WithoutToken {
    fn name(&self) -> &'static str {
        "WithoutToken"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(input) = context.input_mut().downcast_mut::<TransactWriteItemsInput>() {
            input.client_request_token = None;
        }
        Ok(())
    }
}

/// Why the transaction was cancelled, a reason for each write; empty if it failed in another way.
fn cancellation_reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    }
}
