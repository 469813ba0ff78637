"""Sensitivity: some inputs matter and most do not, and a derivative tells which.

The elasticity of a result in an input is the percentage by which the result changes when the input changes by one percent.
"""

from sympy import Max

from mlsysim.symbolic.quantity import Quantity, ratio
from mlsysim.symbolic.rules import (
    bottleneck,
    define,
    differentiate,
    equation,
    given,
    rewrite,
    solve,
    specialise,
    stationary,
    substitute,
)
from mlsysim.symbolic.wall import Wall


def _plain(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"sensitivity.{name}", latex, "1", meaning, low=0.1, high=10)


result = _plain("result", "y", "a result")
factor = _plain("factor", "c", "what does not depend on the inputs")
first = _plain("first", "x_1", "an input")
second = _plain("second", "x_2", "another input")
power_first = _plain("power_first", "m_1", "power in which the first input enters")
power_second = _plain("power_second", "m_2", "power in which the second input enters")
slope_first = Quantity("sensitivity.slope_first", "y'_1", "1", "derivative in the first input", low=-10, high=10)
slope_second = Quantity("sensitivity.slope_second", "y'_2", "1", "derivative in the second input", low=-10, high=10)
elasticity_first = Quantity(
    "sensitivity.elasticity_first", r"\epsilon_1", "1", "elasticity in the first", low=-10, high=10
)
elasticity_second = Quantity(
    "sensitivity.elasticity_second", r"\epsilon_2", "1", "elasticity in the second", low=-10, high=10
)
degree = Quantity("sensitivity.degree", "m", "1", "degree of a homogeneous result", low=-10, high=10)

# A product of powers: elasticities are the powers, and they add up to the degree.
of_first = given(
    equation(elasticity_first, first / result * slope_first),
    because="relative change over relative change, for small changes", cite="marshall1890",
)  # fmt: skip
of_second = given(
    equation(elasticity_second, second / result * slope_second),
    because="likewise in the other input",
    cite="marshall1890",
)
product = define(
    equation(result, factor * first**power_first * second**power_second),
    because="laws of rates and sizes are products of powers",
)
steep_first = differentiate(
    product, first, equation(slope_first, power_first * factor * first ** (power_first - 1) * second**power_second),
    because="the other input is held",
)  # fmt: skip
steep_second = differentiate(
    product, second, equation(slope_second, power_second * factor * first**power_first * second ** (power_second - 1)),
    because="the other input is held",
)  # fmt: skip
power_law = substitute(
    of_first, steep_first, product, result=equation(elasticity_first, power_first),
    because="everything but the power cancels",
)  # fmt: skip
power_law_second = substitute(
    of_second, steep_second, product, result=equation(elasticity_second, power_second), because="likewise"
)
all_of_them = define(equation(degree, elasticity_first + elasticity_second), because="add up the elasticities")
euler = substitute(
    all_of_them, power_law, power_law_second, result=equation(degree, power_first + power_second),
    because="scaling all inputs scales the result by that power", cite="euler1755",
)  # fmt: skip

# A sum: elasticities are weighted by the share of each part.
part_first = _plain("part_first", "y_1", "the part that depends on the input")
part_second = _plain("part_second", "y_2", "the part that does not")
whole = _plain("whole", "y_{+}", "the sum of both")
slope_whole = Quantity("sensitivity.slope_whole", "y'_{+}", "1", "derivative of the sum", low=-10, high=10)
elasticity_whole = Quantity(
    "sensitivity.elasticity_whole", r"\epsilon_{+}", "1", "elasticity of the sum", low=-10, high=10
)
share = ratio("sensitivity.share", r"\phi", "share of the part in the sum", low=0.01)

