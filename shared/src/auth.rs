//! The keys that sign tokens, as an instance knows them.
//!
//! A key is published before it signs, so instances usually know the keys of the tokens that they
//! check. An unknown key makes them read the public keys. They also read known keys again from time
//! to time, so that a revoked key is forgotten.

mod rotation;

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{DecodingKey, EncodingKey};

use crate::{
    cache::Cache,
    domain::signing::{NextKey, PUBLISHED_AHEAD, PrivateKey, PublicKey, SigningKeys},
    error::ApiError,
    store::{Store, StoreError},
    token::{self, Claims},
};

/// An unknown key makes an instance read the public keys again, but at most this often.
const READ_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// How long an instance uses the public keys that it has read. So it may accept the tokens of a
/// revoked key for this long. A key begins to sign only after every instance has read it.
const PUBLIC_KEYS_GOOD_FOR: SignedDuration = PUBLISHED_AHEAD;

/// An instance that signs looks for a newer key this often: more often than keys are published
/// ahead.
const SIGNING_KEYS_GOOD_FOR: SignedDuration = SignedDuration::from_mins(1);

/// The keys that an instance knows.
pub struct Keyring {
    store: Store,
    public: RwLock<PublicKeys>,
    signing: RwLock<Option<Signing>>,
}

struct PublicKeys {
    keys: HashMap<String, (Arc<PublicKey>, Arc<DecodingKey>)>,
    read_at: Timestamp,
}

/// The tokens whose signatures were right. They are the process's and not a keyring's: on Lambda a
/// process has one keyring and seldom gets a token twice, but in the local stack all functions get
/// the same tokens, and there to verify a signature takes a third of the time of a poll.
static VERIFIED: LazyLock<Cache<String, Verified>> =
    LazyLock::new(|| Cache::new(PUBLIC_KEYS_GOOD_FOR));

/// What is known of a token whose signature was right.
#[derive(Clone)]
struct Verified {
    /// What it was verified with.
    by: Arc<PublicKey>,
    claims: Claims,
}

/// The private keys, ready to sign.
#[derive(Clone)]
struct Signing {
    current: SigningKey,
    next: Option<(Timestamp, SigningKey)>,
    read_at: Timestamp,
}

#[derive(Clone)]
struct SigningKey {
    kid: String,
    key: Arc<EncodingKey>,
}

impl Keyring {
    /// Reads the public keys. Every function does this when it starts, which also opens the
    /// connection to the database.
    pub async fn read(store: Store, now: Timestamp) -> Result<Self, StoreError> {
        let public = PublicKeys::of(store.public_keys().await?, now)?;
        Ok(Self {
            store,
            public: RwLock::new(public),
            signing: RwLock::default(),
        })
    }

    /// The public keys, newest last.
    pub async fn public_keys(&self, now: Timestamp) -> Result<Vec<PublicKey>, StoreError> {
        self.read_public_keys_again(now).await?;
        let public = self.public.read().unwrap_or_else(PoisonError::into_inner);
        let mut keys: Vec<_> = public
            .keys
            .values()
            .map(|(key, _)| PublicKey::clone(key))
            .collect();
        keys.sort_by(|a, b| a.kid.cmp(&b.kid));
        Ok(keys)
    }

