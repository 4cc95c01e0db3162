"""What real bundles have wrong that has only one reading: each blemish beside what it means.

A blemish changes a bundle in place, and another one to what the first means now: there a strict import finds nothing to
refuse. No two of them touch the same cell.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any

from hypothesis import strategies as st

from service.records.rules import Rule
from tests.bundles.making import Files, Row, springfield

Draw = Callable[[st.SearchStrategy[Any]], Any]
Texts = dict[str, str]
PEOPLE = 4


def town() -> Files:
    """Springfield with some more people, in an order of dates that is told by none of them alone."""
    files = springfield()
    year = {"sourcedId": "year", "title": "2026-27", "type": "schoolYear", "schoolYear": "2027"}
    files["academicSessions"].append({**year, "startDate": "2026-08-15", "endDate": "2027-06-11"})
    for name in ("users", "roles", "demographics", "enrollments", "results"):
        first = files[name][0]
        files[name] += [
            {**first, "sourcedId": f"{first['sourcedId']}-{number}", **own(name, number)} for number in range(PEOPLE)
        ]
    for number, row in enumerate(files["enrollments"]):
        row |= {"beginDate": f"2026-09-0{number + 1}", "endDate": f"2026-12-1{number + 3}"}
    return files


def own(name: str, number: int) -> Row:
    """What a row says that is not said of Zoë."""
    user = f"zoe-{number}"
    if name == "demographics":
        return {"birthDate": f"2012-02-{10 + number}"}
    return {"results": {"studentSourcedId": user}, "users": {}}.get(name, {"userSourcedId": user})


@dataclass(frozen=True)
class Blemish:
    """`rule` says what was done about it; `strict_rule` what a strict import says. `change(bundle, meant, draw)`."""

    rule: Rule
    strict_rule: Rule
    change: Callable[["Spoilt", Files, Draw], None]


@dataclass
class Spoilt:
    """A bundle: its rows, and what is done to the texts of its files in the end."""

    files: Files
    cut: set[str]  # files whose rows end with their last cell that is not blank
    dropped: dict[str, str]  # columns by file


OPTIONAL = [  # file, column, what it may hold, and what is left of that
    ("academicSessions", "parentSourcedId", "y2k", ""),
    ("courses", "schoolYearSourcedId", "y2k", ""),
    ("courses", "orgSourcedId", "nowhere", ""),
    ("classes", "termSourcedIds", "winter,fall,summer", "fall"),
    ("users", "primaryOrgSourcedId", "nowhere", ""),
    ("users", "agentSourcedIds", "nobody,ann", "ann"),
    ("users", "agentSourcedIds", "nobody", ""),
    ("roles", "userProfileSourcedId", "account", ""),
    ("scoreScales", "orgSourcedId", "nowhere", ""),
    ("scoreScales", "courseSourcedId", "biology", ""),
    ("lineItems", "academicSessionSourcedId", "winter", ""),
    ("results", "classSourcedId", "biology", ""),
]


def lead_nowhere(spoilt: Spoilt, meant: Files, draw: Draw) -> None:
    for name, column, value, left in draw(st.lists(st.sampled_from(OPTIONAL), min_size=1, max_size=4)):
        at = draw(st.integers(0, len(meant[name]) - 1))
        spoilt.files[name][at][column], meant[name][at][column] = value, left


def become_inactive(spoilt: Spoilt, meant: Files, draw: Draw) -> None:
    sourced_id = draw(st.sampled_from([row["sourcedId"] for row in meant["results"]]))
    for row in spoilt.files["results"]:
        if row["sourcedId"] == sourced_id:
            row["status"] = "inactive"
    meant["results"] = [row for row in meant["results"] if row["sourcedId"] != sourced_id]


def end_early(spoilt: Spoilt, meant: Files, draw: Draw) -> None:
    spoilt.cut |= draw(st.sets(st.sampled_from(["resources", "demographics"]), min_size=1))


def turn_dates(spoilt: Spoilt, meant: Files, draw: Draw) -> None:
    """Some are told apart by themselves; the others by these."""
    form = draw(st.sampled_from(["{day}/{month}/{year}", "{month}-{day}-{year}", "{day:02}.{month:02}.{year}"]))
    for row in spoilt.files["enrollments"]:
        for column in ("beginDate", "endDate"):
            day = date.fromisoformat(row[column])
            row[column] = form.format(day=day.day, month=day.month, year=day.year)


def lack_school_year(spoilt: Spoilt, meant: Files, draw: Draw) -> None:
    if draw(st.booleans()):
        spoilt.dropped["academicSessions"] = "schoolYear"
    else:
        draw(st.sampled_from(spoilt.files["academicSessions"]))["schoolYear"] = draw(st.sampled_from(["", " "]))


def close_a_loop(spoilt: Spoilt, meant: Files, draw: Draw) -> None:
    """The school is the last row of it."""
    spoilt.files["orgs"][0]["parentSourcedId"] = meant["orgs"][0]["parentSourcedId"] = "school"
    meant["orgs"][1]["parentSourcedId"] = ""


def refuse_an_agent(spoilt: Spoilt, meant: Files, draw: Draw) -> None:
    """Who can do without stays; what means nothing without a row goes with it."""
    [ann] = (row for row in spoilt.files["users"] if row["sourcedId"] == "ann")
    ann["enabledUser"] = "perhaps"
    meant["users"] = [row for row in meant["users"] if row["sourcedId"] != "ann"]
    for row in meant["users"]:
        row["agentSourcedIds"] = ""


BLEMISHES: Mapping[str, Blemish] = {
    "a reference that leads nowhere": Blemish(Rule.UNKNOWN_OPTIONAL, Rule.UNKNOWN_REFERENCE, lead_nowhere),
    "inactive": Blemish(Rule.STATUS_INACTIVE, Rule.STATUS, become_inactive),
    "rows that end early": Blemish(Rule.CELLS_MISSING, Rule.CELL_COUNT, end_early),
    "dates in another order": Blemish(Rule.DATE_ORDER, Rule.DATE, turn_dates),
    "no school year": Blemish(Rule.SCHOOL_YEAR, Rule.REQUIRED, lack_school_year),
    "a loop of parents": Blemish(Rule.PARENT_LOOP_OPTIONAL, Rule.PARENT_LOOP, close_a_loop),
    "an agent who is refused": Blemish(Rule.REFUSED_OPTIONAL, Rule.REFUSED_REFERENCE, refuse_an_agent),
}


def spoil(names: list[str], draw: Draw) -> tuple[Spoilt, Files]:
    """A bundle with these blemishes, and what it means. Those that take rows out come last."""
    meant = town()
    spoilt = Spoilt(deepcopy(meant), set(), {})
    for name in sorted(names, key=[*BLEMISHES].index):
        BLEMISHES[name].change(spoilt, meant, draw)
    return spoilt, meant
