"""The design loop with a language model: Google's Gemini, through its REST interface and the standard library alone.

``GEMINI_API_KEY=... python -m mlsysim.examples.gemini_design_loop`` runs it. The model sees the task and everything that
was tried; it answers with a plan and what it expects of it, and is told where it was wrong.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlsysim.agents.guide import INSTRUCTIONS
from mlsysim.cli.program import program, say
from mlsysim.examples.design_loop import MOST_ROUNDS, Proposal, Round, Task, show
from mlsysim.symbolic.errors import InputError

KEY = "GEMINI_API_KEY"
MODEL = "gemini-2.5-flash"
BASE = "https://generativelanguage.googleapis.com"
#: Seconds that an answer may take, and bytes that it may have.
PATIENCE, LONGEST = 120.0, 1_000_000
FORM = """
You design systems in rounds. Answer each with one JSON object and nothing else:
{"plan": "the plan as YAML text", "prediction": {"f_status": "PASS", "f_memory_required_gb": 70.0}, "because": "one sentence"}
prediction holds what you expect of the result, by its keys; it is compared with what is computed. Say why you were wrong
before you go on. Put what must hold into constraints.assert of every plan. There are no tools in this loop.
"""


@dataclass(frozen=True)
class Gemini:
    """A designer that asks a model.

    Attributes:
        key: of the interface.
        model: the model's name.
        base: the interface's address.
        patience: seconds to wait for an answer.
    """

    key: str
    model: str = MODEL
    base: str = BASE
    patience: float = PATIENCE

    def propose(self, task: str, history: Sequence[Round]) -> Proposal:
        """What the model proposes.

        Raises:
            InputError: there is no answer, or none of the form that was asked for.
        """
        return _proposal(_text(self._answer(_conversation(task, history))))

    def _answer(self, contents: list[dict[str, Any]]) -> Any:
        """What the interface returns."""
        address = f"{self.base.rstrip('/')}/v1beta/models/{urllib.parse.quote(self.model, safe='')}:generateContent"
        body = {
            "systemInstruction": {"parts": [{"text": INSTRUCTIONS + FORM}]}, "contents": contents,
            "generationConfig": {"responseMimeType": "application/json", "temperature": 0},
        }  # fmt: skip
        headers = {"Content-Type": "application/json", "x-goog-api-key": self.key}
        try:
            request = urllib.request.Request(address, json.dumps(body).encode(), headers, method="POST")
            with urllib.request.urlopen(request, timeout=self.patience) as answer:
                content = answer.read(LONGEST + 1)
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error.code, error.read(LONGEST)) from None
        except TimeoutError:
            raise InputError(
                f"no answer after {self.patience:g} s", where=self.base, hint="give --timeout 300"
            ) from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise InputError(f"no answer after {self.patience:g} s", where=self.base, hint="try again") from None
            raise InputError(f"cannot be reached: {reason}", where=self.base, hint="check --base-url") from None
        if len(content) > LONGEST:
            raise InputError(f"the answer is longer than {LONGEST:,} bytes", where=self.base)
        return _json(content.decode(errors="replace"), "the interface's answer")


def _conversation(task: str, history: Sequence[Round]) -> list[dict[str, Any]]:
    """The task and every round as messages."""
    turns = [("user", f"{task} Answer with the first plan.")]
    for each in history:
        said = {
            "plan": each.proposal.plan,
            "prediction": dict(each.proposal.prediction),
            "because": each.proposal.because,
        }
        learnt = "\n".join(each.reflection)
        turns.append(("model", json.dumps(said)))
        turns.append(("user", f"Computed: {each.answer.text}\n\nReflect:\n{learnt}\n\nAnswer with the next plan."))
    return [{"role": role, "parts": [{"text": text}]} for role, text in turns]


def _refused(code: int, content: bytes) -> InputError:
    """What the interface's refusal means."""
    try:
        said = str(json.loads(content)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        said = content.decode(errors="replace")[:200] or "no reason given"
    cures = {400: f"check {KEY} and --model", 401: f"check {KEY}", 403: f"check {KEY}", 404: "check --model",
             429: "wait, or take another --model"}  # fmt: skip
    return InputError(f"the interface refused with {code}: {said}", hint=cures.get(code, "try again later"))


def _text(answer: Any) -> str:
    """The text of the first candidate."""
    try:
        parts = answer["candidates"][0]["content"]["parts"]
        return "".join(part["text"] for part in parts if not part.get("thought"))
    except (KeyError, IndexError, TypeError, AttributeError):
        why = answer.get("promptFeedback", {}) if isinstance(answer, dict) else {}
        said = f": {json.dumps(why)[:200]}" if why else ""
        raise InputError(
            f"the interface's answer has no text{said}", hint="try again, or take another --model"
        ) from None


def _proposal(text: str) -> Proposal:
    """What the model answered, as a proposal."""
    bare = text.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
    said = _json(bare, "the model's answer")
    hint = "try again, or take another --model"
    if not (isinstance(said, dict) and isinstance(said.get("plan"), str) and said["plan"].strip()):
        raise InputError("the model's answer has no plan", hint=hint)
    prediction = said.get("prediction") or {}
    if not isinstance(prediction, dict):
        raise InputError("the model's prediction is no object", hint=hint)
    kept = {key: value for key, value in prediction.items() if isinstance(value, (str, int, float, bool, type(None)))}
    return Proposal(said["plan"], kept, str(said.get("because") or "no reason given"))


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text, parse_constant=_not_finite)
    except (ValueError, RecursionError):
        raise InputError(f"{what} is not JSON: {text[:120]!r}", hint="try again, or take another --model") from None


def _not_finite(word: str) -> float:
    raise ValueError(f"{word} is no number")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the loop with a model; 2 without a key."""
    parser = argparse.ArgumentParser(prog="python -m mlsysim.examples.gemini_design_loop", description=__doc__)
    parser.add_argument("--model", default=MODEL, help=f"the model's name (default: {MODEL})")
    parser.add_argument("--base-url", default=BASE, help="the interface's address")
    parser.add_argument("--timeout", type=float, default=PATIENCE, help="seconds to wait for an answer")
    parser.add_argument("--rounds", type=int, default=MOST_ROUNDS, help="rounds at most")
    given = parser.parse_args(arguments)
    key = os.environ.get(KEY, "").strip()
    if not key:
        hint = f"set {KEY}, or run `python -m mlsysim.examples.design_loop`, which needs none"
        say(f"{InputError(f'no key: {KEY} is not set', hint=hint)}\n")
        return 2
    if not (key.isascii() and key.isprintable()):
        say(f"{InputError(f'{KEY} holds characters that no key has', hint='copy it again')}\n")
        return 2
    if not given.base_url.startswith(("https://", "http://")):
        say(f"{InputError(f'--base-url: {given.base_url} is no web address', hint='such as ' + BASE)}\n")
        return 2
    if not (0 < given.timeout < 1e6 and given.rounds > 0):
        say(f"{InputError('--timeout and --rounds are above 0')}\n")
        return 2
    return show(Gemini(key, given.model, given.base_url, given.timeout), Task(), given.rounds)


if __name__ == "__main__":
    program(main)
