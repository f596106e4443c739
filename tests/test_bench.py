"""`mvx bench`: what it prints is what was measured. How fast anything is, no test says."""

from __future__ import annotations

import argparse
import json
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from mvx.bench import command, memory, output, plot, programs, servers, signals
from mvx.bench.contenders import contenders
from mvx.bench.series import Measure, Series, Trial, TrialFailedError, run
from mvx.errors import UsageError

TIME = Measure("time", "ms")
RATE = Measure("rate", "1/s", more_is_better=True)
CONDITIONS = {"processor": "<fast & new>", "processors": 2, "kernel": "Linux 6", "kinds": [1, 2]}


def asked_for(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    asked = parser.parse_args(words)
    command.fill(asked)
    return asked


def test_rounds_are_interleaved_and_failures_stay_out() -> None:
    order: list[str] = []

    def trial(name: str, *results: float) -> Trial:
        samples = iter(results)

        def once() -> dict[str, float]:
            order.append(name)
            try:
                return {"time": next(samples)}
            except StopIteration:
                raise TrialFailedError("status 1 no more") from None

        return Trial("row", "a row", name, once)

    trials = [trial("native", 9, 1, 2, 6), trial("mvx", 9, 4, 4, 4), trial("broken", 9, 5)]
    found = run(trials, [TIME, RATE], 3, warm_up=True)
    assert order == ["native", "mvx", "broken"] * 3 + ["native", "mvx"]
    assert [(one.contender, one.median()) for one in found] == [
        ("native", 2),
        ("mvx", 4),
        ("broken", None),
    ]
    assert output.ratio(found[1], found) == 2
    assert found[2].failure == "status 1 no more"
    lines = list(output.table(found))
    assert lines[1] == "row: time in ms, a row"
    assert lines[3].split() == ["mvx", "4.000", "4.000", "4.000", "2.00x"]
    assert lines[4].split(maxsplit=1) == ["broken", "failed: status 1 no more"]
    document = json.loads(output.as_json("calls", CONDITIONS, found))
    assert document["conditions"] == CONDITIONS
    assert [one["ratio_to_native"] for one in document["results"]] == [1, 2, None]
    assert document["results"][0]["samples"] == [1, 2, 6]


def test_who_runs() -> None:
    names = [one.name for one in contenders(asked_for("calls", "--no-strace"))]
    assert names == [
        "native",
        "mvx -n 1",
        *("mvx -n 2 effects", "mvx -n 3 effects", "mvx -n 2 strict", "mvx -n 3 strict"),
        *("mvx -n 2 stream", "mvx -n 3 stream", "mvx -n 1 no-patch", "mvx -n 2 effects no-patch"),
    ]
    words = ("calls", "--no-strace", "--variants", "2", "--policy", "strict", "--wait", "sleep")
    native, mvx = contenders(asked_for(*words, "--option=--verify", "--option=all"))
    assert (native.prefix, mvx.name) == ((), "mvx -n 2 strict")
    told = "run -n 2 --policy strict --wait sleep --verify all --"
    assert list(mvx.prefix[-10:]) == told.split()


def test_plots_are_well_formed() -> None:
    series = [
        Series("<row>", "", "native", TIME, [1.0]),
        Series("<row>", "", "a & b", TIME, [250.0]),
        Series("<row>", "", "quick", TIME, [0.5]),
        Series("<row>", "", "failed", TIME, [], "why"),
    ]
    bars = ET.fromstring(output.as_plot("calls", CONDITIONS, series))
    texts = [element.text for element in bars.iter("{http://www.w3.org/2000/svg}text")]
    assert {"<row>", "a & b", "250.00x, 250.0 ms", "0.50x, 0.500 ms"} <= set(texts)
    curves = plot.curves("t", "x", "y", {"one": {"a": [(1, 2), (1000, 5)], "none": []}})
    ways = [one.get("points") for one in ET.fromstring(curves).iter() if "polyline" in one.tag]
    assert ways[0] is not None
    assert len(ways[0].split()) == 2
    ET.fromstring(plot.bars("empty", "axis", {}))
    ET.fromstring(plot.curves("empty", "x", "y", {}))


def test_crossover() -> None:
    sizes = [8, 16, 32, 64]
    slow = [(size, size / 8) for size in sizes]
    assert memory.crossover(slow, [(size, 2.0 * 2**0.5) for size in sizes]) == pytest.approx(
        16 * 2**0.5
    )
    assert memory.crossover(slow, [(size, 0.5) for size in sizes]) == 0
    assert memory.crossover(slow, [(size, 9.0) for size in sizes]) is None
    # A lucky small size does not count: it must be quicker at all larger ones.
    zigzag = [(8, 0.1), (16, 9.0), (32, 9.0), (64, 1.0)]
    assert 32 < (memory.crossover(slow, zigzag) or 0) < 64


def test_sizes() -> None:
    assert [memory.size_text(size) for size in (8, 1024, 65536, 1 << 20)] == [
        *("8 B", "1 KiB", "64 KiB", "1 MiB")
    ]


def test_what_clients_print_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    wrk = "  Thread Stats\n    Latency\n     50%   72.00us\n     90%  1.2ms\n     99%    1.50ms\n"
    wrk += "  10 requests in 1.00s\nRequests/sec:  34567.89\n"
    monkeypatch.setattr(servers, "_client", lambda *_: wrk)
    seen = servers._wrk(80, asked_for("servers"))
    assert seen == {"throughput": 34567.89, "p50": pytest.approx(0.072), "p99": 1.5}
    wrk = wrk.replace("  10 requests", "  Non-2xx or 3xx responses: 7\n  10 requests")
    with pytest.raises(TrialFailedError):
        servers._wrk(80, asked_for("servers"))
    header = '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms"'
    redis = f'{header},"p99_latency_ms","max"\n"GET","50000.5","0.1","0.1","0.2","0.3","0.4","1"\n'
    monkeypatch.setattr(servers, "_client", lambda *_: redis)
    seen = servers._redis("get", 80, asked_for("servers"))
    assert seen == {"throughput": 50000.5, "p50": 0.2, "p99": 0.4}


def test_rows_can_be_prepared_and_run(tmp_path: Path) -> None:
    asked = asked_for("programs", "--quick", "--megabytes=1", "--inserts=50", "--files=20")
    for name in ("git", "sqlite3", "find", "gzip", "dd"):
        row = programs.BUILDERS[name](asked, tmp_path)
        if row.make is not None:
            row.make()
        for _ in range(2):  # a second time as well as the first
            if row.prepare is not None:
                row.prepare()
            done = subprocess.run(row.words, capture_output=True, text=True, check=True)
        if row.own_ms is not None:
            assert row.own_ms(done.stderr.strip()) > 0


def bench(mvx_command: list[str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [*mvx_command, "bench", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def test_calls_from_end_to_end(mvx_command: list[str], tmp_path: Path) -> None:
    picture = tmp_path / "calls.svg"
    words = ["--repeat=1", "--variants=2", "--milliseconds=1", "--format=json", f"--svg={picture}"]
    result = bench(mvx_command, "calls", *words, "--no-strace", "--policy=effects", "write", "stat")
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert {"processor", "processors", "kernel", "policies", "wait"} <= document[
        "conditions"
    ].keys()
    rows = [(one["row"], one["contender"], len(one["samples"])) for one in document["results"]]
    assert rows == [
        (row, contender, 1) for row in ("write", "stat") for contender in ("native", "mvx -n 2")
    ]
    ET.fromstring(picture.read_text())


def test_memory_from_end_to_end(mvx_command: list[str]) -> None:
    result = bench(mvx_command, "memory", "--quick", "--repeat=1")
    assert result.returncode == 0, result.stderr
    assert "failed" not in result.stdout
    for kind in memory.KINDS:
        assert kind.name in result.stdout
    assert "historical figures" in result.stdout.lower()
    assert result.stdout.count("times as fast as FIFO at") <= 2


def test_what_the_timer_program_prints_is_understood() -> None:
    delays = {"mean": 1.5, "p50": 1, "p99": 3, "max": 4}
    told = {"signals": {"delivered": [{"delay_us": delays}]}}
    found = signals.samples("5000000\n3000\n1000\n", told)
    assert (found["time"], found["lateness mean"], found["lateness max"]) == (5, 2, 3)
    assert [found[f"delay {share}"] for share in delays] == [1.5, 1, 3, 4]
    assert signals.samples("5000000", {"signals": {"delivered": []}}) == {"time": 5}
    with pytest.raises(TrialFailedError, match="printed oops"):
        signals.samples("oops\n1", None)


def test_signals_from_end_to_end(mvx_command: list[str], tmp_path: Path) -> None:
    picture = tmp_path / "signals.svg"
    words = ["--quick", "--repeat=1", "--format=json", f"--svg={picture}", "computing-100"]
    result = bench(mvx_command, "signals", *words)
    assert result.returncode == 0, result.stderr
    results = json.loads(result.stdout)["results"]
    means = {one["contender"]: one["median"] for one in results if one["measure"] == "delay mean"}
    assert means["mvx -n 2 leader"] > 0
    assert means["mvx -n 2 calls"] > 0
    lateness = [one for one in results if one["measure"] == "lateness mean"]
    assert lateness[0]["contender"] == "native"
    assert lateness[0]["median"] > 0
    ET.fromstring(picture.read_text())


def test_threads_from_end_to_end(mvx_command: list[str]) -> None:
    words = ["--quick", "--repeat=1", "hand_over", "sort"]
    result = bench(mvx_command, "threads", *words)
    assert result.returncode == 0, result.stderr
    assert "failed" not in result.stdout
    for way in ("native", "2 copies", "mvx -n 2 serial"):
        assert result.stdout.count(f"  {way} ") == 2
    line = next(line for line in result.stdout.splitlines() if line.startswith("  2 copies"))
    assert line.split()[4] == "1.00x"


def test_a_failure_is_shown(mvx_command: list[str]) -> None:
    words = ["true", "--repeat=1", "--variants=1", "--no-strace", "--option=--seed"]
    result = bench(mvx_command, "programs", "--quick", *words)
    assert result.returncode == 0, result.stderr
    assert "failed: status 125 mvx: error:" in result.stdout
    assert "1.00x" in result.stdout


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("bench", "BENCHMARK"),
        ("bench calls nothing", "no such row: nothing"),
        ("bench calls --repeat 0", "0 is less than 1"),
        ("bench servers --variants 99", "99 is more than 16"),
        ("bench memory --variants 2", "unknown option --variants"),
    ],
)
def test_bad_words(mvx_command: list[str], words: str, text: str) -> None:
    command = [*mvx_command, *words.split()]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (UsageError.exit_code, "")
    assert text in result.stderr
    assert "Traceback" not in result.stderr
