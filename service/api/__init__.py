"""What programs use: the OneRoster 1.2 REST API, and the tokens that open it."""

from quart import Blueprint

from service.api import (
    academic_sessions,
    changes,
    classes,
    discovery,
    docs,
    enrollments,
    gradebook,
    index,
    orgs,
    resources,
    token,
    users,
)
from service.api.services import ALL

__all__ = [
    "academic_sessions",
    "api",
    "changes",
    "classes",
    "discovery",
    "docs",
    "enrollments",
    "gradebook",
    "index",
    "orgs",
    "resources",
    "token",
    "users",
]


def api() -> Blueprint:
    blueprint = Blueprint("api", __name__)
    for service in ALL:
        service.add_to(blueprint)
    discovery.add_to(blueprint)
    blueprint.register_blueprint(changes.blueprint)
    blueprint.register_blueprint(token.blueprint)
    blueprint.register_blueprint(index.blueprint)
    blueprint.register_blueprint(docs.blueprint)
    return blueprint
