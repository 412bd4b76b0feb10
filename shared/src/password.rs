//! Hashes and checks passwords: argon2id (RFC 9106).
//!
//! It takes a few dozen milliseconds of a whole processor, on purpose. So it runs on threads that
//! serve no requests. Functions that do it have much memory, because Lambda gives them more of a
//! processor for it.

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::{Error, phc},
};
use tokio::sync::Semaphore;

use crate::{
    domain::user::{Password, PasswordHash},
    error::ApiError,
};

/// OWASP's minimum: 19 MiB, two passes, one lane. A hash contains its parameters, so older hashes
/// can still be checked after these change.
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How many passwords are worked on at once in a process that serves many requests. (On Lambda, a
/// process serves one at a time.) More would need more memory and not be faster.
static AT_ONCE: Semaphore = Semaphore::const_new(8);

/// The hash that is checked if there is none, so that the time does not reveal whether a user
/// exists. Its bytes are random: nobody knows a password that leads to them.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$8j9j7JrAyM9ReHfPjd2qJQ$3bCeah4+dnuJqxjMbMCZszkdhoVwOZWiDL2FjbQITrA";

/// Hashes a password with a new salt.
pub async fn hash(password: Password) -> Result<PasswordHash, ApiError> {
    on_blocking_thread(move || {
        let hash: phc::PasswordHash = argon2()?.hash_password(password.as_bytes())?;
        Ok(PasswordHash::new(hash.to_string()))
    })
    .await
}

/// Whether a password belongs to a hash. If one of them is `None` (a password that nobody can have,
/// or a user without one), the answer is no, after the same work.
pub async fn is_of(
    password: Option<Password>,
    hash: Option<PasswordHash>,
) -> Result<bool, ApiError> {
    on_blocking_thread(move || {
        let there = password.is_some() && hash.is_some();
        let password = password.as_ref().map_or(&b""[..], Password::as_bytes);
        let hash = phc::PasswordHash::new(hash.as_ref().map_or(NOBODYS, PasswordHash::as_str))?;
        match argon2()?.verify_password(password, &hash) {
            Ok(()) => Ok(there),
            Err(Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(error),
        }
    })
    .await
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Does the work on a thread that serves no requests.
async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, ApiError> {
    let turn = AT_ONCE.acquire().await;
    let done = tokio::task::spawn_blocking(work).await;
    drop(turn);
    done.map_err(|error| ApiError::Internal(error.into()))?
        .map_err(|error| ApiError::Internal(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPED: &str = "a long password";

    fn password(text: &str) -> Password {
        Password::parse(text).expect("a password")
    }

    #[tokio::test]
    async fn password_matches_its_own_hash_only() {
        let made = hash(password(TYPED)).await.expect("a hash");
        let matches = async |password| {
            let is_of = is_of(password, Some(made.clone())).await;
            is_of.expect("an answer")
        };
        assert!(matches(Some(password(TYPED))).await);
        assert!(!matches(Some(password("a long passwore"))).await);
        assert!(!matches(None).await);
        let again = hash(password(TYPED)).await.expect("a hash");
        assert_ne!(made, again, "each has a salt of its own");
    }

    #[tokio::test]
    async fn hash_names_its_parameters_and_nobodys_has_the_same() {
        let made = hash(password(TYPED)).await.expect("a hash");
        for hash in [made.as_str(), NOBODYS] {
            assert!(
                hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
                "{hash}"
            );
            assert_eq!(hash.len(), NOBODYS.len());
        }
    }

    #[tokio::test]
    async fn password_is_wrong_where_there_is_no_hash() {
        for typed in [None, Some(password(TYPED))] {
            assert!(!is_of(typed, None).await.expect("an answer"));
        }
    }

    #[tokio::test]
    async fn hash_of_other_parameters_is_checked_with_them() {
        let params = Params::new(8, 1, 1, None).expect("parameters");
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let made: phc::PasswordHash = cheap.hash_password(TYPED.as_bytes()).expect("a hash");
        let made = Some(PasswordHash::new(made.to_string()));
        let is_of = is_of(Some(password(TYPED)), made).await;
        assert!(is_of.expect("an answer"));
    }

    #[tokio::test]
    async fn hash_that_cannot_be_read_is_an_error() {
        let made = Some(PasswordHash::new("plain text".to_owned()));
        assert!(is_of(Some(password("plain text")), made).await.is_err());
    }
}
