//! Citations: what may be cited, and what an answer cites.
//!
//! Positions are passed on as the service counts them; nothing is looked up in the sources.

use super::TextContent;
use super::union::{Found, Union, UnknownMember, member, null_as_default, read, unknown};
use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize};

/// Whether an answer may cite a source.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CitationsConfig.html>
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CitationsConfig {
    /// Yes or no.
    #[serde(deserialize_with = "null_as_default")]
    pub enabled: bool,
}

/// Text with its sources.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CitationsContentBlock.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CitationsContentBlock {
    /// The text.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub content: Vec<CitationGeneratedContent>,
    /// The sources.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub citations: Vec<Citation>,
}

/// A piece of cited text.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CitationGeneratedContent.html>
pub type CitationGeneratedContent = TextContent;

/// One source of a text. A stream's `CitationsDelta` has the same members.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Citation.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Citation {
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where it is from, as the request named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The very words.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub source_content: Vec<CitationSourceContent>,
    /// Where the words stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<CitationLocation>,
}

/// Words of a source.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CitationSourceContent.html>
pub type CitationSourceContent = TextContent;

/// Where cited words stand.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CitationLocation.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum CitationLocation {
    /// On the web.
    Web(WebLocation),
    /// In a document, counted in characters.
    DocumentChar(DocumentLocation),
    /// In a document, counted in pages.
    DocumentPage(DocumentLocation),
    /// In a document, counted in pieces of its content.
    DocumentChunk(DocumentLocation),
    /// In a search result.
    SearchResultLocation(SearchResultLocation),
    /// A member that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

impl Union for CitationLocation {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            "web" => member(values, Self::Web),
            "documentChar" => member(values, Self::DocumentChar),
            "documentPage" => member(values, Self::DocumentPage),
            "documentChunk" => member(values, Self::DocumentChunk),
            "searchResultLocation" => member(values, Self::SearchResultLocation),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for CitationLocation {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// A page on the web.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_WebLocation.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WebLocation {
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}

/// A range of a document. The model has it three times, as `DocumentCharLocation`, `DocumentPageLocation` and
/// `DocumentChunkLocation`; the variant of [`CitationLocation`] says what is counted.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentCharLocation.html>
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DocumentLocation {
    /// Which of the request's documents, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_index: Option<u64>,
    /// Where the range begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
    /// Where it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<u64>,
}

/// A range of a search result.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_SearchResultLocation.html>
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SearchResultLocation {
    /// Which of the request's search results, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_result_index: Option<u64>,
    /// The first of its pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
    /// The last of its pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<u64>,
}

/// A search result to answer from.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_SearchResultBlock.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SearchResultBlock {
    /// Where it is from.
    #[serde(deserialize_with = "null_as_default")]
    pub source: String,
    /// Its title.
    #[serde(deserialize_with = "null_as_default")]
    pub title: String,
    /// Its text, in pieces that can be cited one by one.
    #[serde(deserialize_with = "null_as_default")]
    pub content: Vec<SearchResultContentBlock>,
    /// Whether the answer cites it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citations: Option<CitationsConfig>,
}

/// A piece of a search result.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_SearchResultContentBlock.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SearchResultContentBlock {
    /// The text.
    #[serde(deserialize_with = "null_as_default")]
    pub text: String,
}
