"""First-principles reasoning about machine-learning systems, in milliseconds and without hardware.

>>> import mlsysim
>>> evaluation = mlsysim.SystemEvaluator.evaluate(
...     scenario_name="Llama-3 8B on H100",
...     model_obj=mlsysim.Models.Language.Llama3_8B,
...     hardware_obj=mlsysim.Hardware.Cloud.H100,
...     batch_size=32, precision="fp16", efficiency=0.45)
>>> evaluation.feasible, evaluation.binding_wall
(True, 'compute')
"""

from __future__ import annotations

import os
from importlib import import_module

_HERE = os.path.dirname(__file__)
if not os.path.exists(os.path.join(_HERE, "symbolic")):
    # A source checkout that is not installed: the rooms lie beside this folder.
    __path__.append(os.path.dirname(_HERE))

TYPE_CHECKING = False  # typing and pathlib take longer to import than the rest of this module
if TYPE_CHECKING:
    from typing import Any

    from mlsysim.api import (
        SystemEvaluator,
        bind,
        check,
        derive,
        evaluate,
        evaluate_whole,
        optimize,
        pareto,
        sensitivity,
        synthesize,
    )  # fmt: skip
    from mlsysim.plan.model import Plan
    from mlsysim.profiles import profile
    from mlsysim.symbolic.errors import InfeasibleError, InputError, MlsysimError
    from mlsysim.zoo import Hardware, Models

__version__ = "0.4.0.dev0"

#: What the package offers, and where it lives; nothing is imported before it is used.
_WHERE = {
    "Hardware": "zoo", "Models": "zoo", "Plan": "plan.model", "SystemEvaluator": "api", "bind": "api", "check": "api",
    "derive": "api", "evaluate": "api", "evaluate_whole": "api", "optimize": "api", "pareto": "api", "profile": "profiles",
    "sensitivity": "api", "synthesize": "api",
    "InfeasibleError": "symbolic.errors", "InputError": "symbolic.errors", "MlsysimError": "symbolic.errors",
}  # fmt: skip
__all__ = [
    "Hardware", "InfeasibleError", "InputError", "MlsysimError", "Models", "Plan", "SystemEvaluator", "__version__",
    "bind", "check", "derive", "evaluate", "evaluate_whole", "optimize", "pareto", "profile", "sensitivity", "synthesize",
]  # fmt: skip


#: The layers of the registry, and the folder of the evaluators and searches, which are modules.
_LAYERS = ("core", "hardware", "infra", "models", "systems")
#: What to write instead of names of the package that was published as mlsysim before this one, and those names.
_REPLACED = {
    "mlsysim.SystemEvaluator.evaluate": ("Engine",),
    "mlsysim.evaluate": (
        "PerformanceProfile", "SingleNodeSolver", "SingleNodeModel", "DistributedSolver", "DistributedModel", "ServingSolver",
        "ServingModel", "EconomicsSolver", "EconomicsModel", "SustainabilitySolver", "SustainabilityModel", "load_config",
    ),
    "mlsysim.evaluate(plan).scorecard()": ("plot_evaluation_scorecard",),
    "mlsysim.sensitivity": ("SensitivitySolver",), "mlsysim.synthesize": ("SynthesisSolver",),
    "mlsysim.optimize": ("ParallelismOptimizer", "BatchingOptimizer", "PlacementOptimizer"),
    "mlsysim.Plan": ("Scenario", "SimulationConfig"), "mlsysim.systems.Scenarios": ("Scenarios", "Applications"),
    "mlsysim.systems": ("Systems",), "mlsysim.systems.Fleets": ("Fleet",), "mlsysim.systems.Nodes": ("Node",),
    "mlsysim.systems.Fabrics": ("NetworkFabric",), "mlsysim.infra": ("Infra", "Infrastructure"),
    "mlsysim.infra.Datasets": ("Datasets",), "mlsysim.Hardware": ("HardwareNode",),
    "mlsysim.Models": ("Workload", "TransformerWorkload", "CNNWorkload"),
    "from mlsysim.symbolic.units import registry": ("ureg", "Q_"),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _LAYERS:
        return import_module(f"mlsysim.{name}")
    if name not in _WHERE:
        cures = [f"; use `{cure}`" for cure, names in _REPLACED.items() if name in names]
        raise AttributeError(f"module 'mlsysim' has no attribute {name!r}{''.join(cures)}")
    return getattr(import_module(f"mlsysim.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, *_LAYERS])
