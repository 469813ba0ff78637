"""The design loops: the stand-in learns from what comes back, and a real model's interface is talked to in its form."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

import mlsysim
from mlsysim.agents.tools import Answer, call
from mlsysim.examples import gemini_design_loop as gemini
from mlsysim.examples.design_loop import Proposal, Round, StandIn, Task, design, ending, reflect
from mlsysim.plan import loads
from tests.agents.plans import ONE, TWO


def test_the_program_grows_the_design_until_it_holds_and_says_the_yearly_cost() -> None:
    """Offline, the same each time, from one H100 that does not hold the model."""
    command = [sys.executable, "-m", "mlsysim.examples.design_loop"]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=False) for _ in range(2))
    assert (first.returncode, first.stdout) == (0, second.stdout)
    history = design(StandIn(Task()), Task())
    assert [each.answer.data["accelerators"] for each in history] == [1, 2, 4, 4]
    assert [each.answer.data["f_status"] for each in history] == ["FAIL", "PASS", "PASS", "PASS"]
    year = mlsysim.evaluate(loads(history[-1].proposal.plan))
    assert f"A year costs {year['macro.tco']:,.0f} USD" in first.stdout
    for words in ("OOM: requires", "2 accelerators fit", "the limit is 20 ms", "as predicted"):
        assert words in first.stdout
    assert max(map(len, first.stdout.splitlines())) <= 100


@pytest.mark.parametrize(("task", "accelerators"), [
    (Task(limit="100 ms"), [1, 2, 2]), (Task(model="Llama3_8B", limit="50 ms"), [1, 1]),
    (Task(model="Llama3_405B", hardware="H200", limit="100 ms"), None),
])  # fmt: skip
def test_the_stand_in_follows_what_it_is_told(task: Task, accelerators: list[int] | None) -> None:
    """Another task takes another way, and every round is its own evaluation."""
    history = design(StandIn(task), task)
    assert task.done(history[-1])
    counts = [each.answer.data["accelerators"] for each in history]
    assert counts == (accelerators or sorted(counts))
    for each in history:
        assert each.answer.data == mlsysim.evaluate(loads(each.proposal.plan)).to_dict()


def test_the_stand_in_changes_its_design_with_the_answer_alone() -> None:
    """Told another cure, it proposes another number."""
    data = call("evaluate_cluster_yaml", {"plan_yaml": ONE}).data
    told = {**data, "f_summary": "OOM: too little; 48 accelerators fit (TP 8 x PP 6 x DP 1)"}
    history = (Round(Proposal(ONE, {}, ""), Answer(told), ()),)
    assert "accelerators: 48" in StandIn(Task()).propose("", history).plan


def test_a_loop_that_comes_to_no_end_is_stopped() -> None:
    """A limit that no number of accelerators keeps."""
    task = Task(limit="1 us")
    history = design(StandIn(task), task, most=4)
    assert len(history) == 4
    assert ending(task, history) == "No design was found in 4 rounds.\n"


def test_a_reflection_compares_and_passes_on_what_is_wrong() -> None:
    """Predictions beside what was computed; problems of a refused plan with place and cure."""
    answer = call("evaluate_cluster_yaml", {"plan_yaml": TWO})
    said = reflect(
        Proposal(
            TWO, {"f_status": "FAIL", "accelerators": 2, "p_itl_ms": 2 * answer.data["p_itl_ms"], "p_none": 1}, ""
        ),
        answer,
    )
    assert said[:2] == ("f_status is PASS, predicted FAIL", "accelerators is 2, as predicted")
    assert said[2].endswith("(+100.0%)")
    assert "not known" in said[3]
    refused = call("evaluate_cluster_yaml", {"plan_yaml": TWO.replace("H100", "H10")})
    [problem] = reflect(Proposal("", {}, ""), refused)
    assert problem.startswith("plan.yaml:3:")
    assert "did you mean" in problem


class Interface(HTTPServer):
    """A stand-in for the model's interface: answers what it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Takes the answers of its server in turn; the last one again and again."""

    server: Interface

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        status, content = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        if status == 0:  # say nothing
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing on standard error."""


@pytest.fixture
def interface() -> Iterator[Interface]:
    """A running stand-in."""
    with Interface() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def told(text: str) -> tuple[int, bytes]:
    """An answer of the interface with a text of the model."""
    return 200, json.dumps({"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}}]}).encode()


def run(interface: Interface, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    """The program with a key, against the stand-in."""
    monkeypatch.setenv("GEMINI_API_KEY", "sesame")
    return gemini.main(["--base-url", interface.address, "--timeout", "5", *more])


def test_a_real_model_is_asked_told_and_asked_again(
    interface: Interface, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the key in a header, and everything that was computed in the conversation."""
    task = Task()
    for count, days in ((1, 1), (2, 1), (4, 365)):
        proposal = {"plan": task.plan(count, days), "prediction": {"f_status": "PASS"}, "because": f"try {count}"}
        interface.answers.append(told(json.dumps(proposal)))
    assert run(interface, monkeypatch, "--model", "some-model") == 0
    assert "A year costs" in capsys.readouterr().out
    assert len(interface.asked) == 3
    path, headers, body = interface.asked[-1]
    assert path == "/v1beta/models/some-model:generateContent"
    assert headers["x-goog-api-key"] == "sesame"
    assert "sesame" not in json.dumps(body) + path
    assert [each["role"] for each in body["contents"]] == ["user", "model", "user", "model", "user"]
    said = body["contents"][2]["parts"][0]["text"]
    assert "f_status is FAIL, predicted PASS" in said
    assert "2 accelerators fit" in said


