"""Sources, as pages list them and link to them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from docs.generate.markdown import raw


def anchor(key: str) -> str:
    """The name of a source within a page that lists it.

    >>> anchor("nvidia/h100")
    'source-nvidia-h100'
    """
    return "source-" + re.sub(r"\W", "-", key)


def listed(keys: Iterable[str]) -> str:
    """Sources by key, each in full where the registry knows it."""
    return raw("<ul>\n" + "\n".join(_item(key) for key in keys) + "\n</ul>")


def _item(key: str) -> str:
    from mlsysim.registry import standard

    source = standard().sources.get(key)
    url = source.url if source else ""
    link = f' <a href="{escape(url)}">{escape(url)}</a>' if url.startswith("http") else ""
    return f'<li id="{anchor(key)}">[{escape(key)}] {escape(str(source or ""))}{link}</li>'
