"""What is wrong with a plan's form, in words: every mistake at its place, with the cure."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mlsysim.plan.consistency import in_order
from mlsysim.plan.model import Plan
from mlsysim.plan.wording import cure, said
from mlsysim.registry.document import Document
from mlsysim.symbolic.errors import InputError, nearest

#: The sections of a plan.
_SECTIONS: dict[str, type[BaseModel]] = {
    field.alias or name: field.annotation
    for name, field in Plan.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}
#: The most mistakes that are said at once.
MOST = 50


def problems(document: Document) -> list[InputError]:
    """Everything that is wrong with a document as a plan, in its own order."""
    try:
        Plan.model_validate(document.data)
    except ValidationError as error:
        found: dict[str, InputError] = {}
        details = error.errors(include_url=False, include_context=True)
        inside = {detail["loc"][:n] for detail in details for n, part in enumerate(detail["loc"]) if _is_branch(part)}
        for detail in details[:MOST]:
            if (
                isinstance(detail["input"], list | tuple)
                and detail["loc"][:-1] in inside
                and not _is_branch(detail["loc"][-1])
            ):
                continue  # one value was possible too, but what is wrong is in the list
            problem = _problem(document, detail)
            same_place = str(problem.where) if document.lines and detail["type"] != "missing" else problem.what
            found.setdefault(same_place, problem)
        shown = in_order(found.values())
        if len(details) > MOST:
            shown.append(InputError(f"and {len(details) - MOST:,} more mistakes", where=document.name))
        return shown
    return []


def _problem(document: Document, detail: Any) -> InputError:
    path, kind = tuple(detail["loc"]), detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(document, path)
    if kind == "missing":
        return InputError(
            f"{_dotted(path)}: missing", where=document.where(path[:-1], key=True),
            hint=f"add `{path[-1]}:`" + (f" ({about})" if (about := _description(path)) else ""),
        )  # fmt: skip
    path = _existing(document, path)
    return InputError(
        f"{_dotted(path)}: {said(detail)}", where=document.where(path), hint=cure(detail, _description(path))
    )


def _unknown_key(document: Document, path: tuple[Any, ...]) -> InputError:
    """A key that its section does not have: it is misspelt, or belongs to another."""
    section, word = _section(path[:-1]), str(path[-1])
    names = _names(section) if section else []
    near = nearest(word, names)
    homes = [name for name, each in _SECTIONS.items() if word in _names(each)]
    if near:
        hint = f"did you mean {near[0]!r}?"
    elif homes:
        hint = f"it belongs to {' or '.join(homes)}"
    else:
        hint = f"it takes {', '.join(names)}"
    found = InputError(f"{_dotted(path)}: unknown key", where=document.where(path, key=True), hint=hint)
    found.suggestions = near or homes
    return found


def _names(section: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in section.model_fields.items()]


def _description(path: tuple[Any, ...]) -> str | None:
    """What a field is for, in the words of the schema."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    section = _section(path[:-1]) if path else None
    if section is None:
        return None
    field = next((f for name, f in section.model_fields.items() if path[-1] in (name, f.alias)), None)
    return field.description if field else None


def _is_branch(part: Any) -> bool:
    """Whether a part of a path is pydantic's name for the list that a field may be instead of one value."""
    return str(part).startswith("tuple[")


def _existing(document: Document, path: tuple[Any, ...]) -> tuple[Any, ...]:
    """Pydantic names the member of a union last; drop what the document does not have."""
    path = tuple(part for part in path if not _is_branch(part))
    if not document.values:
        return tuple(p for p in path if p not in ("float", "str", "constrained-str", "constrained-float"))
    while path and path not in document.values:
        path = path[:-1]
    return path


def _section(path: tuple[Any, ...]) -> type[BaseModel] | None:
    model: Any = Plan
    for part in path:
        if isinstance(part, int):
            continue
        field = next((f for n, f in model.model_fields.items() if part in (n, f.alias)), None)
        if field is None:
            return None
        model = next(iter(get_args(field.annotation)), field.annotation) if _listed(field) else field.annotation
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _listed(field: Any) -> bool:
    """Whether a field is a list of sections."""
    return get_origin(field.annotation) is tuple


def _dotted(path: tuple[Any, ...]) -> str:
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part}]"
        else:
            word = part if str(part).isidentifier() else repr(part)
            shown += f".{word}" if shown else str(word)
    return shown or "plan"
