"""What is wrong with a plan's form, in words: every mistake at its place, with the cure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mlsysim.constraints.asserts import line_of, metric_called
from mlsysim.plan.consistency import in_order
from mlsysim.plan.model import Plan
from mlsysim.plan.quantities import Unit, number_in
from mlsysim.plan.synonyms import field_called, not_modelled
from mlsysim.plan.wording import cure, said
from mlsysim.registry.document import Document
from mlsysim.symbolic.errors import InputError, nearest
from mlsysim.symbolic.numerals import leading, plain
from mlsysim.symbolic.units import dimension

#: The sections of a plan.
_SECTIONS: dict[str, type[BaseModel]] = {
    field.alias or name: field.annotation
    for name, field in Plan.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}
#: Rates of bits as the end of a key.
_IN_BITS = {"mbps": "Mb/s", "gbps": "Gb/s", "tbps": "Tb/s"}
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
        return unknown_key(document, path)
    if kind == "missing":
        return InputError(
            f"{_dotted(path)}: missing", where=document.where(path[:-1], key=True),
            hint=f"add `{path[-1]}:`" + (f" ({about})" if (about := _description(path)) else ""),
        )  # fmt: skip
    path = _existing(document, path)
    where, original = document.where(path), _at(document.data, path)
    if kind == "quantity":
        return _no_quantity(document, path, detail["ctx"], where)
    hint = cure(detail, _description(path), _first_key(path))
    return InputError(f"{_dotted(path)}: {said(detail, original)}", where=where, hint=hint)


def _no_quantity(document: Document, path: tuple[Any, ...], unit: Any, where: str | None) -> InputError:
    """What is wrong with a text that should be a number with a unit; of a number in quotes, with the number's own cure."""
    text, name = _at(document.data, path), _dotted(path)
    try:
        number_in(text, **unit, where=where, what=name)
    except InputError as error:
        bare = plain(text)
        without_quotes = Document("", _replaced(document.data, path, bare)) if bare is not None else None
        for problem in problems(without_quotes) if without_quotes else ():
            if problem.what.startswith(f"{name}: "):
                return InputError(error.what, where=where, hint=problem.hint)
        return error
    raise AssertionError(text)


def _replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of data with another value at a path."""
    if not path:
        return value
    copied = dict(data) if isinstance(data, Mapping) else list(data)
    copied[path[0]] = _replaced(data[path[0]], path[1:], value)
    return copied


def unknown_key(document: Document, path: tuple[Any, ...]) -> InputError:
    """A key that its section does not have: it is another word for one, not modelled, misspelt, or belongs elsewhere."""
    section, word = _section(path[:-1]), str(path[-1])
    value = _at(document.data, path)
    where, dotted = document.where(path, key=True), _dotted(path)
    unmodelled = not_modelled(dotted) or not_modelled(word) or (not_modelled(value) if isinstance(value, str) else None)
    if unmodelled:
        return InputError(f"{dotted}: {unmodelled[0]}", where=where, hint=unmodelled[1])
    names = _names(section) if section else []
    meant = _meant(word, path[:-1], value)
    near = [] if meant else _nearest(word, names)
    homes = [name for name, each in _SECTIONS.items() if word in _names(each)]
    line = line_of(word, value)
    if with_unit := _with_unit(word, value, section):
        hint = f"write `{with_unit}`"
    elif line and path[0] == "constraints":
        hint = f"write `- {line}`" if path[1:-1] else f"write `assert:` below it, and below that `- {line}`"
    elif meant:
        hint = f"{word} is {meant}{_in_unit(meant, value)}"
    elif line and (not near or metric_called(word) != word):
        hint = f"{word} is a metric: limit it below `constraints:`, `assert:` with `- {line}`"
    elif near:
        own = f"{'.'.join(str(part) for part in path[:-1])}.{near[0]}"
        hint = (
            f"did you mean {' or '.join(repr(each) for each in near)}?{_in_unit(own, value) if len(near) == 1 else ''}"
        )
    elif homes:
        hint = f"it belongs to {' or '.join(homes)}"
    else:
        hint = f"it takes {', '.join(names)}"
    found = InputError(f"{dotted}: unknown key", where=where, hint=hint)
    found.suggestions = [meant.rpartition(".")[2]] if meant else near or homes
    return found


def _meant(word: str, section: tuple[Any, ...], value: Any) -> str | None:
    """The field that people call by another word: of this section or one like it, else wherever it is."""
    field = field_called(".".join([*(part for part in section if not isinstance(part, int)), word])) or field_called(
        word
    )
    if field is None:
        return None
    if field == "hardware.accelerators" and isinstance(value, str) and leading(value) is None:
        field = "hardware.name"  # such as `gpu: H100`
    home, last = tuple(part for part in section if not isinstance(part, int)), field.rpartition(".")[2]
    own = _section(section)
    return ".".join([*home, last]) if own is not None and last in _names(own) else field


def _nearest(word: str, names: list[str]) -> list[str]:
    """The key that is misspelt; where the word is a part of keys, such as ``offload``, all of them."""
    near = nearest(word, names)
    having = [name for name in near if word in (name.partition("_")[0], name.rpartition("_")[2])]
    return having if near[:1] == having[:1] else near[:1]


def _in_unit(field: str, value: Any) -> str:
    """The unit of a field's bare numbers, where the value is one and its unit cannot be guessed."""
    section, _, last = field.rpartition(".")
    model = _section(tuple(section.split("."))) if section else None
    found = model.model_fields.get(last) if model else None
    if found is None or isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    unit = _unit_of(found)
    return f" (in {unit})" if unit and _rate_or_time(unit) and unit not in last else ""


