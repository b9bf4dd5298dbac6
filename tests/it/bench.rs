//! `outcrop bench` as a user runs it: what is counted, what is told, and where it goes. Never how long it took.

use crate::errors::snapshot;
use crate::support::{Ran, Server, finish, program, program_against, run};
use outcrop::emulator::{EmulatorOptions, Scenario};
use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;

const MICRO: &str = "amazon.nova-micro-v1:0";
const LITE: &str = "amazon.nova-lite-v1:0";
const ROCK: &str = "emulator.basalt-v1:0";

/// A measurement of few short answers, and its report.
fn bench(server: &Server, arguments: &[&str]) -> (Ran, Value) {
    let fixed = ["bench", "--json", "--max-tokens", "12"];
    let ran = run(&mut program_against(server.url()), &[&fixed[..], arguments].concat());
    let report = serde_json::from_str(&ran.stdout).unwrap_or(Value::Null);
    (ran, report)
}

fn scenario(json: &str) -> Server {
    let scenario = Scenario::from_json(json).unwrap();
    Server::with(EmulatorOptions { scenario, ..EmulatorOptions::default() })
}

#[test]
fn every_request_but_the_warm_up_is_counted_once() {
    let server = Server::start();
    let (ran, report) =
        bench(&server, &["-m", MICRO, "--requests", "12", "--concurrency", "4", "--warmup", "3"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(server.requests().len(), 15);
    let model = &report["models"][0];
    let counts = ["requests", "succeeded", "failed", "abandoned", "retries", "throttles"];
    assert_eq!(counts.map(|name| model[name].as_u64().unwrap()), [12, 12, 0, 0, 0, 0]);
    // An answer of 12 tokens is 12 deltas, one role, one block's end, one reason to stop, one count.
    assert_eq!((model["deltas"].as_u64(), model["events"].as_u64()), (Some(144), Some(192)));
    assert_eq!(model["outputTokens"], 144);
    assert_eq!((&model["ttftMs"]["count"], &model["gapMs"]["count"]), (&12.into(), &132.into()));
    assert!(model["ttftMs"]["p90"].is_number() && model["ttftMs"]["p95"].is_null(), "{model}");
    assert!(model["gapMs"]["p99"].is_number(), "{model}");
    assert!(model["costUsd"].as_f64().unwrap() > 0.0, "{model}");
    assert!(model["bytes"].as_u64().unwrap() > 144 * 100, "{model}");
    assert_eq!(report["parameters"]["endpoint"], server.url());
    assert_eq!((&report["parameters"]["loop"], &report["isDemo"]), (&"closed".into(), &false.into()));
}

#[test]
fn the_open_loop_sends_as_many_whatever_becomes_of_them() {
    let server = Server::start();
    let (ran, report) = bench(&server, &["-m", "emulator.cut-3", "--requests", "7", "--rate", "1000"]);
    let model = &report["models"][0];
    assert_eq!(
        (&model["requests"], &model["errors"]["stream_cut"]),
        (&7.into(), &7.into()),
        "{}",
        ran.stderr
    );
    assert_eq!(
        (&report["parameters"]["loop"], &report["parameters"]["rate"]),
        (&"open".into(), &1000.0.into())
    );
    let (_, report) = bench(&server, &["-m", MICRO, "--duration", "0.05s", "--rate", "100"]);
    assert_eq!(report["models"][0]["requests"], 5);
}

#[test]
fn failures_are_counted_by_class_and_a_model_that_never_answers_is_an_error() {
    let server = Server::start();
    // Where every other request would be refused as well, none is sent.
    for (model, class, code, sent) in [
        ("emulator.throttle", "throttled", 5, 2),
        ("emulator.http-500", "internal", 5, 2),
        ("emulator.quota", "quota_exceeded", 1, 2),
        ("emulator.denied", "access_denied", 4, 1),
        ("emulator.not-granted", "model_not_granted", 4, 1),
        ("emulator.expired", "credentials_expired", 3, 1),
        ("emulator.context-overflow", "context_overflow", 1, 1),
        ("emulator.html-200", "unexpected_answer", 1, 2),
        ("emulator.cut-3", "stream_cut", 6, 2),
        ("emulator.end-3", "stream_ended", 6, 2),
        ("emulator.corrupt-message-3", "stream_corrupt", 6, 2),
        ("emulator.exception-internal-3", "stream_exception", 6, 2),
        ("emulator.close-3", "connection_closed", 6, 2),
    ] {
        let (ran, report) = bench(&server, &["-m", model, "--requests", "2", "--max-attempts", "1"]);
        let found = &report["models"][0];
        assert_eq!(ran.code, code, "{model} {}", ran.stderr);
        assert_eq!(found["errors"], serde_json::json!({ class: sent }), "{model}");
        assert_eq!((&found["succeeded"], &found["ttftMs"]["max"]), (&0.into(), &Value::Null), "{model}");
        assert_eq!(found["throttles"], if class == "throttled" { 2 } else { 0 }, "{model}");
        let has_note = report["notes"].to_string().contains("No more requests were sent");
        assert_eq!(has_note, sent < 2, "{model}");
        let told: Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
        assert_eq!(told["exit_code"], code, "{told}");
    }
}

#[test]
fn some_failures_and_retries_leave_the_others_their_times() {
    let server = scenario(
        r#"[{"times": 1, "fault": {"kind": "throttle", "retry_after_ms": 1}},
            {"times": 2, "fault": {"kind": "cut", "after_events": 2}}]"#,
    );
    let folder = tempfile::tempdir().unwrap();
    let samples = folder.path().join("samples.jsonl");
    let (ran, report) =
        bench(&server, &["-m", MICRO, "--requests", "6", "--samples", samples.to_str().unwrap()]);
    let model = &report["models"][0];
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let samples = std::fs::read_to_string(samples).unwrap();
    assert_eq!(
        (samples.matches("\"attempts\":1,").count(), samples.matches("\"attempts\":2,").count()),
        (5, 1)
    );
    let counts = ["requests", "succeeded", "failed", "retries", "throttles"];
    assert_eq!(counts.map(|name| model[name].as_u64().unwrap()), [6, 4, 2, 1, 1]);
    assert_eq!((&model["ttftMs"]["count"], &model["latencyMs"]["count"]), (&4.into(), &4.into()));
    let notes = report["notes"].to_string();
    assert!(notes.contains("2 of 6 requests failed") && notes.contains("1 retry: "), "{notes}");
    // What came of the cut streams was received: their role and first delta.
    assert_eq!(model["events"], 4 * 16 + 2 * 2);
}

#[test]
fn no_request_is_wasted_where_none_can_succeed() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("old.jsonl"), "old").unwrap();
    let mut command = program();
    command.env("AWS_REGION", "us-east-1").env("AWS_ENDPOINT_URL", server.url());
    let files = ["--samples", &path("old.jsonl"), "--report", &path("new.html")];
    let ran = run(&mut command, &[&["bench", "-m", MICRO, "--requests", "50"], &files[..]].concat());
    assert!(server.requests().is_empty());
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    assert!(ran.stderr.contains("error: no AWS credentials were found"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(path("old.jsonl")).unwrap(), "old");
    assert!(!std::fs::exists(path("new.html")).unwrap());
    let mut refused = program_against(server.url());
    let arguments = ["bench", "-m", MICRO, "--requests", "50"];
    let ran = run(refused.env("AWS_SECRET_ACCESS_KEY", "another"), &arguments);
    assert!(ran.stdout.contains("0 ok, 1 failed"), "{}", ran.stdout);
    assert_eq!((ran.code, server.requests().len()), (3, 1), "{}", ran.stderr);
    let page = path("new.html");
    let arguments = ["bench", "-m", MICRO, "--report", &page, "--samples", "/nowhere/at/all.jsonl"];
    assert_eq!(run(&mut program_against(server.url()), &arguments).code, 2);
    assert!(!std::fs::exists(page).unwrap());
}

