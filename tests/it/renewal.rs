//! Keys end in the middle of a conversation, and the client goes on with new ones: once for each source that can
//! renew them, for many callers at once, and after a refusal. Clocks are set, so nothing waits.

use crate::home::{
    FUTURE, Home, LOGIN_SESSION, PAST, START_URL, keys_script, login_file, login_keys, sso_file, sso_token,
    static_profile, web_identity_token,
};
use crate::sources::line;
use outcrop::converse::{ConverseRequest, Message};
use outcrop::emulator::{
    AccessKey, DEMO_ACCESS_KEY_ID, DEMO_SSO_ACCESS_TOKEN, Emulator, EmulatorOptions, IdentityOptions,
    Scenario,
};
use outcrop::{Client, Env, Error, ServiceClass, time};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// How long the keys of these tests live: sign-in gives none for longer.
const LIFETIME: i64 = 900;

/// A source of keys that end.
struct Source {
    name: &'static str,
    files: Vec<(String, String)>,
    variables: &'static [(&'static str, &'static str)],
    /// The requests for the first keys, for all later ones, and after the service refused keys that still live.
    first: &'static [&'static str],
    later: &'static [&'static str],
    refused: &'static [&'static str],
}

/// The client in a home of its own, and the emulator; both clocks are ahead of the real one by `ahead` seconds.
struct Stage {
    home: Home,
    emulator: Emulator,
    client: Client,
    ahead: Arc<AtomicI64>,
    /// Requests that were looked at, and runs of a process.
    seen: (usize, usize),
}

fn clock(ahead: i64) -> SystemTime {
    time::now() + Duration::from_secs(ahead.unsigned_abs())
}

impl Stage {
    async fn new(source: &Source, scenario: &str) -> Self {
        let options = EmulatorOptions {
            identity: IdentityOptions {
                credential_lifetime_seconds: LIFETIME.unsigned_abs(),
                ..IdentityOptions::default()
            },
            scenario: Scenario::from_json(scenario).unwrap(),
            kept_requests: 1_000,
            ..EmulatorOptions::default()
        };
        let (emulator, home) = (Emulator::start(options).await.unwrap(), Home::new());
        let url = emulator.url();
        for (file, text) in &source.files {
            home.write(file, text);
        }
        let env = Env::empty()
            .with("HOME", home.path())
            .with("AWS_REGION", "us-east-1")
            .with("AWS_ENDPOINT_URL", &url)
            .with("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url);
        let env = source
            .variables
            .iter()
            .fold(env, |env, (name, value)| env.with(*name, home.fill_in(&value.replace("{URL}", &url))));
        let ahead = Arc::new(AtomicI64::new(0));
        let offset = Arc::clone(&ahead);
        let client =
            Client::builder().env(&env).clock(move || clock(offset.load(Ordering::SeqCst))).build().unwrap();
        let stage = Self { home, emulator, client, ahead, seen: (0, 0) };
        stage.move_to(0);
        stage
    }

    /// Sets both clocks, and what a process will print.
    fn move_to(&self, ahead: i64) {
        self.ahead.store(ahead, Ordering::SeqCst);
        self.emulator.set_clock_offset(ahead);
        self.home.write("keys.sh", &keys_script(&time::rfc3339(clock(ahead + LIFETIME))));
    }

    async fn ask(&self) -> Result<(), Error> {
        ask(self.client.clone()).await
    }

    /// What was asked for credentials since the last time, and the number of other requests.
    fn asked(&mut self) -> (Vec<String>, usize) {
        let requests = self.emulator.requests();
        let lines: Vec<String> = requests[self.seen.0..].iter().map(line).collect();
        let runs = std::fs::read_to_string(self.home.path().join("runs")).unwrap_or_default();
        let runs = runs.lines().count();
        let new_runs = (self.seen.1..runs).map(|_| "process".to_owned());
        let is_chat = |line: &&String| line.starts_with("chat");
        let chats = lines.iter().filter(is_chat).count();
        let asked = lines.iter().filter(|line| !is_chat(line)).cloned().chain(new_runs).collect();
        self.seen = (requests.len(), runs);
        (asked, chats)
    }
}

async fn ask(client: Client) -> Result<(), Error> {
    let request = ConverseRequest::new("emulator.basalt-v1:0").message(Message::user("hi"));
    client.converse(&request).await.map(drop)
}

fn source(
    name: &'static str,
    config: &str,
    first: &'static [&'static str],
    later: &'static [&'static str],
) -> Source {
    let files = vec![
        (".aws/config".to_owned(), config.to_owned()),
        (".aws/credentials".to_owned(), static_profile("base")),
        (web_identity_token().0.to_owned(), web_identity_token().1.to_owned()),
    ];
    Source { name, files, variables: &[], first, later, refused: later }
}

