//! The program gets its credentials from each source, end to end: real files, processes and HTTP, an environment
//! that holds nothing else, and the emulator as Bedrock and as every service behind the credentials.

use crate::home::{
    FUTURE, Home, LOGIN_SESSION, PAST, START_URL, keys_script, login_file, login_keys, sso_file, sso_token,
    static_profile, web_identity_token,
};
use crate::support::{Ran, Server, run};
use outcrop::Secret;
use outcrop::emulator::{
    AccessKey, DEMO_ACCESS_KEY_ID, DEMO_BEARER_TOKEN, DEMO_SECRET_ACCESS_KEY, DEMO_SSO_ACCESS_TOKEN,
    EmulatorOptions, IdentityOptions, Received,
};
use std::process::{Command, Stdio};

const MODEL: &str = "emulator.basalt-v1:0";
const CONTAINER_TOKEN: &str = "the-token-of-the-task";
const SESSION_TOKEN: &str = "the-session-token";

/// A way to credentials: what is there, and what is then sent.
struct Source {
    name: &'static str,
    /// Files below the home folder.
    files: Vec<(String, String)>,
    /// Variables besides `HOME` and `AWS_ENDPOINT_URL`.
    variables: Vec<(&'static str, String)>,
    arguments: &'static [&'static str],
    /// The requests, as [`line`] writes them.
    sent: &'static [&'static str],
}

impl Source {
    fn new(name: &'static str, sent: &'static [&'static str]) -> Self {
        Self { name, files: Vec::new(), variables: Vec::new(), arguments: &[], sent }
    }

    fn file(mut self, file: impl Into<String>, text: impl Into<String>) -> Self {
        self.files.push((file.into(), text.into()));
        self
    }

    fn config(self, text: &str) -> Self {
        self.file(".aws/config", text)
    }

    fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    fn arguments(mut self, arguments: &'static [&'static str]) -> Self {
        self.arguments = arguments;
        self
    }
}

/// A request in a few words: the call, and the kind of key that signs it.
pub(crate) fn line(request: &Received) -> String {
    let form = String::from_utf8_lossy(&request.body);
    let field = |name: &str| {
        let value = form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.map(|value| value.rsplit("%2F").next().unwrap().to_owned())
    };
    let call = match request.path() {
        "/" => [field("Action"), field("RoleArn"), field("ExternalId"), field("DurationSeconds")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" "),
        path if path.starts_with("/model/") => "chat".to_owned(),
        path => path.to_owned(),
    };
    let authorization = request.header("authorization").unwrap_or_default();
    let signer = match authorization.split_once("Credential=") {
        Some((_, key)) => format!(" by {}", &key[..4]),
        None if authorization.starts_with("Bearer ") => " by token".to_owned(),
        None => String::new(),
    };
    format!("{call}{signer}")
}

fn server() -> Server {
    let temporary = AccessKey {
        access_key_id: "ASIAOFTHEENVIRONMENT".to_owned(),
        session_token: Some(Secret::from(SESSION_TOKEN)),
        ..AccessKey::demo()
    };
    Server::with(EmulatorOptions {
        region: Some("eu-west-1".to_owned()),
        access_keys: vec![AccessKey::demo(), temporary],
        identity: IdentityOptions {
            container_token: Some(Secret::from(CONTAINER_TOKEN)),
            ..IdentityOptions::default()
        },
        ..EmulatorOptions::default()
    })
}

/// The program with nothing but a home folder and where to call.
fn bare(server: &Server, home: &Home) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outcrop"));
    command
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_ENDPOINT_URL", server.url())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn chat(command: &mut Command, arguments: &[&str]) -> Ran {
    run(command, &[&["chat", "-m", MODEL], arguments, &["hi"]].concat())
}

