//! What the program says about its configuration, and how it ends.

use std::{fs, os::unix::fs::PermissionsExt, process::Output};

use server::config::{MasterKeySource, Options, ProcessEnv, Settings};

use crate::program::{TempDir, last_line};

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// Exit code and one-line message of a run that has to fail.
fn refusal(output: &Output) -> (Option<i32>, String) {
    let line = last_line(output);
    assert!(line.starts_with("error: ") && line.contains(" — "), "{line}");
    (output.status.code(), line)
}

fn settings(dir: &TempDir) -> Settings {
    let options = Options { data_dir: Some(dir.path().join("data").display().to_string()), ..Options::default() };
    Settings::new(options, &ProcessEnv::default()).unwrap()
}

#[test]
fn help_names_every_command_and_variable_and_no_secret() {
    let dir = TempDir::new();
    let output = dir.quadrille(&["--help"]).env("QUADRILLE_MASTER_KEY", KEY).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    for word in
        ["serve", "migrate", "admin", "keys", "catalog", "doctor", "DATABASE_URL", "QUADRILLE_LISTEN", "PG_BIN_DIR"]
    {
        assert!(help.contains(word), "{word} is missing:\n{help}");
    }
    assert!(!help.contains(KEY));
}

#[test]
fn a_wrong_command_line_or_value_ends_with_2_and_one_line() {
    let dir = TempDir::new();
    for words in [
        &["--lisen", "127.0.0.1:1"][..],
        &["--listen", "nowhere"],
        &["--public-url", "https://a/b"],
        &["--log", "=,=["],
        &["--demo=perhaps"],
        &["admin", "create"],
    ] {
        let output = dir.quadrille(words).output().unwrap();
        assert_eq!(refusal(&output).0, Some(2), "{words:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1, "{words:?}");
    }
    assert!(!dir.path().join("data").exists(), "a refused configuration must not leave anything behind");
}

#[test]
fn a_database_of_somebody_elses_needs_a_key() {
    let dir = TempDir::new();
    let url = "postgres://ada:hunter2@127.0.0.1:1/quadrille";
    let output = dir.quadrille(&["serve"]).env("DATABASE_URL", url).output().unwrap();
    let (code, line) = refusal(&output);
    assert_eq!(code, Some(1));
    assert!(line.contains("there is no master key") && line.contains("openssl rand"), "{line}");
    assert!(!dir.path().join("data").exists(), "no key may be made for it");
}

#[test]
fn a_database_that_is_not_there_is_named_without_its_password() {
    let dir = TempDir::new();
    let url = "postgres://ada:hunter2@127.0.0.1:1/quadrille";
    let output = dir.quadrille(&["migrate"]).env("DATABASE_URL", url).output().unwrap();
    let (code, line) = refusal(&output);
    assert_eq!(code, Some(1));
    assert!(line.contains("127.0.0.1:1") && line.contains("refused") && !line.contains("hunter2"), "{line}");
}

#[test]
fn the_doctor_lists_what_is_wrong() {
    let dir = TempDir::new();
    let output = dir.quadrille(&["doctor", "--upstream-url", "http://127.0.0.1:1/v1"]).output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("ok      configuration: "), "{report}");
    assert!(report.contains("ok      upstream 127.0.0.1, address: "), "{report}");
    assert!(
        report.contains("failed  upstream 127.0.0.1, tcp: No connection to 127.0.0.1:1: the connection was refused — "),
        "{report}"
    );
    assert_eq!(refusal(&output).0, Some(1));
    assert!(!dir.path().join("data").exists(), "a check must not make anything");
}

#[test]
fn the_doctor_tries_the_key_on_the_data() {
    let dir = TempDir::new();
    let bad_address = dir.quadrille(&["admin", "create", "nobody"]).output().unwrap();
    assert_eq!(refusal(&bad_address).0, Some(2), "what was typed is wrong");
    let made = dir.quadrille(&["admin", "create", "ada@example.org"]).output().unwrap();
    assert!(made.status.success(), "{}", last_line(&made));

    let doctor = || String::from_utf8(dir.quadrille(&["doctor"]).output().unwrap().stdout).unwrap();
    let report = doctor();
    assert!(report.contains("ok      master key: 1 loaded, and what the database holds can be opened"), "{report}");
    fs::write(dir.path().join("data/master.key"), KEY).unwrap();
    let report = doctor();
    assert!(report.contains("ok      database: embedded, tables up to date"), "{report}");
    assert!(report.contains("failed  master key: the master key does not open this database"), "{report}");
}

#[test]
fn a_key_is_generated_once_and_only_for_its_owner() {
    let dir = TempDir::new();
    let settings = settings(&dir);
    let first = settings.master_key.load().unwrap();
    assert_eq!(first, settings.master_key.load().unwrap());
    let file = dir.path().join("data/master.key");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(dir.path().join("data")).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn two_that_generate_the_key_at_once_agree() {
    let dir = TempDir::new();
    let settings = settings(&dir);
    std::thread::scope(|scope| {
        let load = || settings.master_key.load().unwrap();
        let (one, two) = (scope.spawn(load), scope.spawn(load));
        assert_eq!(one.join().unwrap(), two.join().unwrap());
    });
}

#[test]
fn a_lost_key_is_never_replaced_beside_data() {
    let dir = TempDir::new();
    let settings = settings(&dir);
    settings.master_key.load().unwrap();
    fs::create_dir(dir.path().join("data/postgres")).unwrap();
    fs::write(dir.path().join("data/postgres/PG_VERSION"), "15\n").unwrap();
    fs::remove_file(dir.path().join("data/master.key")).unwrap();

    let refusal = settings.master_key.load().unwrap_err();
    assert!(refusal.problem.contains("is gone"), "{refusal}");
    assert!(!dir.path().join("data/master.key").exists());
    let output = dir.quadrille(&["serve"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(last_line(&output).contains("restore it from a backup"));
}

#[test]
fn a_generated_key_can_be_rotated() {
    let dir = TempDir::new();
    let settings = settings(&dir);
    let old = settings.master_key.load().unwrap();
    let both = settings.master_key.add_generated_key().unwrap().unwrap();
    assert_eq!(both.len(), 2);
    assert_eq!(both[1], old[0]);
    assert_eq!(settings.master_key.load().unwrap(), both);
    settings.master_key.keep_primary_key().unwrap();
    assert_eq!(settings.master_key.load().unwrap(), both[..1]);
}

#[test]
fn a_key_file_of_the_operators_must_exist_and_is_left_alone() {
    let dir = TempDir::new();
    let mut settings = settings(&dir);
    let file = dir.path().join("given.key");
    settings.master_key = MasterKeySource::File(file.clone());
    assert!(settings.master_key.load().unwrap_err().problem.contains("does not exist"));
    fs::write(&file, format!("{KEY}\n")).unwrap();
    assert_eq!(settings.master_key.load().unwrap().len(), 1);
    assert!(settings.master_key.add_generated_key().unwrap().is_none());
}