def _rate_or_time(unit: str) -> bool:
    """Whether people use several units of a kind, so that one must be named."""
    of = {name for name, _ in dimension(unit)}
    return "[request]" not in of and ("/" in unit or "[time]" in of)


def _unit_of(field: Any) -> str | None:
    """What a bare number of a field counts; None where it is no number."""
    own = next((each.unit for each in field.metadata if isinstance(each, Unit)), None)
    return own or next((each.unit for part in get_args(field.annotation) for each in _metadata(part)), None)


def _with_unit(word: str, value: Any, section: type[BaseModel] | None) -> str | None:
    """How to write a field whose key says the unit, such as ``duration_hours: 12``; None where it says none."""
    stem, _, unit = word.rpartition("_")
    unit = _IN_BITS.get(unit.lower(), unit)
    if section is None or not stem or not isinstance(value, int | float) or isinstance(value, bool):
        return None
    for name, field in section.model_fields.items():
        own = _unit_of(field)
        if own and stem == (name.rpartition("_")[0] if name.endswith(f"_{own}s") else name) and _same_kind(unit, own):
            return f"{name}: {value} {unit}"
    return None


def _metadata(part: Any) -> list[Unit]:
    return [each for each in getattr(part, "__metadata__", ()) if isinstance(each, Unit)]


def _same_kind(unit: str, other: str) -> bool:
    try:
        return bool(dimension(other)) and dimension(unit) == dimension(other)
    except InputError:
        return False


def _at(data: Any, path: tuple[Any, ...]) -> Any:
    """What stands at a path; nothing where it leads nowhere."""
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


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
    """The part of a path that the document has: pydantic names the member of a union behind it."""
    found: tuple[Any, ...] = ()
    data = document.data
    for part in path:
        inside = part in data if isinstance(data, dict) else isinstance(data, list | tuple) and isinstance(part, int)
        if inside:
            found, data = (*found, part), data[part]
    return found


def _first_key(path: tuple[Any, ...]) -> str | None:
    """The key that a section begins with: its name, else what it must have."""
    section = _section(path)
    if section is None:
        return None
    needed = [name for name, field in section.model_fields.items() if field.is_required()]
    return "name" if "name" in section.model_fields and not needed else next(iter(needed), None)


def _section(path: tuple[Any, ...]) -> type[BaseModel] | None:
    model: Any = Plan
    for part in path:
        if isinstance(part, int):
            continue
        field = next((f for n, f in model.model_fields.items() if part in (n, f.alias)), None)
        if field is None:
            return None
        model = next(iter(get_args(field.annotation)), field.annotation) if _listed(field) else field.annotation
        model = getattr(model, "__origin__", model)  # of a section that may be written otherwise
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