@pytest.mark.parametrize(("answers", "words"), [
    ([(500, b"oops")], "refused with 500: oops"), ([(429, b'{"error": {"message": "slow down"}}')], "refused with 429: slow down"),
    ([(403, b"{}")], "check GEMINI_API_KEY"), ([(200, b"<html>")], "is not JSON"), ([(200, b"{}")], "has no text"),
    ([(200, b'{"promptFeedback": {"blockReason": "OTHER"}}')], "blockReason"), ([(200, b"[" * 100_000)], "is not JSON"),
    ([told("a plan would be nice")], "the model's answer is not JSON"), ([told("{}")], "has no plan"), ([told("[1]")], "has no plan"),
    ([told('{"plan": 3}')], "has no plan"), ([told('{"plan": "a", "prediction": [1]}')], "prediction is no object"),
    ([told('{"plan": "a", "prediction": {"p_itl_ms": NaN}}')], "is not JSON"), ([(0, b"")], "cannot be reached"),
])  # fmt: skip
def test_what_goes_wrong_is_said_in_words(
    answers: list[tuple[int, bytes]],
    words: str,
    interface: Interface,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 2, no traceback, and never the key."""
    interface.answers = answers
    assert run(interface, monkeypatch) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert "sesame" not in said


def test_a_plan_that_is_refused_is_fed_back(interface: Interface, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model hears every problem; fences around its answer do not matter."""
    good = json.dumps({"plan": Task().plan(4, 365), "prediction": {}})
    interface.answers = [told(json.dumps({"plan": "workload: 3"})), told(f"```json\n{good}\n```")]
    assert run(interface, monkeypatch) == 0
    assert "workload" in interface.asked[1][2]["contents"][2]["parts"][0]["text"]


def test_an_interface_that_does_not_answer_is_given_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A listener that never speaks, an address where nobody listens, and one that is none."""
    import socket

    monkeypatch.setenv("GEMINI_API_KEY", "sesame")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert gemini.main(["--base-url", f"http://127.0.0.1:{port}", "--timeout", "0.2"]) == 2
        assert "no answer after 0.2 s" in capsys.readouterr().err
    for address in (f"http://127.0.0.1:{port}", "http://", "file:///etc/passwd", "http://[::1"):
        assert gemini.main(["--base-url", address, "--timeout", "2"]) == 2
        said = capsys.readouterr().err
        assert "cannot be reached" in said or "is no web address" in said


@pytest.mark.parametrize(
    ("key", "words"), [(None, "GEMINI_API_KEY is not set"), (" ", "is not set"), ("a\nb", "characters that no key has")]
)
def test_without_a_key_nothing_runs(
    key: str | None,
    words: str,
    interface: Interface,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The cure is said, and the interface is not asked."""
    arguments: Sequence[str] = ["--base-url", interface.address]
    if key is None:
        monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    else:
        monkeypatch.setenv("GEMINI_API_KEY", key)
    assert gemini.main(arguments) == 2
    shown = capsys.readouterr()
    assert words in shown.err
    assert shown.out == ""
    assert interface.asked == []
