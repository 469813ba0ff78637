"""The tools that agents call, and the one way to call them: whatever is sent, an answer or an error comes back.

Arguments are data: nothing in them is read as a path, an environment variable or code. Entries of one's own count where
whoever started the program named them in ``MLSYSIM_ZOO``, or where a plan states them under ``zoo:``.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mlsysim.agents import evaluating, explaining, knowing, searching
from mlsysim.agents.arguments import checked
from mlsysim.agents.tool import Tool
from mlsysim.reports.errors import as_data, internal
from mlsysim.symbolic.errors import MlsysimError, UnknownNameError

#: Every tool by its name.
TOOLS: Mapping[str, Tool] = {
    tool.name: tool for tool in (*evaluating.TOOLS, *searching.TOOLS, *explaining.TOOLS, *knowing.TOOLS)
}


@dataclass(frozen=True)
class Answer:
    """What a call returns.

    Attributes:
        data: the answer, or the error, as plain data.
        failed: whether it is an error.
    """

    data: dict[str, Any]
    failed: bool = False

    @cached_property
    def text(self) -> str:
        """The data as JSON."""
        return json.dumps(self.data, ensure_ascii=False, allow_nan=False)


def tool(name: str) -> Tool:
    """The tool with a name.

    Raises:
        UnknownNameError: there is none; the nearest are suggested.
    """
    if name not in TOOLS:
        raise UnknownNameError("tool", name, TOOLS, see=f"the tools are {', '.join(TOOLS)}")
    return TOOLS[name]


def call(name: str, arguments: Mapping[str, Any] | None = None) -> Answer:
    """Call a tool.

    Args:
        name: of the tool.
        arguments: by name, as the tool's input schema says.

    Returns:
        The answer; an error where the tool is unknown, an argument cannot be accepted, or the plan is malformed.

    >>> call("evaluate_cluster_yaml", {"plan": "version: '1.0'"}).data["error"]["suggestions"]
    ['plan_yaml']
    """
    try:
        wanted = tool(name)
        answer = Answer(wanted.run(**checked(wanted.input_schema, {} if arguments is None else arguments)))
        answer.text  # noqa: B018  written here, so that what cannot be written is an error of this call
        return answer
    except MlsysimError as error:
        return Answer(as_data(error), failed=True)
    except Exception as error:  # the last resort, so that no model ever reads a traceback
        logging.getLogger(__name__).debug("%s failed", name, exc_info=True)
        return Answer(as_data(internal(error)), failed=True)
