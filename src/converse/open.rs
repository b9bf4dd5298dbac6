//! Strings for which AWS lists values today and may list more tomorrow.
//!
//! Most enums of the model only pass through this crate, so a string with its known values as constants says
//! all there is to say, and an unknown value needs no case of its own. Where the crate or its callers decide
//! by the value, there is an enum instead: [`Role`](super::Role), [`StopReason`](super::StopReason).

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// One value of an open enum. `K` only tells the enums apart; use the names made of it, as
/// [`ImageFormat`](super::ImageFormat).
///
/// The values that AWS documents are constants; any other text is as good. The default is the empty text: not
/// given.
///
/// ```
/// use outcrop::converse::ImageFormat;
///
/// assert_eq!(ImageFormat::from("png"), ImageFormat::PNG);
/// assert_eq!(ImageFormat::from("heic").as_str(), "heic");
/// ```
pub struct OpenString<K> {
    text: Cow<'static, str>,
    // A function that returns K: the type is Send and Sync whatever K is.
    kind: PhantomData<fn() -> K>,
}

impl<K> OpenString<K> {
    pub(crate) const fn known(text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text), kind: PhantomData }
    }

    /// The value as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<K> From<String> for OpenString<K> {
    fn from(text: String) -> Self {
        Self { text: Cow::Owned(text), kind: PhantomData }
    }
}

impl<K> From<&str> for OpenString<K> {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

// Written out, since derived ones would ask the same of K.

impl<K> Clone for OpenString<K> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), kind: PhantomData }
    }
}

impl<K> Default for OpenString<K> {
    fn default() -> Self {
        Self::known("")
    }
}

impl<K> PartialEq for OpenString<K> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<K> Eq for OpenString<K> {}

impl<K> Hash for OpenString<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<K> fmt::Debug for OpenString<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl<K> fmt::Display for OpenString<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<K> Serialize for OpenString<K> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text)
    }
}

impl<'de, K> Deserialize<'de> for OpenString<K> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::from)
    }
}

/// What tells the open enums apart, one type each.
#[allow(missing_docs, reason = "the enums made of them are documented")]
pub(super) mod kind {
    pub enum AudioFormat {}
    pub enum CachePointType {}
    pub enum CacheTtl {}
    pub enum DocumentFormat {}
    pub enum GuardrailConverseContentQualifier {}
    pub enum GuardrailStreamProcessingMode {}
    pub enum GuardrailTrace {}
    pub enum ImageFormat {}
    pub enum OutputFormatType {}
    pub enum PerformanceConfigLatency {}
    pub enum ServiceTierType {}
    pub enum ToolResultStatus {}
    pub enum ToolUseType {}
    pub enum VideoFormat {}
}

#[cfg(test)]
mod tests {
    use crate::converse::{CacheTtl, ToolResultStatus};

    #[test]
    fn known_and_unknown_values_are_written_as_they_were_read() {
        for text in ["success", "error", "pending", "Été \"x\"", ""] {
            let json = serde_json::to_string(text).unwrap();
            let value: ToolResultStatus = serde_json::from_str(&json).unwrap();
            assert_eq!((value.as_str(), value.to_string().as_str()), (text, text));
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
        }
        assert_eq!(ToolResultStatus::from("error"), ToolResultStatus::ERROR);
        assert_ne!(CacheTtl::ONE_HOUR, CacheTtl::FIVE_MINUTES);
    }
}
