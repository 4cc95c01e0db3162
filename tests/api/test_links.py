"""Where a list says its other pages are, and how many rows it has."""

import base64
import json
import re
from typing import Any

import pytest

from tests.api.calls import ROSTERING, Caller, expect_refusal
from tests.samples import SLASHED


async def test_the_first_page_has_no_prev_and_the_last_no_next(caller: Caller) -> None:
    first = await caller.get(f"{ROSTERING}/users", limit=4)
    last = await caller.get(str(first.link("last")))

    assert first.link("prev") is None
    assert first.link("first") == f"{ROSTERING}/users?limit=4&offset=0"
    assert first.link("last") == f"{ROSTERING}/users?limit=4&offset=8"
    assert last.ids() == [SLASHED]
    assert last.link("next") is None
    assert last.link("prev") == f"{ROSTERING}/users?limit=4&offset=4"


async def test_a_list_that_fills_its_last_page_has_no_empty_one(caller: Caller) -> None:
    answer = await caller.get(f"{ROSTERING}/users", limit=9)

    assert (len(answer.items()), answer.link("next")) == (9, None)
    assert answer.link("last") == f"{ROSTERING}/users?limit=9&offset=0"


async def test_every_page_of_a_list_tells_the_total(caller: Caller) -> None:
    first = await caller.get(f"{ROSTERING}/users", limit=4)
    second = await caller.get(str(first.link("next")))
    by_offset = await caller.get(f"{ROSTERING}/users", limit=4, offset=4)
    beyond = await caller.get(f"{ROSTERING}/users", limit=4, offset=2**63 - 1)

    totals = [each.headers["X-Total-Count"] for each in (first, second, by_offset, beyond)]
    assert totals == ["9", "9", "9", "9"]
    assert second.ids() == by_offset.ids()
    assert beyond.items() == []


async def test_the_total_is_that_of_what_the_filter_finds(caller: Caller) -> None:
    answer = await caller.get(f"{ROSTERING}/users", limit=1, filter="familyName='Bare'")

    assert answer.headers["X-Total-Count"] == "2"
    assert str(answer.link("last")).endswith("&offset=1")


async def test_commas_in_links_stay_encoded(caller: Caller) -> None:
    answer = await caller.get(f"{ROSTERING}/users", limit=1, fields="sourcedId,status", filter="givenName!='a,b'")

    assert re.findall(",[^ ]", answer.headers["Link"]) == []
    assert "fields=sourcedId%2Cstatus" in str(answer.link("next"))


async def test_a_client_that_moves_the_offset_of_a_link_goes_by_it(caller: Caller) -> None:
    following = str((await caller.get(f"{ROSTERING}/users", limit=2)).link("next"))
    moved = await caller.get(following.replace("offset=2", "offset=4"))

    assert moved.ids() == (await caller.get(f"{ROSTERING}/users", limit=2, offset=4)).ids()


async def test_a_client_that_changes_the_query_of_a_link_starts_anew(caller: Caller) -> None:
    following = str((await caller.get(f"{ROSTERING}/users", limit=2)).link("next"))
    changed = await caller.get(following + "&sort=familyName&orderBy=desc")

    same = await caller.get(f"{ROSTERING}/users", limit=2, offset=2, sort="familyName", orderBy="desc")
    assert changed.ids() == same.ids()


TAMPERED = {
    "no number": ["x", 9, "Bare", "bare-teacher"],
    "too large a number": [float("inf"), 9, "Bare", "bare-teacher"],
    "a number below zero": [2, -1, "Bare", "bare-teacher"],
    "more passed than there are": [2, 1, "Bare", "bare-teacher"],
    "an id with a NUL": [2, 9, "Bare", "bare\0teacher"],
    "a key with a NUL": [2, 9, "Ba\0re", "bare-teacher"],
    "half a character": [2, 9, "Bare", "\ud800"],
    "too few parts": [2, 9],
    "none at all": None,
}


@pytest.mark.parametrize("parts", TAMPERED.values(), ids=TAMPERED)
async def test_a_link_that_was_tampered_with_is_refused(parts: list[Any] | None, caller: Caller) -> None:
    following = str((await caller.get(f"{ROSTERING}/users", limit=2, sort="familyName")).link("next"))
    address, token = following.split("&after=")
    walk = json.loads(base64.urlsafe_b64decode(token + "=="))[-1]
    forged = base64.urlsafe_b64encode(json.dumps(parts and [*parts, walk]).encode()).decode().rstrip("=")

    expect_refusal(await caller.get(f"{address}&after={forged}"), 400, "invaliddata")


async def test_a_link_of_a_thousand_brackets_is_refused(offline: Caller) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 6000).decode()

    expect_refusal(await offline.get(f"{ROSTERING}/users", after=deep), 400, "invaliddata")
