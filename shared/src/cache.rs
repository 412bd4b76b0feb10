//! A cache of an instance, for seconds or minutes.
//!
//! Libraries for this measure age by the machine's clock. This one uses the app's clock, so a test
//! that moves the clock also ages the cache.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

/// The most entries, more than an on-sale has shows. A cache that is full is emptied.
const MAX_ENTRIES: usize = 10_000;

/// Values that may be used for a fixed time.
pub(crate) struct Cache<K, V> {
    good_for: SignedDuration,
    entries: Mutex<HashMap<K, (Timestamp, V)>>,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// An empty cache. Its values may be used for this long.
    pub(crate) fn new(good_for: SignedDuration) -> Self {
        Self {
            good_for,
            entries: Mutex::default(),
        }
    }

    /// The value of a key, if it may still be used. After the clock went back, it may not.
    pub(crate) fn get<Q>(&self, key: &Q, now: Timestamp) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, value) = entries.get(key)?;
        let age = now.duration_since(*read_at);
        (SignedDuration::ZERO <= age && age < self.good_for).then(|| value.clone())
    }

    /// Stores what was read at `now`.
    pub(crate) fn put(&self, key: K, value: V, now: Timestamp) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
        entries.insert(key, (now, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_good_for_its_time_only() {
        let second = |second| Timestamp::from_second(second).expect("a time");
        let cache = Cache::new(SignedDuration::from_secs(5));
        cache.put("key", 1, second(100));
        assert_eq!(cache.get(&"key", second(104)), Some(1));
        assert_eq!(cache.get(&"key", second(105)), None);
        assert_eq!(cache.get(&"key", second(99)), None);
        assert_eq!(cache.get(&"other", second(100)), None);
    }

    #[test]
    fn entries_are_limited_in_number() {
        let cache = Cache::new(SignedDuration::from_secs(5));
        for key in 0..3 * MAX_ENTRIES {
            cache.put(key, (), Timestamp::UNIX_EPOCH);
        }
        assert!(cache.entries.lock().expect("not poisoned").len() <= MAX_ENTRIES);
    }
}
