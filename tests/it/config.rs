//! `outcrop config` on real files: what is printed, what is written, and who is in whose way.

use crate::errors::snapshot;
use crate::support::{Ran, finish, program, run};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A home folder of its own.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A home with a configuration file.
    fn with(text: &str) -> Self {
        let home = Self::new();
        home.write(".config/outcrop/config.json5", text);
        home
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.0.path().join(".config/outcrop/config.json5")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    fn program(&self) -> Command {
        let mut program = program();
        program.env("HOME", self.0.path());
        program
    }

    /// Runs `outcrop config`, and shows this home as `~`.
    fn config(&self, arguments: &[&str]) -> Ran {
        let ran = run(self.program().arg("config"), arguments);
        let home = self.0.path().to_str().unwrap();
        Ran { code: ran.code, stdout: ran.stdout.replace(home, "~"), stderr: ran.stderr.replace(home, "~") }
    }

    /// Runs it, and gives what it printed.
    fn prints(&self, arguments: &[&str]) -> String {
        let ran = self.config(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
        ran.stdout
    }
}

#[test]
fn a_key_is_set_shown_and_taken_out() {
    let home = Home::new();
    for (arguments, note) in [
        (
            ["set", "model", "us.amazon.nova-lite-v1:0"],
            "note: set `model` in `~/.config/outcrop/config.json5`\n",
        ),
        (
            ["set", "chat.temperature", "0.5"],
            "note: set `chat.temperature` in `~/.config/outcrop/config.json5`\n",
        ),
        (
            ["set", "aliases[\"my.fast\"]", "m"],
            "note: set `aliases[\"my.fast\"]` in `~/.config/outcrop/config.json5`\n",
        ),
    ] {
        let ran = home.config(&arguments);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", note));
    }
    let text = "{\n  model: \"us.amazon.nova-lite-v1:0\",\n  chat: {\n    temperature: 0.5,\n  },\n  aliases: {\n    \"my.fast\": \"m\",\n  },\n}\n";
    assert_eq!(home.text(), text);
    assert_eq!(home.prints(&["get", "model"]), "us.amazon.nova-lite-v1:0\n");
    assert_eq!(home.prints(&["get", "model", "--json"]), "\"us.amazon.nova-lite-v1:0\"\n");
    assert_eq!(home.prints(&["get", "chat"]), "{\n  \"temperature\": 0.5\n}\n");
    let whole: serde_json::Value = serde_json::from_str(&home.prints(&["get"])).unwrap();
    assert_eq!(whole["aliases"]["my.fast"], "m");
    home.prints(&["unset", "chat.temperature"]);
    home.prints(&["unset", "aliases"]);
    assert_eq!(home.text(), "{\n  model: \"us.amazon.nova-lite-v1:0\",\n  chat: {\n  },\n}\n");
    assert_eq!(home.config(&["get", "chat.temperature"]).code, 2);
}

#[test]
fn a_value_is_json5_or_text() {
    let home = Home::new();
    for (value, extra, shown) in [
        ("us-east-1", &[][..], "us-east-1\n"),
        ("'eu-west-1'", &[], "eu-west-1\n"),
        ("5", &["--string"], "5\n"),
        ("-x", &[], ""),
    ] {
        let arguments = [&["set", "models.bedrockDiscovery.region", value], extra].concat();
        let code = home.config(&arguments).code;
        assert_eq!(code, if shown.is_empty() { 2 } else { 0 }, "{value}");
        if code == 0 {
            assert_eq!(home.prints(&["get", "models.bedrockDiscovery.region"]), shown);
        }
    }
}

#[test]
fn comments_and_layout_stay() {
    let home = Home::with(
        "// mine\n{\n\tmodel: 'a', // the good one\n\n\t/* more */\n\tchat: {cache:'short'},\n}\n",
    );
    home.prints(&["set", "chat.cache", "long"]);
    home.prints(&["set", "model", "b"]);
    home.prints(&["set", "models.mode", "merge"]);
    assert_eq!(
        home.text(),
        "// mine\n{\n\tmodel: 'b', // the good one\n\n\t/* more */\n\tchat: {cache:'long'},\n\tmodels: {\n\t\tmode: \"merge\",\n\t},\n}\n"
    );
}

#[test]
fn eight_writers_at_once_lose_nothing() {
    let home = Home::with("// first\n{\n  // the default\n  model: \"m\", // here\n}\n// last\n");
    let writers: Vec<_> = (0..8)
        .map(|at| {
            let (key, value) = (format!("aliases.a{at}"), format!("m{at}"));
            home.program().args(["config", "set", &key, &value]).spawn().unwrap()
        })
        .collect();
    for writer in writers {
        let ran = finish(writer);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    for at in 0..8 {
        assert_eq!(home.prints(&["get", &format!("aliases.a{at}")]), format!("m{at}\n"));
    }
    let text = home.text();
    assert!(
        text.starts_with("// first\n{\n  // the default\n  model: \"m\", // here\n  aliases: {\n"),
        "{text}"
    );
    assert!(text.ends_with("}\n// last\n"), "{text}");
    home.prints(&["validate"]);
}

#[test]
fn which_file_and_why() {
    let home = Home::new();
    let says = |arguments: &[&str]| {
        let ran = home.config(arguments);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        (ran.stdout, ran.stderr)
    };
    let (path, why) = says(&["path"]);
    assert_eq!(path, "~/.config/outcrop/config.json5\n");
    assert_eq!(
        why,
        "note: it is the usual place\nnote: it does not exist yet; `outcrop config set` creates it\n"
    );
    home.write(
        ".openclaw/openclaw.json",
        "{ agents: { defaults: { model: 'amazon-bedrock/m' } }, gateway: {} }",
    );
    let (path, why) = says(&["path"]);
    assert_eq!(path, "~/.openclaw/openclaw.json\n");
    assert!(why.contains("read and never written"), "{why}");
    assert_eq!(home.prints(&["get", "agents.defaults.model"]), "amazon-bedrock/m\n");
    let (_, notes) = says(&["set", "models.mode", "merge"]);
    assert!(
        notes.contains("begins with the settings read so far from `~/.openclaw/openclaw.json`"),
        "{notes}"
    );
    assert_eq!(home.prints(&["get", "agents.defaults.model"]), "amazon-bedrock/m\n");
    assert_eq!(says(&["path"]).0, "~/.config/outcrop/config.json5\n");
    let (path, why) = says(&["path", "--config", "/other.json5", "--json"]);
    assert_eq!(why, "");
    let why: serde_json::Value = serde_json::from_str(&path).unwrap();
    assert_eq!(why["path"], "/other.json5");
    assert_eq!((&why["exists"], &why["readOnly"]), (&false.into(), &false.into()));
    assert_eq!(why["why"], "`--config` names it");
}

#[test]
fn every_key_is_listed() {
    let listed = Home::new().prints(&["keys"]);
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let mut count = 0;
    for line in listed.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!(columns.len(), 4, "{line}");
        let place = "plugins.entries.amazon-bedrock.config.discovery.";
        let key = columns[0].replace(place, "models.bedrockDiscovery.");
        assert!(readme.contains(&format!("| `{key}` |")), "{key}");
        count += 1;
    }
    assert!(count > 40, "{count}");
}

#[test]
fn all_problems_are_listed() {
    let home = Home::with("{\n  modle: 'm',\n  chat: { maxTokens: 0 },\n  model: '${NOT_SET}',\n}\n");
    let ran = home.config(&["validate"]);
    assert_eq!((ran.code, ran.stderr.matches("error: ").count()), (2, 3), "{}", ran.stderr);
    snapshot("config-problems", &ran);
    let ran = home.config(&["validate", "--json"]);
    let kinds: Vec<serde_json::Value> =
        ran.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(kinds.len() == 3 && kinds.iter().all(|error| error["kind"] == "config"), "{}", ran.stderr);
    let good = Home::with("{ model: 'm' }").config(&["validate"]);
    assert_eq!(
        (good.code, good.stderr.as_str()),
        (0, "note: nothing is wrong with `~/.config/outcrop/config.json5`\n")
    );
    let theirs = Home::new();
    theirs.write(".openclaw/openclaw.json", "{\n  agents: { $include: 'agents.json' } }");
    let said = theirs.config(&["validate"]);
    assert_eq!(said.code, 0);
    assert!(said.stderr.ends_with("note: `agents.$include` in line 2 is not followed\n"), "{}", said.stderr);
}

#[test]
fn what_goes_wrong() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let broken = "{\n  models: {\n    providers: { bedrock: { apiKey \"hunter2-and-more\" } },\n  },\n}\n";
    for (name, text, arguments) in [
        ("config-unknown-key", "{}", &["set", "models.bedrockDiscovry.region", "us-east-1"][..]),
        ("config-wrong-type", "{}", &["set", "models.bedrockDiscovery.refreshInterval", "soon"]),
        (
            "config-not-text",
            "{}",
            &["set", "plugins.entries.amazon-bedrock.config.guardrail.guardrailVersion", "1"],
        ),
        ("config-secret", "{}", &["set", "models.providers.amazon-bedrock.apiKey", secret]),
        ("config-broken", broken, &["set", "model", "m"]),
        ("config-unknown-path", "{ model: 'm' }", &["get", "modle"]),
        ("config-not-set", "{ model: 'm' }", &["get", "aliases"]),
        ("config-bad-path", "{}", &["get", "a..b"]),
        ("config-refused-name", "{}", &["set", "__proto__.x", "1"]),
        (
            "config-below-scalar",
            "{ agents: { defaults: { model: 'm' } } }",
            &["set", "agents.defaults.model.primary", "n"],
        ),
        ("config-no-config", "{}", &["get", "--no-config"]),
        ("config-misplaced", "{}", &["get", "--demo"]),
        ("config-absent", "{}", &["get", "--config", "/nowhere/c.json5"]),
    ] {
        let home = Home::with(text);
        let ran = home.config(arguments);
        assert_eq!(ran.code, 2, "{name}: {}", ran.stderr);
        assert!(!ran.stderr.contains(secret) && !ran.stderr.contains("hunter2"), "{name}: {}", ran.stderr);
        assert_eq!(home.text(), text, "{name}");
        snapshot(name, &ran);
    }
}

