//! The embedded Postgres, for real.

use std::{
    fs,
    time::{Duration, Instant},
};

use database::{Database, DatabaseSettings, EmbeddedSettings, Purpose, is_alive};
use foundation::error::Error;
use nix::sys::signal::{Signal, kill};
use tokio::time::sleep;

use crate::program::{Serving, TempDir, is_running, last_line, postmaster};

async fn open(dir: &TempDir, purpose: Purpose) -> Result<Database, Error> {
    Database::open(&DatabaseSettings::Embedded(dir.embedded()), purpose).await
}

async fn setting(database: &Database, name: &str) -> String {
    sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(database.pool()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_cluster_is_private_durable_and_says_nothing_about_statements() {
    let dir = TempDir::new();
    let settings = EmbeddedSettings { is_throwaway: false, ..dir.embedded() };
    let database = Database::open(&DatabaseSettings::Embedded(settings), Purpose::Serve).await.unwrap();

    for (name, value) in [
        ("listen_addresses", ""),
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("log_statement", "none"),
        ("log_min_error_statement", "panic"),
        ("log_parameter_max_length_on_error", "0"),
        ("idle_in_transaction_session_timeout", "15s"),
        ("TimeZone", "UTC"),
        ("is_superuser", "off"),
        ("application_name", "quadrille"),
    ] {
        assert_eq!(setting(&database, name).await, value, "{name}");
    }
    let canary = "CREATE TABLE canary (x int CHECK (x < 7)); INSERT INTO canary VALUES (77001177)";
    assert!(sqlx::raw_sql(canary).execute(database.pool()).await.is_err());
    database.close().await;

    let log = fs::read_to_string(dir.path().join("data/postgres.log")).unwrap();
    assert!(log.contains("violates check constraint"), "{log}");
    assert!(!log.contains("77001177"), "{log}");
    let hba = fs::read_to_string(dir.path().join("data/postgres/pg_hba.conf")).unwrap();
    assert!(hba.lines().any(|line| line.ends_with("scram-sha-256")), "{hba}");
    assert!(
        hba.lines().all(|line| line.starts_with('#') || line.is_empty() || line.ends_with("scram-sha-256")),
        "{hba}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn three_replicas_that_start_at_once_migrate_once() {
    let dir = TempDir::new();
    let database = open(&dir, Purpose::Serve).await.unwrap();
    let (one, two, three) = tokio::join!(database.migrate(), database.migrate(), database.migrate());
    one.and(two).and(three).unwrap();
    let (applied, locks): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM _sqlx_migrations), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')",
    )
    .fetch_one(database.pool())
    .await
    .unwrap();
    assert_eq!(applied, database::MIGRATOR.iter().count() as i64);
    assert_eq!(locks, 0);
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_is_refused_and_a_command_connects_to_the_first() {
    let dir = TempDir::new();
    let first = open(&dir, Purpose::Serve).await.unwrap();

    let refused = open(&dir, Purpose::Serve).await.unwrap_err().into_operator_error();
    assert!(refused.problem.contains(&format!("process {}", std::process::id())), "{refused}");

    let command = open(&dir, Purpose::Command).await.unwrap();
    assert!(command.is_embedded());
    command.migrate().await.unwrap();
    command.close().await;
    assert!(is_alive(first.pool()).await, "the command must not stop what it did not start");

    first.close().await;
    open(&dir, Purpose::Serve).await.unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_stops_postgres() {
    let dir = TempDir::new();
    let data = dir.embedded().data_dir;
    let database = open(&dir, Purpose::Serve).await.unwrap();
    let pid = postmaster(&data).unwrap();
    database.close().await;
    assert!(!is_running(pid));
    assert_eq!(postmaster(&data), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgres_is_started_again_while_serving() {
    let dir = TempDir::new();
    let data = dir.embedded().data_dir;
    let settings = EmbeddedSettings { is_throwaway: false, ..dir.embedded() };
    let database = Database::open(&DatabaseSettings::Embedded(settings), Purpose::Serve).await.unwrap();
    sqlx::raw_sql("CREATE TABLE kept (x int); INSERT INTO kept VALUES (1)").execute(database.pool()).await.unwrap();

    for _ in 0..3 {
        let before = postmaster(&data).unwrap();
        kill(before, Signal::SIGKILL).unwrap();
        let killed = Instant::now();
        while postmaster(&data) == Some(before) || !is_alive(database.pool()).await {
            assert!(killed.elapsed() < Duration::from_secs(10), "it does not come back");
            sleep(Duration::from_millis(50)).await;
        }
    }
    let kept: i32 = sqlx::query_scalar("SELECT x FROM kept").fetch_one(database.pool()).await.unwrap();
    assert_eq!(kept, 1);
    database.close().await;
    assert_eq!(postmaster(&data), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pid_file_that_names_nobody_or_a_stranger_does_not_keep_postgres_from_starting() {
    let dir = TempDir::new();
    let cluster = dir.embedded().cluster_dir();
    open(&dir, Purpose::Serve).await.unwrap().close().await;
    // A stranger that runs as the same user as Postgres would: this is what a crash and a reused process id look like.
    let mut stranger = std::process::Command::new("sleep");
    if nix::unistd::geteuid().is_root() {
        let owner = fs::metadata(&cluster).unwrap();
        std::os::unix::process::CommandExt::uid(&mut stranger, std::os::unix::fs::MetadataExt::uid(&owner));
    }
    let mut stranger = stranger.arg("60").spawn().unwrap();

    for pid in ["4194303".to_owned(), stranger.id().to_string()] {
        let text = format!("{pid}\n{}\n1700000000\n5432\n\n\n", cluster.display());
        fs::write(cluster.join("postmaster.pid"), text).unwrap();
        let database = open(&dir, Purpose::Serve).await.unwrap();
        assert!(is_alive(database.pool()).await);
        database.close().await;
    }
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger must be left alone");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_made_cluster_is_made_anew() {
    let dir = TempDir::new();
    let unfinished = dir.embedded().data_dir.join("postgres.unfinished.0123");
    fs::create_dir_all(unfinished.join("base")).unwrap();
    fs::set_permissions(dir.embedded().data_dir, std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();
    let database = open(&dir, Purpose::Serve).await.unwrap();
    assert!(!unfinished.exists());
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_another_major_version_is_refused_with_both_versions_named() {
    let dir = TempDir::new();
    fs::create_dir_all(dir.embedded().cluster_dir()).unwrap();
    fs::write(dir.embedded().cluster_dir().join("PG_VERSION"), "9\n").unwrap();
    let refused = open(&dir, Purpose::Serve).await.unwrap_err().into_operator_error();
    assert!(refused.problem.contains("made by Postgres 9, but there is only 1"), "{refused}");
    assert!(refused.remedy.contains("postgresql-9"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_programs_the_refusal_says_where_it_looked() {
    let dir = TempDir::new();
    let mut settings = dir.embedded();
    settings.bin_dir = Some(dir.path().join("nothing"));
    let refused =
        Database::open(&DatabaseSettings::Embedded(settings), Purpose::Serve).await.unwrap_err().into_operator_error();
    assert!(refused.problem.contains(&dir.path().join("nothing").display().to_string()), "{refused}");
    assert!(refused.remedy.contains("apt-get install postgresql"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_in_a_closed_folder_is_refused_for_root() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let dir = TempDir::new();
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let mut settings = dir.embedded();
    settings.data_dir = closed.join("data");
    let refused =
        Database::open(&DatabaseSettings::Embedded(settings), Purpose::Serve).await.unwrap_err().into_operator_error();
    assert!(refused.problem.contains(&format!("cannot pass through {}", closed.display())), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deep_data_directory_works_although_its_socket_does_not_fit_inside() {
    let dir = TempDir::new();
    let mut settings = dir.embedded();
    settings.data_dir = dir.path().join("a-folder-with-a-long-name, and a comma/".repeat(4)).join("data");
    let database = Database::open(&DatabaseSettings::Embedded(settings), Purpose::Serve).await.unwrap();
    let socket_dir = database.connect_options().get_socket().unwrap().clone();
    assert!(socket_dir.starts_with("/tmp") && socket_dir.exists(), "{socket_dir:?}");
    database.close().await;
    assert!(!socket_dir.exists(), "nothing is left outside the data directory");
}

#[test]
fn after_kill_9_the_next_server_takes_over_and_sigterm_stops_everything() {
    let dir = TempDir::new();
    let data = dir.embedded().data_dir;
    let serve = || dir.quadrille(&["serve", "--listen", "127.0.0.1:0"]);

    let first = Serving::start(serve());
    let orphan = postmaster(&data).unwrap();

    let second = serve().output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let message = last_line(&second);
    assert!(message.starts_with(&format!("error: another Quadrille (process {})", first.pid())), "{message}");
    let migrate = dir.quadrille(&["migrate"]).output().unwrap();
    assert!(migrate.status.success(), "{}", last_line(&migrate));

    first.kill_hard();
    assert!(is_running(orphan), "nothing to take over");
    let successor = Serving::start(serve());
    assert!(!is_running(orphan));
    let ours = postmaster(&data).unwrap();

    assert_eq!(successor.terminate(), Some(0));
    assert!(!is_running(ours));
    assert_eq!(postmaster(&data), None);
}

#[test]
fn after_kill_9_of_the_server_and_its_postgres_the_next_server_recovers() {
    let dir = TempDir::new();
    let data = dir.embedded().data_dir;
    let serve = || dir.quadrille(&["--listen", "127.0.0.1:0"]);
    let first = Serving::start(serve());
    let postgres = postmaster(&data).unwrap();
    first.kill_hard();
    kill(postgres, Signal::SIGKILL).unwrap();
    assert_eq!(Serving::start(serve()).terminate(), Some(0));
}
