//! `quadrille doctor`: looks at everything a start needs, and says what to do about what is wrong.

use std::{fmt::Display, io, io::Write, time::Duration};

use tokio::{net::TcpStream, time::timeout};

use crate::{
    config::{DatabaseSettings, HostPort, MasterKey, Settings, load_master_keys},
    crypto::{Keyring, MasterKeys},
    db::{self, Database, Purpose},
    error::{Error, Refusal},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What was found, line by line.
struct Findings<W> {
    out: W,
    problems: usize,
}

impl<W: Write> Findings<W> {
    fn report<T>(&mut self, what: &str, found: Result<T, Refusal>) -> io::Result<()>
    where
        T: Display,
    {
        match found {
            Ok(detail) => writeln!(self.out, "ok      {what}: {detail}"),
            Err(refusal) => {
                self.problems += 1;
                writeln!(self.out, "failed  {what}: {refusal}")
            }
        }
    }
}

/// Writes one line for each thing that was looked at. Refuses at the end if anything was wrong. Changes nothing, except that
/// an embedded database that exists and does not run is started for the moment.
pub async fn examine(settings: &Settings, out: impl Write) -> Result<(), Error> {
    let mut findings = Findings { out, problems: 0 };
    // The settings would not be here otherwise.
    findings
        .report("configuration", Ok(format!("listens on {}, reached at {}", settings.listen, settings.public_url)))?;
    findings.report("site files", site_files(settings))?;
    if has_database(settings) {
        let (database, master_key) = database(settings).await;
        findings.report("database", database.map_err(Error::into_refusal))?;
        findings.report("master key", master_key.map_err(Error::into_refusal))?;
    } else {
        findings.report("master key", Ok("will be generated at the first start"))?;
        findings.report("database", programs(settings).await)?;
    }
    match &settings.upstream {
        Some(upstream) => {
            let place = HostPort::of_url(&upstream.url);
            findings.report(&format!("upstream {}", upstream.name), reach(place).await)?;
        }
        None => findings.report("upstream", Ok("none is set in the environment"))?,
    }
    match findings.problems {
        0 => Ok(()),
        1 => Err(Refusal::new("one check failed", "its line says what to do").into()),
        n => Err(Refusal::new(format!("{n} checks failed"), "their lines say what to do").into()),
    }
}

fn site_files(settings: &Settings) -> Result<String, Refusal> {
    let dir = settings.site_dir.display();
    if settings.site_dir.join("pkg").is_dir() {
        Ok(dir.to_string())
    } else {
        Err(Refusal::new(
            format!("{dir} does not hold the site's files"),
            "run `make build` and start dist/quadrille, or set QUADRILLE_SITE_DIR",
        ))
    }
}

fn has_database(settings: &Settings) -> bool {
    match &settings.database {
        DatabaseSettings::External(_) => true,
        DatabaseSettings::Embedded(embedded) => embedded.cluster_dir().join("PG_VERSION").exists(),
    }
}

async fn programs(settings: &Settings) -> Result<String, Refusal> {
    let DatabaseSettings::Embedded(embedded) = &settings.database else { return Ok(String::new()) };
    let binaries = db::find_binaries(embedded).await?;
    Ok(format!("will be made at the first start by Postgres {} in {}", binaries.major, binaries.dir.display()))
}

/// What is found of the database, and of the keys that are to open what it holds.
async fn database(settings: &Settings) -> (Result<String, Error>, Result<String, Error>) {
    let keys = load_master_keys(settings).map_err(Error::Refused);
    let database = match Database::open(&settings.database, Purpose::Command).await {
        Ok(database) => database,
        Err(error) => return (Err(error), keys.map(|keys| format!("{} loaded, but not tried", keys.len()))),
    };
    let found = tables(&database).await;
    let proof = match keys {
        Ok(keys) => fit(&database, keys).await,
        Err(error) => Err(error),
    };
    database.close().await;
    (found, proof)
}

async fn tables(database: &Database) -> Result<String, Error> {
    let mut connection = database.pool().acquire().await?;
    let kind = if database.is_embedded() { "embedded" } else { "external" };
    Ok(match db::pending_migrations(&mut connection).await? {
        0 => format!("{kind}, tables up to date"),
        n => format!("{kind}, {n} migrations to apply at the next start or by `quadrille migrate`"),
    })
}

/// Tries the keys on the database, if its tables are all there.
async fn fit(database: &Database, keys: Vec<MasterKey>) -> Result<String, Error> {
    let mut connection = database.pool().acquire().await?;
    let count = keys.len();
    if db::pending_migrations(&mut connection).await? > 0 {
        return Ok(format!("{count} loaded, to be tried when the tables are up to date"));
    }
    Keyring::check(&mut connection, MasterKeys::new(keys)?).await?;
    Ok(format!("{count} loaded, and what the database holds can be opened"))
}

async fn reach(place: Option<HostPort>) -> Result<String, Refusal> {
    let Some(place) = place else {
        return Err(Refusal::new("its URL names no host", "correct QUADRILLE_UPSTREAM_URL"));
    };
    let connected = timeout(CONNECT_TIMEOUT, TcpStream::connect((place.host.as_str(), place.port))).await;
    let problem = match connected {
        Ok(Ok(_)) => return Ok(format!("{place} takes connections")),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer within 5 s".to_owned(),
    };
    Err(Refusal::new(format!("{place} cannot be reached: {problem}"), "start it, or correct QUADRILLE_UPSTREAM_URL"))
}
