//! What is done with each input, and what must hold: called by the fuzz targets, and by a test that replays the corpus.

pub mod contents;
pub mod datasets;
pub mod hostile;
pub mod kernel;
pub mod manifests;
pub mod names;
pub mod options;
pub mod reports;
pub mod requests;
pub mod restores;
