"""How a fact stands in a configuration: one small rule for each kind of key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mlsysim.importing.reading import Config, Facts
from mlsysim.registry.vocabulary import meaning

#: A value that follows from the configuration and from facts read before; None where there is none.
Follows = Callable[[Config, Facts], int | None]
#: What holds where a key is absent or null: a number, the fact of that name, or what follows; None: it must be there.
Default = int | str | Callable[[Config, Facts], int] | None
#: The most of what is no fact of the registry, which has a range for each of its own.
ABSURD = 10**6


@dataclass(frozen=True)
class Key:
    """A fact that stands under a key.

    Attributes:
        keys: names of the key, the present one first.
        value: reads it, given the most that it may be.
        absent: the library's documented default; the size of one particular model is none.
        null: the default where the key is there and null, if another.
        how: how the default is known where it is not the library's.
    """

    keys: tuple[str, ...]
    value: Callable[[Config, str, int], int]
    absent: Default = None
    null: Default = None
    how: str = ""

    def read(self, config: Config, facts: Facts, most: int = ABSURD) -> tuple[int, bool]:
        """The value, at most so large, and whether it is a default."""
        key = config.key(self.keys)
        if key is not None:
            return self.value(config, key, most), key not in config.stated
        says_null = any(name in config.data for name in self.keys)
        default = self.null if says_null and self.null is not None else self.absent
        if default is None:
            raise config.missing(self.keys)
        if isinstance(default, str):
            return facts[default], True
        return (default if isinstance(default, int) else default(config, facts)), True


#: What a table says of a fact: a number that the architecture fixes, a key, or what follows from others.
Rule = int | Key | Follows


def count(
    *keys: str, absent: Default = None, null: Default = None, how: str = "", least: int = 1, most: int | None = None
) -> Key:
    """A whole number."""
    return Key(
        keys, lambda config, key, limit: config.whole(key, least, limit if most is None else most), absent, null, how
    )


def flag(*keys: str, absent: int | None = None) -> Key:
    """Yes or no."""
    return Key(keys, lambda config, key, limit: config.flag(key), absent)


def dropout(*keys: str, absent: float = 0.0) -> Follows:
    """1 where any probability of dropping is above zero."""

    def follows(config: Config, facts: Facts) -> int:
        shares = [config.share(key) if config.get(key) is not None else absent for key in keys]
        return int(any(share > 0 for share in shares))

    return follows


def same(fact: str) -> Follows:
    """As many as another fact."""
    return lambda config, facts: facts[fact]


def quotient(whole: str, parts: str) -> Callable[[Config, Facts], int]:
    """A fact divided evenly by another, such as the width of the model by its heads."""

    def follows(config: Config, facts: Facts) -> int:
        if facts[whole] % facts[parts]:
            raise config.error(
                f"{config.called(parts)} = {facts[parts]} does not divide {config.called(whole)} = {facts[whole]}",
                "check both",
            )
        return facts[whole] // facts[parts]

    return follows


def read(table: Mapping[str, Rule], config: Config) -> tuple[Facts, dict[str, str]]:
    """Every fact of a table, and which of them are defaults: how those are known that are not the library's.

    Raises:
        InputError: a key is missing, of the wrong kind or out of range.
    """
    facts: Facts = {}
    defaults: dict[str, str] = {}
    for fact, rule in table.items():
        known = meaning("models", fact)
        if isinstance(rule, int):
            facts[fact] = rule
        elif isinstance(rule, Key):
            config.keys[fact] = config.key(rule.keys) or rule.keys[0]
            facts[fact], by_default = rule.read(config, facts, int(known.high) if known else ABSURD)
            of_class = config.keys[fact] in config.assumed
            defaults |= {fact: "" if of_class else rule.how} if by_default else {}
        elif (value := rule(config, facts)) is not None:
            facts[fact] = value
        if fact in facts and known is not None and not known.low <= facts[fact] <= known.high:
            raise config.beyond(config.called(fact), facts[fact], int(known.low), int(known.high))
    return facts, defaults
