//! Bytes of each kind.
