//! The listing of concerts, cached by each instance until anything in the catalog changes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::App;
use crate::{
    error::ApiError,
    store::catalog::{ListingPage, ListingWanted},
};

/// The most pages that are cached, more than people turn. When there are more, the cache is
/// emptied. A page of a hundred concerts with long names is 60 KB, so all pages take 6 MB at most.
const MAX_PAGES: usize = 100;

/// The cached pages of one version of the catalog.
#[derive(Default)]
pub(super) struct Listing(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    version: u64,
    pages: HashMap<ListingWanted, Arc<ListingPage>>,
}

impl Listing {
    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, wanted: &ListingWanted, version: u64) -> Option<Arc<ListingPage>> {
        let remembered = self.remembered();
        let page = remembered.pages.get(wanted);
        page.filter(|_| remembered.version == version).cloned()
    }

    fn put(&self, wanted: ListingWanted, version: u64, page: Arc<ListingPage>) {
        let mut remembered = self.remembered();
        // A slow request may bring a page from before the last change.
        if version < remembered.version {
            return;
        }
        if version > remembered.version || remembered.pages.len() >= MAX_PAGES {
            remembered.pages.clear();
        }
        remembered.version = version;
        remembered.pages.insert(wanted, page);
    }
}

impl App {
    /// A page of the listing, at the version of the catalog that was just read. After any change of
    /// the catalog it is read again. Free, or the price of [`crate::store::Store::listing`].
    ///
    /// The version is read before the page. A change between the two is in the page, and the next
    /// request reads a new version and the page again. So nobody is shown an old page.
    pub async fn cached_listing(
        &self,
        wanted: ListingWanted,
        version: u64,
    ) -> Result<Arc<ListingPage>, ApiError> {
        if let Some(page) = self.0.listing.get(&wanted, version) {
            return Ok(page);
        }
        let page = Arc::new(self.store().listing(&wanted).await?);
        self.0.listing.put(wanted, version, Arc::clone(&page));
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(n: usize) -> ListingWanted {
        ListingWanted {
            prefix: n.to_string(),
            folded: true,
            since: None,
            limit: 20,
            after: None,
        }
    }

    fn page(next: &str) -> Arc<ListingPage> {
        Arc::new(ListingPage {
            concerts: Vec::new(),
            next: Some(next.to_owned()),
        })
    }

    #[test]
    fn pages_are_forgotten_when_the_version_changes() {
        let listing = Listing::default();
        listing.put(wanted(1), 7, page("seven"));
        assert_eq!(listing.get(&wanted(1), 7), Some(page("seven")));
        assert_eq!(listing.get(&wanted(2), 7), None);
        assert_eq!(listing.get(&wanted(1), 8), None);
        listing.put(wanted(2), 8, page("eight"));
        listing.put(wanted(1), 7, page("late"));
        assert_eq!(listing.get(&wanted(1), 8), None);
        assert_eq!(listing.get(&wanted(2), 8), Some(page("eight")));
    }

    #[test]
    fn pages_are_limited_in_number() {
        let listing = Listing::default();
        for n in 0..3 * MAX_PAGES {
            listing.put(wanted(n), 1, page(""));
        }
        assert!(listing.remembered().pages.len() <= MAX_PAGES);
    }
}