#[test]
fn several_models_are_measured_in_turn_and_compared() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    let (ran, report) = bench(
        &server,
        &["-m", MICRO, "-m", "nova-lite", "-m", ROCK, "--requests", "3", "--report", page.to_str().unwrap()],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let models: Vec<&str> =
        report["models"].as_array().unwrap().iter().map(|model| model["model"].as_str().unwrap()).collect();
    assert_eq!(models, [MICRO, LITE, ROCK]);
    let asked: Vec<String> = server.requests().iter().map(|request| request.path().to_owned()).collect();
    assert!(asked[..3].iter().all(|path| path.contains("nova-micro")), "{asked:?}");
    assert!(asked[6..].iter().all(|path| path.contains("basalt")), "{asked:?}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("id=\"comparison\"") && page.matches("<svg").count() == 4 + 3 * 3, "{page}");
}

#[test]
fn values_separated_by_commas_have_a_line_a_model() {
    let server = Server::start();
    let arguments = ["bench", "--csv", "-m", MICRO, "-m", LITE, "--requests", "2", "--max-tokens", "9"];
    let ran = run(&mut program_against(server.url()), &arguments);
    let lines: Vec<&str> = ran.stdout.split("\r\n").collect();
    assert_eq!((lines.len(), lines[3]), (4, ""), "{}", ran.stdout);
    assert!(lines[0].starts_with("model,requests,succeeded,failed,errors,"), "{}", lines[0]);
    assert!(lines[1].starts_with("amazon.nova-micro-v1:0,2,2,0,,0,0,"), "{}", lines[1]);
    let cells = |line: &str| line.split(',').count();
    assert_eq!((cells(lines[1]), cells(lines[2])), (cells(lines[0]), cells(lines[0])));
}

