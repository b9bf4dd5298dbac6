//! What is known of models: their ids, limits, prices and habits.
//!
//! A model that is not known here is called all the same: its family's rules serve, or those of any model.

pub mod discover;
pub mod facts;
mod id;
pub mod listing;

pub use facts::ModelFacts;
pub use id::{ModelId, ResourceKind};
pub use listing::{EntryKind, Modalities, ModelEntry};
