"""Errors that say where, what and the cure. Nothing here imports sympy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from unicodedata import normalize

from mlsysim.symbolic.escapes import visible

#: Characters of a message, and of what is looked for among known names; whoever gave more knows what it was.
LONGEST, LONGEST_NAME = 1_000, 100
#: Names that are suggested at most.
SUGGESTED = 3
#: Letters behind a digit that were meant as digits.
_ALIKE = re.compile(r"(?<=[0-9])[oil]+")
_DIGITS = str.maketrans("oil", "011")


class MlsysimError(Exception):
    r"""Anything a caller can cure; the base of every error that mlsysim raises on purpose.

    >>> str(MlsysimError("batch_size is 0", where="plan.yaml:7:3", hint="give at least 1"))
    'plan.yaml:7:3: error: batch_size is 0\n  hint: give at least 1'
    """

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(readable(what))
        self.what, self.where, self.hint = readable(what), where and readable(where), hint and readable(hint)
        self.suggestions: list[str] = []

    @property
    def every(self) -> list[MlsysimError]:
        """The problems that it tells of: itself, unless it holds several."""
        return [self]

    def __str__(self) -> str:
        place = f"{self.where}: error: " if self.where else ""
        cure = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{place}{self.what}{cure}"


class InputError(MlsysimError, ValueError):
    """Raised when a plan, a name, a number or an option cannot be accepted as it stands."""


class InputErrors(InputError):
    """Raised when several things are wrong at once; holds them all.

    Attributes:
        problems: one error for each, in the order of the document.
    """

    def __init__(self, problems: list[InputError]) -> None:
        first = problems[0]
        super().__init__(first.what, where=first.where, hint=first.hint)
        self.problems = problems

    @property
    def every(self) -> list[MlsysimError]:
        """The problems that it holds."""
        return [*self.problems]

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def refuse(problems: list[InputError]) -> None:
    """Refuse what has problems; where there are several, all at once.

    Raises:
        InputError: there is one; of its own class.
        InputErrors: there are several.
    """
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise InputErrors(problems)


class UnknownNameError(InputError, LookupError):
    """Raised when a name is not known; suggests what is meant by it, else the nearest ones."""

    def __init__(
        self, kind: str, name: str, known: Iterable[str], *, where: str | None = None, see: str = "",
        meant: Sequence[str] = (),
    ) -> None:  # fmt: skip
        near = [*meant] or nearest(name, known)
        hint = f"did you mean {' or '.join(repr(n) for n in near)}?" if near else (see or None)
        super().__init__(f"unknown {kind} {name!r}", where=where, hint=hint)
        self.name, self.suggestions = name, near


class UnitError(InputError):
    """Raised when a value has no unit, an unknown unit or the wrong dimension."""


class InfeasibleError(MlsysimError):
    """Raised when no admissible design exists for what was asked."""


class UnprovenError(MlsysimError):
    """Raised when a search must end before anything is known."""


class StaleKernelError(MlsysimError, RuntimeError):
    """Raised when generated files in a checkout no longer match the sources they were made from."""


class DerivationError(MlsysimError, AssertionError):
    """Raised when a derivation step does not follow from its inputs."""


def readable(text: str) -> str:
    r"""Text that a terminal shows and does not obey, without its middle where it is long.

    >>> readable("\x1b[31mred"), len(readable("x" * 10_000)) <= LONGEST
    ('\\x1b[31mred', True)
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} ... {text[5 - LONGEST // 2 :]}"
    return visible(text, keep="")


def nearest(name: str, known: Iterable[str], count: int = SUGGESTED) -> list[str]:
    """The known names that a name can have been meant for, best first: a slip of the pen, or a part of the name.

    Two names are near where few letters must be changed (one of three to five, else two), where the words
    of one are among those of the other, or where one begins with the other. Case and punctuation do not count; where
    nothing else differs, that name alone is meant. Of names that are equally near, those come first that begin with the
    words of what was written.

    >>> nearest("Lama3_8b", ["Llama3_8B", "GPT3_175B"]), nearest("offload_param", ["offload_optimizer"])
    (['Llama3_8B'], [])
    """
    if not isinstance(name, str) or len(name) > LONGEST_NAME:  # comparing takes time with its length
        return []
    wanted, words = _plain(name), _words(name)
    found: dict[str, tuple[float, str]] = {}
    for full in known:
        # The last part of a metric or a leaf is how people call it; a whole name counts before a part.
        parts = {full, full.rpartition(".")[2]} if _DOTTED.fullmatch(full) else {full}
        costs = [cost + 0.5 * (part != full) for part in parts if (cost := _distance(wanted, words, part)) is not None]
        if costs and words:
            found[full] = (min(costs), full)
    least = min((cost for cost, _ in found.values()), default=0.0)
    near = [full for full, (cost, _) in found.items() if cost <= (least + 1 if least else 0)]
    begun = _in_order(name)
    return sorted(near, key=lambda full: (found[full][0], _in_order(full)[: len(begun)] != begun, full))[:count]


#: Names with parts, such as ``performance.latency``.
_DOTTED = re.compile(r"[a-z_]+(\.[a-z_0-9]+)+")
#: What a letter costs that is another one, where one more or less costs 1; what another digit costs, which is another size or
#: generation; and what a name costs that has the words of another or begins with it, beside half of each word or letter more.
_LETTER, _DIGIT, _PART = 1.2, 2.0, 1.0


def _distance(wanted: str, words: frozenset[str], known: str) -> float | None:
    """How far a known name is from what was written; None where it is something else."""
    plain = _plain(known)
    allowed = sum(len(wanted) > length for length in (2, 5))
    if (changed := _changes(wanted, plain, allowed)) is not None:
        return changed
    own = _words(known)
    if own and (own <= words or words <= own):
        return _PART + 0.5 * len(own ^ words)
    short, long = sorted((wanted, plain), key=len)
    return _PART + 0.5 * (len(long) - len(short)) if len(short) > 3 and long.startswith(short) else None


def _changes(one: str, other: str, allowed: int) -> float | None:
    """The cost of letters to insert, drop, replace or swap with a neighbour; None where they are more than allowed."""
    if abs(len(one) - len(other)) > allowed:
        return None
    before: list[float] = []
    last = [float(n) for n in range(len(other) + 1)]
    most = allowed * _LETTER if len(one) > 3 else 1.0  # of three letters one may lack, or be too many
    for i, a in enumerate(one, 1):
        row = [float(i)]
        for j, b in enumerate(other, 1):
            replaced = 0 if a == b else _DIGIT if a.isdigit() and b.isdigit() else _LETTER
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + replaced)
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return None
        before, last = last, row
    return last[-1] if last[-1] <= most else None


def _words(name: str) -> frozenset[str]:
    """The words of a name, which capitals, digits and punctuation part."""
    return frozenset(_in_order(name))


def _in_order(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", normalize("NFKC", name))]


def _plain(name: str) -> str:
    """A name as it is compared: letters and digits alone."""
    word = "".join(c for c in normalize("NFKC", name).lower() if c.isalnum())
    return _ALIKE.sub(lambda found: found[0].translate(_DIGITS), word)
