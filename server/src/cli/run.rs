//! Parsing the command line, running the command, and reporting how it ended.

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use foundation::error::{Error, OperatorError};
use tokio::runtime::Runtime;

use super::{
    admin, catalog,
    command_line::{AdminCommand, Cli, Command, DemoCommand, KeysCommand, parse_command_line},
    demo, doctor, keys, migrate, rollup, serve,
};
use crate::{
    config::{ProcessEnv, Settings},
    telemetry,
};

/// Runs the command that these arguments name. An error is printed to standard error as one line. Exit codes: 0 done, 1
/// failed, 2 the command line or the configuration is wrong.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let outcome = match parse_command_line(arguments) {
        Ok(None) => return ExitCode::SUCCESS,
        Ok(Some(cli)) => execute(cli),
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line, even where the source's message has several. A closed standard error leaves nowhere to report to.
            let line = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(io::stderr(), "error: {line}");
            ExitCode::from(if error.is_usage { 2 } else { 1 })
        }
    }
}

fn execute(cli: Cli) -> Result<(), OperatorError> {
    let settings = Settings::new(cli.options, &ProcessEnv::read())?;
    telemetry::init(&settings.log)?;
    let runtime = Runtime::new().map_err(|error| Error::Io(error).into_operator_error())?;
    runtime.block_on(dispatch(cli.command.unwrap_or_default(), settings)).map_err(Error::into_operator_error)
}

async fn dispatch(command: Command, settings: Settings) -> Result<(), Error> {
    match command {
        Command::Serve => serve::serve(settings).await,
        Command::Migrate => migrate::migrate(&settings).await,
        Command::Admin(AdminCommand::Create { email, password_stdin }) => {
            admin::create(&settings, email, password_stdin).await
        }
        Command::Keys(KeysCommand::Rotate) => keys::rotate(&settings).await,
        Command::Rollup { since } => rollup::roll_up(&settings, since).await,
        Command::Demo(DemoCommand::Seed) => demo::seed(&settings).await,
        Command::Catalog(command) => catalog::run(&settings, command).await,
        Command::Doctor { every_model } => doctor::examine(&settings, every_model, io::stdout()).await,
    }
}
