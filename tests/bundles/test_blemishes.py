"""Any mixture of blemishes that are repaired leaves a bundle what it was."""

import random
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from service.bundles.report import Report
from tests.bundles.making import TakeIn, contents, found, springfield

Texts = dict[str, str | bytes]
Blemish = Callable[[str, random.Random], str]
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")  # Windows-1252 has not all of its letters
SINGULAR = {"termSourcedIds": "termSourcedId", "agentSourcedIds": "agents", "grades": "grade"}


def in_header(change: Callable[[str, random.Random], str]) -> Blemish:
    def blemish(text: str, chance: random.Random) -> str:
        header, end, rest = text.partition("\r\n")
        return ",".join(change(name, chance) for name in header.split(",")) + end + rest

    return blemish


def capitals(name: str, chance: random.Random) -> str:
    return "".join(chance.choice((letter.lower(), letter.upper())) for letter in name)


def spaces(name: str, chance: random.Random) -> str:
    return "".join(f"{chance.choice(' _')}{letter}" if letter.isupper() else letter for letter in name)


def typo(name: str, chance: random.Random) -> str:
    """One letter less. A shorter name may be that of another column."""
    if len(name) < 12 or name.startswith("resultValue"):
        return name
    at = chance.randrange(len(name))
    return name[:at] + name[at + 1 :]


def other_name(name: str, _chance: random.Random) -> str:
    return SINGULAR.get(name, name)


def blank_names(text: str, chance: random.Random) -> str:
    header, end, rest = text.partition("\r\n")
    return header + "," * chance.randint(1, 3) + end + rest


def all_commas(text: str, _chance: random.Random) -> str:
    """As a spreadsheet does that once had a column more."""
    return text.replace("\r\n", ",,\r\n")


BLEMISHES = (in_header(capitals), in_header(spaces), in_header(typo), in_header(other_name), blank_names, all_commas)


def blemished(texts: dict[str, str], chosen: list[int], encoding: str, chance: random.Random) -> Texts:
    """Each file with some of the chosen blemishes, and a name in other capitals."""
    found: Texts = {}
    for name, text in texts.items():
        if name != "manifest.csv":
            for at in chosen:
                text = BLEMISHES[at](text, chance) if chance.random() < 0.7 else text
        found[capitals(name, chance)] = text.encode(encoding)
    return found


# Not shrunk: each example imports twice, and what failed is printed.
@settings(
    max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    chosen=st.lists(st.sampled_from(range(len(BLEMISHES))), max_size=3, unique=True),
    encoding=st.sampled_from(ENCODINGS),
    chance=st.randoms(use_true_random=False),
)
async def test_a_blemished_bundle_is_what_it_was(
    take_in: TakeIn, chosen: list[int], encoding: str, chance: random.Random
) -> None:
    clean = await take_in(contents(springfield()))

    report = await take_in(blemished(contents(springfield()), chosen, encoding, chance))

    assert report.errors == 0, (found(report), [*report.samples.values()])
    assert {name: counts.changed for name, counts in report.counts.items() if counts.changed} == {}
    assert rows(report) == rows(clean)


def rows(report: Report) -> dict[str, int]:
    return {name: counts.changed + counts.unchanged for name, counts in report.counts.items()}
