"""Names in Python: those of the registry are those of the command line, and those of the package are where it says."""

from __future__ import annotations

import inspect
import json
import rlcompleter
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import yaml

import mlsysim
from mlsysim.cli.app import evaluate as eval_command
from mlsysim.cli.main import run
from mlsysim.core import solver
from mlsysim.core.solver import models, optimizers, solvers
from mlsysim.plan.pairing import FIELDS
from mlsysim.registry import entries, find, standard
from mlsysim.registry.index import plain
from mlsysim.symbolic.errors import InputError, UnknownNameError
from mlsysim.zoo import Family, named
from tests.conftest import EXAMPLE, ROOT

Captured = pytest.CaptureFixture[str]
#: The categories that Python shows, and where: the layer, and the attribute of the category where the layer has several.
SHOWN = {
    "hardware": ("hardware", ""), "models": ("models", ""), "grids": ("infra", "Grids"), "facilities": ("infra", "Facilities"),
    "prices": ("infra", "Prices"), "storage": ("infra", "Storage"), "datasets": ("infra", "Datasets"),
    "nodes": ("systems", "Nodes"), "fabrics": ("systems", "Fabrics"), "fleets": ("systems", "Fleets"),
    "scenarios": ("systems", "Scenarios"),
}  # fmt: skip


def place(category: str) -> Any:
    """Where Python shows a category."""
    layer, attribute = SHOWN[category]
    module = getattr(mlsysim, layer)
    return getattr(module, attribute) if attribute else module


def spellings(category: str) -> list[tuple[str, str]]:
    """Every name, identifier and alias of a category, as written and without case and punctuation where that is one entry's."""
    written = [(word, e.name) for e in entries(category).values() for word in (e.name, e.id, *e.aliases)]
    bare: dict[str, set[str]] = {}
    for word, name in written:
        bare.setdefault(plain(word), set()).add(name)
    return [*written, *((word, names.pop()) for word, names in bare.items() if len(names) == 1)]


@pytest.mark.parametrize("category", SHOWN)
def test_whatever_the_command_line_accepts_python_accepts(category: str) -> None:
    """As an attribute and as an item; both lead to the same entry."""
    layer = place(category)
    for word, name in spellings(category):
        assert find(category, word).name == name
        assert getattr(layer, word) is entries(category)[name], word
        assert Family(category)[word] is entries(category)[name]


@pytest.mark.parametrize("category", SHOWN)
def test_whatever_python_lists_the_command_line_accepts(category: str) -> None:
    """``dir`` holds every entry, and nothing that is neither an entry nor a family."""
    listed = set(dir(place(category)))
    families = {entry.family for entry in entries(category).values()} - {""}
    assert listed == set(entries(category)) | families
    assert not families & set(entries(category))
    for name in listed - families:
        assert name.isidentifier()
        assert standard().find(category, name).name == name


def test_a_name_that_the_issue_gave_works_in_both(capsys: Captured) -> None:
    """TPUv5p is an alias."""
    assert run(["zoo", "show", "TPUv5p", "-o", "json"]) == 0
    assert (
        json.loads(capsys.readouterr().out)["name"]
        == mlsysim.hardware.TPUv5p.name
        == mlsysim.Hardware.Cloud.TPUv5p.name
    )


@pytest.mark.parametrize(("ask", "words"), [
    (lambda: mlsysim.hardware.Clowd, "did you mean 'Cloud'"), (lambda: mlsysim.hardware.H1000, "did you mean 'H100'"),
    (lambda: mlsysim.hardware.Edge.H100, "H100 is of the family Cloud"), (lambda: mlsysim.models.H100, "`mlsysim zoo hardware`"),
    (lambda: mlsysim.systems.H100, "`mlsysim zoo hardware`"), (lambda: mlsysim.infra.Grids.Quebeck, "did you mean 'Quebec'"),
    (lambda: mlsysim.infra.Quebeck, "did you mean 'Quebec'"),
])  # fmt: skip
def test_an_unknown_attribute_says_what_was_meant(ask: Callable[[], Any], words: str) -> None:
    """Of a layer, a category and a family."""
    with pytest.raises(AttributeError, match=words):
        ask()


def test_layers_of_several_categories_show_their_entries() -> None:
    """Where one category alone has the name."""
    assert mlsysim.infra.Quebec is mlsysim.infra.Grids.Quebec
    assert mlsysim.systems.Doorbell is mlsysim.systems.Scenarios.Doorbell
    for layer in (mlsysim.infra, mlsysim.systems):
        for name in dir(layer):
            assert getattr(layer, name) is not None
    assert named("grids/Quebec") is mlsysim.infra.Quebec