#[test]
fn every_request_has_a_line_in_the_samples() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("samples.jsonl");
    let file = path.to_str().unwrap();
    let arguments =
        ["-m", MICRO, "-m", "emulator.cut-3", "--requests", "4", "--concurrency", "2", "--samples", file];
    bench(&server, &[&arguments[..], &["--warmup", "1"]].concat());
    let lines: Vec<Value> = std::fs::read_to_string(&path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 8);
    let of = |model: &str| lines.iter().filter(|line| line["model"] == model).collect::<Vec<_>>();
    let mut indexes: Vec<u64> = of(MICRO).iter().map(|line| line["index"].as_u64().unwrap()).collect();
    indexes.sort_unstable();
    assert_eq!(indexes, [0, 1, 2, 3]);
    for line in of(MICRO) {
        assert_eq!(
            (&line["error"], &line["deltas"], &line["attempts"]),
            (&Value::Null, &12.into(), &1.into())
        );
        let time = |name: &str| line[name].as_f64().unwrap();
        assert!(time("ttftMs") <= time("latencyMs") && time("dueMs") >= 0.0, "{line}");
    }
    assert!(
        of("emulator.cut-3").iter().all(|line| line["error"] == "stream_cut" && line["costUsd"].is_null())
    );
}

#[test]
fn answers_are_never_shown() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (page, samples) = (path("page.html"), path("samples.jsonl"));
    let ran = run(
        &mut program_against(server.url()),
        &[
            "bench",
            "-m",
            ROCK,
            "--prompt",
            "Reply with ANDESITE",
            "--requests",
            "2",
            "-v",
            "--report",
            &page,
            "--samples",
            &samples,
        ],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    for text in [&ran.stdout, &ran.stderr, &read(&page), &read(&samples)] {
        assert!(!text.is_empty() && !text.contains("ANDESITE"), "{text}");
    }
    let body: Value = serde_json::from_slice(&server.requests()[0].body).unwrap();
    assert_eq!(body["messages"][0]["content"][0]["text"], "Reply with ANDESITE");
}

#[test]
fn the_prompt_is_as_long_as_asked_for() {
    let server = Server::start();
    let (_, report) = bench(&server, &["-m", ROCK, "--requests", "1", "--input-tokens", "2000"]);
    let tokens = report["models"][0]["inputTokens"].as_u64().unwrap();
    assert!((1_900..2_600).contains(&tokens), "{tokens}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prompt");
    std::fs::write(&file, "Why?").unwrap();
    let (_, report) =
        bench(&server, &["-m", ROCK, "--requests", "1", "--prompt-file", file.to_str().unwrap()]);
    assert_eq!(report["parameters"]["promptCharacters"], 4);
}

#[test]
fn what_a_measurement_may_cost_is_told_and_not_exceeded() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prompt");
    std::fs::write(&file, "玄武岩".repeat(1_000)).unwrap();
    let dollars = |text: &str, before: &str| -> Option<f64> {
        let rest = text.lines().find_map(|line| line.strip_prefix(before))?;
        rest.trim_start_matches([' ', '$']).split(' ').next()?.parse().ok()
    };
    for (arguments, before) in [
        (&["--requests", "3", "--warmup", "1"][..], "note: this costs about"),
        (&["--duration", "0.01s"], "note: a request costs about"),
        (&["--duration", "0.01s", "-m", LITE], "note: a request to each model costs about"),
    ] {
        let fixed = ["bench", "-m", MICRO, "--max-tokens", "5", "--prompt-file", file.to_str().unwrap()];
        let ran = run(&mut program_against(server.url()), &[&fixed[..], arguments].concat());
        let told = dollars(&ran.stderr, before).unwrap_or_else(|| panic!("{before}: {}", ran.stderr));
        let paid = dollars(&ran.stdout, "cost").unwrap();
        assert!(told >= 3_000.0 * 0.035e-6, "{told}");
        assert!(told >= paid || !before.contains("this"), "{told} {paid}");
    }
}

