"""Waste: what requests leave unused of their last pages, and of a reservation for the longest there can be.

Pages waste half of one on average; a fixed reservation wastes all that a request is shorter than the longest.
"""

from sympy import Rational, Sum, Symbol, oo

from mlsysim.symbolic.foundations.inputs import one_position, page
from mlsysim.symbolic.quantity import Quantity, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, limit, rewrite, specialise, substitute, summed

index = Symbol("i", integer=True, positive=True)


def _tokens(name: str, latex: str, meaning: str, low: float = 1) -> Quantity:
    return Quantity(f"batching.{name}", latex, "token/sample", meaning, low=low, high=1e5)


empty = _tokens("empty", r"n_{\mathrm{empty}}", "places of its last page that a request leaves empty, on average", 0)
mean_tokens = _tokens("mean_tokens", r"n_{\mathrm{mean}}", "tokens of a request, on average")
paged_tokens = _tokens("paged_tokens", r"n_{\mathrm{paged}}", "tokens reserved in pages, on average")
longest = _tokens("longest", r"n_{\max}", "tokens of the longest request that is allowed")
unused = _tokens("unused", r"n_{\mathrm{un}}", "reserved tokens that a request never uses, on average", 0)
page_waste = ratio("batching.page_waste", r"x_{\mathrm{page}}", "share of the reserved pages that stays empty", low=0)
static_waste = ratio("batching.static_waste", r"x_{\mathrm{static}}", "share of a fixed reservation never used", low=0)
any_waste = ratio("batching.any_waste", r"x_{\mathrm{any}}", "the same where every length is as likely")
paging_gain = ratio("batching.paging_gain", "g", "requests held with pages per those with reservations", high=1e4)

any_remainder = given(
    equation(empty, one_position * one_position / page * Sum(index, (index, 0, page / one_position - 1))),
    because="a request ends anywhere in its last page, so 0 to p - 1 places stay empty, each as likely",
    cite="kwon2023",
)
half_a_page = summed(any_remainder, equation(empty, (page - one_position) / 2), because="an arithmetic series")
paged = define(
    equation(paged_tokens, mean_tokens + empty), because="a request takes its tokens and what it leaves empty"
)
paged_on_average = substitute(
    paged,
    half_a_page,
    result=equation(paged_tokens, mean_tokens + (page - one_position) / 2),
    because="half a page on average",
)
empty_share = define(equation(page_waste, empty / paged_tokens), because="waste is the empty share")
waste_of_pages = substitute(
    empty_share,
    paged_on_average,
    half_a_page,
    result=equation(page_waste, (page - one_position) / 2 / (mean_tokens + (page - one_position) / 2)),
    because="name both",
)
page_law = rewrite(
    waste_of_pages,
    equation(page_waste, (page - one_position) / (2 * mean_tokens + page - one_position)),
    because="twice above and below",
)
no_page_waste = specialise(
    page_law, {page: one_position}, equation(page_waste, 0), because="pages of one token waste nothing"
)
reserved_unused = given(
    equation(unused, longest - mean_tokens),
    because="a request of unknown length reserves the longest there can be",
    cite="kwon2023",
)
unused_share = define(equation(static_waste, unused / longest), because="waste is the unused share")
unused_of_longest = substitute(
    unused_share,
    reserved_unused,
    result=equation(static_waste, (longest - mean_tokens) / longest),
    because="name what is unused",
)
static_law = rewrite(
    unused_of_longest, equation(static_waste, 1 - mean_tokens / longest), because="only the mean length matters"
)

any_length = define(
    equation(mean_tokens, one_position * one_position / longest * Sum(index, (index, 1, longest / one_position))),
    because="for instance, every length up to the longest is as likely",
)
middle_length = summed(any_length, equation(mean_tokens, (longest + one_position) / 2), because="an arithmetic series")
static_of_any = substitute(
    static_law,
    middle_length,
    result=equation(static_waste, 1 - (longest + one_position) / 2 / longest),
    because="name the mean length",
)
static_half = apply(
    limit(
        static_of_any,
        longest,
        oo,
        equation(static_waste, Rational(1, 2)),
        because="lengths that are all as likely waste half of the reservation",
    ),
    {static_waste: any_waste},
    because="every length as likely",
)
held_instead = define(
    equation(paging_gain, longest / paged_tokens), because="the same memory holds as many requests as they are smaller"
)
paging_law = substitute(
    held_instead,
    paged_on_average,
    result=equation(paging_gain, longest / (mean_tokens + (page - one_position) / 2)),
    because="name what a request takes in pages",
)
