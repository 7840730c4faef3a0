//! Vfs to fuser.
