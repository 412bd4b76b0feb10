//! What is stored or sent in gzip.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

/// The bytes in gzip, as small as it gets.
pub fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail.
    gzip.write_all(bytes)
        .and_then(|()| gzip.finish())
        .unwrap_or_default()
}
