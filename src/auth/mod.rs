//! Filled in next.

pub mod container_uri;
pub mod imds_endpoint;
pub mod profile;
