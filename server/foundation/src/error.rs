//! The server's errors with their sources, and their projection to [`AppError`], which is all that leaves the server.

use domain::error::AppError;

/// An error that ends a start or a command, addressed to the operator: the problem and its remedy. Printed on one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} — {remedy}")]
pub struct OperatorError {
    /// What is wrong. Never a secret.
    pub problem: String,
    /// What to type or change.
    pub remedy: String,
    /// Whether the command line or the configuration is at fault (exit code 2 instead of 1).
    pub is_usage: bool,
}

impl OperatorError {
    /// A problem with the environment: the database, a file, an address.
    pub fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { problem: problem.into(), remedy: remedy.into(), is_usage: false }
    }

    /// An invalid command line or configuration.
    pub fn usage(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { problem: problem.into(), remedy: remedy.into(), is_usage: true }
    }
}

/// An error with its source. Never shown to a user, who gets the [`AppError`] it maps to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An error that is already addressed to the user.
    #[error(transparent)]
    App(#[from] AppError),
    /// A start or a command cannot go on.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored field or key could not be decrypted, or there was no randomness. Names the operation, never the content.
    #[error("encryption: {0}")]
    Encryption(&'static str),
    #[error("a background task ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
    #[error("input or output: {0}")]
    Io(#[from] std::io::Error),
    /// A broken invariant.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Whether the database was unreachable, so that the same request may succeed later.
    pub fn is_database_away(&self) -> bool {
        match self {
            Error::Database(
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_),
            ) => true,
            // SQLSTATE 57P01..57P03: the server is shutting down, has crashed, or is starting; 53300: too many connections.
            Error::Database(sqlx::Error::Database(error)) => {
                matches!(error.code().as_deref(), Some("57P01" | "57P02" | "57P03" | "53300"))
            }
            _ => false,
        }
    }

    /// The error as a command reports it to the operator.
    pub fn into_operator_error(self) -> OperatorError {
        let remedy = match &self {
            Error::Operator(refusal) => return refusal.clone(),
            // An argument or a setting breaks a validation rule, such as the length of passwords.
            Error::App(error @ AppError::Invalid(_)) => {
                let problem = error.to_string();
                return OperatorError::usage(problem.trim_end_matches('.'), "correct it and try again");
            }
            Error::App(_) => "see `quadrille --help`",
            Error::Database(_) | Error::Migration(_) => "`quadrille doctor` checks the database",
            Error::Encryption(_) => "check that QUADRILLE_MASTER_KEY is the key that this database was made with",
            Error::Io(_) => "check the permissions and the free space of the data directory",
            Error::Task(_) | Error::Internal(_) => "this is a fault in Quadrille; the log has more",
        };
        OperatorError::new(self.to_string(), remedy)
    }
}

impl From<Error> for AppError {
    /// Logs internal errors, which happens nowhere else, and drops their details.
    fn from(error: Error) -> Self {
        match error {
            Error::App(error) => error,
            error if error.is_database_away() => {
                tracing::warn!(error = %error, "the database is away");
                AppError::Unavailable
            }
            error => {
                tracing::error!(error = %error, "internal error");
                AppError::Internal
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_source_text_reaches_the_person_who_asked() {
        let sources = [
            Error::Database(sqlx::Error::Protocol("secret detail".into())),
            Error::Encryption("secret detail"),
            Error::Io(std::io::Error::other("secret detail")),
            Error::Internal("secret detail".into()),
        ];
        for source in sources {
            let shown = AppError::from(source);
            assert_eq!(shown, AppError::Internal);
            assert!(!shown.to_string().contains("secret"));
        }
    }
}
