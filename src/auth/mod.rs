//! Proving to AWS who is calling.

pub mod sign;