TABS = [
    ("mlsysim.hardware.H1", {"H100", "H100_PCIe", "H100_NVL"}), ("mlsysim.systems.Scenarios.", {"Doorbell", "Tiny"}),
    ("mlsysim.systems.Sc", {"Scenarios"}), ("mlsysim.systems.Door", {"Doorbell"}), ("mlsysim.infra.Queb", {"Quebec"}),
    ("mlsysim.Hardware.Cloud.TPU_v5", {"TPU_v5e", "TPU_v5p"}), ("mlsysim.models.Language.Llama3_", {"Llama3_8B"}),
    ("mlsysim.hardware.H100.mem", {"memory"}), ("mlsysim.hardware.H100.memory.", {"bandwidth", "capacity"}),
    ("mlsysim.models.Llama3_8B.param", {"parameters"}), ("mlsysim.", {"hardware", "models", "infra", "systems", "core"}),
    ("mlsysim.core.solver.", {"models", "solvers", "optimizers"}), ("mlsysim.core.solver.models.", {"evaluate", "check"}),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "expected"), TABS, ids=lambda value: value if isinstance(value, str) else "")
def test_names_complete_under_tab(typed: str, expected: set[str]) -> None:
    """As the interactive interpreter completes them."""
    completer = rlcompleter.Completer({"mlsysim": mlsysim})
    offered = []
    while (word := completer.complete(typed, len(offered))) is not None:
        offered.append(word.rpartition(".")[2].rstrip("()"))
    assert expected <= set(offered)
    assert all(name.startswith(typed.rpartition(".")[2]) for name in offered)


def test_dir_lists_what_is_there_and_nothing_of_the_machinery() -> None:
    """Of the package, the layers and the tiers; every name listed is an attribute."""
    for thing in (mlsysim, mlsysim.hardware, mlsysim.models, mlsysim.infra, mlsysim.systems, mlsysim.hardware.Cloud):
        listed = [name for name in dir(thing) if name != "__version__"]
        assert listed
        assert all(hasattr(thing, name) and not name.startswith("_") for name in listed)
        assert not {"Any", "annotations", "Family", "import_module"} & set(listed)
    assert [n for n in dir(models) if not n.startswith("_")] == ["check", "evaluate"]


def test_items_complete_under_tab() -> None:
    """As notebooks ask for the keys of ``Hardware["``."""
    assert mlsysim.Hardware._ipython_key_completions_() == list(entries("hardware"))


def test_tiers_are_the_functions_of_the_package() -> None:
    """Evaluate and check, sensitivity and synthesize, optimize and pareto; no logic of their own."""
    tiers = {
        "models": ["check", "evaluate"],
        "solvers": ["sensitivity", "synthesize"],
        "optimizers": ["optimize", "pareto"],
    }
    for tier, names in tiers.items():
        space = getattr(solver, tier)
        assert [name for name in dir(space) if not name.startswith("_")] == names
        assert all(getattr(space, name) is getattr(mlsysim, name) for name in names)
    assert models.evaluate("Llama3_8B", "H100", batch_size=32).feasible
    assert solvers.sensitivity(EXAMPLE).metric == "performance.latency"
    assert optimizers.optimize.__module__ == "mlsysim.api"
    with pytest.raises(AttributeError):
        models.evaluate = print  # type: ignore[misc, assignment]


def test_importing_the_tiers_loads_nothing_heavy() -> None:
    """In a fresh process."""
    code = "import sys, mlsysim.core.solver\nprint([m for m in ('sympy', 'ortools', 'pydantic', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "counted"), [("Llama3_8B", 8_030_261_248), ("GPT2_XL", 1_557_611_200), ("ResNet50", 25_557_032)]
)
def test_parameters_are_an_attribute_of_every_model(name: str, counted: int) -> None:
    """Published ones of a profiled model; of a transformer those that ``profile`` counts, with a source, as a quantity."""
    value = mlsysim.models.__getattr__(name).parameters
    assert float(value) == value.number == mlsysim.profile(name).parameters == counted
    assert str(value) == f"{counted} param"
    assert value.source
    assert (value > value / 2, value.published) == (True, True)


def test_the_model_of_an_evaluation_has_parameters() -> None:
    """In a program that imported nothing else."""
    code = 'import mlsysim; print(mlsysim.evaluate("Llama3_8B", "H100").design.model.parameters)'
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "8030261248 param\n"


def test_only_models_have_parameters() -> None:
    """And of a model that publishes none they are missing in words."""
    for ask in (lambda: mlsysim.hardware.H100.parameters, lambda: mlsysim.hardware.H100.memory.parameters):
        with pytest.raises(AttributeError, match="has no"):
            ask()
    for entry in entries("models").values():
        assert hasattr(entry, "parameters") == (
            mlsysim.profile(entry).parameters is not None or "parameters" in entry.facts
        )
        assert ("parameters" in dir(entry)) == hasattr(entry, "parameters")


#: What users of the package that was published before wrote.
FORMER = ("Engine", "ureg", "Q_", "Scenarios", "Applications", "Systems", "Infra", "Infrastructure", "SingleNodeModel", "Fleet",
          "ServingModel", "DistributedSolver", "SensitivitySolver", "SynthesisSolver", "ParallelismOptimizer", "SimulationConfig",
          "load_config", "HardwareNode", "TransformerWorkload", "NetworkFabric", "plot_evaluation_scorecard", "Datasets")  # fmt: skip


