//! What a user reads when credentials are missing, broken or refused: one snapshot for each situation that people
//! run into, by the real program. What is here is advice, so the whole of it is compared.

use crate::errors::snapshot;
use crate::home::{
    FUTURE, Home, LOGIN_SESSION, PAST, START_URL, login_file, login_keys, sso_file, sso_token, static_profile,
};
use crate::support::{Ran, Server, no_host, program, run};
use outcrop::emulator::{
    AccessKey, DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY, DEMO_SSO_ACCESS_TOKEN, EmulatorOptions,
    IdentityOptions, Scenario, SsoRole,
};
use outcrop::transport::Transport;
use outcrop::{Client, TransportFailure, TransportKind, cli};

const MODEL: &str = "emulator.basalt-v1:0";
const ROLE: &str = "arn:aws:iam::123456789012:role/one";

/// A situation, and the name of its snapshot.
struct Situation {
    name: &'static str,
    home: Home,
    variables: Vec<(&'static str, String)>,
    arguments: Vec<&'static str>,
}

fn situation(name: &'static str) -> Situation {
    Situation { name, home: Home::new(), variables: Vec::new(), arguments: Vec::new() }
}

impl Situation {
    fn file(self, file: &str, text: &str) -> Self {
        self.home.write(file, text);
        self
    }

    fn config(self, text: &str) -> Self {
        self.file(".aws/config", text)
    }

    fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    fn keys(self, id: &str) -> Self {
        self.variable("AWS_ACCESS_KEY_ID", id).variable("AWS_SECRET_ACCESS_KEY", DEMO_SECRET_ACCESS_KEY)
    }

    fn argument(mut self, argument: &'static str) -> Self {
        self.arguments.push(argument);
        self
    }

    fn run(&self, server: &Server) -> Ran {
        let mut command = program();
        command
            .env("HOME", self.home.path())
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", server.url());
        for (name, value) in &self.variables {
            command.env(name, self.home.fill_in(&value.replace("{URL}", server.url())));
        }
        run(&mut command, &[&["chat", "-m", MODEL], &self.arguments[..], &["hi"]].concat())
    }

