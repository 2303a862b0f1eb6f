//! Randomness, injected so that a test can repeat it.

use std::{fmt, sync::Arc};

type Fill = dyn Fn(&mut [u8]) -> Result<(), Failed> + Send + Sync;

/// The generator failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the random generator failed")]
pub struct Failed;

/// A source of random bytes. Cheap to clone.
#[derive(Clone)]
pub struct Random(Arc<Fill>);

impl Random {
    /// The cryptographically secure generator of AWS-LC, seeded by the operating system.
    pub fn system() -> Self {
        Self(Arc::new(|bytes| aws_lc_rs::rand::fill(bytes).map_err(|_| Failed)))
    }

    /// A source that calls `fill`, for tests.
    pub fn new(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(move |bytes| {
            fill(bytes);
            Ok(())
        }))
    }

    /// `N` random bytes.
    ///
    /// # Errors
    /// [`Failed`], which does not happen in practice according to AWS-LC.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], Failed> {
        let mut bytes = [0; N];
        (self.0)(&mut bytes)?;
        Ok(bytes)
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}
