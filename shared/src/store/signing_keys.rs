//! `Keys`: the key pair that signs tokens. The private half can be read only by functions that
//! issue tokens; the public halves by all.

use aws_sdk_dynamodb::types::Put;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Reading, Rejected, Store, StoreError,
    item::{Item, text, to_item},
    keys,
    transaction::Transaction,
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

/// A private key (Ed25519). It has no debug form, so that no log can have it.
#[derive(Clone, Serialize, Deserialize)]
pub struct PrivateKey {
    /// The name of its public half.
    pub kid: String,
    /// The key in PKCS #8, base64url without padding.
    pub pkcs8: String,
}

#[derive(Serialize, Deserialize)]
struct PublicKeys {
    keys: Vec<PublicKey>,
}

/// Another instance was faster.
#[derive(Debug)]
pub struct KeysExist;

impl Store {
    /// Reads the public keys. 0.5 RRU. None before the first token was signed.
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>, StoreError> {
        let key = key(keys::PUBLIC);
        let keys: Option<PublicKeys> = self.get(&self.tables.keys, key, Reading::Lately).await?;
        Ok(keys.map(|keys| keys.keys).unwrap_or_default())
    }

    /// Reads the key that signs, consistently. 1 RRU.
    pub async fn signing_key(&self) -> Result<Option<PrivateKey>, StoreError> {
        let key = key(keys::SIGNING);
        self.get(&self.tables.keys, key, Reading::Consistent).await
    }

    /// Stores both halves of the first key pair, unless there is one. 4 WRU.
    pub async fn create_keys(
        &self,
        private: &PrivateKey,
        public: &PublicKey,
    ) -> Result<(), Rejected<KeysExist>> {
        let signing = to_item(private)?;
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
        item.extend(key(id));
        Put::builder()
            .table_name(&self.tables.keys)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(id)")
            .build()
            .map_err(StoreError::of_item)
    }
}

fn key(id: &str) -> Item {
    Item::from([("id".to_owned(), text(id))])
}
