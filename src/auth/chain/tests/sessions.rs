//! Tokens and keys in cache files: when they are refreshed, and what is written back.

use super::*;
use serde_json::{Value, json};

const NOW: &str = "2025-01-02T03:04:05Z";
const SSO_FILE: &str = "/h/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
const SSO: &str = "[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = Dev\n[sso-session corp]\n\
                   sso_start_url = https://d-1.awsapps.com/start\nsso_region = us-west-2\n";
const PORTAL: &str =
    "GET https://portal.sso.us-west-2.amazonaws.com/federation/credentials?role_name=Dev&account_id=1";
const OIDC: &str = "POST https://oidc.us-west-2.amazonaws.com/token";

/// What a walk did: the outcome, requests with their token header, and the file that was written.
struct Walk {
    outcome: Result<(Auth, Trail)>,
    sent: Vec<(String, String)>,
    written: Option<(PathBuf, Value)>,
}

async fn walk(files: &[(&str, &str)], answers: &[(&str, u16, &str)]) -> Walk {
    let (log, written) = (Log::default(), Arc::new(Mutex::new(None)));
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let inner = transport(answers, &log);
    let seen = Arc::clone(&tokens);
    let transport = Transport::scripted(move |request| {
        let named =
            |(name, _): &&(String, String)| matches!(name.as_str(), "x-amz-sso_bearer_token" | "dpop");
        let token = request.headers.iter().find(named).map(|(_, value)| value.clone()).unwrap_or_default();
        seen.lock().unwrap().push((format!("{} {}", request.method, request.url), token));
        let inner = inner.clone();
        async move {
            inner.send(request, None).await.map_err(|error| match error {
                Error::Transport(failure) => failure,
                other => panic!("{other}"),
            })
        }
    });
    let mut world = world(files);
    let target = Arc::clone(&written);
    world.write_file = Arc::new(move |path, text| {
        *target.lock().unwrap() = Some((path.to_owned(), serde_json::from_slice(text).unwrap()));
        Ok(())
    });
    let chain = Chain::new(env(&[NO_INSTANCE]), None, world, transport.clone(), transport);
    let outcome = chain.resolve(&Region::fallback().value).await;
    let (sent, written) = (tokens.lock().unwrap().clone(), written.lock().unwrap().take());
    Walk { outcome, sent, written }
}

fn sso_cache(expires_at: &str) -> String {
    json!({
        "accessToken": "old", "expiresAt": expires_at, "refreshToken": "r", "clientId": "c",
        "clientSecret": "s", "registrationExpiresAt": "2099-01-01T00:00:00Z", "startUrl": "kept",
    })
    .to_string()
}

const PORTAL_KEYS: &str = r#"{"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"s","sessionToken":"t","expiration":4070908800000}}"#;

#[tokio::test]
async fn an_sso_token_near_its_end_is_refreshed_and_written_back() {
    let files = [("/h/.aws/config", SSO), (SSO_FILE, &sso_cache("2025-01-02T03:08:05Z"))];
    let answer = r#"{"accessToken":"new","expiresIn":3600,"tokenType":"Bearer"}"#;
    let walk = walk(&files, &[(OIDC, 200, answer), (PORTAL, 200, PORTAL_KEYS)]).await;
    let Ok((Auth::SigV4(keys), _)) = walk.outcome else { panic!("{:?}", walk.outcome) };
    assert_eq!(keys.access_key_id, "ASIA");
    assert_eq!(time::rfc3339(keys.expires_at.unwrap()), "2099-01-01T00:00:00Z");
    assert_eq!(walk.sent, [(OIDC.to_owned(), String::new()), (PORTAL.to_owned(), "new".to_owned())]);
    let (path, file) = walk.written.unwrap();
    assert_eq!(path, PathBuf::from(SSO_FILE));
    let mut expected: Value = serde_json::from_str(&sso_cache("2025-01-02T04:04:05Z")).unwrap();
    expected["accessToken"] = "new".into();
    assert_eq!(file, expected);
}

