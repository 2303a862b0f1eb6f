//! Waits between attempts.

use std::time::Duration;

use crate::{error::StoreError, random::Random, timeouts::FIRST_WAIT};

/// Waits stop growing after this many doublings.
const MOST_DOUBLINGS: u32 = 4;

/// Waits after the attempt with this number, counted from 1. The time is random, since requests that collided once would collide
/// again (AWS: "Exponential Backoff And Jitter").
///
/// # Errors
/// [`StoreError::Random`].
pub(super) async fn wait(random: &Random, attempt: u32) -> Result<(), StoreError> {
    let [share] = random.bytes()?;
    let longest: Duration = FIRST_WAIT * 2_u32.pow(attempt.saturating_sub(1).min(MOST_DOUBLINGS));
    tokio::time::sleep(longest * u32::from(share) / 256).await;
    Ok(())
}
