//! Files that exist only by name.

pub mod cli;
pub mod content;
#[cfg(unix)]
pub mod fuse;
#[cfg(unix)]
pub mod mount;
pub mod name;
pub mod recipe;
pub mod stats;
pub mod units;
pub mod vfs;

pub use recipe::{FORMAT_VERSION, Kind, Recipe};
