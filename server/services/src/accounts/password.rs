//! Passwords: hashed with Argon2id on the blocking thread pool, never more at a time than there are cores.

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

/// How long hashing waits for a core before the request is refused as unavailable.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// Hashes and checks passwords.
pub(super) struct Passwords {
    argon2: Argon2<'static>,
    /// One permit for each core.
    cores: Arc<Semaphore>,
    /// The hash that a password is checked against when there is no account, so that both cases take the same time.
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
        Ok(Self { argon2, cores: Arc::new(Semaphore::new(cores)), decoy })
    }

    /// The PHC string to store.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] where no core was free in time.
    pub(super) async fn hash(&self, password: Zeroizing<String>) -> Result<String, Error> {
        let argon2 = self.argon2.clone();
        self.with_permit(move || hash(&argon2, password.as_bytes())).await?
    }

    /// Whether the password fits the stored hash. `None` for no account: always `false`, after the same work.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] where no core was free in time.
    pub(super) async fn matches(&self, password: Zeroizing<String>, stored: Option<String>) -> Result<bool, Error> {
        let argon2 = self.argon2.clone();
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let fits = self
            .with_permit(move || {
                let stored = PasswordHash::new(&stored).map_err(|_| Error::Encryption("a stored password hash"))?;
                Ok::<_, Error>(argon2.verify_password(password.as_bytes(), &stored).is_ok())
            })
            .await??;
        Ok(fits && exists)
    }

    /// Runs work on the blocking thread pool once a core is free.
    async fn with_permit<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let permit = tokio::time::timeout(MAX_WAIT, Arc::clone(&self.cores).acquire_owned())
            .await
            .map_err(|_| Error::App(AppError::Unavailable))?
            .map_err(|_| Error::App(AppError::Unavailable))?;
        // The permit moves into the work, which cannot be cancelled: a caller who goes away does not free the core early.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
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
