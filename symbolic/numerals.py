"""Numbers in text: the digits 0 to 9, a point and an exponent; nothing else that Python takes for a number."""

from __future__ import annotations

import re
from unicodedata import digit

#: A decimal number.
NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
#: What a number in text has.
DIGITS = "numbers have the digits 0 to 9 and a decimal point"
_NUMBER = re.compile(NUMBER)
_WHOLE = re.compile(r"[-+]?[0-9]+")
#: Digits of a whole number; nothing that is counted has more.
MAX_DIGITS = 40
#: A number, and what stands behind it.
_LEADING = re.compile(rf"({NUMBER})\s*(.*)", re.DOTALL)
#: Whole numbers in groups of three, a decimal comma, and what stands behind them.
_GROUPS = re.compile(r"([-+]?[0-9]{1,3}(?:([_,'’ \u00a0\u202f])[0-9]{3})(?:\2[0-9]{3})*)(?![0-9])(.*)", re.DOTALL)
_UNDERSCORES = re.compile(r"([-+]?[0-9]+(?:_[0-9]+)+)(.*)", re.DOTALL)
_COMMA = re.compile(r"([-+]?[0-9]+),([0-9]+)(.*)", re.DOTALL)
_MINUS = str.maketrans("−–－＋．，", "---+.,")


def plain(text: str) -> int | float | None:
    """The number that a text is, as YAML reads it; None where it is something else.

    >>> plain("64"), plain("1e3"), plain("1_000"), plain("６４")
    (64, 1000.0, None, None)
    """
    text = text.strip(" ")
    if _WHOLE.fullmatch(text):
        return int(text) if len(text) <= MAX_DIGITS else float(text)
    return float(text) if _NUMBER.fullmatch(text) else None


def leading(text: str) -> tuple[float, str] | None:
    """The number that a text begins with, and the rest; None where it begins with none.

    >>> leading("50 ms"), leading("40%"), leading("ms 10")
    ((50.0, 'ms'), (40.0, '%'), None)
    """
    match = _LEADING.fullmatch(text.strip())
    return (float(match[1]), match[2]) if match else None


def spaced(text: str) -> str:
    """A number with its unit, with one space between.

    >>> spaced("64GB"), spaced("3.35  TB/s"), spaced("8")
    ('64 GB', '3.35 TB/s', '8')
    """
    match = _LEADING.fullmatch(text.strip())
    return f"{match[1]} {match[2]}".strip() if match else text


def rewritten(text: str, whole: bool = False) -> str | None:
    """How to write a number that has other digits, grouped thousands or a decimal comma; None where that is not what is wrong.

    Args:
        text: the number, and what may follow it.
        whole: whether it is a whole number, in which no comma is a decimal one.

    >>> rewritten("1_000 s"), rewritten("６４"), rewritten("1,000 ms"), rewritten("1,5 s")
    ('1000 s', '64', '1000 ms or 1.000 ms', '1.5 s')
    """
    latin = "".join(str(digit(c)) if c.isdigit() and digit(c, None) is not None else c for c in text.strip())
    latin = latin.translate(_MINUS)
    if match := _GROUPS.fullmatch(latin):
        joined, rest = match[1].replace(match[2], ""), match[3]
        comma = (
            f" or {match[1].replace(',', '.')}{rest}"
            if match[2] == "," and match[1].count(",") == 1 and not whole
            else ""
        )
        return f"{joined}{rest}{comma}" if _LEADING.fullmatch(joined + rest) else None
    if match := _UNDERSCORES.fullmatch(latin):
        return match[1].replace("_", "") + match[2]
    if match := _COMMA.fullmatch(latin):
        return f"{match[1]}.{match[2]}{match[3]}"
    return latin if latin != text.strip() and _LEADING.fullmatch(latin) else None


def as_share(given: float | None) -> str:
    """How to write a share, for one that was given as above 1: in percent, where that can have been meant.

    >>> as_share(40), as_share(400)
    ('write 0.4 or 40 %', 'write a share, such as 0.5 or 50 %')
    """
    if given is None or not 2 <= given <= 100:
        return "write a share, such as 0.5 or 50 %"
    return f"write {given / 100:.10g} or {given:.10g} %"