#[test]
fn what_is_recorded_can_be_decoded_again() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answer.stream");
    let file = file.to_str().unwrap();
    let mut command = program_against(server.url());
    let ran = run(&mut command, &["bench", "-m", MICRO, "--max-tokens", "12", "--record", file]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    assert!(ran.stderr.starts_with("note: 16 events, "), "{}", ran.stderr);
    // No model, no keys, no network.
    let ran = run(&mut program(), &["bench", "--replay", file, "--requests", "5", "--json"]);
    let replayed: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&replayed["events"], &replayed["rounds"]), (&16.into(), &5.into()));
    assert_eq!(replayed["bytes"], std::fs::metadata(file).unwrap().len());
    for figure in ["nanosecondsPerEvent", "bestNanosecondsPerEvent", "eventsPerSecond", "megabytesPerSecond"]
    {
        assert!(replayed[figure].as_f64().unwrap() > 0.0, "{replayed}");
    }
    let ran = run(&mut program(), &["bench", "--replay", file, "--duration", "0.01s"]);
    assert!(ran.stdout.starts_with("16 events in "), "{}", ran.stdout);
}

#[test]
fn a_recording_that_breaks_off_says_so() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cut.stream");
    let file = file.to_str().unwrap();
    let ran = run(&mut program_against(server.url()), &["bench", "-m", "emulator.cut-3", "--record", file]);
    snapshot("bench-record-cut", &ran);
    assert!(std::fs::metadata(file).unwrap().len() > 0);
    let replayed = |name| run(program().current_dir(folder.path()), &["bench", "--replay", name]);
    snapshot("bench-replay-cut", &replayed("cut.stream"));
    std::fs::write(folder.path().join("text"), "no recording, but text of some length\n").unwrap();
    snapshot("bench-replay-text", &replayed("text"));
    // A refused request leaves what was recorded before.
    let before = std::fs::read(file).unwrap();
    let ran = run(&mut program_against(server.url()), &["bench", "-m", "emulator.denied", "--record", file]);
    assert_eq!((ran.code, std::fs::read(file).unwrap()), (4, before));
}

#[test]
fn what_cannot_be_measured_is_refused_before_anything_is_sent() {
    let server = Server::start();
    let against =
        |arguments: &[&str]| run(&mut program_against(server.url()), &[&["bench"], arguments].concat());
    snapshot("bench-no-model", &against(&[]));
    snapshot("bench-two-recorded", &against(&["-m", MICRO, "-m", LITE, "--record", "/nowhere/x"]));
    snapshot("bench-no-folder", &against(&["-m", MICRO, "--report", "/nowhere/at/all.html"]));
    snapshot("bench-no-samples", &against(&["-m", MICRO, "--samples", "/nowhere/at/all.jsonl"]));
    snapshot("bench-no-replay", &against(&["--replay", "/nowhere/at/all"]));
    snapshot("bench-bad-duration", &against(&["-m", MICRO, "--duration", "soon"]));
    snapshot("bench-two-questions", &against(&["-m", MICRO, "--prompt", "x", "--input-tokens", "9"]));
    for prompt in [["--prompt", ""], ["--prompt", " \n"], ["--prompt-file", "/dev/null"]] {
        snapshot("bench-empty-prompt", &against(&[&["-m", MICRO], &prompt[..]].concat()));
    }
    snapshot("bench-replay-model", &against(&["-m", MICRO, "--replay", "x"]));
    assert!(server.requests().is_empty());
}

#[test]
fn a_prompt_file_that_is_no_text_is_named() {
    let server = Server::start();
    let ran = {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("prompt"), b"\xff\xfe").unwrap();
        let mut command = program_against(server.url());
        run(command.current_dir(folder.path()), &["bench", "-m", MICRO, "--prompt-file", "prompt"])
    };
    snapshot("bench-prompt-no-text", &ran);
}