/// Runs the program in a new home, and compares what it sent.
fn check(server: &Server, source: &Source) -> Home {
    let home = Home::new();
    for (file, text) in &source.files {
        home.write(file, &text.replace("{URL}", server.url()));
    }
    let mut command = bare(server, &home);
    for (name, value) in &source.variables {
        command.env(name, home.fill_in(&value.replace("{URL}", server.url())));
    }
    let before = server.requests().len();
    let ran = chat(&mut command, source.arguments);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", source.name);
    let sent: Vec<String> = server.requests()[before..].iter().map(line).collect();
    assert_eq!(sent, source.sent, "{}", source.name);
    home
}

const REGION: (&str, &str) = ("AWS_REGION", "eu-west-1");

fn environment() -> Vec<Source> {
    let keys = |name, sent, id: &str| {
        Source::new(name, sent)
            .variable("AWS_ACCESS_KEY_ID", id)
            .variable("AWS_SECRET_ACCESS_KEY", DEMO_SECRET_ACCESS_KEY)
            .variable(REGION.0, REGION.1)
    };
    vec![
        keys("keys", &["chat by AKID"], DEMO_ACCESS_KEY_ID),
        keys("keys before a broken profile", &["chat by AKID"], DEMO_ACCESS_KEY_ID).config("broken"),
        keys("keys with session token", &["chat by ASIA"], "ASIAOFTHEENVIRONMENT")
            .variable("AWS_SESSION_TOKEN", SESSION_TOKEN),
        Source::new("bearer token", &["chat by token"])
            .variable("AWS_BEARER_TOKEN_BEDROCK", DEMO_BEARER_TOKEN)
            .variable(REGION.0, REGION.1),
    ]
}

fn profile() -> Vec<Source> {
    let process =
        "[default]\nregion = eu-west-1\ncredential_process = sh '{HOME}/keys.sh' --password hunter2\n";
    vec![
        Source::new("keys of the default profile", &["chat by AKID"])
            .config("[default]\nregion = eu-west-1\n")
            .file(".aws/credentials", static_profile("default")),
        Source::new("halves of a key pair in two files", &["chat by AKID"])
            .config(&format!("[profile a]\nregion = eu-west-1\naws_access_key_id = {DEMO_ACCESS_KEY_ID}\n"))
            .file(".aws/credentials", format!("[a]\naws_secret_access_key = {DEMO_SECRET_ACCESS_KEY}\n"))
            .variable("AWS_PROFILE", "a"),
        Source::new("the profile of a flag before that of the variable", &["chat by AKID"])
            .config("[profile b]\nregion = eu-west-1\n")
            .file(".aws/credentials", static_profile("b"))
            .variable("AWS_PROFILE", "a")
            .arguments(&["--profile", "b"]),
        Source::new("files at other places", &["chat by AKID"])
            .file("elsewhere/c", "[default]\nregion = eu-west-1\n")
            .file("elsewhere/k", static_profile("default"))
            .variable("AWS_CONFIG_FILE", "~/elsewhere/c")
            .variable("AWS_SHARED_CREDENTIALS_FILE", "{HOME}/elsewhere/k"),
        Source::new("a process", &["chat by AKID"]).config(process).file("keys.sh", keys_script(FUTURE)),
    ]
}

