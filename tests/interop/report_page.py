"""Renders the page of `outcrop bench --report` in headless Chromium and compares it with `--json` of the same run.

What is asserted is the page as a browser has it (its DOM), and that light and dark differ where a reader sees it.
"""

import html.parser
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zlib

MODELS = ["emulator.basalt-v1:0", "amazon.nova-lite-v1:0"]
ROWS = ["ttftMs", "gapMs", "latencyMs", "streamTokensPerSecond"]
COLUMNS = ["p50", "p90", "p95", "p99", "max", "mean"]
# Elements that HTML leaves without an end.
VOID = {"meta", "link", "br", "img", "hr", "input"}
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1200,1600",
]


class Page(html.parser.HTMLParser):
    """Elements with their attributes, and the text inside each."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "attrs": dict(attrs), "text": "", "inside": list(self.open)}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()["tag"] != tag:
            pass

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, tag):
        return [element for element in self.elements if element["tag"] == tag]


def chromium(*arguments):
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        sys.exit("report_page: error: chromium is needed (package chromium)")
    with tempfile.TemporaryDirectory() as profile:
        command = [program, *FLAGS, f"--user-data-dir={profile}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def first_pixel(png):
    """Red, green and blue at the upper left: filters add nothing there."""
    data, at = b"", 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += length + 12
    return tuple(zlib.decompress(data)[1:4])


def check_values(page, report):
    for model in report["models"]:
        section = f"data-model={model['model']}"
        cells = {
            element["attrs"]["data-key"]: element
            for element in page.all("td")
            if "data-key" in element["attrs"]
            and any(outer["attrs"].get("data-model") == model["model"] for outer in element["inside"])
        }
        assert len(cells) == len(ROWS) * len(COLUMNS), section
        for row in ROWS:
            for column in COLUMNS:
                value, cell = model[row][column], cells[f"{row}.{column}"]
                if value is None:
                    assert (cell["attrs"]["data-value"], cell["text"]) == ("", "-"), (section, row, column)
                    continue
                assert float(cell["attrs"]["data-value"]) == value, (section, row, column)
                shown = float(cell["text"].replace(",", ""))
                # Half of the last digit that is shown, and what binary fractions add to it.
                half = 0.5 if value >= 100 else 0.05 if value >= 10 else 0.005
                assert abs(shown - value) <= half * 1.001, (section, row, column)


def check_charts(page, report):
    charts = page.all("svg")
    assert len(charts) == 4 + 3 * len(report["models"]), len(charts)
    for chart in charts:
        name = chart["attrs"]["aria-label"]
        assert chart["attrs"]["role"] == "img" and name, chart["attrs"]
        inside = [element for element in page.elements if chart in element["inside"]]
        tags = {element["tag"] for element in inside}
        assert {"title", "text"} <= tags and tags & {"rect", "polyline"}, (name, tags)
        for element in inside:
            for value in element["attrs"].values():
                assert "NaN" not in value and "inf" not in value, (name, element)
            if element["tag"] == "rect":
                size = [int(element["attrs"][side]) for side in ("width", "height")]
                assert min(size) >= 0, (name, element)
    for what in ("time to first token", "time between deltas", "Throughput over time"):
        assert sum(what in chart["attrs"]["aria-label"] for chart in charts) >= len(MODELS), what


def check_is_self_contained(page):
    assert not page.all("script") and not page.all("link") and not page.all("img") and not page.all("iframe")
    for element in page.elements:
        for name, value in element["attrs"].items():
            assert name not in ("src", "href", "srcset", "data") and not name.startswith("on"), element
            assert "url(" not in (value or ""), element
    (style,) = page.all("style")
    assert "@import" not in style["text"] and "url(" not in style["text"]
    assert "prefers-color-scheme" in style["text"]


def main() -> int:
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "report.html"
        command = [program, "bench", "--demo", "--json", "--requests", "24", "--concurrency", "24"]
        command += ["--max-tokens", "30", "--report", str(path)]
        for model in MODELS:
            command += ["--model", model]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        report = json.loads(ran.stdout)
        url = path.as_uri()
        page = Page(chromium("--dump-dom", url))
        assert [model["model"] for model in report["models"]] == MODELS
        check_values(page, report)
        check_charts(page, report)
        check_is_self_contained(page)
        notes = [element["text"] for element in page.all("li")]
        assert notes == [note.replace("`", "") for note in report["notes"]], notes
        shots = []
        for scheme in ("1", "0"):
            shot = pathlib.Path(folder) / f"{scheme}.png"
            chromium(f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={shot}", url)
            shots.append(first_pixel(shot.read_bytes()))
        light, dark = shots
        assert min(light) > 200 and max(dark) < 60, shots
    print("the page of a measurement: charts, values, light and dark are right")
    return 0


if __name__ == "__main__":
    sys.exit(main())
