//! The whole of Onsale in one process.