fn roles() -> Vec<Source> {
    let role = |name: &str, rest: &str| {
        format!("[{name}]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/{rest}\n")
    };
    let container = "{URL}/container/credentials";
    vec![
        Source::new("a role", &["AssumeRole one x-1 1800 by AKID", "chat by ASIA"])
            .config(&role(
                "default",
                "one\nsource_profile = base\nexternal_id = x-1\nduration_seconds = 1800",
            ))
            .file(".aws/credentials", static_profile("base")),
        Source::new(
            "a role by a role",
            &["AssumeRole one by AKID", "AssumeRole two by ASIA", "chat by ASIA"],
        )
        .config(
            &(role("profile top", "two\nsource_profile = middle")
                + &role("profile middle", "one\nsource_profile = base")),
        )
        .file(".aws/credentials", static_profile("base"))
        .arguments(&["--profile", "top"]),
        // The keys that the role would be assumed with come first themselves, as in the AWS SDKs.
        Source::new("keys of the environment before a role that names them", &["chat by AKID"])
            .config(&role("default", "one\ncredential_source = Environment"))
            .variable("AWS_ACCESS_KEY_ID", DEMO_ACCESS_KEY_ID)
            .variable("AWS_SECRET_ACCESS_KEY", DEMO_SECRET_ACCESS_KEY),
        Source::new(
            "a role by the instance's",
            &[
                "/latest/api/token",
                "/latest/meta-data/iam/security-credentials/",
                "/latest/meta-data/iam/security-credentials/OutcropDemo",
                "AssumeRole one by ASIA",
                "chat by ASIA",
            ],
        )
        .config(&role("default", "one\ncredential_source = Ec2InstanceMetadata"))
        .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", "{URL}"),
        Source::new(
            "a role by the container's",
            &["/container/credentials", "AssumeRole one by ASIA", "chat by ASIA"],
        )
        .config(&role("default", "one\ncredential_source = EcsContainer"))
        .variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", container)
        .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN", CONTAINER_TOKEN),
    ]
}

fn tokens() -> Vec<Source> {
    const WEB: [&str; 2] = ["AssumeRoleWithWebIdentity pod", "chat by ASIA"];
    let (file, token) = web_identity_token();
    let role = "arn:aws:iam::123456789012:role/pod";
    let session = "[default]\nregion = eu-west-1\nsso_session = corp\nsso_account_id = 123456789012\n\
                   sso_role_name = Dev\n[sso-session corp]\nsso_region = us-east-1\nsso_start_url = ";
    let session = format!("{session}{START_URL}\n");
    let legacy = format!(
        "[default]\nregion = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = Dev\n\
         sso_region = us-east-1\nsso_start_url = {START_URL}\n"
    );
    const PORTAL: &str = "/federation/credentials";
    vec![
        Source::new("web identity of the variables", &WEB)
            .file(file, token)
            .variable("AWS_WEB_IDENTITY_TOKEN_FILE", "{HOME}/token")
            .variable("AWS_ROLE_ARN", role)
            .variable(REGION.0, REGION.1),
        Source::new("web identity of a profile", &WEB).file(file, token).config(&format!(
            "[default]\nregion = eu-west-1\nrole_arn = {role}\nweb_identity_token_file = {{HOME}}/token\n"
        )),
        Source::new("an SSO session", &[PORTAL, "chat by ASIA"])
            .config(&session)
            .file(sso_file("corp"), sso_token(DEMO_SSO_ACCESS_TOKEN, FUTURE)),
        Source::new("an SSO session past its end", &["/token", PORTAL, "chat by ASIA"])
            .config(&session)
            .file(sso_file("corp"), sso_token("old", PAST)),
        Source::new("legacy SSO", &[PORTAL, "chat by ASIA"])
            .config(&legacy)
            .file(sso_file(START_URL), sso_token(DEMO_SSO_ACCESS_TOKEN, FUTURE)),
        Source::new("a login session past its end", &["/v1/token", "chat by ASIA"])
            .config(&format!("[default]\nregion = eu-west-1\nlogin_session = {LOGIN_SESSION}\n"))
            .file(login_file(), login_keys(PAST)),
        Source::new("a container with a token", &["/container/credentials", "chat by ASIA"])
            .variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{URL}/container/credentials")
            .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN", CONTAINER_TOKEN)
            .variable(REGION.0, REGION.1),
        Source::new("a container with a token in a file", &["/container/credentials", "chat by ASIA"])
            .file("task", CONTAINER_TOKEN)
            .variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{URL}/container/credentials")
            .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "{HOME}/task")
            .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this one")
            .variable(REGION.0, REGION.1),
    ]
}

#[test]
fn keys_and_tokens_of_the_environment() {
    let server = server();
    environment().iter().for_each(|source| drop(check(&server, source)));
}

