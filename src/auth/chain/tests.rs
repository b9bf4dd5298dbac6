//! The chain over scripted HTTP, files in memory and a fixed clock.

use super::*;
use crate::auth::world::CommandOutput;
use crate::secret::Secret;
use crate::time;
use crate::transport::HttpResponse;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Requests as `METHOD url`, in order.
type Log = Arc<Mutex<Vec<String>>>;

/// Answers by `METHOD url`; what is not listed does not connect.
fn transport(answers: &[(&str, u16, &str)], log: &Log) -> Transport {
    let answers: Vec<(String, u16, String)> = answers
        .iter()
        .map(|(line, status, body)| ((*line).to_owned(), *status, (*body).to_owned()))
        .collect();
    let log = Arc::clone(log);
    Transport::scripted(move |request| {
        let line = format!("{} {}", request.method, request.url);
        log.lock().unwrap().push(line.clone());
        let found = answers.iter().find(|(known, ..)| *known == line);
        let answer = found.map(|(_, status, body)| {
            let ttl = ("x-aws-ec2-metadata-token-ttl-seconds".to_owned(), "21600".to_owned());
            HttpResponse::whole(*status, vec![ttl], body.clone())
        });
        async move {
            answer.ok_or_else(|| {
                Box::new(crate::TransportFailure {
                    kind: crate::TransportKind::Connect,
                    host: "h".into(),
                    detail: String::new(),
                    attempts: 1,
                    waited_ms: 0,
                    position: None,
                })
            })
        }
    })
}

fn world(files: &[(&str, &str)]) -> World {
    let files: BTreeMap<PathBuf, String> =
        files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect();
    World {
        clock: Arc::new(|| time::from_unix_seconds(1_735_787_045).unwrap()),
        sleep: Arc::new(|_| Box::pin(std::future::ready(()))),
        random: Arc::new(|| 0.0),
        read_file: Arc::new(move |path| {
            files.get(path).map(|text| text.clone().into_bytes()).ok_or(std::io::ErrorKind::NotFound.into())
        }),
        write_file: Arc::new(|_, _| Ok(())),
        run_command: Arc::new(|_| Box::pin(std::future::pending())),
        look_up_host: Arc::new(|_| Box::pin(async { Ok(vec!["10.0.0.1".parse().unwrap()]) })),
        mfa_code: None,
    }
}

fn env(vars: &[(&str, &str)]) -> Env {
    vars.iter().fold(Env::empty().with("HOME", "/h"), |env, (name, value)| env.with(*name, *value))
}

async fn resolve(
    env: Env,
    world: World,
    answers: &[(&str, u16, &str)],
) -> (Result<(Auth, Trail)>, Vec<String>) {
    let log = Log::default();
    let transport = transport(answers, &log);
    let chain = Chain::new(env, None, world, transport.clone(), transport);
    let outcome = chain.resolve(&Region::fallback().value).await;
    let sent = log.lock().unwrap().clone();
    (outcome, sent)
}

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "s")];
const NO_INSTANCE: (&str, &str) = ("AWS_EC2_METADATA_DISABLED", "true");

#[tokio::test]
async fn a_bearer_token_wins_and_ends_the_walk() {
    let broken = world(&[("/h/.aws/config", "broken")]);
    let (outcome, sent) = resolve(env(&KEYS).with(bearer::VARIABLE, "ABSKx"), broken, &[]).await;
    let (auth, trail) = outcome.unwrap();
    assert!(matches!(auth, Auth::Bearer(_)));
    assert_eq!((trail.steps.len(), sent.len()), (1, 0));
}

#[tokio::test]
async fn keys_of_the_environment_open_no_file() {
    let mut world = world(&[]);
    world.read_file = Arc::new(|path| panic!("{}", path.display()));
    let (auth, trail) = resolve(env(&KEYS), world, &[]).await.0.unwrap();
    assert!(matches!(auth, Auth::SigV4(keys) if keys.access_key_id == "AKID"));
    assert_eq!(
        trail.to_string(),
        "bearer token: `AWS_BEARER_TOKEN_BEDROCK` is not set; environment: key `...AKID`"
    );
}

#[tokio::test]
async fn where_there_is_no_instance_one_question_serves_for_region_and_keys() {
    let log = Log::default();
    let (env, world, transport) = (env(&[]), world(&[]), transport(&[], &log));
    let chain = Chain::new(env.clone(), None, world.clone(), transport.clone(), transport);
    let profiles = Profiles::new(&env, None, &*world.read_file);
    assert_eq!(chain.instance_region(&profiles).await, None);
    assert!(matches!(chain.resolve(&Region::fallback().value).await, Err(Error::NoCredentials(_))));
    assert_eq!(*log.lock().unwrap(), ["PUT http://169.254.169.254/latest/api/token"]);
}

