//! The families of embedding models: which ids belong to them, and what each of them can do.
//!
//! A family is told by how an id begins, so that versions to come fit. The facts are those of AWS's pages on
//! [inference parameters](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html).

use super::EmbedOptions;
use crate::catalog::ModelId;
use crate::error::{Error, Result};

/// Models that are asked, and that answer, in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EmbeddingFamily {
    /// Titan text embeddings, first version.
    TitanText,
    /// Titan text embeddings, version 2.
    TitanTextV2,
    /// Titan multimodal embeddings, for its text side.
    TitanMultimodal,
    /// Cohere Embed 3, English and multilingual.
    CohereV3,
    /// Cohere Embed 4.
    CohereV4,
    /// Nova multimodal embeddings.
    Nova,
    /// TwelveLabs Marengo 2.
    Marengo2,
    /// TwelveLabs Marengo 3.
    Marengo3,
}

/// Beginnings of ids and their families; the first that fits decides.
const PREFIXES: [(&str, EmbeddingFamily); 10] = [
    ("amazon.titan-embed-text-v1", EmbeddingFamily::TitanText),
    ("amazon.titan-embed-g1-text", EmbeddingFamily::TitanText),
    ("amazon.titan-embed-text", EmbeddingFamily::TitanTextV2),
    ("amazon.titan-embed-image", EmbeddingFamily::TitanMultimodal),
    ("cohere.embed-english-v3", EmbeddingFamily::CohereV3),
    ("cohere.embed-multilingual-v3", EmbeddingFamily::CohereV3),
    ("cohere.embed", EmbeddingFamily::CohereV4),
    ("amazon.nova-2-multimodal-embeddings", EmbeddingFamily::Nova),
    ("twelvelabs.marengo-embed-2", EmbeddingFamily::Marengo2),
    ("twelvelabs.marengo-embed", EmbeddingFamily::Marengo3),
];

impl EmbeddingFamily {
    /// The family of a model, by its id, the id of a profile, or an ARN that names the model.
    ///
    /// `None` for models of no known family, and for ids that do not tell, such as ARNs of application profiles.
    pub fn of(model_id: &str) -> Option<Self> {
        let id = ModelId::parse(model_id)?;
        let base = id.base()?;
        PREFIXES.iter().find(|(prefix, _)| base.starts_with(prefix)).map(|(_, family)| *family)
    }

    /// The lengths of vectors that can be asked for; empty when there is no choice.
    pub fn dimensions(self) -> &'static [u32] {
        match self {
            EmbeddingFamily::TitanTextV2 => &[256, 512, 1024],
            EmbeddingFamily::TitanMultimodal => &[256, 384, 1024],
            EmbeddingFamily::CohereV4 => &[256, 512, 1024, 1536],
            EmbeddingFamily::Nova => &[256, 384, 1024, 3072],
            EmbeddingFamily::TitanText
            | EmbeddingFamily::CohereV3
            | EmbeddingFamily::Marengo2
            | EmbeddingFamily::Marengo3 => &[],
        }
    }

    /// The length of vectors that are asked for without one.
    pub fn default_dimensions(self) -> u32 {
        match self {
            EmbeddingFamily::TitanText | EmbeddingFamily::CohereV4 => 1536,
            EmbeddingFamily::TitanTextV2
            | EmbeddingFamily::TitanMultimodal
            | EmbeddingFamily::CohereV3
            | EmbeddingFamily::Marengo2 => 1024,
            // Nova's own default is 3072, three times the storage for little: the length is always said.
            EmbeddingFamily::Nova => 1024,
            EmbeddingFamily::Marengo3 => 512,
        }
    }

    /// How many texts one call takes at most.
    pub fn texts_per_call(self) -> usize {
        match self {
            EmbeddingFamily::CohereV3 | EmbeddingFamily::CohereV4 => 96,
            EmbeddingFamily::TitanText
            | EmbeddingFamily::TitanTextV2
            | EmbeddingFamily::TitanMultimodal
            | EmbeddingFamily::Nova
            | EmbeddingFamily::Marengo2
            | EmbeddingFamily::Marengo3 => 1,
        }
    }

    /// Whether the model itself scales vectors, or leaves them, as it is asked to.
    pub fn normalizes(self) -> bool {
        match self {
            EmbeddingFamily::TitanTextV2 => true,
            EmbeddingFamily::TitanText
            | EmbeddingFamily::TitanMultimodal
            | EmbeddingFamily::CohereV3
            | EmbeddingFamily::CohereV4
            | EmbeddingFamily::Nova
            | EmbeddingFamily::Marengo2
            | EmbeddingFamily::Marengo3 => false,
        }
    }

    /// Checks that the family can do what is asked.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a length of vectors that it does not make.
    pub fn check(self, options: &EmbedOptions) -> Result<()> {
        let Some(wanted) = options.dimensions else { return Ok(()) };
        let (choice, fixed) = (self.dimensions(), self.default_dimensions());
        if choice.contains(&wanted) || (choice.is_empty() && wanted == fixed) {
            return Ok(());
        }
        let makes = match choice.split_last() {
            Some((last, rest)) => {
                let rest: Vec<String> = rest.iter().map(u32::to_string).collect();
                format!("{} or {last}", rest.join(", "))
            }
            None => fixed.to_string(),
        };
        let problem = format!("the model makes vectors of {makes} dimensions, not of {wanted}");
        Err(Error::InvalidRequest(problem.into()))
    }
}
