//! `Keys`: the key pair that signs tokens. The private half can be read only by functions that
//! issue tokens; the public halves by all.

use aws_sdk_dynamodb::{
    primitives::Blob,
    types::{AttributeValue, Put, ReturnConsumedCapacity},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Rejected, Store, StoreError,
    item::{Item, from_item, text, to_item},
    keys,
    transaction::Transaction,
    usage,
};

/// A public key (Ed25519).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// Its name: the `kid` of a token's header.
    pub kid: String,
    /// The key, base64url without padding, as in a JWK.
    pub x: String,
    /// When it was made.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub created_at: Timestamp,
}

/// A private key (Ed25519, PKCS #8).
#[derive(Clone)]
pub struct PrivateKey {
    /// The name of its public half.
    pub kid: String,
    /// The key.
    pub pkcs8: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct PublicKeys {
    keys: Vec<PublicKey>,
}

#[derive(Serialize, Deserialize)]
struct SigningKey {
    kid: String,
}

/// Another instance was faster.
#[derive(Debug)]
pub struct KeysExist;

impl Store {
    /// Reads the public keys. 0.5 RRU. None before the first token was signed.
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>, StoreError> {
        let keys: Option<PublicKeys> = self
            .key_row(keys::PUBLIC, false)
            .await?
            .map(from_item)
            .transpose()?;
        Ok(keys.map(|keys| keys.keys).unwrap_or_default())
    }

    /// Reads the key that signs, consistently. 1 RRU.
    pub async fn signing_key(&self) -> Result<Option<PrivateKey>, StoreError> {
        let Some(mut item) = self.key_row(keys::SIGNING, true).await? else {
            return Ok(None);
        };
        let Some(AttributeValue::B(pkcs8)) = item.remove("pkcs8") else {
            return Err(StoreError::Unavailable(
                "the signing key has no key in it".into(),
            ));
        };
        let SigningKey { kid } = from_item(item)?;
        Ok(Some(PrivateKey {
            kid,
            pkcs8: pkcs8.into_inner(),
        }))
    }

    /// Stores both halves of the first key pair, unless there is one. 4 WRU.
    pub async fn create_keys(
        &self,
        private: &PrivateKey,
        public: &PublicKey,
    ) -> Result<(), Rejected<KeysExist>> {
        let mut signing = to_item(&SigningKey {
            kid: private.kid.clone(),
        })?;
        signing.insert(
            "pkcs8".to_owned(),
            AttributeValue::B(Blob::new(private.pkcs8.clone())),
        );
        let public = to_item(&PublicKeys {
            keys: vec![public.clone()],
        })?;
        Transaction::new(&self.client)
            .put(self.put_new_key(keys::SIGNING, signing)?, |_| KeysExist)
            .put(self.put_new_key(keys::PUBLIC, public)?, |_| KeysExist)
            .commit()
            .await
    }

    fn put_new_key(&self, id: &str, mut item: Item) -> Result<Put, StoreError> {
        item.insert("id".to_owned(), text(id));
        Put::builder()
            .table_name(&self.tables.keys)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(id)")
            .build()
            .map_err(StoreError::of_item)
    }

    async fn key_row(&self, id: &str, consistently: bool) -> Result<Option<Item>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(&self.tables.keys)
            .key("id", text(id))
            .consistent_read(consistently)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        usage::read(output.consumed_capacity());
        Ok(output.item)
    }
}
