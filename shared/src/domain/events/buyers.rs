//! Buyers: what stands for users in events.

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    cipher::{AES_128, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey},
    error::Unspecified,
};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::domain::ids::{MalformedId, UserId};

/// The buyer that an event is about, in 32 hexadecimal digits: always the same for one user, and
/// without a meaning outside of the service. Administrators can ask who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9a-f]{32}$", example = "9f86d081884c7d659a2feaa0c55ad015")]
pub struct BuyerId([u8; 16]);

impl fmt::Display for BuyerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for BuyerId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for BuyerId {
    type Err = MalformedId;

    /// Reads 32 hexadecimal digits, in any case.
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| MalformedId)?;
        Ok(Self(bytes))
    }
}

/// The key that turns users into buyers and back.
///
/// An id has 16 bytes, which is one block of AES. So it is encrypted as one block, without anything
/// random: one user is always the same buyer. Two users never are, because a block can be decrypted.
pub struct Buyers {
    encrypting: EncryptingKey,
    decrypting: DecryptingKey,
}

impl fmt::Debug for Buyers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buyers")
    }
}

impl Buyers {
    /// The length of a key in bytes.
    pub const KEY_LENGTH: usize = 16;

    /// Buyers by this key. Fails for no key of this length.
    pub fn new(key: &[u8; Self::KEY_LENGTH]) -> Result<Self, Unspecified> {
        Ok(Self {
            encrypting: EncryptingKey::ecb(UnboundCipherKey::new(&AES_128, key)?)?,
            decrypting: DecryptingKey::ecb(UnboundCipherKey::new(&AES_128, key)?)?,
        })
    }

    /// The buyer that stands for a user.
    #[expect(clippy::missing_panics_doc, reason = "AES takes every block")]
    pub fn buyer(&self, user_id: UserId) -> BuyerId {
        let mut block = user_id.bytes();
        self.encrypting
            .encrypt(&mut block)
            .expect("a block can be encrypted");
        BuyerId(block)
    }

    /// The user behind a buyer. What is not a buyer of this key gives an id that no user has.
    #[expect(clippy::missing_panics_doc, reason = "AES takes every block")]
    pub fn user(&self, buyer: BuyerId) -> UserId {
        let mut block = buyer.0;
        self.decrypting
            .decrypt(&mut block, DecryptionContext::None)
            .expect("a block can be decrypted");
        UserId::from_bytes(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buyers(key: u8) -> Buyers {
        Buyers::new(&[key; 16]).expect("a key")
    }

    /// The example of the standard (FIPS 197, appendix C.1).
    #[test]
    fn buyer_is_the_id_as_one_block_of_aes() {
        let key: [u8; 16] = std::array::from_fn(|i| u8::try_from(i).expect("small"));
        let buyers = Buyers::new(&key).expect("a key");
        let user_id: UserId = "00112233-4455-6677-8899-aabbccddeeff"
            .parse()
            .expect("an id");
        let buyer = buyers.buyer(user_id);
        assert_eq!(buyer.to_string(), "69c4e0d86a7b0430d8cdb78070b4c55a");
        assert_eq!(buyers.user(buyer), user_id);
    }

    #[test]
    fn buyer_is_the_same_each_time_and_another_with_another_key() {
        let user_id = UserId::new();
        assert_eq!(buyers(1).buyer(user_id), buyers(1).buyer(user_id));
        assert_ne!(buyers(1).buyer(user_id), buyers(2).buyer(user_id));
        assert_ne!(buyers(1).buyer(user_id), buyers(1).buyer(UserId::new()));
        assert_ne!(buyers(2).user(buyers(1).buyer(user_id)), user_id);
    }

    #[test]
    fn buyer_is_read_from_32_digits_only() {
        let buyer = buyers(1).buyer(UserId::new());
        assert_eq!(buyer.to_string().parse(), Ok(buyer));
        assert_eq!(buyer.to_string().to_uppercase().parse(), Ok(buyer));
        for wrong in [
            "",
            "9f",
            &"g".repeat(32),
            &"9".repeat(31),
            &"9".repeat(33),
            &"가".repeat(32),
        ] {
            assert_eq!(wrong.parse::<BuyerId>(), Err(MalformedId), "{wrong}");
        }
    }
}