#[tokio::test]
async fn a_refused_refresh_leaves_the_last_word_to_the_portal() {
    let refusal = r#"{"error":"invalid_grant","error_description":"Invalid refresh token"}"#;
    for (expires_at, portal, is_found) in [
        ("2025-01-02T03:08:05Z", (PORTAL, 200, PORTAL_KEYS), true),
        ("2025-01-02T03:00:00Z", (PORTAL, 401, "{}"), false),
    ] {
        let files = [("/h/.aws/config", SSO), (SSO_FILE, &sso_cache(expires_at))];
        let walk = walk(&files, &[(OIDC, 400, refusal), portal]).await;
        assert_eq!(walk.sent[1], (PORTAL.to_owned(), "old".to_owned()));
        assert!(walk.written.is_none());
        match walk.outcome {
            Ok(_) => assert!(is_found),
            Err(Error::BrokenSource(broken)) => {
                assert!(!is_found);
                assert_eq!(
                    broken.problem,
                    "SSO gives no keys for role `Dev` in account `1`: status 401; before that, the token of \
                     profile `default` could not be refreshed: invalid_grant: Invalid refresh token"
                );
                assert_eq!(broken.hints, ["run `aws sso login --profile default`"]);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_token_for_the_start_url_alone_is_told_apart() {
    let legacy = "/h/.aws/sso/cache/0c54b6c27e90660baa89eaad85ac1d5dae26cb7d.json";
    let files = [("/h/.aws/config", SSO), (legacy, &sso_cache("2099-01-01T00:00:00Z"))];
    let Err(Error::BrokenSource(broken)) = walk(&files, &[]).await.outcome else { panic!() };
    assert!(broken.problem.ends_with("`sso_session` needs one for the session"), "{}", broken.problem);
}

const LOGIN: &str = "[default]\nlogin_session = arn:aws:sts::1:assumed-role/Admin/me \n";
const SIGNIN: &str = "POST https://eu-west-1.signin.aws.amazon.com/v1/token";

fn login_cache(expires_at: &str) -> (String, Value) {
    use base64::Engine as _;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    let random = ring::rand::SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let body = base64::engine::general_purpose::STANDARD.encode(key.as_ref());
    let name = ring::digest::digest(&ring::digest::SHA256, b"arn:aws:sts::1:assumed-role/Admin/me");
    let path = format!("/h/.aws/login/cache/{}.json", crate::auth::sso::hex(name.as_ref()));
    let file = json!({
        "accessToken": {"accessKeyId": "OLD", "secretAccessKey": "s", "sessionToken": "t", "accountId": "1", "expiresAt": expires_at},
        "refreshToken": "r", "clientId": "c", "signInRegion": "eu-west-1", "kept": true,
        "dpopKey": format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"),
    });
    (path, file)
}

#[tokio::test]
async fn a_login_session_near_its_end_is_renewed_with_a_proof() {
    let (path, mut file) = login_cache("2025-01-02T03:08:05Z");
    let text = file.to_string();
    let files = [("/h/.aws/config", LOGIN), (path.as_str(), text.as_str())];
    let answer = r#"{"accessToken":{"accessKeyId":"NEW","secretAccessKey":"s2","sessionToken":"t2"},"tokenType":"aws_sigv4","expiresIn":900,"refreshToken":"r2"}"#;
    let walk = walk(&files, &[(SIGNIN, 200, answer)]).await;
    let Ok((Auth::SigV4(keys), _)) = walk.outcome else { panic!("{:?}", walk.outcome) };
    assert_eq!((keys.access_key_id.as_str(), keys.account_id.as_deref()), ("NEW", Some("1")));
    let (url, proof) = &walk.sent[0];
    assert_eq!((url.as_str(), proof.split('.').count()), (SIGNIN, 3));
    file["accessToken"] = json!({"accessKeyId": "NEW", "secretAccessKey": "s2", "sessionToken": "t2", "accountId": "1", "expiresAt": "2025-01-02T03:19:05Z"});
    file["refreshToken"] = "r2".into();
    file["tokenType"] = "aws_sigv4".into();
    let (written_to, written) = walk.written.unwrap();
    assert_eq!((written_to, written), (PathBuf::from(path), file));
}

#[tokio::test]
async fn a_login_session_that_cannot_be_renewed_says_what_to_run() {
    let (path, file) = login_cache(NOW);
    let text = file.to_string();
    let files = [("/h/.aws/config", LOGIN), (path.as_str(), text.as_str())];
    let answer = r#"{"error":"TOKEN_EXPIRED","message":"Refresh token expired"}"#;
    let walk = walk(&files, &[(SIGNIN, 403, answer)]).await;
    let Err(Error::BrokenSource(broken)) = walk.outcome else { panic!() };
    assert_eq!(
        broken.problem,
        "the login session of profile `default` cannot be renewed: TOKEN_EXPIRED: Refresh token expired"
    );
    assert_eq!(broken.hints, ["run `aws login --profile default`"]);
}
