//! Bytes that JSON carries as base64.
//!
//! Standard alphabet with padding, both ways; whatever is not exactly that is refused. Nothing is decoded
//! lazily, and nothing is streamed: a blob is in memory as a whole.

use base64::Engine;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;
use std::ops::Deref;

/// Bytes, base64 on the wire. Cloning shares them; `Debug` shows only how many there are.
///
/// ```
/// let blob: outcrop::converse::Blob = serde_json::from_str(r#""AAH+/w==""#)?;
/// assert_eq!(blob.as_ref(), [0, 1, 0xfe, 0xff]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Blob(Bytes);

impl Blob {
    /// The bytes, shared and not copied.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl<T: Into<Bytes>> From<T> for Blob {
    fn from(bytes: T) -> Self {
        Self(bytes.into())
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        // Through `Display`, in small pieces: no second copy of a large picture as text.
        to.collect_str(&Base64Display::new(&self.0, &STANDARD))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Base64;

        impl Visitor<'_> for Base64 {
            type Value = Blob;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes as base64 text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Blob, E> {
                STANDARD
                    .decode(text)
                    .map(Blob::from)
                    .map_err(|problem| E::custom(format_args!("no base64: {problem}")))
            }
        }

        from.deserialize_str(Base64)
    }
}

#[cfg(test)]
mod tests {
    use super::Blob;
    use proptest::prelude::*;

    #[test]
    fn only_padded_standard_base64_is_read() {
        for (json, bytes) in [(r#""""#, &b""[..]), (r#""aGk=""#, b"hi"), (r#""+\/8=""#, &[0xfb, 0xff])] {
            assert_eq!(&*serde_json::from_str::<Blob>(json).unwrap(), bytes, "{json}");
        }
        for json in [r#""aGk""#, r#""-_8=""#, r#""aGl=""#, r#""a Gk=""#, r#""aGk=\n""#, "[1]", "7", "null"] {
            assert!(serde_json::from_str::<Blob>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn debug_shows_the_length_alone() {
        assert_eq!(format!("{:?}", Blob::from(vec![7; 3_000_000])), "Blob(3000000 bytes)");
    }

    proptest! {
        #[test]
        fn any_bytes_survive(bytes: Vec<u8>) {
            let blob = Blob::from(bytes);
            let json = serde_json::to_string(&blob).unwrap();
            prop_assert_eq!(serde_json::from_str::<Blob>(&json).unwrap(), blob);
        }
    }
}
