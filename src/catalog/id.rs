//! Model ids: what the text that names a model says of it before anything is asked of the service.
//!
//! A foundation model's id, a profile of a geography (`us.`, and prefixes that appear tomorrow, by their shape)
//! and every form of ARN are told apart; whatever else comes is opaque and sent as it is. An id is never
//! refused for being unknown, and its text is never changed: what is sent is what was written, without the
//! routing words that other programs put before it (`amazon-bedrock/`).
//!
//! See [model ids](https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html) and
//! [inference profiles](https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html).

use std::fmt;

/// The id of a model as it is sent, with what its form tells.
///
/// ```
/// use outcrop::catalog::ModelId;
///
/// let id = ModelId::parse("amazon-bedrock/eu.amazon.nova-lite-v1:0").unwrap();
/// assert_eq!(id.as_str(), "eu.amazon.nova-lite-v1:0");
/// assert_eq!(id.base(), Some("amazon.nova-lite-v1:0"));
/// assert_eq!(id.geography(), Some("eu"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelId {
    text: String,
    form: Form,
}

/// What an id is by its form. Positions are bytes of the text, which is never changed after they are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    /// `vendor.model`.
    Foundation,
    /// `geography.vendor.model`; the vendor begins here.
    Profile(usize),
    /// `arn:partition:service:region:account:resource`.
    Arn(ResourceKind),
    /// Anything else: the id of a marketplace endpoint, of a resource without its ARN, or a word.
    Opaque,
}

/// What an ARN names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResourceKind {
    /// `foundation-model/ID`.
    FoundationModel,
    /// `inference-profile/ID`: a profile that AWS made.
    InferenceProfile,
    /// `application-inference-profile/ID`: a profile of the account.
    ApplicationInferenceProfile,
    /// `provisioned-model/ID`.
    ProvisionedModel,
    /// `custom-model/BASE/ID`.
    CustomModel,
    /// `custom-model-deployment/ID`.
    CustomModelDeployment,
    /// `imported-model/ID`.
    ImportedModel,
    /// `prompt/ID:VERSION` of prompt management.
    Prompt,
    /// `prompt-router/ID`.
    PromptRouter,
    /// `default-prompt-router/ID`.
    DefaultPromptRouter,
    /// `endpoint/NAME` of SageMaker: a marketplace model.
    Endpoint,
    /// A resource that is not known here.
    Other,
}

/// Programs put their name of this provider before the id.
const ROUTES: [&str; 3] = ["amazon-bedrock/", "aws-bedrock/", "bedrock/"];

/// And some, after it, the operation to call.
const OPERATIONS: [&str; 2] = ["converse/", "invoke/"];

/// The geography prefixes of profiles that exist today.
const GEOGRAPHIES: [&str; 17] = [
    "us", "eu", "apac", "ap", "au", "jp", "global", "us-gov", "ca", "sa", "me", "af", "mx", "il", "uk", "in",
    "kr",
];

/// The vendors of today, none of which is a geography.
const VENDORS: [&str; 20] = [
    "ai21",
    "amazon",
    "anthropic",
    "cohere",
    "deepseek",
    "google",
    "luma",
    "meta",
    "minimax",
    "mistral",
    "moonshot",
    "moonshotai",
    "nvidia",
    "openai",
    "qwen",
    "stability",
    "twelvelabs",
    "writer",
    "xai",
    "zai",
];

impl ModelId {
    /// Reads an id; blanks around it and routing words before it are left out.
    ///
    /// `None` when nothing is left, or when it is `.` or `..`, which cannot stand in a path.
    pub fn parse(text: &str) -> Option<Self> {
        let text = without_route(text.trim());
        if matches!(text, "" | "." | "..") {
            return None;
        }
        Some(Self { form: form(text), text: text.to_owned() })
    }

    /// The id as it is sent.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the ARN names; `None` when the id is no ARN.
    pub fn resource(&self) -> Option<ResourceKind> {
        match self.form {
            Form::Arn(kind) => Some(kind),
            Form::Foundation | Form::Profile(_) | Form::Opaque => None,
        }
    }

    /// Whether it is an ARN.
    pub fn is_arn(&self) -> bool {
        self.resource().is_some()
    }

    /// Whether the form says nothing: no ARN, and no vendor before a dot.
    pub fn is_opaque(&self) -> bool {
        self.form == Form::Opaque
    }

    /// The foundation model behind the id, as far as the text tells: without geography, or out of the ARN.
    ///
    /// `None` for opaque ids and for ARNs that do not say it, such as those of application profiles.
    pub fn base(&self) -> Option<&str> {
        match self.form {
            Form::Foundation => Some(&self.text),
            Form::Profile(vendor) => self.text.get(vendor..),
            Form::Arn(kind) => {
                let named = self.resource_name()?;
                match kind {
                    ResourceKind::FoundationModel => Some(named),
                    ResourceKind::InferenceProfile => Some(split_geography(named).1),
                    ResourceKind::CustomModel => named.rsplit_once('/').map(|(base, _)| base),
                    ResourceKind::ApplicationInferenceProfile
                    | ResourceKind::ProvisionedModel
                    | ResourceKind::CustomModelDeployment
                    | ResourceKind::ImportedModel
                    | ResourceKind::Prompt
                    | ResourceKind::PromptRouter
                    | ResourceKind::DefaultPromptRouter
                    | ResourceKind::Endpoint
                    | ResourceKind::Other => None,
                }
            }
            Form::Opaque => None,
        }
    }

