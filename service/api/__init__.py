"""What programs use: the OneRoster REST API, 1.2 and 1.1, and the tokens that open it."""

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
    v1p1,
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
    "v1p1",
]


def api() -> Blueprint:
    blueprint = Blueprint("api", __name__)
    for service in (*ALL, v1p1.service()):
        service.add_to(blueprint)
    discovery.add_to(blueprint)
    blueprint.register_blueprint(changes.blueprint)
    blueprint.register_blueprint(token.blueprint)
    blueprint.register_blueprint(index.blueprint)
    blueprint.register_blueprint(docs.blueprint)
    return blueprint
