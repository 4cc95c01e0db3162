"""How a collection looks in an older version of the standard: the same rows, by what is declared to differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import case

from service.lists.collection import Collection
from service.lists.fields import Field, Ref, Refs, Target, Value
from service.lists.json_text import Column, text


@dataclass(frozen=True)
class Words(Value):
    """A word of a vocabulary that is smaller than ours.

    `known` are its words; `names` are those that it has for others of ours; all else is `otherwise`, or left out.
    """

    known: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None

    @property
    def served(self) -> Column:
        words = {**{word: word for word in self.known}, **self.names}
        # In this form of CASE the column is looked at once, which counts where it is a query of its own.
        shown = ((text(ours), text(theirs)) for ours, theirs in words.items())
        return case(*shown, value=self.column, else_=None if self.otherwise is None else text(self.otherwise))

    @property
    def required(self) -> bool:
        return self.otherwise is not None


def older(
    collection: Collection, version: str, without: tuple[str, ...] = (), fields: Mapping[str, Field] | None = None
) -> Collection:
    """The collection `without` some of its fields and with others; its references lead to the same version."""
    own = {**{name: each for name, each in collection.own.items() if name not in without}, **(fields or {})}
    moved = {name: leading_to(version, each) for name, each in own.items()}
    return replace(collection, own=moved, aliases={}, forgiving=True)


def leading_to(version: str, shown: Field) -> Field:
    return replace(shown, target=target_in(version, shown.target)) if isinstance(shown, (Ref, Refs)) else shown


def target_in(version: str, target: Target) -> Target:
    return replace(target, collection=f"{version}/{target.collection.rpartition('/')[2]}")