    /// The geography of a profile: `us`, `global`. Of an ARN, that of the profile which it names.
    pub fn geography(&self) -> Option<&str> {
        match self.form {
            Form::Profile(_) => split_geography(&self.text).0,
            Form::Arn(ResourceKind::InferenceProfile) => split_geography(self.resource_name()?).0,
            Form::Foundation | Form::Arn(_) | Form::Opaque => None,
        }
    }

    /// Who makes the model: `anthropic`.
    pub fn vendor(&self) -> Option<&str> {
        self.base().and_then(|base| base.split_once('.')).map(|(vendor, _)| vendor)
    }

    /// The partition of an ARN: `aws`, `aws-us-gov`.
    pub fn partition(&self) -> Option<&str> {
        self.arn_field(1)
    }

    /// The region of an ARN, where it names one.
    pub fn region(&self) -> Option<&str> {
        self.arn_field(3)
    }

    /// The account of an ARN, where it names one.
    pub fn account(&self) -> Option<&str> {
        self.arn_field(4)
    }

    /// What stands after the type of an ARN's resource: the id, or the name.
    pub fn resource_name(&self) -> Option<&str> {
        self.arn_field(5).and_then(|resource| resource.split_once('/')).map(|(_, name)| name)
    }

    fn arn_field(&self, at: usize) -> Option<&str> {
        self.is_arn().then(|| self.text.splitn(6, ':').nth(at)).flatten().filter(|field| !field.is_empty())
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn without_route(text: &str) -> &str {
    match strip_any(text, &ROUTES) {
        Some(rest) => strip_any(rest, &OPERATIONS).unwrap_or(rest).trim_start(),
        None => text,
    }
}

/// What follows the first of these prefixes that the text has, in any case.
fn strip_any<'a>(text: &'a str, prefixes: &[&str]) -> Option<&'a str> {
    prefixes.iter().find_map(|prefix| {
        let (start, rest) = text.split_at_checked(prefix.len())?;
        start.eq_ignore_ascii_case(prefix).then_some(rest)
    })
}

fn form(text: &str) -> Form {
    if let Some(kind) = arn_kind(text) {
        return Form::Arn(kind);
    }
    match split_geography(text) {
        (Some(geography), _) => Form::Profile(geography.len() + 1),
        (None, _) if has_vendor(text) => Form::Foundation,
        (None, _) => Form::Opaque,
    }
}

/// The kind of resource that an ARN names; `None` for what is no ARN of six fields.
fn arn_kind(text: &str) -> Option<ResourceKind> {
    let mut fields = text.splitn(6, ':');
    if fields.next() != Some("arn") {
        return None;
    }
    let _partition = fields.next()?;
    let service = fields.next()?;
    let resource = fields.nth(2)?;
    let kind = resource.split_once('/').map_or(resource, |(kind, _)| kind);
    Some(match (service, kind) {
        ("sagemaker", "endpoint") => ResourceKind::Endpoint,
        ("bedrock", "foundation-model") => ResourceKind::FoundationModel,
        ("bedrock", "inference-profile") => ResourceKind::InferenceProfile,
        ("bedrock", "application-inference-profile") => ResourceKind::ApplicationInferenceProfile,
        ("bedrock", "provisioned-model") => ResourceKind::ProvisionedModel,
        ("bedrock", "custom-model") => ResourceKind::CustomModel,
        ("bedrock", "custom-model-deployment") => ResourceKind::CustomModelDeployment,
        ("bedrock", "imported-model") => ResourceKind::ImportedModel,
        ("bedrock", "prompt") => ResourceKind::Prompt,
        ("bedrock", "prompt-router") => ResourceKind::PromptRouter,
        ("bedrock", "default-prompt-router") => ResourceKind::DefaultPromptRouter,
        _ => ResourceKind::Other,
    })
}

/// The geography before an id, if there is one, and the rest.
///
/// A prefix that is not known counts when it has the shape of one and a vendor and a model's name follow: two
/// to six letters, perhaps with a part after a hyphen, as in `us-gov`. A dot also stands inside the names of
/// models (`deepseek.v3.2`, `zai.glm-4.7`), which no geography begins.
fn split_geography(id: &str) -> (Option<&str>, &str) {
    let split = id.split_once('.').filter(|(geography, rest)| {
        let follows = has_vendor(rest);
        let vendor = rest.split('.').next().unwrap_or_default();
        let known = GEOGRAPHIES.contains(geography) || VENDORS.contains(&vendor);
        follows && !VENDORS.contains(geography) && (known || has_geography_shape(geography))
    });
    split.map_or((None, id), |(geography, rest)| (Some(geography), rest))
}

fn has_geography_shape(word: &str) -> bool {
    let mut parts = word.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=6).contains(&first.len())
        && word.len() <= 12
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        && parts.all(|part| !part.is_empty())
}

/// Whether the text begins with a vendor's word and a dot, and a model's name follows, which begins with a
/// letter.
fn has_vendor(text: &str) -> bool {
    let Some((vendor, model)) = text.split_once('.') else { return false };
    vendor.len() >= 2
        && vendor.starts_with(|first: char| first.is_ascii_alphabetic())
        && vendor.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && model.starts_with(|first: char| first.is_ascii_alphabetic())
        && !text.contains(|any: char| any.is_whitespace() || any == '/')
}

#[cfg(test)]
mod tests;
