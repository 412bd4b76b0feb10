//! The API suite.
