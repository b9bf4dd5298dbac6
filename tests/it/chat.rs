//! `outcrop chat` and `converse` as a user runs them.

use crate::support::{Server, finish, no_host, program, program_against, run, run_with_input};
use outcrop::emulator::DEMO_BEARER_TOKEN;
use std::io::{BufRead, BufReader, Read};

const MODEL: &str = "amazon.nova-lite-v1:0";

/// The length of the request's body, as the log tells it.
fn sent_bytes(stderr: &str) -> usize {
    let line = stderr.lines().find(|line| line.starts_with("> POST")).unwrap();
    line.rsplit_once('(').unwrap().1.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn the_demo_needs_nothing() {
    let ran = run(&mut program(), &["chat", "--demo", "--max-tokens", "20", "Why is the sky blue?"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("Why is the sky blue?") && ran.stdout.ends_with('\n'), "{}", ran.stdout);
}

#[test]
fn the_demo_ignores_the_users_own_settings() {
    let mut program = program_against("http://127.0.0.1:9");
    program.env("HTTP_PROXY", "http://127.0.0.1:9").env("OUTCROP_MODEL", "m").env("AWS_MAX_ATTEMPTS", "none");
    let ran = run(&mut program, &["chat", "--demo", "--max-tokens", "5", "hi"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn keys_and_bearer_tokens_are_accepted_by_a_server_that_checks_them() {
    let server = Server::start();
    let signed = run(&mut program_against(server.url()), &["chat", "-m", MODEL, "hi"]);
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    let mut bearer = program_against(server.url());
    // Broken keys do not matter beside a token: the chain is not asked.
    bearer.env("AWS_BEARER_TOKEN_BEDROCK", DEMO_BEARER_TOKEN).env("AWS_SECRET_ACCESS_KEY", "wrong");
    let bearer = run(&mut bearer, &["chat", "-m", MODEL, "hi"]);
    assert_eq!((bearer.code, bearer.stdout), (0, signed.stdout), "{}", bearer.stderr);
}

#[test]
fn every_form_of_model_id_reaches_the_model() {
    let server = Server::start();
    for model in [
        MODEL,
        "amazon-bedrock/amazon.nova-lite-v1:0",
        "us.amazon.nova-lite-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0",
    ] {
        let ran = run(&mut program_against(server.url()), &["chat", "-m", model, "hi"]);
        assert_eq!(ran.code, 0, "{model}: {}", ran.stderr);
    }
}

#[test]
fn stdin_is_the_prompt_or_is_added_to_it() {
    let ask = |arguments: &[&str], input: &str| {
        let mut words = vec!["chat", "--demo", "--max-tokens", "40"];
        words.extend(arguments);
        run_with_input(&mut program(), &words, input.as_bytes())
    };
    let piped = ask(&[], "granite\n");
    assert!(piped.stdout.contains("granite"), "{piped:?}");
    // The joined prompt is longer than its halves by the blank line between them.
    let length = |ran: &crate::support::Ran| sent_bytes(&ran.stderr);
    let both = ask(&["-v", "basalt"], "gabbro\n");
    assert!(both.stdout.contains("basalt"), "{both:?}");
    assert_eq!(length(&both), length(&ask(&["-v", "basalt"], "")) + r"\n\ngabbro".len());
    assert_eq!(ask(&[], " \n").code, 2);
}

#[test]
fn a_system_prompt_may_stand_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("system.txt");
    std::fs::write(&path, "Be brief.").unwrap();
    let system = format!("@{}", path.display());
    let ran = run(&mut program(), &["chat", "--demo", "-s", &system, "--max-tokens", "5", "-v", "hi"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let plain = run(&mut program(), &["chat", "--demo", "--max-tokens", "5", "-v", "hi"]);
    assert_eq!(
        sent_bytes(&ran.stderr) - sent_bytes(&plain.stderr),
        r#","system":[{"text":"Be brief."}]"#.len()
    );
}

#[test]
fn three_forms_of_output_say_the_same() {
    let server = Server::start();
    let ask = |form: &str, extra: &[&str]| {
        let mut words = vec!["chat", "-q", "-m", MODEL, "--output", form, "--max-tokens", "30", "hi"];
        words.extend(extra);
        let ran = run(&mut program_against(server.url()), &words);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{form} {extra:?}");
        ran.stdout
    };
    let text = ask("text", &[]);
    assert_eq!(ask("text", &["--no-stream"]), text);
    let whole: serde_json::Value = serde_json::from_str(&ask("json", &[])).unwrap();
    let unstreamed: serde_json::Value = serde_json::from_str(&ask("json", &["--no-stream"])).unwrap();
    assert_eq!(whole["output"], unstreamed["output"]);
    assert_eq!(whole["stopReason"], "max_tokens");
    assert_eq!(whole["usage"]["outputTokens"], 30);
    assert_eq!(format!("{}\n", whole["output"]["message"]["content"][0]["text"].as_str().unwrap()), text);
    let lines = ask("jsonl", &[]);
    let events: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let pieces = events.iter().filter_map(|event| event["contentBlockDelta"]["delta"]["text"].as_str());
    assert_eq!(pieces.collect::<String>() + "\n", text);
    assert!(events.first().unwrap().get("messageStart").is_some());
    assert!(events.last().unwrap().get("metadata").is_some());
    assert!(!lines.contains("\"p\":"), "the padding is no part of an event");
}

#[test]
fn an_answer_that_comes_at_once_is_events_too() {
    let folder = tempfile::tempdir().unwrap();
    let tools = folder.path().join("tools.json");
    let tool = r#"[{"name":"look","description":"Looks.","inputSchema":{"json":{"type":"object"}}}]"#;
    std::fs::write(&tools, tool).unwrap();
    let llama = "us.meta.llama3-3-70b-instruct-v1:0";
    let words =
        ["chat", "--demo", "-m", llama, "--tools", tools.to_str().unwrap(), "--output", "jsonl", "look at x"];
    let ran = run(&mut program(), &words);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let events: Vec<serde_json::Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events[0], serde_json::json!({ "messageStart": { "role": "assistant" } }));
    let mut starts = events.iter().map(|event| &event["contentBlockStart"]["start"]["toolUse"]["name"]);
    assert!(starts.any(|name| name == "look"), "{}", ran.stdout);
    assert!(events.last().unwrap()["metadata"]["usage"].is_object(), "{}", ran.stdout);
}

#[test]
fn a_raw_request_is_sent_as_it_is() {
    let request = br#"{"modelId":"amazon.nova-lite-v1:0","messages":[{"role":"user","content":[{"text":"gneiss"}]}],"inferenceConfig":{"maxTokens":20}}"#;
    let ran = run_with_input(&mut program(), &["converse", "--demo"], request);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("gneiss"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("request.json");
    std::fs::write(&path, request).unwrap();
    let file = run(&mut program(), &["converse", "--demo", "--no-stream", path.to_str().unwrap()]);
    assert_eq!((file.code, file.stdout), (0, ran.stdout));
    for bad in [&b"not json"[..], b"[]", b"", b"\xff"] {
        let ran = run_with_input(&mut program(), &["converse", "--demo"], bad);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
    }
}

#[test]
fn a_person_names_the_model_of_a_raw_request_and_the_request_its_own_as_it_is() {
    let body =
        br#"{"messages":[{"role":"user","content":[{"text":"gneiss"}]}],"inferenceConfig":{"maxTokens":9}}"#;
    let ran = run_with_input(&mut program(), &["converse", "--demo", "-v", "-m", "nova-lite"], body);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("/model/amazon.nova-lite-v1%3A0/"), "{}", ran.stderr);
    assert!(ran.stderr.contains("raise the request's `maxTokens`"), "{}", ran.stderr);
    let inside = body.map(|byte| byte).to_vec();
    let inside = [b"{\"modelId\":\"nova-lite\",".as_slice(), &inside[1..]].concat();
    let ran = run_with_input(&mut program(), &["converse", "--demo", "-v"], &inside);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("/model/nova-lite/"), "{}", ran.stderr);
}

#[test]
fn a_refused_request_shows_bedrocks_own_words() {
    let request =
        br#"{"modelId":"amazon.nova-lite-v1:0","messages":[{"role":"assistant","content":[{"text":"x"}]}]}"#;
    let ran = run_with_input(&mut program(), &["converse", "--demo"], request);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("ValidationException, status 400"), "{}", ran.stderr);
}

#[test]
fn a_closed_pipe_is_quiet_success() {
    let server = Server::with(outcrop::emulator::EmulatorOptions {
        tokens_per_second: 200.0,
        ..outcrop::emulator::EmulatorOptions::default()
    });
    let mut child = program_against(server.url()).args(["chat", "-m", MODEL, "hi"]).spawn().unwrap();
    let mut first = [0];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    drop(child.stdout.take());
    let ran = finish(child);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130_and_keeps_what_came() {
    let server = Server::start();
    let mut child = program_against(server.url())
        .args(["chat", "-m", "emulator.stall-3", "--idle-timeout", "0", "hi"])
        .spawn()
        .unwrap();
    let mut first = [0];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    let id = child.id().to_string();
    assert!(
        std::process::Command::new("sh").args(["-c", &format!("kill -INT {id}")]).status().unwrap().success()
    );
    let ran = finish(child);
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert_eq!(ran.stderr, "");
}

#[cfg(unix)]
#[test]
fn ctrl_c_puts_out_what_was_held_back() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema.json");
    std::fs::write(&schema, r#"{"type":"array","items":{"type":"string"}}"#).unwrap();
    let said = "Reply with one two three four five";
    let interrupted = |extra: &[&str], wait_ms: u64| {
        let words = ["chat", "-v", "-m", "emulator.stall-3", "--idle-timeout", "0", said];
        let mut child = program_against(server.url()).args(words).args(extra).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("< 200") {
            line.clear();
            assert_ne!(stderr.read_line(&mut line).unwrap(), 0);
        }
        std::thread::sleep(std::time::Duration::from_millis(wait_ms));
        let kill = format!("kill -INT {}", child.id());
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let ran = finish(child);
        assert_eq!(ran.code, 130);
        ran.stdout
    };
    for extra in [&["--output", "json"][..], &["--schema", schema.to_str().unwrap()]] {
        // The events come right behind the head; however slow the machine is, they are read at some time.
        let mut tries = [100, 1_000, 20_000].into_iter().map(|wait_ms| interrupted(extra, wait_ms));
        let stdout = tries.find(|stdout| stdout.contains("one")).unwrap();
        if extra[0] == "--output" {
            let whole: serde_json::Value = serde_json::from_str(&stdout).unwrap();
            assert!(whole["output"]["message"]["content"][0]["text"].is_string(), "{whole}");
        }
    }
}

#[test]
fn logs_name_requests_and_sources_and_no_secret() {
    let server = Server::start();
    let ran = run(&mut program_against(server.url()), &["chat", "-vv", "-m", "emulator.throttle-1", "hi"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for part in [
        "* environment: key `...0001`",
        "/model/emulator.throttle-1/converse-stream",
        "attempt 2",
        "< 429",
        "authorization",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    for secret in ["demoSecret", "AKIDEMO0OUTCROP00001", "Signature="] {
        assert!(!ran.stderr.contains(secret), "{secret}: {}", ran.stderr);
    }
}

#[test]
fn the_emulator_says_where_it_listens() {
    let mut child = program().args(["emulate", "-q", "--tokens-per-second", "0"]).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    let ran = run(&mut program_against(url.trim()), &["chat", "-m", MODEL, "hi"]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn help_version_and_completions_are_data() {
    for arguments in [&["--help"][..], &["--version"], &["chat", "--help"], &["completions", "bash"]] {
        let ran = run(&mut program(), arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(ran.stdout.contains("outcrop"), "{arguments:?}");
    }
    assert!(run(&mut program(), &["--version"]).stdout.contains("features: client, config, emulator, cli"));
}

#[test]
fn a_proxy_is_used_for_other_hosts_and_never_for_loopback() {
    let server = Server::start();
    // The emulator stands in for the proxy: it gets the whole URL, and checks a signature over the other host.
    let mut through = program_against("http://bedrock.example");
    through.env("HTTP_PROXY", server.url());
    let ran = run(&mut through, &["chat", "-m", MODEL, "hi"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut past = program_against(server.url());
    past.env("HTTP_PROXY", "http://127.0.0.1:9").env("ALL_PROXY", "http://127.0.0.1:9");
    let ran = run(&mut past, &["chat", "-m", MODEL, "hi"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut excepted = program_against(&format!("http://{}", no_host()));
    excepted.env("HTTP_PROXY", server.url()).env("NO_PROXY", format!("*.other.example,{}", no_host()));
    let ran = run(&mut excepted, &["chat", "-m", MODEL, "--max-attempts", "1", "hi"]);
    assert_eq!(ran.code, 5, "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn ctrl_c_is_heard_while_stdin_is_waited_for() {
    let server = Server::start();
    let mut program = program_against(server.url());
    let mut child = program.args(["chat", "-m", MODEL]).stdin(std::process::Stdio::piped()).spawn().unwrap();
    // Nothing tells when the program has begun to wait; a signal before that ends it as well, but without 130.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let id = child.id();
    assert!(
        std::process::Command::new("sh").args(["-c", &format!("kill -INT {id}")]).status().unwrap().success()
    );
    let stdin = child.stdin.take();
    let code = child.wait().unwrap().code();
    drop(stdin);
    assert!(matches!(code, Some(130) | None), "{code:?}");
}

#[test]
fn a_profile_of_the_aws_files_gives_keys_and_region() {
    use outcrop::emulator::{DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY};
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    let keys = format!(
        "[work]\naws_access_key_id = {DEMO_ACCESS_KEY_ID}\naws_secret_access_key = {DEMO_SECRET_ACCESS_KEY}\n"
    );
    std::fs::write(home.path().join(".aws/credentials"), keys).unwrap();
    std::fs::write(home.path().join(".aws/config"), "[profile work]\nregion = eu-west-3\n").unwrap();
    let mut with_flag = program();
    with_flag.env("HOME", home.path());
    let arguments = ["chat", "-v", "-m", MODEL, "--endpoint", server.url(), "--profile", "work", "hi"];
    let ran = run(&mut with_flag, &arguments);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("profile"), "{}", ran.stderr);
    let mut with_variable = program();
    with_variable.env("HOME", home.path()).env("AWS_PROFILE", "other");
    let ran = run(&mut with_variable, &["chat", "-m", MODEL, "--endpoint", server.url(), "hi"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("other"), "{}", ran.stderr);
}
