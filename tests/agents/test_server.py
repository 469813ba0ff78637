"""The MCP server through the SDK's own client: in process, in both eras of the protocol, and over standard streams."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from typing import Any

import anyio
import jsonschema
import pytest
from mcp import Client, MCPError, StdioServerParameters

from mlsysim.agents import resources, server
from mlsysim.agents.protocol import server as made
from mlsysim.agents.tools import TOOLS, call
from mlsysim.schemas import schema_of
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.kernels import catalogue
from tests.agents.plans import LARGE, ONE, TWO, YEARLY
from tests.conftest import ROOT

COMMAND = ["-m", "mlsysim.examples.mcp_server"]


def over_streams() -> StdioServerParameters:
    """The server as a client starts it."""
    return StdioServerParameters(command=sys.executable, args=COMMAND, env=dict(os.environ))


TARGETS: dict[str, tuple[Callable[[], Any], str]] = {
    "in process": (made, "auto"), "in process, handshake": (made, "legacy"),
    "over streams": (over_streams, "auto"), "over streams, handshake": (over_streams, "legacy"),
}  # fmt: skip


def plan(accelerators: int, days: int) -> str:
    """Llama-3 70B on so many H100."""
    fleet = f"hardware: {{name: H100, accelerators: {accelerators}}}\n"
    return f'version: "1.0"\nworkload: {{name: Llama3_70B}}\n{fleet}ops: {{region: Quebec, duration_days: {days}}}\n'


@pytest.mark.parametrize("target", TARGETS)
def test_a_whole_session(target: str) -> None:
    """Ask whether Llama-3 70B fits one H100, grow the design as the answers say, get the cost of a year."""

    async def session() -> None:
        make, mode = TARGETS[target]
        async with Client(make(), mode=mode) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert set(tools) == set(TOOLS)
            assert {str(r.uri) for r in (await client.list_resources()).resources} >= {
                "mlsysim://walls",
                "mlsysim://registry",
            }
            assert len((await client.list_resource_templates()).resource_templates) == len(resources.TEMPLATES)
            assert {p.name for p in (await client.list_prompts()).prompts} == {"size_cluster", "find_bottleneck"}
            accelerators, seen = 1, []
            while not seen or seen[-1]["f_status"] == "FAIL":
                answer = await client.call_tool("evaluate_cluster_yaml", {"plan_yaml": plan(accelerators, 30)})
                assert not answer.is_error
                result = answer.structured_content
                assert json.loads(answer.content[0].text) == result  # type: ignore[union-attr]
                jsonschema.validate(result, tools["evaluate_cluster_yaml"].output_schema or {})
                jsonschema.validate(result, schema_of("result"))
                seen.append(result)
                cure = re.search(r"(\d+) accelerators fit", result["f_summary"])
                accelerators = int(cure[1]) if cure else accelerators
            assert (len(seen), accelerators) == (2, 2)
            assert seen[0]["f_summary"].startswith("OOM")
            year = await client.call_tool("evaluate_cluster_yaml", {"plan_yaml": plan(accelerators, 365)})
            price = year.structured_content["m_tco_usd"] / (365 * 24 * accelerators)
            assert any(f"price {price:g} USD" in each for each in year.structured_content["assumptions"])

    anyio.run(session)


def in_process(talk: Callable[[Client], Any]) -> Any:
    """Talk to a server in this process."""

    async def session() -> Any:
        async with Client(made()) as client:
            return await talk(client)

    return anyio.run(session)


def test_tools_are_listed_as_read_only_with_schemas_and_titles() -> None:
    """So that a client may call them without asking; every schema is valid."""

    async def talk(client: Client) -> Any:
        return (await client.list_tools()).tools

    for tool in in_process(talk):
        hints = tool.annotations
        assert (hints.read_only_hint, hints.idempotent_hint, hints.destructive_hint, hints.open_world_hint) == (
            True,
            True,
            False,
            False,
        )
        assert tool.title
        assert tool.description
        assert (tool.input_schema, tool.output_schema) == (
            TOOLS[tool.name].input_schema,
            TOOLS[tool.name].output_schema,
        )


def test_a_refused_call_is_an_error_that_can_be_read_by_programs() -> None:
    """Unknown arguments are refused, not dropped; the error also keeps the declared output schema."""

    async def talk(client: Client) -> Any:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        wrong = await client.call_tool("check_plan", {"plan_yaml": TWO, "plan_yml": TWO})
        return wrong, listed["check_plan"]

    answer, tool = in_process(talk)
    assert answer.is_error
    assert answer.structured_content["error"]["suggestions"] == ["plan_yaml"]
    assert json.loads(answer.content[0].text) == answer.structured_content
    jsonschema.validate(answer.structured_content, tool.output_schema)


def test_an_unknown_tool_resource_or_prompt_is_an_error_with_suggestions() -> None:
    """In words, and as data."""
    asked: list[tuple[Callable[[Client], Any], str]] = [
        (lambda c: c.call_tool("check_plans", {}), "check_plan"), (lambda c: c.read_resource("mlsysim://wals"), "mlsysim://walls"),
        (lambda c: c.read_resource("mlsysim://wall/memry"), "memory"), (lambda c: c.read_resource("mlsysim://registry/hardware/H10"), "H100"),
        (lambda c: c.read_resource("mlsysim://registry/hardwar"), "hardware"), (lambda c: c.read_resource("mlsysim://schema/plam"), "plan"),
        (lambda c: c.get_prompt("size_clusters", {"model": "x"}), "size_cluster"),
    ]  # fmt: skip

    async def talk(client: Client) -> list[MCPError]:
        found = []
        for ask, _ in asked:
            with pytest.raises(MCPError) as caught:
                await ask(client)
            found.append(caught.value)
        return found

    for (_, meant), error in zip(asked, in_process(talk), strict=True):
        assert meant in error.data["error"]["suggestions"]
        assert "did you mean" in error.message


@pytest.mark.parametrize("address", [
    "file:///etc/passwd", "mlsysim://../etc/passwd", "mlsysim://registry/hardware/..%2f..%2fsecret", "mlsysim://registry/../hardware", "", "mlsysim://",
    "mlsysim://schema/plan/more", "mlsysim://wall/compute/pdf", "MLSYSIM://walls", "mlsysim://" + "x" * 100_000, "mlsysim://wall/%00",
])  # fmt: skip
def test_an_address_where_nothing_stands_is_an_error(address: str) -> None:
    """Nothing is read as a path."""

    async def talk(client: Client) -> None:
        with pytest.raises(MCPError, match="unknown"):
            await client.read_resource(address)

    in_process(talk)


def test_every_resource_that_is_listed_can_be_read() -> None:
    """Of the kind that was announced; walls by number and as LaTeX too."""

    async def talk(client: Client) -> dict[str, Any]:
        listed = (await client.list_resources()).resources
        some = [r for r in listed if "/wall/" not in r.uri or r.uri.endswith("/compute")]
        more = [
            "mlsysim://wall/1",
            "mlsysim://wall/compute/latex",
            "mlsysim://registry/hardware/H100",
            "mlsysim://registry/models/llama-3-70b",
        ]
        found = {r.uri: (await client.read_resource(r.uri)).contents[0] for r in some}
        assert all(found[r.uri].mime_type == r.mime_type for r in some)
        assert sum("mlsysim://wall/" in r.uri for r in listed) == len(catalogue().WALLS)
        return found | {uri: (await client.read_resource(uri)).contents[0] for uri in more}

    found = in_process(talk)
    assert all(json.loads(each.text) for each in found.values() if each.mime_type == resources.JSON)
    assert json.loads(found["mlsysim://schema/plan"].text) == schema_of("plan")
    assert found["mlsysim://wall/1"].text == found["mlsysim://wall/compute"].text
    assert found["mlsysim://wall/compute/latex"].text.startswith("\\documentclass")
    capacity = json.loads(found["mlsysim://registry/hardware/H100"].text)["facts"]["memory.capacity"]
    assert (capacity["text"], bool(capacity["source"])) == ("80 GB", True)


def test_prompts_check_their_arguments() -> None:
    """What is missing or unknown is said."""

    async def talk(client: Client) -> None:
        prompt = await client.get_prompt("size_cluster", {"model": "Llama3_70B", "goal": "itl below 20 ms"})
        assert "itl below 20 ms" in prompt.messages[0].content.text  # type: ignore[union-attr]
        listed = {p.name: p for p in (await client.list_prompts()).prompts}
        assert [a.name for a in listed["size_cluster"].arguments or () if a.required] == ["model"]
        for arguments, words in (
            ({}, "model is missing"),
            ({"model": "x", "modell": "y"}, "unknown argument 'modell'"),
        ):
            with pytest.raises(MCPError, match=words):
                await client.get_prompt("size_cluster", arguments)

    in_process(talk)


#: Calls that touch every part: kernels, registry, units, algebra, search and errors.
MIXED: list[tuple[str, dict[str, Any]]] = [
    ("evaluate_cluster_yaml", {"plan_yaml": ONE}), ("evaluate_cluster_yaml", {"plan_yaml": YEARLY}), ("check_plan", {"plan_yaml": "a"}),
    ("optimize_plan", {"plan_yaml": LARGE}), ("optimize_plan", {"plan_yaml": LARGE, "objective": "latency + 2*itl", "top": 2}),
    ("explain_wall", {"wall": "compute", "plan_yaml": YEARLY}), ("explain_wall", {"wall": "latency", "plan_yaml": TWO}),
    ("rank_inputs", {"plan_yaml": TWO}), ("find_requirements", {"plan_yaml": TWO, "target": "itl <= 20 ms"}),
    ("search_registry", {"category": "hardware", "where": ["memory.bandwidth >= 3 TB/s"]}), ("get_schemas", {"which": "registry"}),
    ("compare_plans", {"before_yaml": TWO, "after_yaml": LARGE}),
]  # fmt: skip


def _timeless(data: Any) -> Any:
    """An answer without what the clock says."""
    if isinstance(data, dict):
        return {key: _timeless(value) for key, value in data.items() if key != "o_seconds"}
    return data


@pytest.mark.parametrize("target", ["in process", "over streams"])
def test_calls_at_the_same_time_get_the_answers_of_calls_in_turn(target: str) -> None:
    """Dozens at once, also as the very first ones that a fresh server sees."""

    async def session() -> list[tuple[int, Any]]:
        found: list[tuple[int, Any]] = []
        async with Client(TARGETS[target][0]()) as client, anyio.create_task_group() as group:

            async def one(position: int) -> None:
                name, arguments = MIXED[position]
                found.append((position, (await client.call_tool(name, arguments)).structured_content))

            for turn in range(4):
                for position in range(len(MIXED)):
                    group.start_soon(one, (position * 5 + turn) % len(MIXED))
        return found

    found = anyio.run(session)
    expected = [_timeless(json.loads(call(name, arguments).text)) for name, arguments in MIXED]
    assert len(found) == 4 * len(MIXED)
    for position, data in found:
        assert _timeless(data) == expected[position], MIXED[position]


def test_searches_do_not_keep_a_quick_call_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """While as many searches as may run wait for ever, an evaluation is answered."""
    import threading

    ended = threading.Event()
    monkeypatch.setattr("mlsysim.api.optimize", lambda *_, **__: ended.wait(30))

    async def session() -> None:
        async with Client(made()) as client, anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(client.call_tool, "optimize_plan", {"plan_yaml": LARGE})
            await anyio.sleep(0)
            with anyio.fail_after(20):
                answer = await client.call_tool("evaluate_cluster_yaml", {"plan_yaml": TWO})
            assert answer.structured_content["f_status"] == "PASS"
            ended.set()

    anyio.run(session)


def test_standard_output_carries_the_protocol_alone() -> None:
    """What a tool or a library prints goes elsewhere; the end of the input ends the server."""
    asked = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "check_plan", "arguments": {"plan_yaml": TWO}}},
    ]  # fmt: skip
    noisy = (
        "import mlsysim.checked as checked\nold = checked.Checked.to_dict\n"
        "def loud(self):\n    print('noise', flush=True)\n    return old(self)\n"
        "checked.Checked.to_dict = loud\nfrom mlsysim.agents.server import main\nmain()\n"
    )
    running = subprocess.Popen([sys.executable, "-c", noisy], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert running.stdin
    assert running.stdout
    assert running.stderr
    with running:
        running.stdin.write("".join(json.dumps(message) + "\n" for message in asked))
        running.stdin.flush()
        answers = [json.loads(running.stdout.readline()) for _ in range(2)]
        running.stdin.close()
        assert running.stdout.read() == ""
        assert "noise" in running.stderr.read()
    assert [answer["id"] for answer in answers] == [1, 2]
    assert answers[1]["result"]["structuredContent"]["f_status"] == "PASS"
    assert running.returncode == 0


def test_the_cure_installs_what_the_extra_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Into the environment of the program, also where its path has spaces."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["optional-dependencies"]["mcp"] == [server.SDK]
    monkeypatch.setattr(sys, "executable", "/a b/python")
    assert server.cure() == '"/a b/python" -m pip install "mcp>=2,<3"'


def test_without_the_sdk_the_cure_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where it is missing, or of another major version; as a program with exit code 2."""
    from importlib.metadata import PackageNotFoundError

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(server, "version", missing)
    with pytest.raises(InputError, match="not installed") as caught:
        server.main()
    assert caught.value.hint == f'{sys.executable} -m pip install "mcp>=2,<3"'
    monkeypatch.setattr(server, "version", lambda _: "1.28.0")
    with pytest.raises(SystemExit) as ended:
        server.run()
    assert ended.value.code == 2
    assert "needs version 2 of the MCP SDK, this is 1.28.0" in capsys.readouterr().err
