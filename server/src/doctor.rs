//! `quadrille doctor`: looks at everything a start needs, and says what to do about what is wrong.

use std::{fmt::Display, io, io::Write, sync::Arc};

use axum::http::HeaderMap;
use crypto::{Keyring, MasterKeys};
use database::{self, Database, DatabaseSettings, Purpose};
use domain::catalog::admin::{StageState, TestReport};
use foundation::{
    clock::SystemClock,
    error::{Error, OperatorError},
    shutdown::Tasks,
};
use services::catalog::{CatalogService, NamedProbe};
use upstream::{
    AllowList, ClientSettings, Depth, Probe, Target, TestPrompt, Timeouts, UpstreamClient, check_base_url, diagnose,
};

use crate::config::{HostPort, MasterKey, Settings, load_master_keys};

/// What was found, line by line.
struct Findings<W> {
    out: W,
    problems: usize,
}

impl<W: Write> Findings<W> {
    fn report<T>(&mut self, what: &str, found: Result<T, OperatorError>) -> io::Result<()>
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
///
/// Each upstream goes through the steps of the direct test, with one token of its first enabled model, or of every one; the
/// provider bills that.
pub async fn examine(settings: &Settings, every_model: bool, out: impl Write) -> Result<(), Error> {
    let mut findings = Findings { out, problems: 0 };
    // The settings would not be here otherwise.
    findings
        .report("configuration", Ok(format!("listens on {}, reached at {}", settings.listen, settings.public_url)))?;
    findings.report("site files", site_files(settings))?;
    let client = client(settings)?;
    let mut probes = Vec::new();
    if has_database(settings) {
        let (database, master_key, found) = database(settings, &client, every_model).await;
        findings.report("database", database.map_err(Error::into_operator_error))?;
        findings.report("master key", master_key.map_err(Error::into_operator_error))?;
        probes = found;
    } else {
        findings.report("master key", Ok("will be generated at the first start"))?;
        findings.report("database", programs(settings).await)?;
    }
    probes.extend(named_by_environment(settings, &probes)?);
    if probes.is_empty() {
        findings.report("upstream", Ok("none is set in the environment or by an administrator"))?;
    }
    for NamedProbe { name, probe } in probes {
        let report = diagnose(&client, &probe, &mut |_| {}).await;
        steps(&mut findings, &format!("upstream {name}"), &report)?;
    }
    match findings.problems {
        0 => Ok(()),
        1 => Err(OperatorError::new("one check failed", "its line says what to do").into()),
        n => Err(OperatorError::new(format!("{n} checks failed"), "their lines say what to do").into()),
    }
}

fn site_files(settings: &Settings) -> Result<String, OperatorError> {
    let dir = settings.site_dir.display();
    if settings.site_dir.join("pkg").is_dir() {
        Ok(dir.to_string())
    } else {
        Err(OperatorError::new(
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

async fn programs(settings: &Settings) -> Result<String, OperatorError> {
    let DatabaseSettings::Embedded(embedded) = &settings.database else { return Ok(String::new()) };
    let binaries = database::find_binaries(embedded).await?;
    Ok(format!("will be made at the first start by Postgres {} in {}", binaries.major, binaries.dir.display()))
}

fn client(settings: &Settings) -> Result<UpstreamClient, Error> {
    let allow_list = AllowList::of(settings.private_upstreams.iter().map(HostPort::to_string));
    UpstreamClient::new(ClientSettings { allow_list, ..ClientSettings::default() })
}

/// A line for each step that was gone.
fn steps(findings: &mut Findings<impl Write>, what: &str, report: &TestReport) -> io::Result<()> {
    for stage in report.stages.iter().filter(|stage| stage.state != StageState::Skipped) {
        let remedy = stage.remedy.clone().unwrap_or_default();
        let found = match stage.ok {
            true => Ok(format!("{} ({} ms) {remedy}", stage.detail, stage.ms).trim_end().to_owned()),
            false => Err(OperatorError::new(stage.detail.trim_end_matches('.'), remedy)),
        };
        findings.report(&format!("{what}, {}", stage.name.as_str()), found)?;
    }
    Ok(())
}

/// The upstream of the environment, unless it is registered already.
fn named_by_environment(settings: &Settings, known: &[NamedProbe]) -> Result<Option<NamedProbe>, Error> {
    let Some(upstream) = &settings.upstream else { return Ok(None) };
    let base_url = check_base_url(upstream.url.as_str())
        .map_err(|error| OperatorError::usage(error.to_string(), "correct QUADRILLE_UPSTREAM_URL"))?;
    if known.iter().any(|other| other.probe.target.base_url == base_url) {
        return Ok(None);
    }
    let target = Target {
        base_url,
        api_key: upstream.key.clone(),
        allow_private: true,
        headers: HeaderMap::new(),
        timeouts: Timeouts::default(),
    };
    let probe = Probe { target, model: None, depth: Depth::Reply, prompt: TestPrompt::default() };
    Ok(Some(NamedProbe { name: upstream.name.clone(), probe }))
}

type Finding = Result<String, Error>;

/// What is found of the database, and of the keys that are to open what it holds, and the upstreams in it.
async fn database(
    settings: &Settings,
    client: &UpstreamClient,
    every_model: bool,
) -> (Finding, Finding, Vec<NamedProbe>) {
    let keys = load_master_keys(settings).map_err(Error::Operator);
    let database = match Database::open(&settings.database, Purpose::Command).await {
        Ok(database) => database,
        Err(error) => {
            return (Err(error), keys.map(|keys| format!("{} loaded, but not tried", keys.len())), Vec::new());
        }
    };
    let found = tables(&database).await;
    let proof = match keys {
        Ok(keys) => fit(&database, keys, client, every_model).await,
        Err(error) => Err(error),
    };
    database.close().await;
    match proof {
        Ok((proof, probes)) => (found, Ok(proof), probes),
        Err(error) => (found, Err(error), Vec::new()),
    }
}

async fn tables(database: &Database) -> Result<String, Error> {
    let mut connection = database.pool().acquire().await?;
    let kind = if database.is_embedded() { "embedded" } else { "external" };
    Ok(match database::pending_migrations(&mut connection).await? {
        0 => format!("{kind}, tables up to date"),
        n => format!("{kind}, {n} migrations to apply at the next start or by `quadrille migrate`"),
    })
}

/// Tries the keys on the database, if its tables are all there, and reads the upstreams with them.
async fn fit(
    database: &Database,
    keys: Vec<MasterKey>,
    client: &UpstreamClient,
    every_model: bool,
) -> Result<(String, Vec<NamedProbe>), Error> {
    let mut connection = database.pool().acquire().await?;
    let count = keys.len();
    if database::pending_migrations(&mut connection).await? > 0 {
        return Ok((format!("{count} loaded, to be tried when the tables are up to date"), Vec::new()));
    }
    let keyring = Arc::new(Keyring::open(&mut connection, MasterKeys::new(keys)?).await?);
    drop(connection);
    let (clock, tasks) = (Arc::new(SystemClock), Tasks::default());
    let catalog = CatalogService::new(database.pool().clone(), clock, tasks, keyring, client.clone());
    Ok((format!("{count} loaded, and what the database holds can be opened"), catalog.probes(every_model).await?))
}
