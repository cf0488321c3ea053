//! Creating a new cluster with `initdb`.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    process::Stdio,
};

use foundation::{
    error::{Error, OperatorError},
    random,
};

use crate::embedded::{binaries::Binaries, layout::Layout, owner::Owner};

/// Prefix of a cluster's folder while it is being created. Each attempt has its own name, because the `initdb` of a killed
/// server may still be running.
const UNFINISHED: &str = "postgres.unfinished";

/// Creates the cluster unless it exists. It is created under a temporary name and renamed, so an existing cluster is complete.
pub(super) async fn ensure_cluster(
    layout: &Layout,
    binaries: &Binaries,
    owner: &Owner,
    password: &str,
    is_throwaway: bool,
) -> Result<(), Error> {
    if layout.has_cluster() {
        return Ok(());
    }
    tracing::info!(dir = %layout.cluster.display(), postgres = binaries.major, "making the embedded database");
    remove_leftovers(layout)?;
    let unfinished = layout.data_dir.join(format!("{UNFINISHED}.{}", random_hex::<8>()?));
    owner.create_private_dir(&unfinished)?;
    let password_file = layout.data_dir.join("initdb.password");
    hand_over_password(&password_file, owner, password)?;
    let mut result = initdb(&unfinished, binaries, owner, &password_file, "C.UTF-8", is_throwaway).await;
    if result.as_ref().is_err_and(|refusal| refusal.problem.contains("invalid locale name")) {
        result = initdb(&unfinished, binaries, owner, &password_file, "C", is_throwaway).await;
    }
    fs::remove_file(&password_file)?;
    result?;
    fs::rename(&unfinished, &layout.cluster)?;
    File::open(&layout.data_dir)?.sync_all()?;
    Ok(())
}

fn remove_leftovers(layout: &Layout) -> io::Result<()> {
    for entry in fs::read_dir(&layout.data_dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

async fn initdb(
    dir: &Path,
    binaries: &Binaries,
    owner: &Owner,
    password_file: &Path,
    locale: &str,
    is_throwaway: bool,
) -> Result<(), OperatorError> {
    let program = binaries.initdb();
    let mut command = owner.command(&program);
    command.arg("-D").arg(dir).arg("--pwfile").arg(password_file);
    command.args(["--data-checksums", "--auth=scram-sha-256", "--username=postgres", "--encoding=UTF8"]);
    command.arg(format!("--locale={locale}"));
    if is_throwaway {
        command.arg("--no-sync");
    }
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = output.map_err(|error| owner.cannot_start(&program, &error))?;
    if output.status.success() {
        return Ok(());
    }
    let problem = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    let remedy = if problem.contains("could not look up effective user ID") {
        "give the user that Quadrille runs as an entry in /etc/passwd, or set DATABASE_URL"
    } else {
        "check the free space and the permissions of the data directory"
    };
    Err(OperatorError::new(format!("the embedded database cannot be made: {problem}"), remedy))
}

/// `initdb` runs as the owner, which must therefore be able to read the password file.
fn hand_over_password(file: &Path, owner: &Owner, password: &str) -> io::Result<()> {
    write_private(file, password)?;
    owner.give(file)
}

/// The password of the cluster's roles, generated before the cluster is created and kept in a file that only this user may
/// read.
pub(super) fn ensure_password(layout: &Layout) -> Result<String, Error> {
    match fs::read_to_string(&layout.password) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(OperatorError::new(
                format!("{} cannot be read: {error}", layout.password.display()),
                "run as the user that made the data directory",
            )
            .into());
        }
    }
    if layout.has_cluster() {
        return Err(OperatorError::new(
            format!("the embedded database's password, {}, is gone", layout.password.display()),
            "restore it from a backup of the data directory",
        )
        .into());
    }
    let password = random_hex::<24>()?;
    write_private(&layout.password, &password)?;
    Ok(password)
}

fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    out.set_permissions(Permissions::from_mode(0o600))?;
    writeln!(out, "{text}")?;
    out.sync_all()
}

fn random_hex<const LENGTH: usize>() -> Result<String, Error> {
    let mut bytes = [0; LENGTH];
    random::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