    /// The content of a token, if we have signed it and it has not expired.
    ///
    /// A signature that was right is not verified again, as long as the same key is public.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, ApiError> {
        if let Some(claims) = self.verified_before(token, now) {
            return token::unexpired(claims, now).ok_or(ApiError::InvalidToken);
        }
        let kid = token::kid(token).ok_or(ApiError::InvalidToken)?;
        let (public, key) = if let Some(known) = self.known(&kid, now) {
            known
        } else {
            self.read_public_keys_again(now).await?;
            self.known(&kid, now).ok_or(ApiError::InvalidToken)?
        };
        let claims = token::read(token, &key, now).ok_or(ApiError::InvalidToken)?;
        let verified = Verified {
            by: public,
            claims: claims.clone(),
        };
        VERIFIED.put(token.to_owned(), verified, now);
        Ok(claims)
    }

    /// The content of a token whose signature was right, if its key is public now.
    fn verified_before(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let Verified { by, claims } = VERIFIED.get(token, now)?;
        let (public, _) = self.known(&by.kid, now)?;
        (public == by).then_some(claims)
    }

    /// Signs a token. The first function that ever signs creates the key pair.
    pub async fn sign(&self, claims: &Claims, now: Timestamp) -> Result<String, ApiError> {
        let SigningKey { kid, key } = self.signing(now).await?.at(now);
        token::write(claims, kid, &key).map_err(|error| ApiError::Internal(error.into()))
    }

    fn known(&self, kid: &str, now: Timestamp) -> Option<(Arc<PublicKey>, Arc<DecodingKey>)> {
        let public = self.public.read().unwrap_or_else(PoisonError::into_inner);
        let are_good = now.duration_since(public.read_at) < PUBLIC_KEYS_GOOD_FOR;
        public.keys.get(kid).filter(|_| are_good).cloned()
    }

    /// Reads the public keys again, unless they were just read. Before the first token was signed
    /// there are none, and no token can make us read them.
    async fn read_public_keys_again(&self, now: Timestamp) -> Result<(), StoreError> {
        let is_recent = {
            let public = self.public.read().unwrap_or_else(PoisonError::into_inner);
            !public.keys.is_empty() && now.duration_since(public.read_at) < READ_AGAIN_AFTER
        };
        if !is_recent {
            let read = PublicKeys::of(self.store.public_keys().await?, now)?;
            *self.public.write().unwrap_or_else(PoisonError::into_inner) = read;
        }
        Ok(())
    }

    async fn signing(&self, now: Timestamp) -> Result<Signing, ApiError> {
        let known = self
            .signing
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(known) = known
            && now.duration_since(known.read_at) < SIGNING_KEYS_GOOD_FOR
        {
            return Ok(known);
        }
        let keys = match self.store.signing_keys().await? {
            Some(keys) => keys,
            None => self.create_keys(now).await?,
        };
        let signing = Signing::of(keys, now)?;
        *self.signing.write().unwrap_or_else(PoisonError::into_inner) = Some(signing.clone());
        Ok(signing)
    }
}

impl PublicKeys {
    fn of(keys: Vec<PublicKey>, read_at: Timestamp) -> Result<Self, StoreError> {
        let keys = keys
            .into_iter()
            .map(|key| {
                let decoding = DecodingKey::from_ed_components(&key.x)?;
                Ok((key.kid.clone(), (Arc::new(key), Arc::new(decoding))))
            })
            .collect::<Result<_, jsonwebtoken::errors::Error>>()
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(Self { keys, read_at })
    }
}

impl Signing {
    fn of(keys: SigningKeys, read_at: Timestamp) -> Result<Self, ApiError> {
        let next = keys
            .next
            .map(|NextKey { key, signs_from }| {
                Ok::<_, ApiError>((signs_from, SigningKey::of(key)?))
            })
            .transpose()?;
        Ok(Self {
            current: SigningKey::of(keys.current)?,
            next,
            read_at,
        })
    }

    /// The key that signs at this time. So no new read is needed when the next key begins.
    fn at(self, now: Timestamp) -> SigningKey {
        match self.next {
            Some((signs_from, next)) if signs_from <= now => next,
            _ => self.current,
        }
    }
}

impl SigningKey {
    fn of(PrivateKey { kid, pkcs8 }: PrivateKey) -> Result<Self, ApiError> {
        let pkcs8 = BASE64_URL_SAFE_NO_PAD
            .decode(pkcs8)
            .map_err(|_| ApiError::bug("the signing key cannot be read"))?;
        Ok(Self {
            kid,
            key: Arc::new(EncodingKey::from_ed_der(&pkcs8)),
        })
    }
}
