//! Passwords: Argon2id, off the threads that serve requests, and never more at once than there are cores.

use std::{sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use domain::error::AppError;
use foundation::{error::Error, random};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

// OWASP ASVS 5.0 11.4.2: two passes over 19 MiB, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// How long a sign-in waits for its turn before it is told to come back.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Hashes and checks passwords.
pub(super) struct Passwords {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
    /// What a password is checked against when there is no account, so that this takes as long as when there is one.
    decoy: String,
}

impl Passwords {
    pub(super) fn new() -> Result<Self, Error> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|_| Error::Encryption("password parameters"))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut nobody = Zeroizing::new([0; 32]);
        random::fill(nobody.as_mut())?;
        let decoy = hash(&argon2, nobody.as_ref())?;
        Ok(Self { argon2, turns: Arc::new(Semaphore::new(cores)), decoy })
    }

    /// The PHC string to store.
    pub(super) async fn hash(&self, password: Zeroizing<String>) -> Result<String, Error> {
        let argon2 = self.argon2.clone();
        self.in_turn(move || hash(&argon2, password.as_bytes())).await?
    }

    /// Whether the password is the stored one. `None` for no account: never, after the same work.
    pub(super) async fn matches(&self, password: Zeroizing<String>, stored: Option<String>) -> Result<bool, Error> {
        let argon2 = self.argon2.clone();
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let fits = self
            .in_turn(move || {
                let stored = PasswordHash::new(&stored).map_err(|_| Error::Encryption("a stored password hash"))?;
                Ok::<_, Error>(argon2.verify_password(password.as_bytes(), &stored).is_ok())
            })
            .await??;
        Ok(fits && exists)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let turn = tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.turns).acquire_owned())
            .await
            .map_err(|_| Error::App(AppError::Unavailable))?
            .map_err(|_| Error::App(AppError::Unavailable))?;
        // The turn goes with the work: a caller who hangs up does not let a second one onto the same core.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        Ok(done.await?)
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> Result<String, Error> {
    let hash = argon2.hash_password(password).map_err(|_| Error::Encryption("could not hash a password"))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_same_password_matches() {
        let passwords = Passwords::new().expect("parameters");
        let stored = passwords.hash(secret("correct horse")).await.expect("hashes");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(passwords.matches(secret("correct horse"), Some(stored.clone())).await.expect("checks"));
        assert!(!passwords.matches(secret("Correct horse"), Some(stored)).await.expect("checks"));
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        let passwords = Passwords::new().expect("parameters");
        assert!(!passwords.matches(secret("anything at all"), None).await.expect("checks"));
    }

    #[test]
    fn checking_for_nobody_costs_what_checking_for_somebody_costs() {
        let passwords = Passwords::new().expect("parameters");
        let decoy = PasswordHash::new(&passwords.decoy).expect("a PHC string");
        let real = hash(&passwords.argon2, b"somebody").expect("hashes");
        let real = PasswordHash::new(&real).expect("a PHC string");
        assert_eq!(decoy.params, real.params);
        assert_eq!((decoy.algorithm, decoy.version), (real.algorithm, real.version));
    }
}
