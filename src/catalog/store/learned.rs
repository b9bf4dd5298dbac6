//! What the service taught: facts that no list has, kept for some hours in one file a region.
//!
//! Two kinds: the inference profile that answered where Bedrock had refused the model's own id for want of
//! on-demand throughput, and what else a model refused in a request that it then took without that. Facts are
//! forgotten after [`LIFE`], since the service changes its mind.

use super::file::{self, Stored};
use super::{LEEWAY, Store, milliseconds};
use crate::converse::prepare::learn::Refusal;
use crate::error::{Error, IoFailure, Result};
use crate::region::Region;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// How long a fact is believed.
const LIFE: Duration = Duration::from_secs(12 * 3_600);

/// The facts of one region.
#[derive(Debug, Clone, Default)]
pub struct Learned {
    path: Option<PathBuf>,
    facts: Facts,
    note: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Facts {
    /// By the model id that was refused.
    profiles: BTreeMap<String, LearnedProfile>,
    /// By the id that was called.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    refusals: BTreeMap<String, Vec<LearnedRefusal>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LearnedProfile {
    id: String,
    learned_ms: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LearnedRefusal {
    refusal: Refusal,
    learned_ms: u64,
}

impl Learned {
    /// What is remembered for a region. A file that cannot be read counts as none, and [`Learned::note`] says so.
    pub fn load(store: &Store, region: &Region, now: SystemTime) -> Self {
        let path = store.0.folder.as_ref().map(|folder| folder.join(format!("learned-{region}.json")));
        let mut learned = Self { path, ..Self::default() };
        learned.read(now);
        learned
    }

    /// What the user should hear of the file.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The inference profile to call in place of this model id.
    pub fn profile_for(&self, model_id: &str) -> Option<&str> {
        self.facts.profiles.get(model_id).map(|profile| profile.id.as_str())
    }

    /// What the model of this id has refused, in the order in which it was learned.
    pub fn refusals_of(&self, model_id: &str) -> impl Iterator<Item = &Refusal> {
        self.facts.refusals.get(model_id).into_iter().flatten().map(|learned| &learned.refusal)
    }

    /// Remembers what a model refused. What other processes have learned in the meantime is kept.
    ///
    /// # Errors
    /// As [`Learned::remember_profile`].
    pub fn remember_refusals(&mut self, model_id: &str, refusals: &[Refusal], now: SystemTime) -> Result<()> {
        self.read(now);
        let known = self.facts.refusals.entry(model_id.to_owned()).or_default();
        for refusal in refusals {
            known.retain(|known| known.refusal != *refusal);
            known.push(LearnedRefusal { refusal: refusal.clone(), learned_ms: milliseconds(now) });
        }
        self.write()
    }

    /// Remembers that a model id was refused for want of on-demand throughput, and that this profile answered.
    /// What other processes have learned in the meantime is kept.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be written; the fact then holds for this value alone.
    pub fn remember_profile(&mut self, model_id: &str, profile_id: &str, now: SystemTime) -> Result<()> {
        self.read(now);
        let fact = LearnedProfile { id: profile_id.to_owned(), learned_ms: milliseconds(now) };
        self.facts.profiles.insert(model_id.to_owned(), fact);
        self.write()
    }

    fn write(&self) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        file::write(path, &self.facts).map_err(|source| {
            Error::Io(Box::new(IoFailure { action: "write", path: Some(path.clone()), source }))
        })
    }

    /// Adds what the file has, and forgets what is too old.
    fn read(&mut self, now: SystemTime) {
        if let Some(path) = &self.path {
            match file::read::<Facts>(path) {
                Stored::Found(facts) => {
                    self.facts.profiles.extend(facts.profiles);
                    for (model, learned) in facts.refusals {
                        let known = self.facts.refusals.entry(model).or_default();
                        known.retain(|known| !learned.iter().any(|other| other.refusal == known.refusal));
                        known.extend(learned);
                    }
                }
                Stored::Absent => {}
                Stored::Unusable(note) => self.note = Some(note),
            }
        }
        let now = Duration::from_millis(milliseconds(now));
        let is_believed = |learned_ms: u64| {
            let learned = Duration::from_millis(learned_ms);
            learned <= now + LEEWAY && now.saturating_sub(learned) < LIFE
        };
        self.facts.profiles.retain(|_, profile| is_believed(profile.learned_ms));
        self.facts.refusals.retain(|_, refusals| {
            refusals.retain(|refusal| is_believed(refusal.learned_ms));
            !refusals.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn at(hours: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_800_000_000 + hours * 3_600)
    }

    #[test]
    fn what_is_learned_lasts_for_hours_and_across_processes() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::with_folder(Some(folder.path().join("outcrop")));
        let region = Region::new("us-east-1").unwrap();
        let mut one = Learned::load(&store, &region, at(0));
        let mut two = Learned::load(&store, &region, at(0));
        assert_eq!((one.profile_for("a.b"), one.note()), (None, None));
        one.remember_profile("a.b", "us.a.b", at(0)).unwrap();
        two.remember_profile("c.d", "us.c.d", at(6)).unwrap();
        for (hours, first, second) in [
            (6, Some("us.a.b"), Some("us.c.d")),
            (11, Some("us.a.b"), Some("us.c.d")),
            (12, None, Some("us.c.d")),
            (18, None, None),
        ] {
            let learned = Learned::load(&store, &region, at(hours));
            assert_eq!((learned.profile_for("a.b"), learned.profile_for("c.d")), (first, second), "{hours}");
        }
        // A clock that was wrong when it was written does not make it last.
        assert_eq!(Learned::load(&store, &region, at(0)).profile_for("c.d"), None);
        let elsewhere = Learned::load(&store, &Region::new("eu-west-1").unwrap(), at(6));
        assert_eq!(elsewhere.profile_for("a.b"), None);
    }

    #[test]
    fn refusals_last_for_hours_each_once_and_across_processes() {
        use crate::catalog::facts::{Medium, ToolChoices};
        let folder = tempfile::tempdir().unwrap();
        let store = Store::with_folder(Some(folder.path().to_owned()));
        let region = Region::new("us-east-1").unwrap();
        let mut one = Learned::load(&store, &region, at(0));
        let mut two = Learned::load(&store, &region, at(0));
        let all = [
            Refusal::Temperature,
            Refusal::Field("thinking.display".to_owned()),
            Refusal::ToolChoice(ToolChoices::Auto),
            Refusal::Medium(Medium::Image),
        ];
        one.remember_refusals("a.b", &all, at(0)).unwrap();
        two.remember_refusals("a.b", &[Refusal::Temperature, Refusal::Streaming], at(6)).unwrap();
        two.remember_profile("c.d", "us.c.d", at(6)).unwrap();
        for (hours, expected) in [(6, 5), (12, 2), (18, 0)] {
            let learned = Learned::load(&store, &region, at(hours));
            assert_eq!(learned.note(), None);
            assert_eq!(learned.refusals_of("a.b").count(), expected, "{hours}");
            assert_eq!(learned.refusals_of("c.d").count(), 0);
        }
        let learned = Learned::load(&store, &region, at(7));
        let expected = [&all[1..], &[Refusal::Temperature, Refusal::Streaming]].concat();
        assert!(learned.refusals_of("a.b").eq(&expected));
    }

    #[test]
    fn a_broken_file_is_noted_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::with_folder(Some(folder.path().to_owned()));
        let region = Region::new("us-east-1").unwrap();
        std::fs::write(folder.path().join("learned-us-east-1.json"), "{").unwrap();
        let mut learned = Learned::load(&store, &region, at(0));
        assert!(learned.note().unwrap().contains("learned-us-east-1.json` is ignored"));
        learned.remember_profile("a.b", "us.a.b", at(0)).unwrap();
        let again = Learned::load(&store, &region, at(1));
        assert_eq!((again.profile_for("a.b"), again.note()), (Some("us.a.b"), None));
    }

    #[test]
    fn without_a_folder_or_where_nothing_can_be_written_facts_hold_for_the_process() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let region = Region::new("us-east-1").unwrap();
        for (folder, is_error) in [(None, false), (Some(file.path().to_owned()), true)] {
            let mut learned = Learned::load(&Store::with_folder(folder), &region, at(0));
            assert_eq!(learned.remember_profile("a.b", "us.a.b", at(0)).is_err(), is_error);
            assert_eq!(learned.profile_for("a.b"), Some("us.a.b"));
        }
    }
}
