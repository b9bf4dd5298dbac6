//! What is known of models: their ids, limits, prices and habits.
//!
//! A model that is not known here is called all the same: its family's rules serve, or those of any model.
//!
//! ```
//! use outcrop::Region;
//! use outcrop::catalog::{Surroundings, facts, resolve};
//! use std::collections::BTreeMap;
//!
//! let region = Region::new("eu-west-1")?;
//! let around = Surroundings { aliases: &BTreeMap::new(), configured: &[], listing: &[], region: &region };
//! let found = resolve("haiku 4.5", &around).unwrap();
//! assert_eq!(found.id.as_str(), "eu.anthropic.claude-haiku-4-5-20251001-v1:0");
//! assert_eq!(facts(&found.id, None).facts.context_window, Some(200_000));
//! # Ok::<(), outcrop::Error>(())
//! ```

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