#[test]
fn places_that_cannot_be_written() {
    let home = Home::new();
    for (name, path) in [
        // A folder stands where the lock or the temporary file must go, or a file where a folder must be.
        ("config-locked-out", "a/c.json5.lock/x"),
        ("config-unwritable", "b/c.json5.tmp/x"),
        ("config-no-folder", "d"),
    ] {
        home.write(path, "");
        let folder = path.split('/').next().unwrap();
        let file = format!("{}/{folder}/c.json5", home.0.path().display());
        let ran = home.config(&["set", "model", "m", "--config", &file]);
        assert!(!Path::new(&file).exists());
        snapshot(name, &ran);
    }
    snapshot("config-no-home", &run(program().arg("config"), &["path"]));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_replaced_by_one() {
    let home = tempfile::tempdir().unwrap();
    let pipe = home.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let set = ["--config", pipe.to_str().unwrap(), "config", "set", "model", "b.c"];
    let ran = run(program().env("HOME", home.path()), &set);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("it is no regular file"), "{ran:?}");
    assert!(!home.path().join("pipe.lock").exists());
}

#[test]
fn json_is_asked_for_and_given() {
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let home = Home::with("{ model: 'amazon.nova-lite-v1:0' }");
    let keys = json(&home.prints(&["keys", "--json"]));
    assert_eq!((&keys[0]["key"], &keys[0]["default"]), (&"model".into(), &"none".into()));
    let path = "~/.config/outcrop/config.json5";
    assert_eq!(
        json(&home.prints(&["validate", "--json"])),
        serde_json::json!({ "path": path, "problems": [], "warnings": [] })
    );
    let ran = Home::with("{ model: 1, x: 2 }").config(&["validate", "--json"]);
    let told = json(&ran.stdout);
    assert_eq!((ran.code, told["problems"].as_array().unwrap().len()), (2, 2), "{ran:?}");
}
