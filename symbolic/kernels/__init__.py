"""Compiled numeric functions of the graph: what evaluation and search run. Nothing here imports sympy.

A kernel takes the leaves of a variant in coherent units and returns every quantity. It takes floats, or numpy arrays for
many design points at once. The modules beside this one are generated; see ``codegen``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from mlsysim.symbolic.errors import InputError, StaleKernelError

FOLDER = Path(__file__).parent
#: What the generated files are made from.
_SOURCES = ("foundations", "walls", "systems", "codegen.py", "declared.py", "facets.py", "graph.py", "quantity.py",
            "special.py", "units.txt")  # fmt: skip
#: Design points computed at once: small enough for every array to stay in the cache.
_BLOCK = 8192


@cache
def source_digest() -> str:
    """A digest of the equations that the generated files are made from."""
    digest = sha256()
    root = FOLDER.parent
    for name in _SOURCES:
        path = root / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(root).as_posix().encode())
            digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def _generated(name: str) -> ModuleType:
    cure = "run `make generate`"
    try:
        module = import_module(f"{__name__}.{name}")
    except ModuleNotFoundError:
        raise StaleKernelError(f"the kernel {name} has not been generated", hint=cure) from None
    if source_digest() != module.SOURCE:
        raise StaleKernelError(f"the kernel {name} does not match the equations it was made from", hint=cure)
    return module


@dataclass(frozen=True)
class Kernel:
    """The compiled form of one variant.

    Attributes:
        variant: which graph it is.
        leaves: the names of its arguments, in order.
        names: the names of its results, in order.
        position: where a result stands.
    """

    variant: str
    leaves: tuple[str, ...]
    names: tuple[str, ...]
    position: Mapping[str, int]
    scalar: Any
    array: Any

    def many(self, values: Mapping[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
        """Evaluate many design points.

        Args:
            values: every leaf by name, in coherent units: a float, or a one-dimensional numpy array; all arrays have the
                same length.
            wanted: names of leaves or results to return.

        Returns:
            One array for each wanted name.
        """
        import numpy

        arguments = [values[leaf] for leaf in self.leaves]
        lengths = {len(a) for a in arguments if isinstance(a, numpy.ndarray)}
        if len(lengths) > 1:
            raise ValueError(f"all arrays must have the same length, not {sorted(lengths)}")
        points = lengths.pop() if lengths else 1
        wanted = tuple(wanted)
        results = {name: numpy.empty(points) for name in wanted}
        compute = _only(self.variant, frozenset(name for name in wanted if name in self.position))
        with numpy.errstate(all="ignore"):
            for start in range(0, points, _BLOCK):
                part = slice(start, start + _BLOCK)
                block = [a[part] if isinstance(a, numpy.ndarray) else a for a in arguments]
                computed = compute(numpy, *block)
                for name in wanted:
                    results[name][part] = computed[name] if name in computed else block[self.leaves.index(name)]
        return results

    def __call__(self, values: Sequence[float]) -> tuple[float, ...]:
        """Evaluate one design point: leaves in the order of ``leaves``, results in the order of ``names``.

        Raises:
            InputError: a value is so small, or so large, that a result is no number.
        """
        try:
            results: tuple[float, ...] = self.scalar(*values)
        except (ZeroDivisionError, OverflowError) as error:
            larger = "larger" if isinstance(error, ZeroDivisionError) else "smaller"
            raise InputError("no design has such values", hint=f"give {larger} numbers") from None
        return results


@cache
def _only(variant: str, wanted: frozenset[str]) -> Any:
    """The part of a kernel for arrays that some of its results rest on; it returns them by name."""
    import ast

    module = _generated(variant)
    tree = _arrays(module)
    body = {}
    for statement in tree.body[:-1]:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            body[statement.targets[0].id] = statement
    returned: Any = tree.body[-1]
    symbols = {name: returned.value.elts[module.NAMES.index(name)] for name in sorted(wanted)}
    needed: set[str] = set()
    waiting = [symbol.id for symbol in symbols.values()]
    while waiting:
        name = waiting.pop()
        if name in body and name not in needed:
            needed.add(name)
            waiting += [node.id for node in ast.walk(body[name].value) if isinstance(node, ast.Name)]
    kept = [s for s in tree.body[:-1] if not (isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name))
            or s.targets[0].id in needed]  # fmt: skip
    result = ast.Return(ast.Dict([ast.Constant(name) for name in symbols], list(symbols.values())))
    part = ast.FunctionDef("array", tree.args, [*kept, result], [])
    scope = dict(vars(module))
    exec(compile(ast.fix_missing_locations(ast.Module([part], [])), str(module.__file__), "exec"), scope)
    return scope["array"]


@cache
def _arrays(module: ModuleType) -> Any:
    """The function for arrays of a generated module, as a tree."""
    import ast

    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    return next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "array")


@cache
def kernel(variant: str) -> Kernel:
    """The kernel of a variant.

    Raises:
        StaleKernelError: the generated file is missing or was made from other equations.
    """
    module = _generated(variant)
    position = {name: place for place, name in enumerate(module.NAMES)}
    return Kernel(variant, module.LEAVES, module.NAMES, position, module.scalar, module.array)


@cache
def catalogue() -> ModuleType:
    """What the numbers mean: ``QUANTITIES``, ``WALLS`` and ``VARIANTS``.

    Raises:
        StaleKernelError: the generated file is missing or was made from other equations.
    """
    return _generated("_catalogue")