#[cfg(unix)]
#[test]
fn what_has_ended_is_reported_when_ctrl_c_comes() {
    let server = Server::with(EmulatorOptions { tokens_per_second: 400.0, ..EmulatorOptions::default() });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("samples.jsonl");
    let page = folder.path().join("page.html");
    std::fs::write(&page, "x".repeat(1_000_000)).unwrap();
    let child = program_against(server.url())
        .args(["bench", "--json", "-m", MICRO, "-m", LITE, "--max-tokens", "8", "--duration", "1h"])
        .args(["--samples", path.to_str().unwrap(), "--report", page.to_str().unwrap()])
        .spawn()
        .unwrap();
    // It goes on for an hour, so some request has ended at some time.
    while std::fs::read_to_string(&path).unwrap_or_default().lines().count() < 3 {
        std::thread::yield_now();
    }
    let kill = format!("kill -INT {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let ran = finish(child);
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["wasInterrupted"], true);
    // The second model was not begun.
    assert_eq!(report["models"].as_array().unwrap().len(), 1);
    let lines = std::fs::read_to_string(&path).unwrap().lines().count() as u64;
    assert_eq!(report["models"][0]["requests"], lines);
    let page = std::fs::read_to_string(&page).unwrap();
    assert!(page.ends_with("</html>\n") && page.contains("was interrupted"), "{page}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_costs_neither_the_table_nor_the_exit_code() {
    let server = Server::start();
    for flag in ["--samples", "--report"] {
        let arguments =
            ["bench", "-q", "-m", MICRO, "--requests", "1", "--max-tokens", "5", flag, "/dev/full"];
        let ran = run(&mut program_against(server.url()), &arguments);
        assert!(ran.stdout.starts_with("amazon.nova-micro-v1:0\n1 request, "), "{flag} {}", ran.stdout);
        snapshot("bench-full", &Ran { stdout: String::new(), ..ran });
    }
}

#[cfg(unix)]
#[test]
fn results_of_two_kinds_do_not_share_a_file() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("new");
    std::fs::write(folder.path().join("old"), "old").unwrap();
    std::os::unix::fs::symlink("old", folder.path().join("link")).unwrap();
    for (samples, page) in [("old", "link"), ("link", "./old"), ("new", "./new")] {
        let arguments = ["bench", "-m", MICRO, "--samples", samples, "--report", page];
        snapshot(
            "bench-one-file",
            &run(program_against(server.url()).current_dir(folder.path()), &arguments),
        );
        assert!(!new.exists() && server.requests().is_empty(), "{samples} {page}");
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("link")).unwrap(), "old");
}

#[cfg(unix)]
#[test]
fn the_report_is_written_where_connections_took_every_descriptor() {
    let server = Server::with(EmulatorOptions { tokens_per_second: 20.0, ..EmulatorOptions::default() });
    let script = "ulimit -n 24; exec \"$0\" bench --json -m \"$1\" --max-tokens 8 --requests 60 --concurrency 60 \
                  --max-attempts 1";
    let program = env!("CARGO_BIN_EXE_outcrop");
    let command = program_against(server.url());
    let environment = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let ran = run(
        std::process::Command::new("sh")
            .env_clear()
            .envs(environment)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
        &["-c", script, program, MICRO],
    );
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
    let counts = ["requests", "succeeded"].map(|name| report["models"][0][name].as_u64().unwrap_or(0));
    assert_eq!((ran.code, counts[0]), (0, 60), "{}", ran.stderr);
    assert!((1..30).contains(&counts[1]), "{report}");
}

#[cfg(unix)]
#[test]
fn streams_that_sigterm_gives_up_leave_what_they_had_received() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    // However slow the machine is, what was sent is received at some time.
    let mut counts = [0, 1_000, 20_000].into_iter().map(|wait_ms| {
        let (page, before) = (folder.path().join(wait_ms.to_string()), server.requests().len());
        let child = program_against(server.url())
            .args(["bench", "--json", "-m", "emulator.stall-3", "--requests", "9", "--concurrency", "2"])
            .args(["--report", page.to_str().unwrap()])
            .spawn()
            .unwrap();
        while server.requests().len() < before + 2 {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(wait_ms));
        let kill = format!("kill -TERM {}", child.id());
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let ran = finish(child);
        assert_eq!(ran.code, 130, "{}", ran.stderr);
        assert!(std::fs::read_to_string(page).unwrap().ends_with("</html>\n"));
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        ["abandoned", "requests", "events"].map(|name| report["models"][0][name].as_u64().unwrap())
    });
    assert!(counts.any(|counts| counts == [2, 0, 6]));
}

#[test]
fn the_demo_is_measured_without_anything() {
    let ran = run(
        &mut program(),
        &["bench", "--demo", "--requests", "2", "--concurrency", "2", "--max-tokens", "3"],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.starts_with("emulator.basalt-v1:0\n2 requests, 2 at a time\n"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("note: The answers came from the emulator inside this process"),
        "{}",
        ran.stderr
    );
}
