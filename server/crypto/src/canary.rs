//! Determines which configured key is which version, by decrypting the canary rows and never by a configured label.

use std::collections::BTreeMap;

use foundation::error::{Error, OperatorError};
use uuid::Uuid;

use crate::{
    master::{MasterKey, MasterKeys},
    wrap::{self, Purpose},
};

const CANARY: &[u8] = b"quadrille master key";

/// A row of `master_keys`.
pub(super) struct CanaryRow {
    pub(super) version: i32,
    pub(super) canary: Vec<u8>,
}

/// The configured keys, identified by the canaries.
pub(super) struct Identified {
    /// Every verified version, the primary's included.
    pub(super) by_version: BTreeMap<i32, MasterKey>,
    /// Keys that decrypt no canary yet: those distributed to the replicas ahead of a rotation.
    pub(super) unproven: Vec<MasterKey>,
    /// The version of the first configured key.
    pub(super) primary: i32,
    /// The canary to store if the primary is used for the first time.
    pub(super) new_row: Option<CanaryRow>,
}

/// Finds the version of each key.
///
/// # Errors
/// Where no configured key decrypts the newest canary: the server must not start, since it could not decrypt the newest data.
pub(super) fn identify(keys: MasterKeys, rows: &[CanaryRow]) -> Result<Identified, Error> {
    let mut by_version = BTreeMap::new();
    let mut unproven = Vec::new();
    let mut primary = None;
    for (position, key) in keys.into_keys().into_iter().enumerate() {
        let version = rows.iter().filter(|row| fits(&key, row)).map(|row| row.version).max();
        if position == 0 {
            primary = Some((key.clone(), version));
        }
        match version {
            Some(version) => {
                by_version.insert(version, key);
            }
            None if position > 0 => unproven.push(key),
            None => {}
        }
    }
    let Some((primary_key, primary_version)) = primary else {
        return Err(Error::Encryption("no master key"));
    };

    let newest = rows.iter().map(|row| row.version).max();
    if let Some(newest) = newest
        && !by_version.contains_key(&newest)
    {
        return Err(OperatorError::new(
            format!(
                "the master key does not open this database: it does not fit key version {newest}, the newest in use"
            ),
            "set QUADRILLE_MASTER_KEY or QUADRILLE_MASTER_KEY_FILE to the key that this database was used with last; \
             nothing was changed",
        )
        .into());
    }
    if let Some(version) = primary_version {
        return Ok(Identified { by_version, unproven, primary: version, new_row: None });
    }
    // A first start, or a new primary beside a verified older key.
    let version = newest.unwrap_or(0) + 1;
    let canary = wrap::wrap(&primary_key, version, Purpose::Canary, Uuid::nil(), CANARY)?.bytes;
    by_version.insert(version, primary_key);
    Ok(Identified { by_version, unproven, primary: version, new_row: Some(CanaryRow { version, canary }) })
}

fn fits(key: &MasterKey, row: &CanaryRow) -> bool {
    wrap::unwrap(key, row.version, Purpose::Canary, Uuid::nil(), &row.canary).is_ok_and(|canary| **canary == *CANARY)
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn keys(bytes: &[u8]) -> MasterKeys {
        MasterKeys::new(bytes.iter().map(|byte| Zeroizing::new([*byte; 32])).collect()).expect("well formed")
    }

    fn rows_after(steps: &[&[u8]]) -> Vec<CanaryRow> {
        let mut rows = Vec::new();
        for step in steps {
            rows.extend(identify(keys(step), &rows).expect("identifies").new_row);
        }
        rows
    }

    #[test]
    fn the_first_key_of_an_empty_database_becomes_version_one() {
        let found = identify(keys(&[1]), &[]).expect("identifies");
        assert_eq!(found.primary, 1);
        assert_eq!(found.new_row.expect("a canary").version, 1);
    }

    #[test]
    fn the_same_key_writes_nothing_the_second_time() {
        let found = identify(keys(&[1]), &rows_after(&[&[1]])).expect("identifies");
        assert_eq!(found.primary, 1);
        assert!(found.new_row.is_none());
    }

    #[test]
    fn a_new_primary_beside_the_old_key_is_the_next_version() {
        let found = identify(keys(&[2, 1]), &rows_after(&[&[1]])).expect("identifies");
        assert_eq!(found.primary, 2);
        assert_eq!(found.by_version.keys().copied().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_key_handed_out_ahead_of_its_rotation_waits_unproven() {
        let found = identify(keys(&[1, 2]), &rows_after(&[&[1]])).expect("identifies");
        assert_eq!((found.primary, found.unproven.len()), (1, 1));
    }

    #[test]
    fn a_wrong_key_is_refused_with_a_remedy() {
        for wrong in [&[9][..], &[9, 8]] {
            let error = identify(keys(wrong), &rows_after(&[&[1]])).err().expect("refuses").to_string();
            assert!(error.contains("QUADRILLE_MASTER_KEY"), "{error}");
        }
    }

    #[test]
    fn an_older_key_alone_is_refused_after_a_rotation() {
        let rows = rows_after(&[&[1], &[2, 1]]);
        assert!(identify(keys(&[1]), &rows).is_err());
        // Going back is a rotation too, and needs both keys.
        assert_eq!(identify(keys(&[1, 2]), &rows).expect("identifies").primary, 1);
    }

    #[test]
    fn a_canary_moved_to_another_version_proves_nothing() {
        let mut rows = rows_after(&[&[1]]);
        rows[0].version = 2;
        assert!(identify(keys(&[1]), &rows).is_err());
    }

    #[test]
    fn no_key_at_all_is_refused() {
        assert!(MasterKeys::new(vec![]).is_err());
    }
}