@pytest.mark.parametrize("name", FORMER)
def test_a_former_name_names_what_replaces_it(name: str) -> None:
    """What is named runs as it stands."""
    with pytest.raises(AttributeError, match="use `") as caught:
        getattr(mlsysim, name)
    cure = str(caught.value).partition("use `")[2].rstrip("`")
    space: dict[str, Any] = {"mlsysim": mlsysim, "plan": mlsysim.systems.Scenarios.Doorbell}
    exec(cure, space)
    if not cure.startswith("from "):
        assert eval(cure, space) is not None


def test_a_name_that_never_was_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match=r"has no attribute 'nothing'$"):
        _ = mlsysim.nothing
    assert isinstance(mlsysim.hardware, ModuleType)


def test_a_model_on_an_accelerator_is_evaluated_as_on_the_command_line(capsys: Captured) -> None:
    """By names and by entries, with every field that the command takes; check as well."""
    fields: dict[str, Any] = {"batch_size": 32, "accelerators": 8, "sequence_length": 4096, "output_tokens": 100,
                              "precision": "bf16", "efficiency": 0.4, "region": "Quebec", "duration_days": 30.0}  # fmt: skip
    options = [word for name, value in fields.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    assert run(["eval", "Llama3_70B", "H100", *options, "-o", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert mlsysim.evaluate("Llama3_70B", "H100", **fields).to_dict() == said
    by_entries = mlsysim.evaluate(mlsysim.models.Llama3_70B, mlsysim.hardware.H100, **fields)
    assert by_entries.to_dict() == mlsysim.evaluate_whole("Llama3_70B", "H100", **fields).to_dict() == said
    assert mlsysim.check("Llama3_70B", "H100", **fields).feasible
    assert mlsysim.evaluate("Llama3_8B", "H100", batch_size=32).binding_wall
    assert not mlsysim.check("Llama3_70B", "H100")


def test_the_fields_are_the_options_of_the_command() -> None:
    """One table for both."""
    options = [
        name
        for name in inspect.signature(eval_command).parameters
        if name not in ("what", "hardware", "fail_on", "output")
    ]
    assert sorted(FIELDS) == sorted(options)


def test_changed_entries_are_evaluated_as_they_are() -> None:
    """An entry counts itself, not what the registry has under its name."""
    half = mlsysim.hardware.H100.replaced(memory__bandwidth=mlsysim.hardware.H100.memory.bandwidth.number / 2)
    slow, usual = (mlsysim.evaluate("Llama3_8B", chip, output_tokens=100)["performance.itl"] for chip in (half, "H100"))
    assert slow > 1.5 * usual


@pytest.mark.parametrize(("arguments", "fields", "words"), [
    (("Llama3_8B", "H100"), {"batchsize": 3}, "unknown field 'batchsize'\n  hint: did you mean 'batch_size'"),
    (("Llama3_8B", "H100"), {"optimizer": "adam"}, "optimizer is workload.optimizer of a plan"),
    (("Lama3_8B", "H100"), {}, "did you mean 'Llama3_8B'"), (("Llama3_8B", "H1000"), {}, "did you mean 'H100'"),
    (("Llama3_8B",), {}, "on which accelerator"), (("Llama3_8B",), {"batch_size": 3}, "on which accelerator"),
    (("Doorbell",), {"batch_size": 3}, "batch_size: a plan says this itself"), ((str(EXAMPLE), "H100"), {}, "names its accelerators itself"),
    (({"version": "1.0"}, "H100"), {}, "names its accelerators itself"), (("H100", "Llama3_8B"), {}, "`mlsysim zoo hardware`"),
    (("Llama3_8B", "H100"), {"batch_size": 0}, "workload.batch_size: 0 is below 1"), (("Llama3_8B", 3), {}, "hardware: 3 is neither"),
])  # fmt: skip
@pytest.mark.parametrize(
    "function", [mlsysim.evaluate, mlsysim.evaluate_whole, mlsysim.check], ids=lambda f: f.__name__
)
def test_what_cannot_be_evaluated_is_refused_in_words(
    function: Callable[..., Any], arguments: tuple[Any, ...], fields: dict[str, Any], words: str
) -> None:
    """With the nearest name or the cure."""
    with pytest.raises(InputError) as caught:
        function(*arguments, **fields)
    assert words in str(caught.value)


def test_entries_in_each_others_place_are_refused() -> None:
    """The model stands first."""
    with pytest.raises(InputError, match="H100 is no model"):
        mlsysim.evaluate(mlsysim.hardware.H100, mlsysim.models.Llama3_8B)
    with pytest.raises(UnknownNameError, match="region"):
        mlsysim.evaluate("Llama3_8B", "H100", regoin="Quebec")
    with pytest.raises(InputError, match="on which accelerator"):
        mlsysim.evaluate(mlsysim.models.Llama3_8B)


def test_plans_in_every_form_are_evaluated_as_before() -> None:
    """A path, a mapping, a scenario."""
    data = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    by_path, by_mapping = mlsysim.evaluate(EXAMPLE), mlsysim.evaluate(data)
    assert by_path["performance.latency"] == by_mapping["performance.latency"]
    assert mlsysim.evaluate("Doorbell").feasible