    /// Compares what is said, with the home folder under one name.
    fn check(self, server: &Server) {
        let mut ran = self.run(server);
        assert_ne!(ran.code, 0, "{}: {ran:?}", self.name);
        ran.stderr = ran.stderr.replace(self.home.path().to_str().unwrap(), "/home/ada");
        for secret in [DEMO_SECRET_ACCESS_KEY, "hunter2", DEMO_SSO_ACCESS_TOKEN, "old-secret", "marked-token"]
        {
            assert!(!ran.stderr.contains(secret), "{}: {}", self.name, ran.stderr);
        }
        snapshot(self.name, &ran);
    }
}

fn check_all(server: &Server, situations: impl IntoIterator<Item = Situation>) {
    situations.into_iter().for_each(|situation| situation.check(server));
}

#[test]
fn profiles_that_no_file_has() {
    let server = Server::start();
    check_all(
        &server,
        [
            situation("profile-unknown")
                .config("[profile work]\nregion = us-east-1\n[default]\n")
                .variable("AWS_PROFILE", "wrok"),
            situation("profile-without-prefix")
                .config("[work]\nregion = us-east-1\n")
                .argument("--profile=work"),
            situation("profile-empty-name").config("[default]\n").variable("AWS_PROFILE", ""),
            situation("profile-without-keys").config("[default]\nregion = us-east-1\n"),
            situation("source-profile-unknown")
                .config(&format!("[default]\nrole_arn = {ROLE}\nsource_profile = bsae\n[profile base]\n")),
            situation("credentials-in-unread-variables")
                .variable("AWS_DEFAULT_PROFILE", "work")
                .variable("AWS_SECURITY_TOKEN", "hunter2"),
        ],
    );
}

#[test]
fn files_that_break_a_rule() {
    let server = Server::start();
    check_all(
        &server,
        [
            ("config-indented-key", "[default]\n  aws_secret_access_key = hunter2\n"),
            ("config-colon", "[default]\naws_secret_access_key: hunter2\n"),
            ("config-no-equals", "[default]\nregion = x\nhunter2\n"),
            ("config-no-bracket", "[default]\nregion = x\n[profile hunter2\n"),
            ("config-before-section", "aws_secret_access_key = hunter2\n"),
            ("config-half-pair", "\u{feff}[default]\naws_secret_access_key = hunter2\n"),
            ("config-nested-no-equals", "[default]\ns3 =\n  hunter2\n"),
        ]
        .map(|(name, text)| situation(name).config(text)),
    );
    situation("credentials-file-broken").file(".aws/credentials", "[a]\nhunter2\n").check(&server);
    // Who mounts a file that is not there gets a folder.
    situation("config-is-folder").file(".aws/config/x", "").check(&server);
    situation("credentials-named-and-missing")
        .variable("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/keys")
        .check(&server);
}

#[test]
fn roles_that_cannot_be_assumed() {
    let identity = IdentityOptions { roles: Some(vec![ROLE.to_owned()]), ..IdentityOptions::default() };
    let server = Server::with(EmulatorOptions { identity, ..EmulatorOptions::default() });
    let other = "arn:aws:iam::123456789012:role/other";
    let with_base =
        |name, config: &str| situation(name).config(config).file(".aws/credentials", &static_profile("base"));
    check_all(
        &server,
        [
            with_base("role-refused", &format!("[default]\nrole_arn = {other}\nsource_profile = base\n")),
            with_base(
                "role-refused-in-chain",
                &format!(
                    "[profile top]\nrole_arn = {other}\nsource_profile = middle\n[profile middle]\n\
                     role_arn = {ROLE}\nsource_profile = base\n"
                ),
            )
            .argument("--profile=top"),
            situation("role-keys-unknown").config(&format!(
                "[default]\nrole_arn = {ROLE}\nsource_profile = base\n[profile base]\n\
                 aws_access_key_id = AKIAUNKNOWN000000009\naws_secret_access_key = hunter2\n"
            )),
            with_base(
                "role-mfa",
                &format!(
                    "[default]\nrole_arn = {ROLE}\nsource_profile = base\n\
                     mfa_serial = arn:aws:iam::123456789012:mfa/ada\n"
                ),
            ),
            situation("role-loop").config(&format!(
                "[default]\nrole_arn = {ROLE}\nsource_profile = b\n[profile b]\nrole_arn = {ROLE}\n\
                 source_profile = default\n"
            )),
            situation("role-without-source").config(&format!("[default]\nrole_arn = {ROLE}\n")),
            situation("role-unknown-source")
                .config(&format!("[default]\nrole_arn = {ROLE}\ncredential_source = EcsContaner\n")),
            situation("web-identity-unreadable")
                .variable("AWS_WEB_IDENTITY_TOKEN_FILE", "{HOME}/absent")
                .variable("AWS_ROLE_ARN", ROLE),
            situation("web-identity-refused")
                .file("token", "marked-token")
                .variable("AWS_WEB_IDENTITY_TOKEN_FILE", "{HOME}/token")
                .variable("AWS_ROLE_ARN", ROLE),
        ],
    );
}

fn sso_profile(form: &str) -> String {
    let account = "sso_account_id = 123456789012\nsso_role_name = Dev\n";
    let place = format!("sso_region = us-east-1\nsso_start_url = {START_URL}\n");
    match form {
        "session" => {
            format!("[profile dev]\nsso_session = corp\n{account}[sso-session corp]\n{place}")
        }
        _ => format!("[profile dev]\n{account}{place}"),
    }
}

#[test]
fn sign_ins_that_are_over() {
    let identity = IdentityOptions {
        sso_roles: Some(vec![SsoRole { account_id: "1".into(), role_name: "r".into() }]),
        refresh_tokens: Vec::new(),
        ..IdentityOptions::default()
    };
    let server = Server::with(EmulatorOptions { identity, ..EmulatorOptions::default() });
    let dev = |name, form| situation(name).config(&sso_profile(form)).variable("AWS_PROFILE", "dev");
    let no_refresh = |end| format!(r#"{{"accessToken":"marked-token","expiresAt":"{end}"}}"#);
    let good = sso_token(DEMO_SSO_ACCESS_TOKEN, FUTURE);
    check_all(
        &server,
        [
            dev("sso-no-token", "session"),
            dev("sso-expired", "session").file(&sso_file("corp"), &no_refresh(PAST)),
            dev("sso-refresh-refused", "session").file(&sso_file("corp"), &sso_token("marked-token", PAST)),
            dev("sso-token-refused", "legacy").file(&sso_file(START_URL), &no_refresh(FUTURE)),
            dev("sso-role-refused", "session").file(&sso_file("corp"), &good),
            dev("sso-legacy-token-only", "session").file(&sso_file(START_URL), &good),
            dev("sso-session-token-only", "legacy").file(&sso_file("corp"), &good),
            situation("sso-no-section")
                .config("[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n"),
            situation("login-no-session").config(&format!("[default]\nlogin_session = {LOGIN_SESSION}\n")),
            situation("login-over")
                .config(&format!("[default]\nlogin_session = {LOGIN_SESSION}\n"))
                .file(&login_file(), &login_keys(PAST)),
        ],
    );
}

#[test]
fn processes_that_give_no_keys() {
    let server = Server::start();
    check_all(
        &server,
        [
            ("process-fails", "sh '{HOME}/fail.sh' --password hunter2"),
            ("process-no-json", "echo hunter2"),
            ("process-incomplete", r#"echo '{"Version":1,"SecretAccessKey":"hunter2"}'"#),
            ("process-not-found", "/nowhere/get-keys --password hunter2 2>/dev/null"),
        ]
        .map(|(name, command)| {
            situation(name)
                .config(&format!("[default]\ncredential_process = {command}\n"))
                .file("fail.sh", "echo \"the password $2 is wrong\" >&2; echo hunter2; exit 3\n")
        }),
    );
}

#[test]
fn containers_and_instances_that_give_no_keys() {
    const URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    let scenario = r#"[{"match":{"operation":"GetContainerCredentials"},"fault":{"kind":"denied"}},
        {"match":{"operation":"GetMetadataToken"},"fault":{"kind":"http","status":403}}]"#;
    let scenario = Scenario::from_json(scenario).unwrap();
    let server = Server::with(EmulatorOptions { scenario, ..EmulatorOptions::default() });
    let agent = "{URL}/container/credentials";
    // Bound, and the system takes connections, but nobody answers: as with a hop limit of 1.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    check_all(
        &server,
        [
            situation("container-address").variable(URI, "http://10.0.0.1/creds"),
            situation("container-host").variable(URI, format!("http://{}/creds", no_host())),
            situation("container-relative").variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "creds"),
            situation("container-token-line-break")
                .file("token", "marked-token\n")
                .variable(URI, agent)
                .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "{HOME}/token"),
            situation("container-token-unreadable")
                .variable(URI, agent)
                .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "{HOME}/absent"),
            situation("container-refuses").variable(URI, agent),
            situation("instance-refuses")
                .variable("AWS_EC2_METADATA_DISABLED", "false")
                .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", "{URL}"),
            situation("instance-silent")
                .variable("AWS_EC2_METADATA_DISABLED", "false")
                .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", silent),
            situation("instance-mode")
                .variable("AWS_EC2_METADATA_DISABLED", "false")
                .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "both"),
        ],
    );
}