#[tokio::test]
async fn nothing_found_shows_every_source_and_the_variables_that_are_not_read() {
    let env = env(&[("AWS_SECURITY_TOKEN", "t")]);
    let (outcome, sent) = resolve(env, world(&[]), &[]).await;
    let Err(Error::NoCredentials(trail)) = outcome else { panic!() };
    let sources: Vec<Source> = trail.steps.iter().map(|step| step.source).collect();
    let expected: Vec<Source> = [Source::BearerToken].into_iter().chain(ORDER).collect();
    assert_eq!(sources, expected);
    assert_eq!(sent, ["PUT http://169.254.169.254/latest/api/token"]);
    assert_eq!(
        trail.warnings,
        ["`AWS_SECURITY_TOKEN` is set, but not read: `AWS_SESSION_TOKEN` holds the session token"]
    );
}

#[tokio::test]
async fn a_broken_source_stops_the_chain_and_says_why() {
    for (config, vars, problem, is_config) in [
        ("[default]\nx", &[NO_INSTANCE][..], "`/h/.aws/config:2` cannot be used", true),
        (
            "[default]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\nsso_region = us-east-1\nsso_start_url = u\n",
            &[NO_INSTANCE],
            "the SSO token of profile `default`",
            false,
        ),
        (
            "[default]\nlogin_session = arn:x\n",
            &[NO_INSTANCE],
            "the login session of profile `default`",
            false,
        ),
        (
            "",
            &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://agent.example/c")],
            "the container's credential endpoint `agent.example` is at `10.0.0.1`",
            true,
        ),
        (
            "",
            &[
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/c"),
                ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "hunter2\n"),
            ],
            "`AWS_CONTAINER_AUTHORIZATION_TOKEN` ends in a line break",
            true,
        ),
        (
            "",
            &[("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"), ("AWS_ROLE_ARN", "arn:x")],
            "the web identity token file `/t` cannot be read",
            false,
        ),
        (
            "[default]\nrole_arn = arn:x\nsource_profile = b\nmfa_serial = arn:mfa\n[profile b]\naws_access_key_id = K\naws_secret_access_key = s\n",
            &[],
            "role `arn:x` needs a code from the MFA device `arn:mfa`",
            false,
        ),
    ] {
        let files = world(&[("/h/.aws/config", config)]);
        let Err(Error::BrokenSource(broken)) = resolve(env(vars), files, &[]).await.0 else {
            panic!("{config}")
        };
        assert!(broken.problem.starts_with(problem), "{}", broken.problem);
        assert_eq!(broken.is_config, is_config, "{}", broken.problem);
        assert!(!broken.problem.contains("hunter2"));
    }
}

const TOKEN: (&str, u16, &str) = ("PUT http://169.254.169.254/latest/api/token", 200, "token");
const ROLE: (&str, u16, &str) =
    ("GET http://169.254.169.254/latest/meta-data/iam/security-credentials/", 200, "role\n");
const DOCUMENT: (&str, u16, &str) = (
    "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/role",
    200,
    r#"{"Code":"Success","AccessKeyId":"ASIA","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#,
);

#[tokio::test]
async fn a_named_profile_that_does_not_exist_is_warned_of_when_another_source_is_used() {
    let (outcome, _) = resolve(env(&[("AWS_PROFILE", "ghost")]), world(&[]), &[TOKEN, ROLE, DOCUMENT]).await;
    let (_, trail) = outcome.unwrap();
    assert_eq!(
        trail.warnings,
        ["`AWS_PROFILE` names profile `ghost`, which no file has; the credentials come from another source \
          (instance metadata)"]
    );
    let (outcome, _) = resolve(env(&[]), world(&[]), &[TOKEN, ROLE, DOCUMENT]).await;
    assert!(outcome.unwrap().1.warnings.is_empty());
}

#[tokio::test]
async fn a_profile_of_a_flag_must_exist_and_is_told_when_keys_of_the_environment_come_before_it() {
    let files =
        || world(&[("/h/.aws/config", "[profile b]\naws_access_key_id = K\naws_secret_access_key = s\n")]);
    let resolve = |vars: &[(&str, &str)], profile: &str, origin| {
        let transport = transport(&[TOKEN, ROLE, DOCUMENT], &Log::default());
        let profile = Some(Sourced::new(profile.to_owned(), origin));
        let chain = Chain::new(env(vars), profile, files(), transport.clone(), transport);
        async move { chain.resolve(&Region::fallback().value).await }
    };
    let flag = Origin::Flag("--profile");
    match resolve(&[], "ghost", flag.clone()).await {
        Err(Error::BrokenSource(broken)) => assert!(broken.problem.contains("`ghost`"), "{}", broken.problem),
        other => panic!("{other:?}"),
    }
    for (profile, origin, warnings) in [
        ("b", flag.clone(), &["`--profile` names profile `b`, but keys in the environment come first"][..]),
        (
            "ghost",
            flag,
            &[
                "`--profile` names profile `ghost`, which no file has; the credentials come from another source \
               (environment)",
            ],
        ),
        ("ghost", Origin::Variable("AWS_PROFILE".into()), &[]),
    ] {
        let (_, trail) = resolve(&KEYS, profile, origin).await.unwrap();
        assert_eq!(trail.warnings, warnings, "{profile}");
    }
}

