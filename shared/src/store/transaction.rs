//! Several conditional writes, all or none.

use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{CancellationReason, TransactWriteItem},
};

use super::unavailable;
use crate::{
    Error,
    random::Random,
    timeouts::{FIRST_WAIT, TRANSACTIONS},
};

/// Does all writes, and returns `[]`; or, where conditions fail, does none and returns the roles of those writes, in the
/// order in which the writes are listed. The SDK sends a token of idempotency with each attempt, so that an answer that
/// was lost on the way is asked for again without writing twice.
///
/// # Errors
/// [`Error::Unavailable`] when the store does not answer, or when the transaction still collides at the last attempt.
pub(super) async fn transact<Role: Copy>(
    client: &Client,
    random: &Random,
    writes: Vec<(Role, TransactWriteItem)>,
) -> Result<Vec<Role>, Error> {
    let (roles, items): (Vec<_>, Vec<_>) = writes.into_iter().unzip();
    let mut attempt = 1;
    loop {
        let request = client.transact_write_items().set_transact_items(Some(items.clone()));
        let Err(error) = request.send().await else { return Ok(Vec::new()) };
        let reasons = cancellation_reasons(&error);
        let failed: Vec<_> = roles
            .iter()
            .zip(reasons)
            .filter_map(|(role, reason)| (reason.code() == Some("ConditionalCheckFailed")).then_some(*role))
            .collect();
        if !failed.is_empty() {
            return Ok(failed);
        }
        let collides = reasons.iter().any(|reason| reason.code() == Some("TransactionConflict"));
        if !collides || attempt == TRANSACTIONS {
            return Err(unavailable(&error));
        }
        let [share] = random.bytes()?;
        tokio::time::sleep(FIRST_WAIT * 2_u32.pow(attempt - 1) * u32::from(share) / 256).await;
        attempt += 1;
    }
}

/// Why the transaction was cancelled, a reason for each write; none where it failed in another way.
fn cancellation_reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    }
}
