"""Capital: accelerators cost money for as long as they are held, whether they work or not.

Rent is paid by the hour, and electricity besides where the rent does not include it; what is owned is paid for over its
life, used or idle, and drinks electricity besides.
"""

from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.operations.capital import bill, break_even, owning, tokens

wall = Wall(
    number=17,
    name="capital",
    domain="operations",
    core=(
        bill.law,
        tokens.untaxed,
        tokens.time_cancels,
        bill.rented,
        bill.electricity,
        bill.taxed,
        owning.per_accelerator,
        owning.hardware_law,
        owning.facility_law,
        owning.electricity_law,
        owning.upkeep_law,
        owning.owned_law,
        owning.owned_with_tax,
        tokens.token_law,
        tokens.run_law,
        tokens.query_law,
        owning.standing_law,
        break_even.even_price_law,
        break_even.even_law,
        break_even.break_even,
        break_even.dry_even,
    ),
    binds="the time that the work takes costs more than it may",
    assumptions=(
        "accelerators are rented by the hour, busy or not",
        "the price of rent includes cooling and maintenance, and power where electricity has no price of its own",
        "what is owned loses its value evenly over its life and is worth nothing after it",
        "the fleet that is rented instead can be handed back while it is not used",
    ),
    validity="prices and interest taken as constant; money now and money later count alike",
)
