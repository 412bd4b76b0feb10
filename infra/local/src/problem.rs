//! Why the stack cannot start: one clear sentence.

/// Why the stack cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// An argument is wrong: a flag, a value, or the name of a parameter.
    #[error("{0}")]
    Usage(String),
    /// Something that the stack needs cannot be used: the port is in use, the data file is not a
    /// database, or the template cannot run here.
    #[error("{0}")]
    Failure(String),
}

impl Problem {
    /// A wrong flag, value or parameter.
    pub fn usage(sentence: impl Into<String>) -> Self {
        Self::Usage(sentence.into())
    }

    /// Anything else.
    pub fn failure(sentence: impl Into<String>) -> Self {
        Self::Failure(sentence.into())
    }

    /// The code that the process ends with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failure(_) => 1,
        }
    }
}

/// An error and all its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
