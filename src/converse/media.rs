//! Pictures, documents, videos and sounds.
//!
//! The bytes are passed on as they are; whether they are what `format` says is not checked here.

use super::open::kind;
use super::union::{Found, Union, UnknownMember, member, null_as_default, read, unknown};
use super::{Blob, CitationsConfig, OpenString, TextContent};
use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// A picture.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageBlock.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ImageBlock {
    /// How it is encoded.
    #[serde(deserialize_with = "null_as_default")]
    pub format: ImageFormat,
    /// Where it is.
    #[serde(deserialize_with = "null_as_default")]
    pub source: ImageSource,
    /// Why a generated picture is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBlock>,
}

/// How a picture is encoded.
pub type ImageFormat = OpenString<kind::ImageFormat>;

impl ImageFormat {
    /// `png`.
    pub const PNG: Self = Self::known("png");
    /// `jpeg`.
    pub const JPEG: Self = Self::known("jpeg");
    /// `gif`.
    pub const GIF: Self = Self::known("gif");
    /// `webp`.
    pub const WEBP: Self = Self::known("webp");
}

/// A document.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DocumentBlock {
    /// How it is encoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<DocumentFormat>,
    /// A name, which the model sees.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// Where it is.
    #[serde(deserialize_with = "null_as_default")]
    pub source: DocumentSource,
    /// What the model should know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Whether the answer cites it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citations: Option<CitationsConfig>,
}

/// How a document is encoded.
pub type DocumentFormat = OpenString<kind::DocumentFormat>;

impl DocumentFormat {
    /// `pdf`.
    pub const PDF: Self = Self::known("pdf");
    /// `csv`.
    pub const CSV: Self = Self::known("csv");
    /// `doc`.
    pub const DOC: Self = Self::known("doc");
    /// `docx`.
    pub const DOCX: Self = Self::known("docx");
    /// `xls`.
    pub const XLS: Self = Self::known("xls");
    /// `xlsx`.
    pub const XLSX: Self = Self::known("xlsx");
    /// `html`.
    pub const HTML: Self = Self::known("html");
    /// `txt`.
    pub const TXT: Self = Self::known("txt");
    /// `md`.
    pub const MD: Self = Self::known("md");
}

/// A video.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_VideoBlock.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VideoBlock {
    /// How it is encoded.
    #[serde(deserialize_with = "null_as_default")]
    pub format: VideoFormat,
    /// Where it is.
    #[serde(deserialize_with = "null_as_default")]
    pub source: VideoSource,
}

/// How a video is encoded.
pub type VideoFormat = OpenString<kind::VideoFormat>;

impl VideoFormat {
    /// `mkv`.
    pub const MKV: Self = Self::known("mkv");
    /// `mov`.
    pub const MOV: Self = Self::known("mov");
    /// `mp4`.
    pub const MP4: Self = Self::known("mp4");
    /// `webm`.
    pub const WEBM: Self = Self::known("webm");
    /// `flv`.
    pub const FLV: Self = Self::known("flv");
    /// `mpeg`.
    pub const MPEG: Self = Self::known("mpeg");
    /// `mpg`.
    pub const MPG: Self = Self::known("mpg");
    /// `wmv`.
    pub const WMV: Self = Self::known("wmv");
    /// `three_gp`.
    pub const THREE_GP: Self = Self::known("three_gp");
}

/// A sound.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_AudioBlock.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AudioBlock {
    /// How it is encoded.
    #[serde(deserialize_with = "null_as_default")]
    pub format: AudioFormat,
    /// Where it is.
    #[serde(deserialize_with = "null_as_default")]
    pub source: AudioSource,
    /// Why a generated sound is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBlock>,
}

/// How a sound is encoded.
pub type AudioFormat = OpenString<kind::AudioFormat>;

impl AudioFormat {
    /// `mp3`.
    pub const MP3: Self = Self::known("mp3");
    /// `opus`.
    pub const OPUS: Self = Self::known("opus");
    /// `wav`.
    pub const WAV: Self = Self::known("wav");
    /// `aac`.
    pub const AAC: Self = Self::known("aac");
    /// `flac`.
    pub const FLAC: Self = Self::known("flac");
    /// `mp4`.
    pub const MP4: Self = Self::known("mp4");
    /// `ogg`.
    pub const OGG: Self = Self::known("ogg");
    /// `mkv`.
    pub const MKV: Self = Self::known("mkv");
    /// `mka`.
    pub const MKA: Self = Self::known("mka");
    /// `x-aac`.
    pub const X_AAC: Self = Self::known("x-aac");
    /// `m4a`.
    pub const M4A: Self = Self::known("m4a");
    /// `mpeg`.
    pub const MPEG: Self = Self::known("mpeg");
    /// `mpga`.
    pub const MPGA: Self = Self::known("mpga");
    /// `pcm`.
    pub const PCM: Self = Self::known("pcm");
    /// `webm`.
    pub const WEBM: Self = Self::known("webm");
}

/// Where a picture, video or sound is. The model has the same union once for each of them.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageSource.html>
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum MediaSource {
    /// In the request.
    Bytes(Blob),
    /// In S3.
    S3Location(S3Location),
    /// A member that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

/// Where a picture is.
pub type ImageSource = MediaSource;
/// Where a video is.
pub type VideoSource = MediaSource;
/// Where a sound is.
pub type AudioSource = MediaSource;

impl Default for MediaSource {
    fn default() -> Self {
        Self::Bytes(Blob::default())
    }
}

impl Union for MediaSource {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            "bytes" => member(values, Self::Bytes),
            "s3Location" => member(values, Self::S3Location),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for MediaSource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// Where a document is.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentSource.html>
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum DocumentSource {
    /// In the request.
    Bytes(Blob),
    /// In S3.
    S3Location(S3Location),
    /// In the request, as text.
    Text(String),
    /// In the request, as pieces that can be cited one by one.
    Content(Vec<DocumentContentBlock>),
    /// A member that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

/// A piece of a document.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentContentBlock.html>
pub type DocumentContentBlock = TextContent;

impl Default for DocumentSource {
    fn default() -> Self {
        Self::Bytes(Blob::default())
    }
}

impl Union for DocumentSource {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            "bytes" => member(values, Self::Bytes),
            "s3Location" => member(values, Self::S3Location),
            "text" => member(values, Self::Text),
            "content" => member(values, Self::Content),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for DocumentSource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// An object in S3.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_S3Location.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct S3Location {
    /// `s3://bucket/key`.
    #[serde(deserialize_with = "null_as_default")]
    pub uri: String,
    /// The account that owns the bucket, when it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_owner: Option<String>,
}

/// Why a picture or a sound is missing.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ErrorBlock.html>
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ErrorBlock {
    /// The reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl fmt::Debug for ErrorBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErrorBlock([redacted])")
    }
}
