//! Everything that can go wrong on the server, with its source; and the one projection of it that leaves the server.

use domain::error::AppError;

/// A refusal to go on, in words for the operator: what is wrong and what to do about it. It is printed on one line.
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
    /// Something outside is not as it must be.
    pub fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { problem: problem.into(), remedy: remedy.into(), is_usage: false }
    }

    /// The command line or the configuration cannot be meant like this.
    pub fn usage(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { problem: problem.into(), remedy: remedy.into(), is_usage: true }
    }
}

/// An error with its source. Never shown to anybody: [`AppError`] is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Already in the words of the person who asked.
    #[error(transparent)]
    App(#[from] AppError),
    /// Start-up or a command refuses to go on.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored field or key could not be opened, or randomness failed. Says what, never the content.
    #[error("encryption: {0}")]
    Encryption(&'static str),
    #[error("a background task ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
    #[error("input or output: {0}")]
    Io(#[from] std::io::Error),
    /// A promise of our own that does not hold.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Whether the database could not be reached (and the same request may succeed later).
    pub fn is_database_away(&self) -> bool {
        match self {
            Error::Database(
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_),
            ) => true,
            // 57P01..57P03: the server is shutting down, crashed, or starting up; 53300: too many connections.
            Error::Database(sqlx::Error::Database(error)) => {
                matches!(error.code().as_deref(), Some("57P01" | "57P02" | "57P03" | "53300"))
            }
            _ => false,
        }
    }

    /// The same for the operator at the command line.
    pub fn into_operator_error(self) -> OperatorError {
        let remedy = match &self {
            Error::Operator(refusal) => return refusal.clone(),
            // What was typed or set breaks a rule, such as that of passwords.
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
    /// The projection, and the one place where an internal error is logged.
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
