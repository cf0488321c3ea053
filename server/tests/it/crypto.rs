//! Keys against a real database: starting with right and wrong ones, moving rows about, rotating while reading.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use chrono::{DateTime, Utc};
use crypto::{Field, Keyring, MasterKeys, Rotation, Wrapped, rotate};
use domain::UserId;
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;
use uuid::Uuid;
use zeroize::Zeroizing;

const OLD: u8 = 1;
const NEW: u8 = 2;

fn now() -> DateTime<Utc> {
    "2026-11-21T10:00:00Z".parse().expect("a time")
}

fn keys(bytes: &[u8]) -> MasterKeys {
    MasterKeys::new(bytes.iter().map(|byte| Zeroizing::new([*byte; 32])).collect()).expect("well formed")
}

async fn load(pool: &PgPool, bytes: &[u8]) -> Result<Keyring, foundation::error::Error> {
    Keyring::load(pool, keys(bytes), now()).await
}

async fn versions(pool: &PgPool) -> Vec<i32> {
    sqlx::query_scalar("SELECT version FROM master_keys ORDER BY version").fetch_all(pool).await.expect("reads")
}

/// A member with a sealed comparison, as the playground stores it.
async fn member(pool: &PgPool, keyring: &Keyring, prompt: &str) -> (UserId, Uuid) {
    let (user, row) = (UserId(Uuid::now_v7()), Uuid::now_v7());
    let (dek, wrapped) = keyring.new_dek(user).expect("a key");
    sqlx::query("INSERT INTO users VALUES ($1, $2, 'x', 'member', $3, $4, $5)")
        .bind(user.0)
        .bind(format!("{user}@example.org"))
        .bind(&wrapped.bytes)
        .bind(wrapped.key_version)
        .bind(now())
        .execute(pool)
        .await
        .expect("a member");
    let sealed = dek.encrypt(prompt_of(row), prompt).expect("seals");
    sqlx::query(
        "INSERT INTO playground_sessions (id, user_id, prompt_ct, parameters, created_at)
         VALUES ($1, $2, $3, '{}', $4)",
    )
    .bind(row)
    .bind(user.0)
    .bind(sealed)
    .bind(now())
    .execute(pool)
    .await
    .expect("a comparison");
    (user, row)
}

fn prompt_of(row: Uuid) -> Field {
    Field { table: "playground_sessions", column: "prompt_ct", row }
}

/// Reads a comparison as its owner would, whatever the database claims the owner to be.
async fn read(pool: &PgPool, keyring: &Keyring, row: Uuid) -> Result<String, foundation::error::Error> {
    let (owner, sealed, bytes, key_version): (Uuid, Vec<u8>, Vec<u8>, i32) = sqlx::query_as(
        "SELECT user_id, prompt_ct, wrapped_dek, dek_key_version
         FROM playground_sessions JOIN users ON users.id = user_id WHERE playground_sessions.id = $1",
    )
    .bind(row)
    .fetch_one(pool)
    .await?;
    keyring.unwrap_dek(UserId(owner), &bytes, key_version)?.decrypt(prompt_of(row), &sealed)
}