#[tokio::test]
async fn an_instance_that_answered_once_outlives_an_outage() {
    let log = Log::default();
    let is_up = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let up = transport(&[TOKEN, ROLE, DOCUMENT], &log);
    let switch = Arc::clone(&is_up);
    let flaky = Transport::scripted(move |request| {
        let (up, is_up) = (up.clone(), switch.load(std::sync::atomic::Ordering::SeqCst));
        async move {
            if is_up {
                up.send(request, None).await.map_err(|error| match error {
                    Error::Transport(failure) => failure,
                    other => panic!("{other}"),
                })
            } else {
                Ok(HttpResponse::whole(404, vec![], ""))
            }
        }
    });
    let chain = Chain::new(env(&[]), None, world(&[]), flaky.clone(), flaky);
    let region = Region::fallback().value;
    chain.resolve(&region).await.unwrap();
    is_up.store(false, std::sync::atomic::Ordering::SeqCst);
    let (auth, _) = chain.resolve(&region).await.unwrap();
    assert!(matches!(auth, Auth::SigV4(keys) if keys.access_key_id == "ASIA"));
}

#[tokio::test]
async fn the_code_of_a_device_goes_to_sts() {
    let config = "[default]\nrole_arn = arn:x\nsource_profile = b\nmfa_serial = arn:mfa\nduration_seconds = 900\n\
                  [profile b]\naws_access_key_id = K\naws_secret_access_key = s\n";
    let mut world = world(&[("/h/.aws/config", config)]);
    world.mfa_code =
        Some(Arc::new(|serial| Ok(format!(" {}\n", if serial == "arn:mfa" { "123456" } else { "?" }))));
    let body = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&body);
    let transport = Transport::scripted(move |request| {
        *seen.lock().unwrap() = String::from_utf8(request.body.to_vec()).unwrap();
        async {
            Ok(HttpResponse::whole(
                403,
                vec![],
                "<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
            ))
        }
    });
    let chain = Chain::new(env(&[]), None, world, transport.clone(), transport);
    let Err(Error::BrokenSource(broken)) = chain.resolve(&Region::fallback().value).await else { panic!() };
    assert_eq!(
        broken.problem,
        "role `arn:x` of profile `default` cannot be assumed with the key `...K`: AccessDenied: no"
    );
    let body = body.lock().unwrap().clone();
    assert!(body.ends_with("&DurationSeconds=900&SerialNumber=arn%3Amfa&TokenCode=123456"), "{body}");
}

#[tokio::test]
async fn a_process_gives_keys_and_its_arguments_stay_secret() {
    for (code, stdout, expected) in [
        (Some(0), r#"{"Version":1,"AccessKeyId":"P","SecretAccessKey":"s"}"#, Ok("P")),
        (Some(0), "nothing", Err("`credential_process` (`tool`) printed what cannot be used")),
        (Some(2), "", Err("`credential_process` (`tool`) ended with exit code 2: bad key ...")),
    ] {
        let mut world = world(&[("/h/.aws/config", "[default]\ncredential_process = /bin/tool hunter2\n")]);
        world.run_command = Arc::new(move |_: Secret| {
            Box::pin(async move {
                let stderr = b"bad key hunter2".to_vec();
                Ok(CommandOutput { code, stdout: stdout.as_bytes().to_vec().into(), stderr })
            })
        });
        match (resolve(env(&[]), world, &[]).await.0, expected) {
            (Ok((Auth::SigV4(keys), _)), Ok(id)) => assert_eq!(keys.access_key_id, id),
            (Err(Error::BrokenSource(broken)), Err(problem)) => {
                assert!(broken.problem.starts_with(problem), "{}", broken.problem);
            }
            (outcome, _) => panic!("{outcome:?}"),
        }
    }
}

#[tokio::test]
async fn authorisation_can_be_left_to_a_proxy() {
    let (outcome, _) = resolve(env(&[("AWS_BEDROCK_SKIP_AUTH", "1")]), world(&[]), &[]).await;
    assert!(matches!(outcome.unwrap().0, Auth::None));
}

mod sessions;
