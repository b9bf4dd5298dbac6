//! Ids by form: geographies known and new, every ARN, routing words, and text that is none of these.

use super::{GEOGRAPHIES, ModelId, ResourceKind, VENDORS};
use proptest::prelude::*;

fn id(text: &str) -> ModelId {
    ModelId::parse(text).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn nothing_and_dots_are_no_id() {
    for text in ["", "  ", "\t\n", ".", "..", " .. ", "bedrock/", "amazon-bedrock/ ", "bedrock/converse/"] {
        assert_eq!(ModelId::parse(text), None, "{text:?}");
    }
}

#[test]
fn routing_words_are_left_out_and_nothing_else() {
    for (text, expected) in [
        ("amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("  amazon.nova-lite-v1:0\n", "amazon.nova-lite-v1:0"),
        ("amazon-bedrock/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("Amazon-Bedrock/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("aws-bedrock/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("bedrock/converse/us.amazon.nova-lite-v1:0", "us.amazon.nova-lite-v1:0"),
        ("bedrock/invoke/us.amazon.nova-lite-v1:0", "us.amazon.nova-lite-v1:0"),
        ("converse/us.amazon.nova-lite-v1:0", "converse/us.amazon.nova-lite-v1:0"),
        ("openai/gpt-4o", "openai/gpt-4o"),
        ("my-own-endpoint", "my-own-endpoint"),
        ("bedrock/bedrock/x", "bedrock/x"),
    ] {
        assert_eq!(id(text).as_str(), expected, "{text:?}");
    }
}

#[test]
fn geographies_known_and_new_are_told_from_vendors() {
    for (text, geography, base) in [
        ("us.anthropic.claude-sonnet-4-6", Some("us"), "anthropic.claude-sonnet-4-6"),
        ("us-gov.anthropic.claude-sonnet-4-6", Some("us-gov"), "anthropic.claude-sonnet-4-6"),
        ("global.xai.grok-4.7", Some("global"), "xai.grok-4.7"),
        ("us.deepseek.v3.2", Some("us"), "deepseek.v3.2"),
        ("xx.anthropic.claude-opus-4-8", Some("xx"), "anthropic.claude-opus-4-8"),
        ("antarctica.anthropic.claude-opus-4-8", Some("antarctica"), "anthropic.claude-opus-4-8"),
        ("nz.newvendor.model-1", Some("nz"), "newvendor.model-1"),
        ("eu-sov.newvendor.model-1", Some("eu-sov"), "newvendor.model-1"),
        ("deepseek.v3.2", None, "deepseek.v3.2"),
        ("deepseek.r1-v1:0", None, "deepseek.r1-v1:0"),
        ("zai.glm-4.7-flash", None, "zai.glm-4.7-flash"),
        ("qwen.qwen3.5-coder", None, "qwen.qwen3.5-coder"),
        ("minimax.minimax-m2.1", None, "minimax.minimax-m2.1"),
        ("moonshotai.kimi-k2.5", None, "moonshotai.kimi-k2.5"),
        ("openai.gpt-oss-120b-1:0", None, "openai.gpt-oss-120b-1:0"),
        ("ai21.jamba-1-5-large-v1:0", None, "ai21.jamba-1-5-large-v1:0"),
        ("newvendor.model-1", None, "newvendor.model-1"),
        ("anthropic.claude-opus-6-2-20270101-v1:0", None, "anthropic.claude-opus-6-2-20270101-v1:0"),
    ] {
        let id = id(text);
        assert_eq!(id.geography(), geography, "{text}");
        assert_eq!(id.base(), Some(base), "{text}");
        assert_eq!(id.vendor(), base.split('.').next(), "{text}");
        assert!(!id.is_arn() && !id.is_opaque(), "{text}");
    }
}

#[test]
fn every_known_geography_is_one_before_every_vendor() {
    for geography in GEOGRAPHIES {
        for vendor in VENDORS {
            let id = id(&format!("{geography}.{vendor}.model-v1:0"));
            assert_eq!(id.geography(), Some(geography), "{id}");
            assert_eq!(id.vendor(), Some(vendor), "{id}");
        }
    }
}

#[test]
fn words_without_a_vendor_are_opaque() {
    for text in [
        "haiku-4-5",
        "sonnet 4.6",
        "haiku-4.5",
        "sonnet4.6",
        "abc123def456",
        "a.b",
        "1.two",
        "-.x",
        "mümmel.x",
        "x/y.z",
    ] {
        let id = id(text);
        assert!(id.is_opaque(), "{text}");
        assert_eq!((id.base(), id.geography(), id.vendor(), id.region()), (None, None, None, None), "{text}");
    }
}

#[test]
fn every_form_of_arn() {
    use ResourceKind as R;
    let base = "anthropic.claude-3-haiku-20240307-v1:0";
    for (text, kind, expected, geography) in [
        ("arn:aws:bedrock:R::foundation-model/BASE", R::FoundationModel, Some(base), None),
        ("arn:aws:bedrock:R:A:inference-profile/us.BASE", R::InferenceProfile, Some(base), Some("us")),
        ("arn:aws:bedrock:R:A:inference-profile/zz.BASE", R::InferenceProfile, Some(base), Some("zz")),
        ("arn:aws:bedrock:R:A:application-inference-profile/abc", R::ApplicationInferenceProfile, None, None),
        ("arn:aws:bedrock:R:A:provisioned-model/abc123", R::ProvisionedModel, None, None),
        ("arn:aws:bedrock:R:A:custom-model/BASE/abc123", R::CustomModel, Some(base), None),
        ("arn:aws:bedrock:R:A:custom-model-deployment/abc", R::CustomModelDeployment, None, None),
        ("arn:aws:bedrock:R:A:imported-model/abc123", R::ImportedModel, None, None),
        ("arn:aws:bedrock:R:A:prompt/ABCDEF1234:1", R::Prompt, None, None),
        ("arn:aws:bedrock:R:A:prompt-router/abc", R::PromptRouter, None, None),
        ("arn:aws:bedrock:R:A:default-prompt-router/meta.llama:1", R::DefaultPromptRouter, None, None),
        ("arn:aws:sagemaker:R:A:endpoint/my-endpoint", R::Endpoint, None, None),
        ("arn:aws:bedrock:R:A:hologram/abc", R::Other, None, None),
        ("arn:aws:bedrock:R:A:nothing", R::Other, None, None),
    ] {
        for (partition, region) in [
            ("aws", "eu-west-1"),
            ("aws-cn", "cn-north-1"),
            ("aws-us-gov", "us-gov-west-1"),
            ("aws-eusc", "x-y-1"),
        ] {
            let text = text.replace("BASE", base).replace(":A:", ":123456789012:");
            let text =
                text.replace(":R:", &format!(":{region}:")).replace("arn:aws:", &format!("arn:{partition}:"));
            let id = id(&text);
            assert_eq!(id.as_str(), text);
            assert_eq!(id.resource(), Some(kind), "{text}");
            assert_eq!(id.base(), expected, "{text}");
            assert_eq!(id.geography(), geography, "{text}");
            assert_eq!((id.partition(), id.region()), (Some(partition), Some(region)), "{text}");
            let account = (kind != R::FoundationModel).then_some("123456789012");
            assert_eq!(id.account(), account, "{text}");
        }
    }
}

#[test]
fn what_is_no_arn_is_opaque() {
    for text in ["arn", "arn:", "arn:aws:bedrock:us-east-1:1", "ARN:aws:bedrock:us-east-1:1:prompt/x"] {
        let id = id(text);
        assert!(id.is_opaque() && id.resource().is_none() && id.region().is_none(), "{text}");
    }
}

proptest! {
    /// The text of an id is the end of what was written, whatever that was, and every part of it lies within.
    #[test]
    fn no_text_is_lost(text in ".{0,80}") {
        if let Some(id) = ModelId::parse(&text) {
            prop_assert!(text.trim().ends_with(id.as_str()));
            for part in [id.base(), id.geography(), id.vendor(), id.region(), id.account(), id.resource_name()] {
                prop_assert!(part.is_none_or(|part| id.as_str().contains(part)));
            }
        }
    }

    /// The same for text that is nearly an id.
    #[test]
    fn nearly_ids_are_read_without_loss(
        text in "(arn:aws:bedrock:)?([a-z]{0,7}[.:/-]){0,6}[a-z0-9:./-]{0,12}"
    ) {
        if let Some(id) = ModelId::parse(&text) {
            prop_assert!(text.ends_with(id.as_str()));
            if let (Some(geography), Some(base), false) = (id.geography(), id.base(), id.is_arn()) {
                prop_assert_eq!(format!("{geography}.{base}"), id.as_str());
            }
        }
    }
}
