//! Sealing one column of one row.

use foundation::error::Error;
use uuid::Uuid;
use zeroize::Zeroize;

use crate::{Dek, envelope};

/// The place a encrypted value belongs to. Moved to any other place (row, column, table, member), it does not open.
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
    /// Seals text for this place. The same text encrypted twice looks different.
    pub fn encrypt(&self, field: Field, plaintext: &str) -> Result<Vec<u8>, Error> {
        envelope::encrypt(&self.key, &self.aad(field), plaintext.as_bytes())
    }

    /// Opens what was encrypted for this place; fails, with one message for every cause, on anything else.
    pub fn open(&self, field: Field, encrypted: &[u8]) -> Result<String, Error> {
        let mut bytes = envelope::open(&self.key, &self.aad(field), encrypted)?;
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
    fn a_field_opens_only_where_it_was_sealed() {
        let (dek, row) = (dek(), Uuid::now_v7());
        let here = prompt_of(row);
        let encrypted = dek.encrypt(here, "Ich liebe Berlin im Herbst.").expect("seals");
        assert_eq!(dek.open(here, &encrypted).expect("opens"), "Ich liebe Berlin im Herbst.");

        let elsewhere = [
            Field { column: "system_prompt_ct", ..here },
            Field { table: "playground_runs", ..here },
            Field { row: Uuid::now_v7(), ..here },
        ];
        for field in elsewhere {
            assert!(dek.open(field, &encrypted).is_err(), "{field:?}");
        }
    }

    #[test]
    fn a_field_opens_only_for_the_member_who_sealed_it() {
        let (mine, here) = (dek(), prompt_of(Uuid::now_v7()));
        let encrypted = mine.encrypt(here, "mine").expect("seals");
        assert!(dek().open(here, &encrypted).is_err());
        // Even if the very same key were filed under another member or another version.
        let stolen = Dek::new(mine.key.clone(), UserId(Uuid::now_v7()));
        assert!(stolen.open(here, &encrypted).is_err());
        let aged = Dek { version: 2, ..Dek::new(mine.key.clone(), mine.user) };
        assert!(aged.open(here, &encrypted).is_err());
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
        fn whatever_is_sealed_comes_back(text in ".{0,400}") {
            let (dek, here) = (dek(), prompt_of(Uuid::now_v7()));
            let encrypted = dek.encrypt(here, &text).expect("seals");
            prop_assert_eq!(dek.open(here, &encrypted).expect("opens"), text);
        }

        #[test]
        fn garbage_never_opens(garbage in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(dek().open(prompt_of(Uuid::now_v7()), &garbage).is_err());
        }
    }
}
