//! `Keys`: the keys that sign tokens. Only functions that issue tokens may read the private halves;
//! all may read the public halves.

use aws_sdk_dynamodb::types::{Put, Update};
use serde::{Deserialize, Serialize};

use super::{
    Reading, Rejected, Store, StoreError,
    item::{Item, number, text, to_attribute, to_item},
    keys,
    transaction::Transaction,
};
use crate::domain::signing::{KeyPair, Keys, PrivateKey, PublicKey, SigningKeys};

#[derive(Serialize, Deserialize)]
struct PublicKeys {
    keys: Vec<PublicKey>,
}

/// Another instance has created the keys first.
#[derive(Debug)]
pub struct KeysExist;

/// The keys have changed since they were read.
#[derive(Debug)]
pub struct KeysHaveChanged;

impl Store {
    /// Reads the public keys. 0.5 RRU per 4 KB, which is two dozen keys. There are none before the
    /// first token was signed.
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>, StoreError> {
        self.read_public_keys(Reading::Eventual).await
    }

    /// Reads the private keys, consistently. 1 RRU.
    pub async fn signing_keys(&self) -> Result<Option<SigningKeys>, StoreError> {
        let key = key(keys::SIGNING);
        self.get(&self.tables.keys, key, Reading::Consistent).await
    }

    /// Reads all keys, consistently. 2 RRU; 1 if there are none.
    pub async fn all_keys(&self) -> Result<Option<Keys>, StoreError> {
        // The item with the version is read first. If the other item is newer, the version has
        // changed.
        let Some(signing) = self.signing_keys().await? else {
            return Ok(None);
        };
        let public = self.read_public_keys(Reading::Consistent).await?;
        Ok(Some(Keys { signing, public }))
    }

    async fn read_public_keys(&self, reading: Reading) -> Result<Vec<PublicKey>, StoreError> {
        let key = key(keys::PUBLIC);
        let keys: Option<PublicKeys> = self.get(&self.tables.keys, key, reading).await?;
        Ok(keys.map(|keys| keys.keys).unwrap_or_default())
    }

    /// Stores both halves of the first key pair, unless there is one. 4 WRU.
    pub async fn create_keys(&self, first: KeyPair) -> Result<(), Rejected<KeysExist>> {
        let signing = to_item(&SigningKeys::from(first.private))?;
        let public = to_item(&PublicKeys {
            keys: vec![first.public],
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

    /// Stores the keys after a change, unless they have changed since they were read. 4 WRU, and 2
    /// more for each KB of public keys beyond the first.
    pub async fn change_keys(
        &self,
        seen: &Keys,
        keys: &Keys,
    ) -> Result<(), Rejected<KeysHaveChanged>> {
        Transaction::new(&self.client)
            .update(self.change_signing_keys(seen, keys)?, |_| KeysHaveChanged)
            .update(self.change_public_keys(keys)?, |_| KeysHaveChanged)
            .commit()
            .await
    }

    fn change_signing_keys(&self, seen: &Keys, keys: &Keys) -> Result<Update, StoreError> {
        let PrivateKey { kid, pkcs8 } = &keys.signing.current;
        let update = Update::builder()
            .table_name(&self.tables.keys)
            .set_key(Some(key(keys::SIGNING)))
            .expression_attribute_names("#next", "next")
            .expression_attribute_values(":kid", text(kid))
            .expression_attribute_values(":pkcs8", text(pkcs8))
            .expression_attribute_values(":version", number(seen.signing.version + 1))
            .expression_attribute_values(":seen_kid", text(&seen.signing.current.kid));
        let update = match &keys.signing.next {
            None => update.update_expression(
                "SET kid = :kid, pkcs8 = :pkcs8, version = :version REMOVE #next",
            ),
            Some(next) => update
                .update_expression(
                    "SET kid = :kid, pkcs8 = :pkcs8, version = :version, #next = :next",
                )
                .expression_attribute_values(":next", to_attribute(next)?),
        };
        let update = match seen.signing.version {
            0 => update.condition_expression("kid = :seen_kid AND attribute_not_exists(version)"),
            seen => update
                .condition_expression("kid = :seen_kid AND version = :seen")
                .expression_attribute_values(":seen", number(seen)),
        };
        update.build().map_err(StoreError::of_item)
    }

    /// The public keys never change without the private ones, so the condition on those is enough.
    fn change_public_keys(&self, keys: &Keys) -> Result<Update, StoreError> {
        Update::builder()
            .table_name(&self.tables.keys)
            .set_key(Some(key(keys::PUBLIC)))
            .update_expression("SET #keys = :keys")
            .expression_attribute_names("#keys", "keys")
            .expression_attribute_values(":keys", to_attribute(&keys.public)?)
            .build()
            .map_err(StoreError::of_item)
    }
}

fn key(id: &str) -> Item {
    Item::from([("id".to_owned(), text(id))])
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;
    use crate::{domain::signing::NextKey, store::item::from_item};

    fn texts<const N: usize>(attributes: [(&str, &str); N]) -> Item {
        attributes
            .map(|(name, value)| (name.to_owned(), text(value)))
            .into()
    }

    /// Before keys could be replaced, the items had only this.
    #[test]
    fn first_keys_are_stored_as_they_always_were() {
        let mut stored = texts([("id", "signing"), ("kid", "a"), ("pkcs8", "private")]);
        let signing: SigningKeys = from_item(stored.clone()).expect("keys that sign");
        assert!(signing.next.is_none() && signing.version == 0);
        stored.remove("id");
        assert_eq!(to_item(&signing).expect("an item"), stored);

        let mut first = texts([("kid", "a"), ("x", "public")]);
        first.insert("created_at".to_owned(), number(1_790_000_000_000_i64));
        let keys = AttributeValue::L(vec![AttributeValue::M(first)]);
        let stored = Item::from([("keys".to_owned(), keys)]);
        let public: PublicKeys = from_item(stored.clone()).expect("public keys");
        assert_eq!(public.keys[0].signs_until, None);
        assert_eq!(to_item(&public).expect("an item"), stored);
    }

    #[test]
    fn next_key_is_stored_beside_the_one_that_signs() {
        let named = |kid: &str| PrivateKey {
            kid: kid.to_owned(),
            pkcs8: format!("private {kid}"),
        };
        let signs_from = jiff::Timestamp::from_second(1_790_000_000).expect("a time");
        let signing = SigningKeys {
            current: named("a"),
            next: Some(NextKey {
                key: named("b"),
                signs_from,
            }),
            version: 7,
        };
        let mut next = texts([("kid", "b"), ("pkcs8", "private b")]);
        next.insert("signs_from".to_owned(), number(1_790_000_000_000_i64));
        let mut stored = texts([("kid", "a"), ("pkcs8", "private a")]);
        stored.insert("next".to_owned(), AttributeValue::M(next));
        stored.insert("version".to_owned(), number(7));
        assert_eq!(to_item(&signing).expect("an item"), stored);
        assert!(from_item::<SigningKeys>(stored).expect("keys that sign") == signing);
    }
}