parts = define(
    equation(whole, factor * first**power_first + part_second), because="one part depends on the input, one does not"
)
steep_whole = differentiate(
    parts,
    first,
    equation(slope_whole, power_first * factor * first ** (power_first - 1)),
    because="a constant has no slope",
)
of_whole = given(
    equation(elasticity_whole, first / whole * slope_whole), because="the same definition", cite="marshall1890"
)
weighted = substitute(
    of_whole, steep_whole,
    result=equation(elasticity_whole, first / whole * power_first * factor * first ** (power_first - 1)),
    because="name the slope",
)  # fmt: skip
dependent = define(equation(part_first, factor * first**power_first), because="the part that depends on the input")
share_of_it = define(equation(share, part_first / whole), because="its share in the sum")
by_share = rewrite(
    weighted, equation(elasticity_whole, power_first * (factor * first**power_first / whole)),
    because="the part's elasticity, weighted with its share", cite="amdahl1967",
)  # fmt: skip
nothing_left = specialise(
    by_share, {factor: 0}, equation(elasticity_whole, 0), because="a part that takes no time does not matter"
)

# A maximum: only the active branch matters; at a kink the two sides differ.
larger = _plain("larger", r"y_{\max}", "the larger of two")
of_the_input = define(equation(part_first, factor * first), because="one branch grows with the input")
of_another = define(equation(part_second, second), because="the other does not")
branches = bottleneck(
    of_the_input, of_another, result=equation(larger, Max(part_first, part_second)),
    because="what runs side by side takes as long as the slower", cite="williams2009",
)  # fmt: skip
at_the_kink = substitute(
    branches, of_the_input, of_another, result=equation(larger, Max(factor * first, second)),
    because="the two branches cross where they are equal",
)  # fmt: skip

# A limit: what it costs is what the result would gain if it were looser.
limited = _plain("limited", "g", "what an assert limits")
bound = _plain("bound", "G", "the limit")
scale = _plain("scale", "b", "what does not depend on the input, in what is limited")
power_limited = _plain("power_limited", "n", "power in which the input enters what is limited")
lagrangian = Quantity(
    "sensitivity.lagrangian", "J", "1", "the result, and the price of leaving the limit", low=-10, high=10
)
price = Quantity("sensitivity.price", r"\lambda", "1", "shadow price of the limit", low=-10, high=10)
relative_price = Quantity(
    "sensitivity.relative_price",
    r"\hat \lambda",
    "1",
    "relative fall of the result per relative loosening",
    low=-10,
    high=10,
)
priced = define(
    equation(lagrangian, result + price * (limited - bound)), because="put a price on leaving the limit (Lagrange)"
)
alone = define(
    equation(result, factor * first**power_first), because="the result as a power of the input that may move"
)
held_to = define(equation(limited, scale * first**power_limited), because="what is limited moves with the same input")
of_the_price = substitute(
    priced, alone, held_to,
    result=equation(lagrangian, factor * first**power_first + price * (scale * first**power_limited - bound)),
    because="name both",
)  # fmt: skip
flat = stationary(
    of_the_price, first,
    equation(
        power_first * factor * first ** (power_first - 1)
        + price * power_limited * scale * first ** (power_limited - 1),
        0,
    ),
    because="at the best point no small move pays at this price",
)  # fmt: skip
worth = solve(
    flat, price,
    equation(price, -power_first * factor * first**power_first / (power_limited * scale * first**power_limited)),
    because="the price at which it does not pay",
)  # fmt: skip
relative = define(
    equation(relative_price, price * limited / result), because="in relative terms, where the limit binds"
)
price_law = substitute(
    relative, worth, alone, held_to,
    result=equation(relative_price, -power_first / power_limited),
    because="the quotient of the two elasticities", cite="everett1963",
)  # fmt: skip

wall = Wall(
    number=21, name="sensitivity", domain="analysis", core=(by_share, power_law, euler, at_the_kink, price_law),
    binds="a design is asked what would change it: the binding wall has the largest elasticity",
    assumptions=("changes are small", "the other inputs are held"),
    validity="the active branch of every maximum; at a kink each side has its own elasticity",
)  # fmt: skip
