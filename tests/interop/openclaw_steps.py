"""Walks the documented steps of OpenClaw's Bedrock pages with this program, against its own emulator.

Each walk has a fresh home folder and one way to have credentials: keys in the environment, a profile, an instance role.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

KEY_ID, SECRET = "AKIDEMO0OUTCROP00001", "demoSecretOfTheOutcropEmulator/IsPublic+"
OPUS = "anthropic.claude-opus-4-5-20251101-v1:0"
MANUAL = """{
  models: {
    providers: {
      "amazon-bedrock": {
        baseUrl: "https://bedrock-runtime.us-east-1.amazonaws.com",
        api: "bedrock-converse-stream",
        auth: "aws-sdk",
        models: [
          {
            id: "anthropic.claude-opus-4-5-20251101-v1:0",
            name: "Claude Opus 4.5 (Bedrock)",
            reasoning: true,
            input: ["text", "image"],
            cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
            contextWindow: 200000,
            maxTokens: 8192
          }
        ]
      }
    }
  },
  agents: {
    defaults: {
      model: { primary: "amazon-bedrock/anthropic.claude-opus-4-5-20251101-v1:0" },
      models: { "openai/gpt": { alias: "gpt" } }
    }
  }
}
"""
DISCOVERY = """{
  models: {
    bedrockDiscovery: {
      enabled: true,
      region: "us-east-1",
      providerFilter: ["anthropic", "amazon"],
      refreshInterval: 3600,
      defaultContextWindow: 32000,
      defaultMaxTokens: 4096,
      includeInferenceProfiles: %s
    }
  }
}
"""
GUIDE = """{
  model: "us.anthropic.claude-haiku-4-5-20251001-v1:0",
  models: { bedrockDiscovery: { enabled: true, region: "us-east-1", providerFilter: [], }, },
}
"""


class Walk:
    """A fresh home, an environment, and the checks made in it."""

    failed = 0

    def __init__(self, program: str, url: str, name: str, env: dict[str, str]):
        self.program, self.name = program, name
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="outcrop-steps-"))
        self.env = {"HOME": str(self.home), "AWS_ENDPOINT_URL": url, **env}

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.program, *arguments], env=self.env, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )

    def step(self, what: str, holds: bool, ran: subprocess.CompletedProcess) -> None:
        print(f"{'ok' if holds else 'FAILED'}: {self.name}: {what}")
        if not holds:
            Walk.failed += 1
            print(f"  {ran.args}\n  exit {ran.returncode}\n  {ran.stdout[:600]}\n  {ran.stderr[:600]}")

    def write(self, folder: str, name: str, text: str) -> pathlib.Path:
        path = self.home / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def ids(self, *arguments: str) -> tuple[list[str], subprocess.CompletedProcess]:
        ran = self.run("models", "list", "--json", *arguments)
        return ([model["id"] for model in json.loads(ran.stdout or "{}").get("models", [])], ran)


def automatic(walk: Walk) -> None:
    """"Automatic model discovery" and "Inference Profiles"."""
    ids, ran = walk.ids()
    walk.step("credentials alone switch discovery on", len(ids) > 20 and ran.returncode == 0, ran)
    walk.step("both base models and profiles are listed", "amazon.nova-lite-v1:0" in ids and f"us.{OPUS}" in ids, ran)
    listed = {model["id"]: model["maxTokens"] for model in json.loads(ran.stdout)["models"]}
    walk.step("a discovered Claude keeps its own limits", listed[f"us.{OPUS}"] == 64000, ran)
    plain = walk.run("models", "list")
    walk.step("plain `models list` shows all of them", len(plain.stdout.splitlines()) == len(ids), plain)
    walk.write(".config/outcrop", "config.json5", DISCOVERY % "true")
    ran = walk.run("models", "list", "--json")
    vendors = {model["provider"] for model in json.loads(ran.stdout or "{}").get("models", [])}
    walk.step("`providerFilter` keeps two vendors", vendors == {"Amazon", "Anthropic"}, ran)
    walk.write(".config/outcrop", "config.json5", DISCOVERY % "false")
    ids, ran = walk.ids()
    walk.step("profiles can be left out", bool(ids) and not any(id.startswith("us.") for id in ids), ran)


def profile_as_default(walk: Walk) -> None:
    """`config set agents.defaults.model.primary` with an inference profile."""
    ran = walk.run("config", "set", "agents.defaults.model.primary", f"amazon-bedrock/us.{OPUS}")
    walk.step("a profile can be made the default model", ran.returncode == 0, ran)
    ran = walk.run("chat", "--max-tokens", "5", "hi")
    walk.step("chat uses it", ran.returncode == 0 and ran.stdout.strip() != "", ran)
    ran = walk.run("models", "list", "--json")
    tags = [model["id"] for model in json.loads(ran.stdout)["models"] if "default" in model["tags"]]
    walk.step("the list marks it", tags == [f"us.{OPUS}"], ran)


def manual(walk: Walk) -> None:
    """"Setup (manual)"."""
    walk.write(".openclaw", "openclaw.json", MANUAL)
    ran = walk.run("config", "validate")
    walk.step("the documented file is read from OpenClaw's place", ran.returncode == 0, ran)
    ids, ran = walk.ids()
    walk.step("one written model hides no discovered one", OPUS in ids and len(ids) > 20, ran)
    ran = walk.run("chat", "--max-tokens", "5", "hi")
    walk.step("the default model answers", ran.returncode == 0, ran)
    walk.run("config", "set", "chat.topK", "5")
    ran = walk.run("config", "validate")
    walk.step("our own file begins with what was read from theirs, and holds together", ran.returncode == 0, ran)
    ran = walk.run("models", "status", "--plain")
    walk.step("and keeps the default model", ran.stdout.strip() == f"amazon-bedrock/{OPUS}", ran)


def instance(walk: Walk) -> None:
    """"EC2 Instance Roles", quick setup, steps 3 to 5."""
    for key, value in [("enabled", "true"), ("region", "us-east-1")]:
        ran = walk.run("config", "set", f"models.bedrockDiscovery.{key}", value)
        walk.step(f"config set models.bedrockDiscovery.{key} {value}", ran.returncode == 0, ran)
    ran = walk.run("config", "get", "models.bedrockDiscovery")
    walk.step("both are in the file", json.loads(ran.stdout or "{}") == {"enabled": True, "region": "us-east-1"}, ran)
    ids, ran = walk.ids()
    walk.step("models are discovered", len(ids) > 20, ran)
    walk.env |= {"AWS_PROFILE": "default", "AWS_REGION": "us-east-1"}
    ids, ran = walk.ids("--refresh")
    walk.step("also with the workaround", len(ids) > 20, ran)


def guide(walk: Walk) -> None:
    """The third-party guide: a top-level `model`, and "Verify the connection"."""
    walk.write(".config/outcrop", "config.json5", GUIDE)
    ran = walk.run("models", "status", "--probe-provider", "bedrock")
    walk.step("the probe answers", ran.returncode == 0 and "ok · " in ran.stdout, ran)
    ran = walk.run("models", "status", "--probe", "--probe-provider", "amazon-bedrock", "--json")
    results = json.loads(ran.stdout or "{}").get("auth", {}).get("probes", {}).get("results", [])
    walk.step("and says so to a program", [result["status"] for result in results] == ["ok"], ran)


def main() -> int:
    program = sys.argv[1]
    emulator = subprocess.Popen(
        [program, "emulate", "--quiet", "--tokens-per-second", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        url = emulator.stdout.readline().strip()
        keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}
        sources = {
            "environment": keys,
            "profile": {"AWS_PROFILE": "your-profile", "AWS_EC2_METADATA_DISABLED": "true"},
            "instance role": {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url},
        }
        for source, env in sources.items():
            for steps in [automatic, profile_as_default, manual, instance, guide]:
                # The workaround is for instances; elsewhere `AWS_PROFILE` names a profile.
                if steps is instance and source != "instance role":
                    continue
                walk = Walk(program, url, f"{source}, {steps.__name__}", env)
                if source == "profile":
                    text = f"[your-profile]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
                    walk.write(".aws", "credentials", text)
                    walk.write(".aws", "config", "[profile your-profile]\nregion = us-east-1\n")
                steps(walk)
    finally:
        emulator.terminate()
        emulator.wait()
    return 1 if Walk.failed else 0


if __name__ == "__main__":
    sys.exit(main())
