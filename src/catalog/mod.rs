//! What is known of models: their ids, limits, prices and habits.
//!
//! A model that is not known here is called all the same: its family's rules serve, or those of any model.

mod claude;
pub mod discover;
pub mod facts;
mod family;
mod id;
mod known;
pub mod listing;
mod name;
mod resolve;
#[cfg(feature = "client")]
pub mod store;
mod table;

pub use facts::ModelFacts;
pub use id::{ModelId, ResourceKind};
pub use known::{FactOverrides, FactSource, FactSources, KnownModel, facts, facts_with, is_known};
pub use listing::{EntryKind, Modalities, ModelEntry};
pub use resolve::{ConfiguredModel, ResolveStep, Resolved, Surroundings, Unresolved, resolve};
