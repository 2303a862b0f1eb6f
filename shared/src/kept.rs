//! A value that is kept for a while.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::clock::{Clock, UnixSeconds};

/// A value that was read, and is served from memory for a while.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    clock: Clock,
    max_age: Duration,
    last: Mutex<Option<(UnixSeconds, T)>>,
}

impl<T: Clone> Kept<T> {
    /// Nothing yet. What is stored is fresh for `max_age`.
    pub(crate) fn new(clock: Clock, max_age: Duration) -> Self {
        Self { clock, max_age, last: Mutex::default() }
    }

    /// The value, if it is fresh.
    pub(crate) fn fresh(&self) -> Option<T> {
        let now = self.clock.now();
        let is_fresh = |read_at: UnixSeconds| now.abs_diff(read_at) < self.max_age.as_secs();
        self.last().as_ref().filter(|(read_at, _)| is_fresh(*read_at)).map(|(_, value)| value.clone())
    }

    /// The fresh value, or what `read` makes of the last one, which is then kept. If reading fails, `stale` gets the error and the
    /// last value counts as fresh again, so that the source is not asked by every request. Nothing is locked while it reads.
    ///
    /// # Errors
    /// Those of `read`, while nothing has ever been read.
    pub(crate) async fn get<E>(
        &self,
        read: impl AsyncFnOnce(Option<T>) -> Result<T, E>,
        stale: impl FnOnce(&E),
    ) -> Result<T, E> {
        if let Some(value) = self.fresh() {
            return Ok(value);
        }
        let now = self.clock.now();
        let last = self.last().as_ref().map(|(_, value)| value.clone());
        match read(last).await {
            Ok(value) => {
                self.keep(value.clone(), now);
                Ok(value)
            }
            Err(error) => {
                let Some(value) = self.renew(now) else { return Err(error) };
                stale(&error);
                Ok(value)
            }
        }
    }

    /// Keeps a value that was read at this time.
    pub(crate) fn keep(&self, value: T, read_at: UnixSeconds) {
        *self.last() = Some((read_at, value));
    }

    /// The last value, which counts as read at this time. It may be newer than the one that `read` got.
    fn renew(&self, now: UnixSeconds) -> Option<T> {
        let mut last = self.last();
        let (read_at, value) = last.as_mut()?;
        *read_at = now;
        Some(value.clone())
    }

    fn last(&self) -> MutexGuard<'_, Option<(UnixSeconds, T)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    use futures_util::FutureExt;

    use super::*;

    /// A cell that keeps values for ten seconds, and its time.
    fn kept() -> (Kept<u64>, Arc<AtomicU64>) {
        let now = Arc::new(AtomicU64::new(100));
        let time = now.clone();
        (Kept::new(Clock::new(move || time.load(Ordering::Relaxed)), Duration::from_secs(10)), now)
    }

    type Read = Result<u64, &'static str>;

    /// What is got, and whether the error was reported.
    fn get(kept: &Kept<u64>, read: impl FnOnce(Option<u64>) -> Read) -> (Read, bool) {
        let mut is_stale = false;
        let value = kept.get(async |last| read(last), |_| is_stale = true).now_or_never().unwrap();
        (value, is_stale)
    }

    #[test]
    fn a_value_is_read_again_when_it_is_no_longer_fresh() {
        let (kept, now) = kept();
        assert_eq!(kept.fresh(), None);
        let first = |last| {
            assert_eq!(last, None);
            Ok(1)
        };
        assert_eq!(get(&kept, first), (Ok(1), false));
        now.store(109, Ordering::Relaxed);
        assert_eq!(get(&kept, |_| Err("read although it is fresh")), (Ok(1), false));
        now.store(110, Ordering::Relaxed);
        assert_eq!(kept.fresh(), None);
        assert_eq!(get(&kept, |last| Ok(last.unwrap() + 1)), (Ok(2), false));
        assert_eq!(kept.fresh(), Some(2));
    }

    #[test]
    fn a_value_that_is_kept_for_no_time_is_read_each_time() {
        let kept = Kept::new(Clock::new(|| 100), Duration::ZERO);
        for value in [1, 2] {
            assert_eq!(get(&kept, |_| Ok(value)), (Ok(value), false));
            assert_eq!(kept.fresh(), None);
        }
    }

    #[test]
    fn a_clock_that_goes_back_does_not_make_a_value_last_longer() {
        let (kept, now) = kept();
        assert_eq!(get(&kept, |_| Ok(1)), (Ok(1), false));
        now.store(90, Ordering::Relaxed);
        assert_eq!(get(&kept, |_| Ok(2)), (Ok(2), false));
    }

    #[test]
    fn the_first_read_that_fails_keeps_nothing() {
        let (kept, _) = kept();
        assert_eq!(get(&kept, |_| Err("down")), (Err("down"), false));
        let first = |last| {
            assert_eq!(last, None);
            Ok(1)
        };
        assert_eq!(get(&kept, first), (Ok(1), false));
    }

    #[test]
    fn a_later_read_that_fails_is_reported_once_and_the_last_value_stays_as_long_again() {
        let (kept, now) = kept();
        assert_eq!(get(&kept, |_| Ok(1)), (Ok(1), false));
        now.store(110, Ordering::Relaxed);
        assert_eq!(get(&kept, |_| Err("down")), (Ok(1), true));
        now.store(119, Ordering::Relaxed);
        assert_eq!(get(&kept, |_| Err("read although it is fresh")), (Ok(1), false));
        now.store(120, Ordering::Relaxed);
        assert_eq!(get(&kept, |_| Ok(2)), (Ok(2), false));
    }

    #[test]
    fn a_read_that_fails_does_not_undo_what_another_read_meanwhile() {
        let (kept, now) = kept();
        assert_eq!(get(&kept, |_| Ok(1)), (Ok(1), false));
        now.store(110, Ordering::Relaxed);
        let read = |_| {
            kept.keep(2, 110);
            Err("down")
        };
        assert_eq!(get(&kept, read), (Ok(2), true));
        assert_eq!(kept.fresh(), Some(2));
    }
}
