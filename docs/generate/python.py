"""The Python interface: every public name, described by its own docstring."""

from __future__ import annotations

import inspect

from docs.generate.markdown import page

#: What public functions return or point to, by module.
_BEYOND = {
    "mlsysim.evaluation": ("Evaluation", "Violation"), "mlsysim.api": ("Check", "BoundKernel", "Point"),
    "mlsysim.search.optimization": ("optimize", "pareto"), "mlsysim.elasticities": ("sensitivity",),
    "mlsysim.requirements": ("synthesize",), "mlsysim.plan": ("load", "loads", "LoadedPlan"),
    "mlsysim.schemas": ("schema_of",), "mlsysim.registry.entry": ("Entry", "Value", "Source"),
    "mlsysim.symbolic.wall": ("Wall",), "mlsysim.symbolic.errors": ("UnknownNameError", "UnitError", "UnprovenError"),
}  # fmt: skip


def pages() -> dict[str, str]:
    """One page."""
    import mlsysim

    names = [name for name in mlsysim.__all__ if not name.startswith("__")]
    public = {name: getattr(mlsysim, name) for name in names}
    functions = [name for name, value in public.items() if inspect.isfunction(value)]
    errors = [name for name, value in public.items() if _is(value, BaseException)]
    data = [name for name, value in public.items() if not callable(value)]
    classes = [name for name in names if name not in {*functions, *errors, *data, "Plan"}]
    layers = ", ".join(f"`mlsysim.{layer}`" for layer in mlsysim._LAYERS)
    return {"python": page(
        "Python",
        "What `import mlsysim` offers. Nothing is imported before it is used, so the import itself is quick.",
        "## Functions", *(_directive("function", f"mlsysim.{name}") for name in functions),
        "## Classes", *(_directive("class", f"mlsysim.{name}") for name in classes),
        "`mlsysim.Plan` is the plan as a class; its fields are those of [the plan](plan.md).",
        "## Registry",
        f"The layers of the registry are {layers}: each entry is an attribute, complete under Tab. "
        f"{' and '.join(f'`mlsysim.{name}`' for name in data)} reach the same entries by family, as in "
        "`mlsysim.Hardware.Cloud.H100`.",
        "## Errors", *(_directive("exception", f"mlsysim.{name}") for name in errors),
        "## What these return, and take",
        *(_directive(_kind(module, name), f"{module}.{name}") for module, found in _BEYOND.items() for name in found),
    )}  # fmt: skip


def _is(value: object, base: type) -> bool:
    return inspect.isclass(value) and issubclass(value, base)


def _kind(module: str, name: str) -> str:
    from importlib import import_module

    value = getattr(import_module(module), name)
    return "exception" if _is(value, BaseException) else "class" if inspect.isclass(value) else "function"


def _directive(kind: str, name: str) -> str:
    """The directive that shows a docstring; of classes, their public members as well."""
    members = "   :members:\n" if kind == "class" else ""
    return f"```{{eval-rst}}\n.. auto{kind}:: {name}\n{members}```"
