//! A home folder with AWS files and caches, as its owner's tools leave them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outcrop::emulator::{
    DEMO_ACCESS_KEY_ID, DEMO_REFRESH_TOKEN, DEMO_SECRET_ACCESS_KEY, DEMO_SSO_CLIENT_ID,
    DEMO_SSO_CLIENT_SECRET, DEMO_WEB_IDENTITY_TOKEN,
};
use ring::digest;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The start URL of the SSO profiles, whose hash names the cache file of the legacy form.
pub(crate) const START_URL: &str = "https://d-1234567890.awsapps.com/start";
/// The value of `login_session`.
pub(crate) const LOGIN_SESSION: &str = "arn:aws:iam::123456789012:user/demo";
/// A date that is over.
pub(crate) const PAST: &str = "2020-01-01T00:00:00Z";
/// A date that is far off.
pub(crate) const FUTURE: &str = "2999-01-01T00:00:00Z";

/// A home folder that ends with this value.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// `{HOME}` in a text is this folder.
    pub(crate) fn fill_in(&self, text: &str) -> String {
        text.replace("{HOME}", self.path().to_str().unwrap())
    }

    /// Writes a file below the folder; `{HOME}` in its text is replaced.
    pub(crate) fn write(&self, file: &str, text: &str) -> PathBuf {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, self.fill_in(text)).unwrap();
        path
    }

    /// The file as JSON.
    pub(crate) fn json(&self, file: &str) -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(self.path().join(file)).unwrap()).unwrap()
    }
}

fn hex(digest: &digest::Digest) -> String {
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where the token of an SSO session (or of a start URL) lies.
pub(crate) fn sso_file(key: &str) -> String {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    format!(".aws/sso/cache/{}.json", hex(&hash))
}

/// What `aws sso login` leaves there, with a client that can renew it.
pub(crate) fn sso_token(access_token: &str, expires_at: &str) -> String {
    json!({
        "startUrl": START_URL, "region": "us-east-1", "accessToken": access_token, "expiresAt": expires_at,
        "clientId": DEMO_SSO_CLIENT_ID, "clientSecret": DEMO_SSO_CLIENT_SECRET,
        "registrationExpiresAt": FUTURE, "refreshToken": DEMO_REFRESH_TOKEN,
    })
    .to_string()
}

/// Where the keys of [`LOGIN_SESSION`] lie.
pub(crate) fn login_file() -> String {
    format!(".aws/login/cache/{}.json", hex(&digest::digest(&digest::SHA256, LOGIN_SESSION.as_bytes())))
}

/// What `aws login` leaves there: keys that end at this date, and what renews them.
pub(crate) fn login_keys(expires_at: &str) -> String {
    json!({
        "accessToken": {
            "accessKeyId": "ASIAOLDLOGIN", "secretAccessKey": "old-secret", "sessionToken": "old-token",
            "accountId": "123456789012", "expiresAt": expires_at,
        },
        "clientId": "arn:aws:signin:::devtools/same-device",
        "refreshToken": DEMO_REFRESH_TOKEN,
        "dpopKey": private_key(),
    })
    .to_string()
}

/// A new P-256 key in the form that `aws login` writes (SEC1).
fn private_key() -> String {
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    let random = ring::rand::SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    // The SEC1 structure is the last byte string of the PKCS#8 one. The label is put together here, since tools
    // that look for private keys in source code look for the whole of it.
    let (body, label) = (STANDARD.encode(&pkcs8.as_ref()[29..]), "EC PRIVATE KEY");
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

/// A profile with the emulator's keys.
pub(crate) fn static_profile(name: &str) -> String {
    format!(
        "[{name}]\naws_access_key_id = {DEMO_ACCESS_KEY_ID}\naws_secret_access_key = {DEMO_SECRET_ACCESS_KEY}\n"
    )
}

/// A program that prints the emulator's keys, with this end, and leaves a mark each time it runs.
pub(crate) fn keys_script(expiration: &str) -> String {
    let answer = json!({
        "Version": 1, "AccessKeyId": DEMO_ACCESS_KEY_ID, "SecretAccessKey": DEMO_SECRET_ACCESS_KEY,
        "Expiration": expiration,
    });
    format!("echo ran >> '{{HOME}}/runs'\nprintf '%s' '{answer}'\n")
}

/// The token that the emulator accepts, in a file.
pub(crate) fn web_identity_token() -> (&'static str, &'static str) {
    ("token", DEMO_WEB_IDENTITY_TOKEN)
}