const PORTAL: &str = "/federation/credentials";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
const ROLE: &str = "/latest/meta-data/iam/security-credentials/OutcropDemo";

fn container() -> Source {
    const ASKED: &[&str] = &["/container/credentials"];
    let variables = &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{URL}/container/credentials")];
    Source { variables, ..source("container", "", ASKED, ASKED) }
}

fn web_identity() -> Source {
    const ASKED: &[&str] = &["AssumeRoleWithWebIdentity pod"];
    let variables = &[
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "{HOME}/token"),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod"),
    ];
    Source { variables, ..source("web identity of the variables", "", ASKED, ASKED) }
}

fn sso() -> [Source; 3] {
    let account = format!(
        "sso_account_id = 123456789012\nsso_role_name = Dev\n[sso-session corp]\nsso_region = us-east-1\n\
         sso_start_url = {START_URL}\n"
    );
    let session = format!("[default]\nsso_session = corp\n{account}");
    let legacy = format!("[default]\nsso_region = us-east-1\nsso_start_url = {START_URL}\n{account}");
    let with_token = |mut source: Source, key: &str, token: &str, end: &str| {
        source.files.push((sso_file(key), sso_token(token, end)));
        source
    };
    let renewed = source("SSO with its token", &session, &["/token", PORTAL], &["/token", PORTAL]);
    [
        with_token(source("SSO", &session, &[PORTAL], &[PORTAL]), "corp", DEMO_SSO_ACCESS_TOKEN, FUTURE),
        with_token(Source { refused: &[PORTAL], ..renewed }, "corp", "old", PAST),
        with_token(
            source("legacy SSO", &legacy, &[PORTAL], &[PORTAL]),
            START_URL,
            DEMO_SSO_ACCESS_TOKEN,
            FUTURE,
        ),
    ]
}

fn sources() -> Vec<Source> {
    const ONE: &[&str] = &["AssumeRole one by AKID"];
    const TWO: &[&str] = &["AssumeRole one by AKID", "AssumeRole two by ASIA"];
    const WEB: &[&str] = &["AssumeRoleWithWebIdentity pod"];
    let arn = "arn:aws:iam::123456789012:role";
    let one = format!("role_arn = {arn}/one\nsource_profile = base\n");
    let login = format!("[default]\nlogin_session = {LOGIN_SESSION}\n");
    let mut login = source("login session", &login, &["/v1/token"], &["/v1/token"]);
    login.files.push((login_file(), login_keys(PAST)));
    // The cache file holds keys that live; it is read again, since another program may have renewed them.
    login.refused = &[];
    let mut sources = vec![
        source("role", &format!("[default]\n{one}"), ONE, ONE),
        source(
            "role by a role",
            &format!("[default]\nrole_arn = {arn}/two\nsource_profile = m\n[profile m]\n{one}"),
            TWO,
            TWO,
        ),
        source(
            "web identity of a profile",
            &format!("[default]\nrole_arn = {arn}/pod\nweb_identity_token_file = {{HOME}}/token\n"),
            WEB,
            WEB,
        ),
        login,
        source(
            "process",
            "[default]\ncredential_process = sh '{HOME}/keys.sh'\n",
            &["process"],
            &["process"],
        ),
        source("instance", "", &["/latest/api/token", ROLES, ROLE], &[ROLES, ROLE]),
        container(),
        web_identity(),
    ];
    sources.extend(sso());
    sources
}

#[tokio::test]
async fn keys_that_end_are_renewed_between_two_calls_of_a_conversation() {
    for source in sources() {
        let mut stage = Stage::new(&source, "[]").await;
        for (ahead, expected) in [(0, source.first), (1_000, source.later), (2_000, source.later)] {
            stage.move_to(ahead);
            for _ in 0..3 {
                stage.ask().await.unwrap_or_else(|error| panic!("{}: {error:?}", source.name));
            }
            let (asked, chats) = stage.asked();
            assert_eq!((asked.as_slice(), chats), (own(expected).as_slice(), 3), "{} {ahead}", source.name);
        }
    }
}