async fn upstream(pool: &PgPool, keyring: &Keyring, secret: &str) -> Uuid {
    let id = Uuid::now_v7();
    let wrapped = keyring.wrap_api_key(id, &SecretString::from(secret)).expect("wraps");
    sqlx::query(
        "INSERT INTO upstreams (id, name, base_url, wrapped_api_key, api_key_version, created_at, updated_at)
         VALUES ($1, $2, 'http://127.0.0.1', $3, $4, $5, $5)",
    )
    .bind(id)
    .bind(id.to_string())
    .bind(&wrapped.bytes)
    .bind(wrapped.key_version)
    .bind(now())
    .execute(pool)
    .await
    .expect("an upstream");
    id
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_first_start_makes_version_one_and_the_second_changes_nothing(pool: PgPool) {
    assert_eq!(load(&pool, &[OLD]).await.expect("starts").primary_version(), 1);
    assert_eq!(load(&pool, &[OLD]).await.expect("starts").primary_version(), 1);
    assert_eq!(versions(&pool).await, [1]);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_wrong_key_is_refused_before_anything_is_written(pool: PgPool) {
    load(&pool, &[OLD]).await.expect("starts");
    let error = load(&pool, &[9]).await.expect_err("refuses").to_string();
    assert!(error.contains("QUADRILLE_MASTER_KEY"), "{error}");
    assert_eq!(versions(&pool).await, [1]);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_key_in_use_may_not_be_left_out(pool: PgPool) {
    let old = load(&pool, &[OLD]).await.expect("starts");
    member(&pool, &old, "hello").await;
    load(&pool, &[NEW, OLD]).await.expect("a new primary beside the old key");
    let error = load(&pool, &[NEW]).await.expect_err("refuses").to_string();
    assert!(error.contains("version 1 is still in use"), "{error}");
    let error = load(&pool, &[OLD]).await.expect_err("refuses").to_string();
    assert!(error.contains("version 2"), "{error}");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn replicas_that_start_at_once_agree_on_one_key(pool: PgPool) {
    let starts = (0..8).map(|_| load(&pool, &[OLD]));
    assert!(futures::future::join_all(starts).await.iter().all(Result::is_ok));
    assert_eq!(versions(&pool).await, [1]);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn of_replicas_that_start_at_once_with_different_keys_one_kind_is_refused(pool: PgPool) {
    let (one, other) = futures::future::join(load(&pool, &[OLD]), load(&pool, &[NEW])).await;
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(versions(&pool).await, [1]);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn rows_moved_about_in_the_database_do_not_open(pool: PgPool) {
    let keyring = load(&pool, &[OLD]).await.expect("starts");
    let (victim, secret_row) = member(&pool, &keyring, "the victim's secret").await;
    let (attacker, own_row) = member(&pool, &keyring, "nothing").await;
    assert_eq!(read(&pool, &keyring, secret_row).await.expect("opens"), "the victim's secret");

    // The ciphertext of one row in another row of the same member and of another member.
    let (_, another_row) = member(&pool, &keyring, "x").await;
    for row in [own_row, another_row] {
        copy_prompt(&pool, secret_row, row).await;
        assert!(read(&pool, &keyring, row).await.is_err());
    }
    // The row itself given to the attacker.
    give(&pool, secret_row, attacker).await;
    assert!(read(&pool, &keyring, secret_row).await.is_err());
    // And the victim's data key with it: the member's id is in the associated data of the wrap and of the field.
    sqlx::query(
        "UPDATE users SET wrapped_dek = v.wrapped_dek, dek_key_version = v.dek_key_version
         FROM users v WHERE v.id = $1 AND users.id = $2",
    )
    .bind(victim.0)
    .bind(attacker.0)
    .execute(&pool)
    .await
    .expect("copies");
    let error = read(&pool, &keyring, secret_row).await.expect_err("must not open").to_string();
    assert_eq!(error, "encryption: cannot be decrypted");
    // Put back, it opens again: nothing above was refused for another reason.
    give(&pool, secret_row, victim).await;
    assert_eq!(read(&pool, &keyring, secret_row).await.expect("opens"), "the victim's secret");
}

async fn copy_prompt(pool: &PgPool, from: Uuid, to: Uuid) {
    sqlx::query(
        "UPDATE playground_sessions SET prompt_ct = source.prompt_ct
         FROM playground_sessions source WHERE source.id = $1 AND playground_sessions.id = $2",
    )
    .bind(from)
    .bind(to)
    .execute(pool)
    .await
    .expect("copies");
}

async fn give(pool: &PgPool, row: Uuid, to: UserId) {
    sqlx::query("UPDATE playground_sessions SET user_id = $2 WHERE id = $1")
        .bind(row)
        .bind(to.0)
        .execute(pool)
        .await
        .expect("gives");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_key_of_one_upstream_does_not_open_as_that_of_another(pool: PgPool) {
    let keyring = load(&pool, &[OLD]).await.expect("starts");
    let id = Uuid::now_v7();
    let Wrapped { bytes, key_version } = keyring.wrap_api_key(id, &SecretString::from("sk-secret")).expect("wraps");
    assert_eq!(keyring.unwrap_api_key(id, &bytes, key_version).expect("opens").expose_secret(), "sk-secret");
    assert!(keyring.unwrap_api_key(Uuid::now_v7(), &bytes, key_version).is_err());
    assert!(keyring.unwrap_dek(UserId(id), &bytes, key_version).is_err());
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn everything_stays_readable_while_keys_rotate(pool: PgPool) {
    let old = load(&pool, &[OLD]).await.expect("starts");
    let mut rows = Vec::new();
    for n in 0..450 {
        rows.push(member(&pool, &old, &format!("prompt {n}")).await.1);
    }
    let gateway = upstream(&pool, &old, "sk-secret").await;

    // A server that has the new key handed out to it, but has not seen it in use.
    let serving = Arc::new(load(&pool, &[OLD, NEW]).await.expect("starts"));
    let (stop, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let readers: Vec<_> = (0..3)
        .map(|offset| {
            let (pool, serving, rows) = (pool.clone(), Arc::clone(&serving), rows.clone());
            let (stop, reads) = (Arc::clone(&stop), Arc::clone(&reads));
            tokio::spawn(async move {
                for (n, row) in rows.iter().enumerate().cycle().skip(offset * 150) {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    assert_eq!(read(&pool, &serving, *row).await.expect("readable"), format!("prompt {n}"));
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();

    let rotating = load(&pool, &[NEW, OLD]).await.expect("starts");
    let done = rotate(&pool, &rotating).await.expect("rotates");
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.expect("no read failed");
    }
    assert_eq!(done, Rotation { rewrapped: 451, unreadable: 0, remaining: 0 });
    assert!(reads.load(Ordering::Relaxed) > 20);

    // The old key is not needed any more.
    let new = load(&pool, &[NEW]).await.expect("starts");
    assert_eq!(read(&pool, &new, rows[7]).await.expect("opens"), "prompt 7");
    let (bytes, key_version): (Vec<u8>, i32) =
        sqlx::query_as("SELECT wrapped_api_key, api_key_version FROM upstreams").fetch_one(&pool).await.expect("reads");
    assert_eq!(new.unwrap_api_key(gateway, &bytes, key_version).expect("opens").expose_secret(), "sk-secret");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_rotation_that_is_killed_goes_on_where_it_stopped(pool: PgPool) {
    let old = load(&pool, &[OLD]).await.expect("starts");
    for n in 0..250 {
        member(&pool, &old, &n.to_string()).await;
    }
    let keyring = Arc::new(load(&pool, &[NEW, OLD]).await.expect("starts"));
    let mut kills = 0;
    loop {
        let (pool, keyring) = (pool.clone(), Arc::clone(&keyring));
        let rotation = tokio::spawn(async move { rotate(&pool, &keyring).await });
        tokio::time::sleep(std::time::Duration::from_millis(10 + kills)).await;
        if rotation.is_finished() {
            assert_eq!(rotation.await.expect("ends").expect("rotates").remaining, 0);
            break;
        }
        rotation.abort();
        kills += 1;
        assert!(kills < 500, "no progress");
    }
    assert!(kills > 0, "it was never killed");
    load(&pool, &[NEW]).await.expect("nothing is under the old key");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_damaged_row_is_reported_and_does_not_stop_a_rotation(pool: PgPool) {
    let old = load(&pool, &[OLD]).await.expect("starts");
    let (damaged, _) = member(&pool, &old, "a").await;
    let (_, fine) = member(&pool, &old, "b").await;
    sqlx::query(
        "UPDATE users SET wrapped_dek = set_byte(wrapped_dek, 40, get_byte(wrapped_dek, 40) # 1) WHERE id = $1",
    )
    .bind(damaged.0)
    .execute(&pool)
    .await
    .expect("damages");
    let keyring = load(&pool, &[NEW, OLD]).await.expect("starts");
    let done = rotate(&pool, &keyring).await.expect("rotates");
    assert_eq!(done, Rotation { rewrapped: 1, unreadable: 1, remaining: 1 });
    assert_eq!(read(&pool, &keyring, fine).await.expect("opens"), "b");
}
