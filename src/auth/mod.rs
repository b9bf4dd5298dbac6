//! Filled in next.

pub mod profile;
