//! Several conditional writes, all or none.

use aws_sdk_dynamodb::{
    Client,
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeSerializationInterceptorContextMut},
    error::{BoxError, SdkError},
    operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsInput},
    types::{CancellationReason, TransactWriteItem},
};

use super::backoff;
use crate::{error::StoreError, random::Random};

/// What tells DynamoDB that an attempt is not the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeated {
    /// A token that is sent with each attempt: an answer that was lost on the way is asked for again without writing twice.
    ByToken,
    /// Nothing: what was written already fails the conditions, and that is as good. It spares DynamoDB to keep a token for ten
    /// minutes, of which the embedded one looks at all with each transaction.
    ByConditions,
}

/// What became of a transaction.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written<Role> {
    /// All of it is done.
    Done,
    /// Nothing is: the conditions of the writes with these roles fail. In the order in which the writes are listed.
    Refused(Vec<Role>),
    /// Nothing is: others wrote the same items at each attempt.
    Collided,
}

/// Does all writes or none, in so many attempts.
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

/// Takes the token out again that the SDK puts into every transaction.
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

/// Why the transaction was cancelled, a reason for each write; none where it failed in another way.
fn cancellation_reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    }
}