#[test]
fn profiles() {
    let server = server();
    profile().iter().for_each(|source| drop(check(&server, source)));
}

#[test]
fn roles_of_profiles() {
    let server = server();
    roles().iter().for_each(|source| drop(check(&server, source)));
}

#[test]
fn tokens_in_files_and_services_that_give_keys_for_them() {
    for source in tokens() {
        // A refresh token is good for one use.
        let home = check(&server(), &source);
        for (file, text) in source.files.iter().filter(|(_, text)| text.contains(PAST)) {
            let old: serde_json::Value = serde_json::from_str(text).unwrap();
            let new = home.json(file);
            assert_ne!(new["refreshToken"], old["refreshToken"], "{}", source.name);
            assert_eq!(new["clientId"], old["clientId"], "{}", source.name);
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let mode = std::fs::metadata(home.path().join(file)).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{}", source.name);
            }
        }
    }
}

const INSTANCE: [&str; 5] = [
    "/latest/api/token",
    "/latest/meta-data/placement/region",
    "/latest/meta-data/iam/security-credentials/",
    "/latest/meta-data/iam/security-credentials/OutcropDemo",
    "chat by ASIA",
];

#[test]
fn an_instance_needs_no_variable_but_the_address_of_its_metadata() {
    let server = server();
    for (profile, warning) in [
        (None, ""),
        (
            Some("default"),
            "warning: `AWS_PROFILE` names profile `default`, which no file has; the credentials come from \
             another source (instance metadata)\n",
        ),
    ] {
        let before = server.requests().len();
        let mut command = Command::new(env!("CARGO_BIN_EXE_outcrop"));
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
        command.envs(profile.map(|profile| ("AWS_PROFILE", profile)));
        let ran = chat(&mut command, &["--endpoint", server.url()]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, warning));
        let requests = server.requests();
        let sent: Vec<String> = requests[before..].iter().map(line).collect();
        assert_eq!(sent, INSTANCE);
        // The emulator takes no other region, so this is the instance's.
        let scope = requests.last().unwrap().header("authorization").unwrap();
        assert!(scope.contains("/eu-west-1/bedrock/"), "{scope}");
    }
}

#[test]
fn a_bearer_token_leaves_the_chain_alone() {
    let (server, home) = (server(), Home::new());
    home.write(".aws/config", "[profile p]\ncredential_process = touch '{HOME}/ran' && exit 1\n");
    let with = |name: &str, value: &str| {
        let mut command = bare(&server, &home);
        command.env("AWS_PROFILE", "p").env("AWS_REGION", "eu-west-1").env(name, value);
        chat(&mut command, &[])
    };
    let ran = with("AWS_BEARER_TOKEN_BEDROCK", DEMO_BEARER_TOKEN);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(!home.path().join("ran").exists());
    // A blank token counts as unset, and the process runs: what stands above can fail.
    assert_eq!(with("AWS_BEARER_TOKEN_BEDROCK", " ").code, 3);
    assert!(home.path().join("ran").exists());
}

#[test]
fn calls_for_credentials_are_logged_as_well() {
    let server = server();
    let home = Home::new();
    let role = "role_arn = arn:aws:iam::123456789012:role/one\nsource_profile = base";
    home.write(".aws/config", &format!("[default]\nregion = eu-west-1\n{role}\n"));
    home.write(".aws/credentials", &static_profile("base"));
    let ran = chat(&mut bare(&server, &home), &["-v"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let posts: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("> POST")).collect();
    let [sts, bedrock] = posts[..] else { panic!("{}", ran.stderr) };
    assert!(sts.starts_with(&format!("> POST {}/ (", server.url())), "{sts}");
    assert!(bedrock.contains("/converse-stream"), "{bedrock}");
    for secret in [DEMO_SECRET_ACCESS_KEY, DEMO_ACCESS_KEY_ID, "RoleArn"] {
        assert!(!ran.stderr.contains(secret), "{secret}: {}", ran.stderr);
    }
}
