"""The MCP server: tools, resources and prompts as the protocol has them. Only this module knows the SDK.

The low-level server is used because it hands over arguments as they were sent; what is unknown is refused, not dropped.
Calls run in worker threads. Those that may take seconds have threads of their own, so that searches never keep a quick
question waiting.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from mlsysim import __version__
from mlsysim.agents import guide, resources
from mlsysim.agents.tool import Tool
from mlsysim.agents.tools import TOOLS, call, tool
from mlsysim.reports.errors import as_data, internal
from mlsysim.symbolic.errors import MlsysimError, UnknownNameError

#: Threads for quick calls, and for slow ones.
QUICK, SLOW = 4, 2
#: What the protocol calls an address where nothing stands.
NOT_FOUND = -32002

Found = TypeVar("Found")


def server() -> Server[Any]:
    """A server with every tool, resource and prompt; connect it to a transport of one's choice."""
    quick, slow = anyio.CapacityLimiter(QUICK), anyio.CapacityLimiter(SLOW)

    async def list_tools(context: Any, page: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=await _worked(quick, _listed_tools))

    async def call_tool(context: Any, wanted: types.CallToolRequestParams) -> types.CallToolResult:
        known = _asked(partial(tool, wanted.name))
        answer = await _worked(slow if known.slow else quick, partial(call, wanted.name, wanted.arguments))
        content: list[types.ContentBlock] = [types.TextContent(text=answer.text)]
        return types.CallToolResult(content=content, structured_content=answer.data, is_error=answer.failed)

    async def list_resources(context: Any, page: Any) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=[_resource(each) for each in resources.resources()])

    async def list_templates(context: Any, page: Any) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=[_template(each) for each in resources.TEMPLATES])

    async def read_resource(context: Any, wanted: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        limiter = slow if wanted.uri.startswith(f"{resources.SCHEME}wall/") else quick
        kind, text = await _worked(limiter, partial(_asked, partial(resources.read, wanted.uri), NOT_FOUND))
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=wanted.uri, mime_type=kind, text=text)]
        )

    async def list_prompts(context: Any, page: Any) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[_prompt(each) for each in guide.PROMPTS.values()])

    async def get_prompt(context: Any, wanted: types.GetPromptRequestParams) -> types.GetPromptResult:
        words = _asked(partial(guide.prompt, wanted.name, wanted.arguments))
        message = types.PromptMessage(role="user", content=types.TextContent(text=words))
        return types.GetPromptResult(description=guide.PROMPTS[wanted.name].description, messages=[message])

    return Server(
        "mlsysim", version=__version__, title="mlsysim", instructions=guide.INSTRUCTIONS,
        description="First-principles reasoning about machine-learning systems.",
        on_list_tools=list_tools, on_call_tool=call_tool, on_list_resources=list_resources,
        on_list_resource_templates=list_templates, on_read_resource=read_resource, on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )  # fmt: skip


def serve() -> None:
    """Serve over standard input and output until the input ends.

    Raises:
        OSError: standard output cannot be written, or has no reader any more.
    """
    try:
        anyio.run(_serve)
    except BaseExceptionGroup as problems:
        unwritten: BaseException | None = problems.subgroup(OSError)
        while isinstance(unwritten, BaseExceptionGroup):
            unwritten = unwritten.exceptions[0]
        raise unwritten or problems from None


async def _serve() -> None:
    serving = server()
    async with stdio_server() as (incoming, outgoing):
        await serving.run(incoming, outgoing, serving.create_initialization_options())


def _worked(limiter: anyio.CapacityLimiter, work: Callable[[], Found]) -> Awaitable[Found]:
    """Work done in a thread, so that the server goes on reading."""
    return anyio.to_thread.run_sync(work, limiter=limiter)


def _asked(what: Callable[[], Found], unknown: int = types.INVALID_PARAMS) -> Found:
    """What was asked for; where that cannot be had, the protocol's error with what is wrong and the cure."""
    try:
        return what()
    except MlsysimError as error:
        code = unknown if isinstance(error, UnknownNameError) else types.INVALID_PARAMS
        raise MCPError(code, str(error), as_data(error)) from None
    except Exception as error:  # the last resort, so that nobody ever reads a traceback
        raise MCPError(types.INTERNAL_ERROR, str(internal(error)), as_data(internal(error))) from None


def _listed_tools() -> list[types.Tool]:
    return [_tool(each) for each in TOOLS.values()]


def _tool(tool: Tool) -> types.Tool:
    """A tool as it is listed: it reads nothing but its arguments and changes nothing."""
    hints = types.ToolAnnotations(
        title=tool.title, read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    return types.Tool(
        name=tool.name, title=tool.title, description=tool.description, input_schema=tool.input_schema,
        output_schema=tool.output_schema, annotations=hints,
    )  # fmt: skip


def _resource(found: resources.Resource) -> types.Resource:
    return types.Resource(
        uri=found.address, name=found.address.removeprefix(resources.SCHEME), title=found.title,
        description=found.description, mime_type=found.kind,
    )  # fmt: skip


def _template(found: resources.Resource) -> types.ResourceTemplate:
    return types.ResourceTemplate(
        uri_template=found.address, name=found.address.removeprefix(resources.SCHEME), title=found.title,
        description=found.description, mime_type=found.kind,
    )  # fmt: skip


def _prompt(prompt: guide.Prompt) -> types.Prompt:
    arguments = [
        types.PromptArgument(name=name, description=rule["description"], required=name in prompt.required)
        for name, rule in prompt.arguments.items()
    ]
    return types.Prompt(name=prompt.name, title=prompt.title, description=prompt.description, arguments=arguments)


__all__ = ["serve", "server"]