fn own(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[tokio::test]
async fn eight_callers_share_one_renewal() {
    for source in sources() {
        let mut stage = Stage::new(&source, "[]").await;
        for (ahead, expected) in [(0, source.first), (1_000, source.later)] {
            stage.move_to(ahead);
            let mut callers = tokio::task::JoinSet::new();
            (0..8).for_each(|_| drop(callers.spawn(ask(stage.client.clone()))));
            let outcomes = callers.join_all().await;
            assert!(outcomes.iter().all(Result::is_ok), "{}: {outcomes:?}", source.name);
            let (asked, chats) = stage.asked();
            assert_eq!((asked.as_slice(), chats), (own(expected).as_slice(), 8), "{} {ahead}", source.name);
        }
    }
}

#[tokio::test]
async fn expired_keys_are_renewed_once_and_the_call_is_sent_again() {
    for source in sources() {
        for times in [1, 2] {
            let scenario = format!(
                r#"[{{"match":{{"operation":"Converse"}},"times":{times},"fault":{{"kind":"expired"}}}}]"#
            );
            let mut stage = Stage::new(&source, &scenario).await;
            let outcome = stage.ask().await;
            assert_eq!(outcome.is_ok(), times == 1, "{} {outcome:?}", source.name);
            let (asked, chats) = stage.asked();
            let expected = [source.first, source.refused].concat();
            assert_eq!((asked.as_slice(), chats), (own(&expected).as_slice(), 2), "{} {times}", source.name);
        }
    }
}

/// Keys in the credentials file have no end of their own: another program writes new ones there, and the service
/// refuses the old ones.
#[tokio::test]
async fn keys_that_another_program_wrote_to_the_credentials_file_are_taken_after_a_refusal() {
    let (old, ahead) = ("AKIDOLDOUTCROP000001", 500);
    let ends = AccessKey { access_key_id: old.to_owned(), expires: Some(clock(ahead)), ..AccessKey::demo() };
    let options =
        EmulatorOptions { access_keys: vec![AccessKey::demo(), ends], ..EmulatorOptions::default() };
    let (emulator, home) = (Emulator::start(options).await.unwrap(), Home::new());
    let file = static_profile("default");
    home.write(".aws/credentials", &file.replace(DEMO_ACCESS_KEY_ID, old));
    let env = Env::empty()
        .with("HOME", home.path())
        .with("AWS_REGION", "us-east-1")
        .with("AWS_ENDPOINT_URL", emulator.url())
        .with("AWS_EC2_METADATA_DISABLED", "true");
    let client = Client::from_env(&env).unwrap();
    ask(client.clone()).await.unwrap();
    emulator.set_clock_offset(ahead);
    let refused = ask(client.clone()).await.unwrap_err();
    assert_eq!(
        refused.service_failure().map(|failure| failure.class),
        Some(ServiceClass::CredentialsExpired)
    );
    home.write(".aws/credentials", &file);
    ask(client.clone()).await.unwrap();
    ask(client).await.unwrap();
    // One call with the old keys, one with them twice, one with both, one with the new.
    assert_eq!(emulator.requests().len(), 6);
}

/// The service's clock is ahead: to it the keys have ended, to the client they live.
#[tokio::test]
async fn eight_callers_with_refused_keys_share_one_renewal() {
    let source = container();
    let mut stage = Stage::new(&source, "[]").await;
    stage.ask().await.unwrap();
    assert_eq!(stage.asked(), (own(source.first), 1));
    stage.emulator.set_clock_offset(1_000);
    let mut callers = tokio::task::JoinSet::new();
    (0..8).for_each(|_| drop(callers.spawn(ask(stage.client.clone()))));
    let outcomes = callers.join_all().await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(stage.asked().0, own(source.later));
}

#[tokio::test]
async fn an_instance_lives_through_an_outage_of_its_metadata() {
    let metadata = Emulator::start(EmulatorOptions::default()).await.unwrap();
    let open = EmulatorOptions { require_auth: false, ..EmulatorOptions::default() };
    let bedrock = Emulator::start(open).await.unwrap();
    let env = Env::empty()
        .with("AWS_REGION", "us-east-1")
        .with("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url())
        .with("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url());
    let ahead = Arc::new(AtomicI64::new(0));
    let offset = Arc::clone(&ahead);
    let client =
        Client::builder().env(&env).clock(move || clock(offset.load(Ordering::SeqCst))).build().unwrap();
    ask(client.clone()).await.unwrap();
    drop(metadata);
    // An hour has passed: the keys have ended, and nothing renews them.
    ahead.store(3_700, Ordering::SeqCst);
    ask(client).await.unwrap();
    let signers: Vec<String> = bedrock.requests().iter().map(line).collect();
    assert_eq!(signers, ["chat by ASIA", "chat by ASIA"]);
}
