"""People: users, and students and teachers among them, with their roles; and demographics."""

from collections.abc import Mapping
from typing import Any

from quart import Response, g

from models.base import ACTIVE
from service.api.bodies import Path, Write, read_json
from service.api.services import demographics, rostering
from service.api.writes import expect_client, expect_references, expect_there, this_author
from service.areas.orgs import school
from service.areas.users import (
    AGENTS,
    DEMOGRAPHICS,
    DEMOGRAPHICS_WRITES,
    USER_WRITES,
    USERS,
    class_,
    class_in_school,
    students,
    teachers,
    users_in_class,
    users_in_school,
)
from service.errors import NotFound
from service.lists.reading import one_response
from service.records.finding import Found, find
from service.records.parsing import Reader, Record
from service.records.writing import store
from service.sessions import repeatable

rostering.many("getAllUsers", "/users", USERS)
rostering.one("getUser", "/users/<path:sourcedId>", USERS)
for people, role, having_role in (("Students", "student", students), ("Teachers", "teacher", teachers)):
    name = people.lower()
    rostering.many(f"getAll{people}", f"/{name}", USERS, having_role)
    rostering.one(f"get{people[:-1]}", f"/{name}/<path:sourcedId>", USERS, having_role)
    rostering.many(
        f"get{people}ForSchool",
        f"/schools/<path:schoolSourcedId>/{name}",
        USERS,
        users_in_school(role),
        parents=(school,),
    )
    rostering.many(
        f"get{people}ForClass",
        f"/classes/<path:classSourcedId>/{name}",
        USERS,
        users_in_class(role),
        parents=(class_,),
    )
    rostering.many(
        f"get{people}ForClassInSchool",
        f"/schools/<path:schoolSourcedId>/classes/<path:classSourcedId>/{name}",
        USERS,
        users_in_class(role),
        parents=(school, class_in_school),
    )
demographics.many("getAllDemographics", "/demographics", DEMOGRAPHICS)
demographics.one("getDemographics", "/demographics/<path:sourcedId>", DEMOGRAPHICS)

rostering.change("User", "/users", USER_WRITES)
rostering.post("postUsers", "/users", USER_WRITES)
demographics.change("Demographics", "/demographics", DEMOGRAPHICS_WRITES)
demographics.post("postDemographics", "/demographics", DEMOGRAPHICS_WRITES)


@repeatable
async def post_agent(write: Write, path: Path) -> Response:
    """201 with the user, whose agent the one that the body names is now too."""
    body = await read_json()
    author, reader = this_author(), Reader()
    agent = reader.sourced_id("users", agent_named(body), "agentSourcedId")
    reader.finish()
    record = Record(path["userSourcedId"], "user", ACTIVE, {}, {AGENTS: []}, reader.references)
    found = await find(g.session, author, write.writable, [record])
    expect_client(found)
    expect_there(write, found, record.sourced_id)
    expect_references(found, [record])
    record.parts[AGENTS] = [{AGENTS.key[0]: each} for each in {*listed_agents(found), agent}]
    shown = await store(g.session, author, write.writable, record, found)
    await g.session.commit()
    return one_response(USERS, shown, author.services, 201)


@repeatable
async def delete_agent(write: Write, path: Path) -> Response:
    """204. Nobody is deleted: the one only is no agent of the user's any more."""
    author, agent = this_author(), path["agentSourcedId"]
    record = Record(path["userSourcedId"], "user", ACTIVE, {}, {AGENTS: []}, [])
    found = await find(g.session, author, write.writable, [record])
    expect_client(found)
    expect_there(write, found, record.sourced_id)
    if agent not in listed_agents(found):
        raise NotFound("no agent of the user with this sourcedId")
    record.parts[AGENTS] = [{AGENTS.key[0]: each} for each in listed_agents(found) if each != agent]
    await store(g.session, author, write.writable, record, found)
    await g.session.commit()
    return Response(b"", 204)


def agent_named(body: Any) -> Any:
    """`{"agentSourcedId": …}`, as the client in the field sends it, or a reference as it stands in a user."""
    if not isinstance(body, Mapping):
        return None
    return body.get("agentSourcedId") or body.get("sourcedId") or agent_named(body.get("agent"))


def listed_agents(found: Found) -> list[str]:
    return [each["sourcedId"] for each in found.parts[AGENTS.name]]


rostering.post("postAgents", "/users/<path:userSourcedId>/agents", USER_WRITES, answer=post_agent)
rostering.delete(
    "deleteAgent", "/users/<path:userSourcedId>/agents/<path:agentSourcedId>", USER_WRITES, answer=delete_agent
)