#[test]
fn keys_that_bedrock_refuses() {
    let ended = AccessKey {
        access_key_id: "ASIAENDED00000000007".to_owned(),
        session_token: Some("marked-token".into()),
        expires: outcrop::time::parse_rfc3339(PAST),
        ..AccessKey::demo()
    };
    let server = Server::with(EmulatorOptions {
        access_keys: vec![AccessKey::demo(), ended],
        ..EmulatorOptions::default()
    });
    let profile = |id: &str, rest: &str| {
        format!(
            "[default]\naws_access_key_id = {id}\naws_secret_access_key = {DEMO_SECRET_ACCESS_KEY}\n{rest}"
        )
    };
    let token = "aws_session_token = marked-token\n";
    check_all(
        &server,
        [
            // The profile is good, and the environment wins.
            situation("keys-expired-environment")
                .keys("ASIAENDED00000000007")
                .variable("AWS_SESSION_TOKEN", "marked-token")
                .file(".aws/credentials", &static_profile("default")),
            situation("keys-expired-profile")
                .file(".aws/credentials", &profile("ASIAENDED00000000007", token)),
            situation("keys-without-token-environment").keys("ASIAENDED00000000007"),
            situation("keys-without-token-profile")
                .file(".aws/credentials", &profile("ASIAENDED00000000007", "")),
            situation("keys-unknown-environment").keys("AKIAUNKNOWN000000009"),
            situation("keys-unknown-profile").file(".aws/credentials", &profile("AKIAUNKNOWN000000009", "")),
            situation("api-key-format").variable("AWS_BEARER_TOKEN_BEDROCK", "marked-token"),
            situation("api-key-unknown").variable("AWS_BEARER_TOKEN_BEDROCK", "ABSKmarked-token"),
            situation("not-signed").variable("AWS_BEDROCK_SKIP_AUTH", "1"),
        ],
    );
}

#[test]
fn a_clock_that_is_off_is_told_in_minutes() {
    for (name, ahead) in [("clock-behind", 1_080), ("clock-ahead", -4_500)] {
        let server = Server::with(EmulatorOptions { clock_offset_seconds: ahead, ..Default::default() });
        let off =
            situation(name).keys(DEMO_ACCESS_KEY_ID).variable("AWS_DISABLE_CLOCK_SKEW_CORRECTION", "true");
        let mut ran = off.run(&server);
        // AWS's sentence holds the time of day.
        let start = ran.stderr.find("Signature ").unwrap();
        let end = start + ran.stderr[start..].find(" (InvalidSignatureException").unwrap();
        ran.stderr.replace_range(start..end, "[...]");
        snapshot(name, &ran);
    }
}

/// No network is asked: the look-up itself is scripted.
#[tokio::test]
async fn a_region_without_bedrock_is_a_name_that_nobody_finds() {
    let nobody = Transport::scripted(|request| async move {
        Err(Box::new(TransportFailure {
            kind: TransportKind::Dns,
            host: request.url.split('/').nth(2).unwrap().to_owned(),
            detail: String::new(),
            attempts: 1,
            waited_ms: 0,
            position: None,
        }))
    });
    for (name, endpoint) in [("no-such-region", None), ("no-such-endpoint", Some("https://bedrock.example"))]
    {
        let keys = outcrop::auth::Credentials::new(DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY);
        let builder = Client::builder().region("us-nowhere-1").credentials(keys).transport(nobody.clone());
        let builder = endpoint.into_iter().fold(builder, |builder, url| builder.endpoint(url));
        let client = builder.max_attempts(1).build().unwrap();
        let error = client.converse_raw("m", "{}".into()).await.unwrap_err();
        let [text, _] = cli::error_texts(&error, Some(&client));
        snapshot(name, &Ran { code: 5, stdout: String::new(), stderr: text });
    }
}
