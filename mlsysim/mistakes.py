"""What is wrong with a plan's form, in words: every mistake at its place, with the cure."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mlsysim.plan_model import Plan
from mlsysim.registry.document import Document
from mlsysim.symbolic.errors import InputError, nearest


def problems(document: Document) -> list[InputError]:
    """Everything that is wrong with a document as a plan, in its own order."""
    try:
        Plan.model_validate(document.data)
    except ValidationError as error:
        found: dict[str, InputError] = {}
        details = error.errors()
        inside = {detail["loc"][:n] for detail in details for n, part in enumerate(detail["loc"]) if _is_branch(part)}
        for detail in details:
            if (
                isinstance(detail["input"], list | tuple)
                and detail["loc"][:-1] in inside
                and not _is_branch(detail["loc"][-1])
            ):
                continue  # one value was possible too, but what is wrong is in the list
            problem = _problem(document, detail)
            found.setdefault(str(problem.where) + problem.what * (not document.lines), problem)
        return sorted(found.values(), key=_place)
    return []


def _place(problem: InputError) -> list[int]:
    return [int(part) for part in str(problem.where).split(":")[-2:] if part.isdigit()]


def _problem(document: Document, detail: Any) -> InputError:
    path = tuple(detail["loc"])
    kind, given = detail["type"], detail["input"]
    shown = _dotted(path)
    if kind == "extra_forbidden":
        section = _section(path[:-1])
        names = [f.alias or name for name, f in section.model_fields.items()] if section else []
        near = nearest(str(path[-1]), names)
        hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(names)}"
        return InputError(f"{shown}: unknown key", where=document.where(path, key=True), hint=hint)
    if kind == "missing":
        field = _section(path[:-1])
        meaning = field.model_fields[str(path[-1])].description if field else ""
        hint = f"add `{path[-1]}:`" + (f" ({meaning})" if meaning else "")
        return InputError(f"{shown}: missing", where=document.where(path[:-1], key=True), hint=hint)
    path = _existing(document, path)
    return InputError(f"{_dotted(path)}: {_say(detail, given)}", where=document.where(path), hint=_cure(kind, detail))


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
        shown += f"[{part}]" if isinstance(part, int) else f".{part}" if shown else str(part)
    return shown or "plan"


def _say(detail: Any, given: Any) -> str:
    shown = repr(given) if not isinstance(given, dict | list) else "a mapping" if isinstance(given, dict) else "a list"
    context = detail.get("ctx", {})
    match detail["type"]:
        case "greater_than_equal":
            return f"{shown} is below {context['ge']:g}"
        case "greater_than":
            return f"{shown} is not above {context['gt']:g}"
        case "less_than_equal":
            return f"{shown} is above {context['le']:,}"
        case "literal_error":
            return f"{shown} is not one of {context['expected']}"
        case "model_type" | "model_attributes_type":
            return f"{shown} where a section is needed"
        case "int_type" | "int_from_float":
            return f"{shown} is not a whole number"
        case "float_type":
            return f"{shown} is not a number"
        case "string_type":
            return f"{shown} is not a word"
        case "bool_type":
            return f"{shown} is neither true nor false"
        case "tuple_type":
            return f"{shown} where a list is needed"
        case "dict_type":
            return f"{shown} where a mapping is needed"
        case _:
            return f"{shown}: {detail['msg']}"


def _cure(kind: str, detail: Any) -> str | None:
    if kind in ("int_type", "int_from_float", "float_type"):
        return "write a plain number without quotes"
    if kind in ("model_type", "model_attributes_type"):
        return "indent its keys below it"
    if kind == "literal_error" and "'1.0'" in str(detail.get("ctx", {}).get("expected", "")):
        return 'write version: "1.0", with quotes'
    return None
