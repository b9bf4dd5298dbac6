//! How unions and nulls are read: the rules that all shapes share.
//!
//! A union is an object with one member, whose name says what it is. Serde's own tagged enums can write that,
//! but reading one with a fallback goes through a buffer that forgets how numbers were written; so unions are
//! read here, straight from the parser.

use super::Document;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A member of a union that this version does not know, kept so that it can be sent back as it came.
///
/// An object without any member reads as a null without a name (the default), and is written as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMember {
    /// The member's name.
    pub name: String,
    /// Its value.
    pub value: Document,
}

impl Default for UnknownMember {
    fn default() -> Self {
        Self { name: String::new(), value: Document::from(Value::Null) }
    }
}

impl Serialize for UnknownMember {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        if *self != Self::default() {
            map.serialize_entry(&self.name, &self.value)?;
        }
        map.end()
    }
}

/// A shape of which one member at a time is present.
pub(crate) trait Union: Sized {
    /// Wraps a member that the union does not know.
    const UNKNOWN: fn(UnknownMember) -> Self;

    /// Reads the value of the member `name`: by [`member`] when it is one of the union's, else by
    /// [`unknown`].
    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error>;
}

/// What stood in one place of a union's object.
pub(crate) enum Found<T> {
    /// A member of the union.
    Known(T),
    /// A member of a later version of the union, or a stray one.
    Unknown(UnknownMember),
    /// A null, which counts as absent.
    Null,
}

/// Reads the next value and wraps it as one member of the union.
pub(crate) fn member<'de, A, V, T>(values: &mut A, wrap: fn(V) -> T) -> Result<Found<T>, A::Error>
where
    A: MapAccess<'de>,
    V: Deserialize<'de>,
{
    Ok(values.next_value::<Option<V>>()?.map_or(Found::Null, |value| Found::Known(wrap(value))))
}

/// Keeps the next value under its name.
pub(crate) fn unknown<'de, A, T>(name: &str, values: &mut A) -> Result<Found<T>, A::Error>
where
    A: MapAccess<'de>,
{
    let value = values.next_value::<Option<Document>>()?;
    Ok(value.map_or(Found::Null, |value| Found::Unknown(UnknownMember { name: name.to_owned(), value })))
}

/// Reads a union. A stray member beside one that the union knows is skipped; two known ones are an error,
/// since either choice would lose something.
pub(crate) fn read<'de, T: Union, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    from.deserialize_map(UnionVisitor(PhantomData))
}

struct UnionVisitor<T>(PhantomData<T>);

impl<'de, T: Union> Visitor<'de> for UnionVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with one member")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<T, A::Error> {
        let (mut known, mut stray) = (None, None);
        while let Some(Name(name)) = members.next_key()? {
            match T::read(&name, &mut members)? {
                Found::Known(value) if known.is_none() => known = Some(value),
                Found::Known(_) => {
                    return Err(A::Error::custom(format_args!(
                        "`{name}` beside another member of one union"
                    )));
                }
                Found::Unknown(member) => stray = stray.or(Some(member)),
                Found::Null => {}
            }
        }
        Ok(known.unwrap_or_else(|| T::UNKNOWN(stray.unwrap_or_default())))
    }
}

/// A member's name, borrowed where the text allows it.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads a member; null is the default, as if the member were absent.
pub(crate) fn null_as_default<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(from).map(Option::unwrap_or_default)
}
