//! Encrypting one column of one row.

use foundation::error::Error;
use uuid::Uuid;
use zeroize::Zeroize;

use crate::{Dek, envelope};

/// The place that an encrypted value is bound to, as associated data. Copied to any other row, column, table or member, it
/// cannot be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The table's name.
    pub table: &'static str,
    /// The column's name.
    pub column: &'static str,
    /// The row's id.
    pub row: Uuid,
}

impl Dek {
    /// Encrypts text, bound to this place. The nonce is random, so the same text encrypts differently each time.
    ///
    /// # Errors
    /// Where the operating system gives no randomness.
    pub fn encrypt(&self, field: Field, plaintext: &str) -> Result<Vec<u8>, Error> {
        envelope::encrypt(&self.key, &self.aad(field), plaintext.as_bytes())
    }

    /// Decrypts what was encrypted for this place.
    ///
    /// # Errors
    /// On anything else, with the same message for every cause.
    pub fn decrypt(&self, field: Field, encrypted: &[u8]) -> Result<String, Error> {
        let mut bytes = envelope::decrypt(&self.key, &self.aad(field), encrypted)?;
        String::from_utf8(std::mem::take(&mut *bytes)).map_err(|error| {
            error.into_bytes().zeroize();
            Error::Encryption("cannot be decrypted")
        })
    }

    fn aad(&self, field: Field) -> envelope::Aad {
        envelope::Aad::new()
            .part(field.table.as_bytes())
            .part(field.column.as_bytes())
            .part(field.row.as_bytes())
            .part(self.user.0.as_bytes())
            .part(&self.version.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use domain::UserId;
    use proptest::prelude::*;

    use super::*;

    fn dek() -> Dek {
        Dek::generate(UserId(Uuid::now_v7())).expect("randomness")
    }

    fn prompt_of(row: Uuid) -> Field {
        Field { table: "playground_sessions", column: "prompt_ct", row }
    }

    #[test]
    fn a_field_decrypts_only_where_it_was_encrypted() {
        let (dek, row) = (dek(), Uuid::now_v7());
        let here = prompt_of(row);
        let encrypted = dek.encrypt(here, "Ich liebe Berlin im Herbst.").expect("encrypts");
        assert_eq!(dek.decrypt(here, &encrypted).expect("decrypts"), "Ich liebe Berlin im Herbst.");

        let elsewhere = [
            Field { column: "system_prompt_ct", ..here },
            Field { table: "playground_runs", ..here },
            Field { row: Uuid::now_v7(), ..here },
        ];
        for field in elsewhere {
            assert!(dek.decrypt(field, &encrypted).is_err(), "{field:?}");
        }
    }

    #[test]
    fn a_field_decrypts_only_for_the_member_who_encrypted_it() {
        let (mine, here) = (dek(), prompt_of(Uuid::now_v7()));
        let encrypted = mine.encrypt(here, "mine").expect("encrypts");
        assert!(dek().decrypt(here, &encrypted).is_err());
        // Even where the same key is stored for another member or as another version.
        let stolen = Dek::new(mine.key.clone(), UserId(Uuid::now_v7()));
        assert!(stolen.decrypt(here, &encrypted).is_err());
        let aged = Dek { version: 2, ..Dek::new(mine.key.clone(), mine.user) };
        assert!(aged.decrypt(here, &encrypted).is_err());
    }

    #[test]
    fn a_key_is_never_printed() {
        let dek = dek();
        let printed = format!("{dek:?}");
        assert!(printed.contains("[redacted]"));
        assert!(!printed.contains(&format!("{:?}", &dek.key[..4])));
    }

    proptest! {
        #[test]
        fn whatever_is_encrypted_decrypts_to_itself(text in ".{0,400}") {
            let (dek, here) = (dek(), prompt_of(Uuid::now_v7()));
            let encrypted = dek.encrypt(here, &text).expect("encrypts");
            prop_assert_eq!(dek.decrypt(here, &encrypted).expect("decrypts"), text);
        }

        #[test]
        fn garbage_never_decrypts(garbage in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(dek().decrypt(prompt_of(Uuid::now_v7()), &garbage).is_err());
        }
    }
}
