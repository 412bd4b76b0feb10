//! New keys, and the removal of old ones.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use uuid::Uuid;

use super::Keyring;
use crate::{
    domain::signing::{KeyPair, Keys, NoSuchKey, PrivateKey, PublicKey, Rotation, SigningKeys},
    error::ApiError,
    store::{Decided as _, TryError, signing_keys::KeysHaveChanged, while_stale},
    token::MAX_TOKEN_LIFETIME,
};

impl Keyring {
    /// Rotates the keys and returns them; `None` before the first one was created. Of two rotations
    /// at once, the second one finds what the first has done. 2 RRU, and 4 WRU if something
    /// changes.
    pub async fn rotate(
        &self,
        rotation: &Rotation,
        now: Timestamp,
    ) -> Result<Option<Keys>, ApiError> {
        let keys = while_stale(async || {
            let Some(seen) = self.store.all_keys().await? else {
                return Ok(None);
            };
            let keys = rotated(&seen, rotation, now)?;
            if keys != seen {
                let changed = self.store.change_keys(&seen, &keys).await.decided()?;
                changed.map_err(|KeysHaveChanged| TryError::Stale)?;
                log(&keys);
            }
            Ok(Some(keys))
        });
        Ok(keys.await?)
    }

    /// Creates the first key pair, unless another instance was first.
    pub(super) async fn create_keys(&self, now: Timestamp) -> Result<SigningKeys, ApiError> {
        let first = new_key_pair(now)?;
        let private = first.private.clone();
        match self.store.create_keys(first).await.decided()? {
            Ok(()) => Ok(private.into()),
            Err(_) => self
                .store
                .signing_keys()
                .await?
                .ok_or_else(|| ApiError::bug("the signing key is there and is not")),
        }
    }
}

fn rotated(seen: &Keys, rotation: &Rotation, now: Timestamp) -> Result<Keys, ApiError> {
    seen.rotated(rotation, new_key_pair(now)?, MAX_TOKEN_LIFETIME, now)
        .map_err(|NoSuchKey| ApiError::Internal("there is no key of that name".into()))
}

/// Logs the keys, because nobody reads the answer to a schedule.
fn log(keys: &Keys) {
    let signing = &keys.signing;
    let next = signing.next.as_ref().map(|next| next.key.kid.as_str());
    tracing::info!(
        kid = signing.current.kid,
        next,
        public = keys.public.len(),
        "the keys have changed"
    );
}

/// A new key pair. Its name begins with the time, so names are in the order of age.
fn new_key_pair(now: Timestamp) -> Result<KeyPair, ApiError> {
    let failed = |_| ApiError::bug("a key pair could not be made");
    let pair = Ed25519KeyPair::generate().map_err(failed)?;
    let pkcs8 = BASE64_URL_SAFE_NO_PAD.encode(pair.to_pkcs8().map_err(failed)?);
    let kid = Uuid::now_v7().to_string();
    let x = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    Ok(KeyPair {
        private: PrivateKey {
            kid: kid.clone(),
            pkcs8,
        },
        public: PublicKey {
            kid,
            x,
            created_at: now,
            signs_until: None,
        },
    })
}
