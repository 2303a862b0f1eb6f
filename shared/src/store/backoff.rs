//! How long to wait before asking again.

use std::time::Duration;

use crate::{error::StoreError, random::Random, timeouts::FIRST_WAIT};

/// Beyond that no wait grows.
const MOST_DOUBLINGS: u32 = 4;

/// Waits before the attempt behind the one with this number, which begins at 1: for a random time, since those who met once
/// would meet again (AWS: "Exponential Backoff And Jitter").
///
/// # Errors
/// [`StoreError::Internal`] when there is no randomness.
pub(super) async fn wait(random: &Random, attempt: u32) -> Result<(), StoreError> {
    let [share] = random.bytes()?;
    let longest: Duration = FIRST_WAIT * 2_u32.pow(attempt.saturating_sub(1).min(MOST_DOUBLINGS));
    tokio::time::sleep(longest * u32::from(share) / 256).await;
    Ok(())
}
