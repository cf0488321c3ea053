//! The binary: reads the command line, runs one command, says how it ended.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use foundation::error::{Error, OperatorError};
use secrecy::SecretString;
use server::{
    boot, catalog_command,
    config::{AdminCommand, Cli, Command, DemoCommand, KeysCommand, ProcessEnv, Settings, parse_command_line},
    doctor, telemetry,
};
use zeroize::Zeroizing;

/// Pages and streams are many small pieces of memory, and a sign-in takes 19 MB for a moment: the system's own allocator is slower
/// with the ones and does not give the other back. `.cargo/config.toml` sets how soon it does.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let outcome = match parse_command_line(env::args_os()) {
        Ok(None) => return ExitCode::SUCCESS,
        Ok(Some(cli)) => run(cli),
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            // One line, whatever an error of somebody else's is made of. Nobody is left to tell if this fails too.
            let line = refusal.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(io::stderr(), "error: {line}");
            ExitCode::from(if refusal.is_usage { 2 } else { 1 })
        }
    }
}

fn run(cli: Cli) -> Result<(), OperatorError> {
    let settings = Settings::new(cli.options, &ProcessEnv::read())?;
    telemetry::init(&settings.log)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Error::Io(error).into_operator_error())?;
    runtime.block_on(dispatch(cli.command.unwrap_or_default(), settings)).map_err(Error::into_operator_error)
}

async fn dispatch(command: Command, settings: Settings) -> Result<(), Error> {
    match command {
        Command::Serve => boot::serve(settings).await,
        Command::Migrate => boot::migrate(&settings).await,
        Command::Admin(AdminCommand::Create { email, password_stdin }) => {
            let password = if password_stdin { Some(first_line_of_input()?) } else { None };
            boot::create_admin(&settings, &email, password).await
        }
        Command::Keys(KeysCommand::Rotate) => boot::rotate_keys(&settings).await,
        Command::Rollup { since } => boot::roll_up(&settings, since).await,
        Command::Demo(DemoCommand::Seed) => boot::seed_demo(&settings).await,
        Command::Catalog(command) => catalog_command::run(&settings, command).await,
        Command::Doctor { every_model } => doctor::examine(&settings, every_model, io::stdout()).await,
    }
}

fn first_line_of_input() -> Result<SecretString, Error> {
    let mut line = Zeroizing::new(String::new());
    io::stdin().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(
            OperatorError::usage("there is no password on standard input", "write it there, on one line").into()
        );
    }
    Ok(SecretString::from(password))
}
