//! Embeddings: one way to ask every family of embedding models for vectors of texts.
//!
//! Behind InvokeModel each family has JSON of its own. Here texts become the body of a call, and the body of its
//! answer becomes vectors; what a family cannot do is refused before anything is sent. It does no IO: with the
//! feature `client`, `Client::embed` sends the calls, some at the same time. Texts only: no images, audio or video.
//!
//! ```
//! use outcrop::embed::{EmbedOptions, EmbeddingFamily};
//!
//! let family = EmbeddingFamily::of("us.cohere.embed-v4:0").unwrap();
//! let body = family.body(&["granite", "basalt"], &EmbedOptions::default())?;
//! let answer = br#"{"embeddings":{"float":[[0.6,0.8],[1.0,0.0]]}}"#;
//! assert_eq!(family.read(answer, 2)?.vectors[0], [0.6, 0.8]);
//! # Ok::<(), outcrop::Error>(())
//! ```
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>

mod answer;
mod body;
mod family;

pub use answer::EmbeddingAnswer;
pub use family::EmbeddingFamily;

use crate::error::{Error, Result};
use std::sync::Arc;

/// How many calls of one request run at the same time, unless it says otherwise.
pub const DEFAULT_CONCURRENCY: usize = 8;

/// Texts to embed, and how.
///
/// ```
/// use outcrop::embed::{EmbedRequest, EmbeddingKind};
///
/// let request = EmbedRequest::new("amazon.titan-embed-text-v2:0")
///     .texts(["granite", "basalt"])
///     .kind(EmbeddingKind::Query)
///     .dimensions(256);
/// assert_eq!(request.texts.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EmbedRequest {
    /// Id or ARN of an embedding model or of an inference profile.
    pub model_id: String,
    /// The texts. Their order is that of the results.
    pub texts: Vec<String>,
    /// The family of the model, for ids that do not tell it. Absent: found by the id.
    pub family: Option<EmbeddingFamily>,
    /// What the vectors shall be like.
    pub options: EmbedOptions,
    /// How many calls run at the same time; 0 counts as 1.
    pub concurrency: usize,
}

/// What vectors shall be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EmbedOptions {
    /// Which side of a search the texts are for.
    pub kind: EmbeddingKind,
    /// Numbers of a vector; absent: [those of the family](EmbeddingFamily::default_dimensions).
    pub dimensions: Option<u32>,
    /// Whether vectors are scaled to length 1; absent: as the model makes them. Models that cannot be asked make
    /// them as they do, and `true` is done by `Client::embed`.
    pub normalize: Option<bool>,
}

/// Which side of a search a text is for. Some models embed the two sides differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EmbeddingKind {
    /// What is searched.
    #[default]
    Document,
    /// What is searched for.
    Query,
}

/// The vector of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// The numbers, as the model wrote them.
    pub vector: Vec<f32>,
    /// Tokens of the text. Absent when the model does not tell, or tells them for several texts together.
    pub input_tokens: Option<u64>,
}

/// What became of one text. Texts that went out in one call share its error.
pub type EmbeddingResult = Result<Embedding, Arc<Error>>;

/// What became of all texts of a request.
#[derive(Debug)]
pub struct Embeddings {
    /// One result for each text, in the order of the texts.
    pub results: Vec<EmbeddingResult>,
    /// Tokens of all texts together, as far as the model told them.
    pub input_tokens: Option<u64>,
}

impl EmbedRequest {
    /// A request without texts yet, with everything as the model does it.
    pub fn new(model_id: impl Into<String>) -> Self {
        Self {
            model_id: model_id.into(),
            texts: Vec::new(),
            family: None,
            options: EmbedOptions::default(),
            concurrency: DEFAULT_CONCURRENCY,
        }
    }

    /// Adds a text.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.texts.push(text.into());
        self
    }

    /// Adds texts.
    #[must_use]
    pub fn texts(mut self, texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.texts.extend(texts.into_iter().map(Into::into));
        self
    }

    /// Says the family of the model, for ids that do not tell it.
    #[must_use]
    pub fn family(mut self, family: EmbeddingFamily) -> Self {
        self.family = Some(family);
        self
    }

    /// Says which side of a search the texts are for.
    #[must_use]
    pub fn kind(mut self, kind: EmbeddingKind) -> Self {
        self.options.kind = kind;
        self
    }

    /// Asks for vectors of so many numbers.
    #[must_use]
    pub fn dimensions(mut self, dimensions: u32) -> Self {
        self.options.dimensions = Some(dimensions);
        self
    }

    /// Asks for vectors of length 1, or for those that are not scaled.
    #[must_use]
    pub fn normalize(mut self, normalize: bool) -> Self {
        self.options.normalize = Some(normalize);
        self
    }

    /// Sets how many calls run at the same time.
    #[must_use]
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls;
        self
    }
}

impl Embedding {
    /// Scales the vector to length 1. One of zeros alone stays as it is.
    pub fn normalize(&mut self) {
        let squares: f64 = self.vector.iter().map(|number| f64::from(*number).powi(2)).sum();
        let length = squares.sqrt();
        if length > 0.0 {
            for number in &mut self.vector {
                *number = (f64::from(*number) / length) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests;
