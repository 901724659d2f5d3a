# SPDX-License-Identifier: GPL-2.0-only
"""What bench/pbx.py refuses before it measures anything, and what it leaves when it cannot go on."""
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import types

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(TOP, "bench", "pbx.py")
sys.path[:0] = [os.path.join(TOP, "bench", "pbx"), os.path.join(TOP, "tests", "pbx")]

import arguments  # noqa: E402


def program():
    """The program as a module: its folder has the same name."""
    spec = importlib.util.spec_from_file_location("bench_program", PROGRAM)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture
def root(tmp_path):
    os.makedirs(tmp_path / "root" / "tmp")
    return str(tmp_path / "root")


def read(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["pbx.py", *words])
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return arguments.read("about")


@pytest.mark.parametrize("words, said", [
    (["--rounds", "0"], "--rounds: '0'"), (["--calls", "0"], "--calls: '0'"), (["--calls", "-3"], "--calls: '-3'"),
    (["--calls", "1e9"], "--calls"), (["--calls", "2400"], "between 1 and 2399"), (["--talking", "0"], "--talking: '0'"),
    (["--seconds", "0"], "--seconds: '0'"), (["--seconds", "nan"], "--seconds: 'nan'"), (["--soak", "5999"], "--soak: '5999'"),
    (["--calls", "3", "--talking", "4"], "there are only 3 calls"), (["--kinds", "foo"], "no such name: foo"),
    (["--kinds", ""], "no such name: (none)"), (["--kinds", "sdes,sdes"], "stands twice"),
    (["--scale", "--only", "idle,foo"], "no such name: foo"), (["--json", "/nowhere/x.json"], "--json /nowhere/x.json"),
    (["--document", "/nowhere"], "/nowhere"), (["--document", os.devnull], "has not once <!-- kinds -->"),
    (["--nonsense"], "--nonsense")])
def test_a_mistake_is_told_before_anything_runs(monkeypatch, capsys, root, words, said):
    with pytest.raises(SystemExit) as end:
        read(monkeypatch, "--root", root, *words)
    assert end.value.code == 2
    assert said in capsys.readouterr().err


def test_what_is_no_root_is_told(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        read(monkeypatch, "--root", "/nowhere")
    assert "/nowhere is no Debian root" in capsys.readouterr().err


def test_plots_that_cannot_be_drawn_are_told(monkeypatch, capsys, root, tmp_path):
    monkeypatch.setitem(sys.modules, "plots", None)
    with pytest.raises(SystemExit):
        read(monkeypatch, "--root", root, "--plots", str(tmp_path / "plots"))
    assert "python3-matplotlib" in capsys.readouterr().err


def test_what_is_right_is_complete(monkeypatch, root):
    given = read(monkeypatch, "--root", root, "--calls", "1", "--kinds", "x1m1,sdes", "--scale", "--only", "ports")
    assert (given.calls, given.talking, given.kinds, given.only) == (1, 1, ["x1m1", "sdes"], ["ports"])
    assert given.lock.startswith(root)  # two benchmarks of a root take turns
    assert list(arguments.scaled(given, print)) == ["ports"]


def test_help_needs_no_root():
    command = [sys.executable, "-B", PROGRAM, "--help"]
    if not os.geteuid() and shutil.which("setpriv"):
        command = ["setpriv", "--reuid", "65534", "--clear-groups", *command]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, "--rounds" in done.stdout) == (0, True) or "Permission denied" in done.stderr


def figures_of(found):
    return {"calls": 1, "talking": 1, "seconds": 1, "kinds": ["x1m1"], "waits": {"x1m1": [0.1]}, "rounds": [found] * 2}


FOUND = {"x1m1": dict.fromkeys(("setup", "rate", "p50", "p99", "half_p99", "media", "memory", "ending", "setup_near", "setup_far",
                                "media_near", "media_far", "packets"), 1.0)}


def given(tmp_path, **more):
    return types.SimpleNamespace(**{"json": str(tmp_path / "x.json"), "plots": None, "document": None, **more})


def test_a_file_has_the_rounds_so_far(tmp_path):
    results = program().Results(given(tmp_path))
    results.keep("comparison", figures_of(FOUND))
    with open(tmp_path / "x.json") as kept:
        assert len(json.load(kept)["comparison"]["rounds"]) == 2
    assert os.listdir(tmp_path) == ["x.json"]


def test_a_full_disk_costs_no_table_and_is_told_once(tmp_path, monkeypatch, capsys):
    made = program()

    def full(*_):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(made, "replace", full)
    results = made.Results(given(tmp_path))
    for _ in range(3):
        results.keep("comparison", figures_of(FOUND))
    results.finish(True)
    said = capsys.readouterr()
    assert "| calls per second | 1.0 (1.0 to 1.0) |" in said.out
    assert said.err.count("No space left on device") == 1
    assert results.failures


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(tmp_path):
    made, path = program(), tmp_path / "x.json"
    path.write_text("old")
    os.mkdir(f"{path}.new")
    with pytest.raises(OSError):
        made.replace(str(path), "new")
    assert path.read_text() == "old"


def test_a_document_gets_no_tables_of_a_run_that_ended_early(tmp_path):
    made, path = program(), tmp_path / "page.md"
    text = "".join(f"<!-- {name} -->\n<!-- end of {name} -->\n" for name in arguments.PLACES)
    path.write_text(text)
    results = made.Results(given(tmp_path, document=str(path)))
    results.keep("comparison", figures_of(FOUND))
    results.finish(False)
    assert path.read_text() == text
    results.finish(True)
    assert "| calls per second |" in path.read_text()
