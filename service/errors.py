"""What can go wrong with a request, and how each refusal looks: the class is the contract, the text is help.

OneRoster clients get the standard's payload (OneRoster 1.2, REST binding, `imsx_StatusInfo`). No answer repeats
what a row holds.
"""

import logging
from typing import Any, cast

from quart import Quart, Response, current_app, jsonify, request
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException

from models.failures import Failure, constraint_of, failure_of
from models.tally import current_tally

log = logging.getLogger(__name__)


class Problem(Exception):
    """A request that is refused. `code` is the standard's `imsx_codeMinorFieldValue`."""

    status = 400
    code = "invaliddata"

    def __init__(self, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class InvalidFilter(Problem):
    code = "invalid_filter_field"


class InvalidSelection(Problem):
    code = "invalid_selection_field"


class InvalidSort(Problem):
    code = "invalid_sort_field"


class Unauthorized(Problem):
    status = 401
    code = "unauthorisedrequest"


class Forbidden(Problem):
    status = 403
    code = "forbidden"


class NotFound(Problem):
    status = 404
    code = "unknownobject"


class DeleteFailure(Problem):
    status = 409
    code = "deletefailure"


class PreconditionFailed(Problem):
    status = 412


class Gone(Problem):
    status = 410


class InvalidData(Problem):
    """What was sent cannot be stored as it is: the text names each member and the rule that it breaks."""

    status = 422


class TooMany(Problem):
    status = 429
    code = "server_busy"


class Busy(Problem):
    status = 503
    code = "server_busy"


class Conflict(Problem):
    status = 409


REFUSALS: dict[Failure, type[Problem]] = {Failure.REFUSED: Conflict, Failure.INVALID: InvalidData}
# After how many seconds a client should try again.
RETRY_SECONDS = {
    Failure.UNAVAILABLE: 5,
    Failure.LOST: 1,
    Failure.STALE: 1,
    Failure.EXHAUSTED: 1,
    Failure.SILENT: 5,
    Failure.TOO_SLOW: 30,
    Failure.LOCKED: 2,
    Failure.CONFLICT: 1,
}
CODES = {
    401: "unauthorisedrequest",
    403: "forbidden",
    404: "unknownobject",
    429: "server_busy",
    503: "server_busy",
}
OLDER = "/ims/oneroster/v1p1/"  # what lies below it is answered in the form of OneRoster 1.1
OLDER_CODES = {"internal_server_error": "targetreadfailure"}  # the word that 1.1 has for it


def answer_errors(app: Quart) -> None:
    """Every refusal and every failure leaves through one of these."""
    app.register_error_handler(Problem, on_problem)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(Exception, on_failure)


async def on_problem(problem: Problem) -> Response:
    response = respond(problem.status, problem.code, problem.detail)
    response.headers.update(problem.headers)
    return response


async def on_http_error(error: HTTPException) -> Response:
    """What the framework itself refuses: no such page, a method that is not allowed, a body that is too large."""
    status = error.code or 500
    response = respond(status, CODES.get(status, "invaliddata"), error.description or error.name)
    response.headers.update({name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")})
    return response


async def on_failure(error: Exception) -> Response:
    """The database's failures by the table above; all else is ours."""
    if isinstance(error, exc.NoResultFound):  # of `session.get_one`
        return await on_problem(NotFound("no such object"))
    failure = failure_of(error)
    if failure is None:
        log.error("%s %s failed", request.method, request.endpoint, exc_info=error)
        return respond(500, "internal_server_error", "this is our fault; it has been logged")
    if failure in REFUSALS:
        return await on_problem(REFUSALS[failure](refusal(cast(exc.DBAPIError, error))))
    log.warning("%s %s: %s", request.method, request.endpoint, failure.value)
    current_app.extensions["metrics"].failures.labels(failure.name.lower()).inc()
    return await on_problem(Busy(failure.value, Retry_After=str(RETRY_SECONDS[failure])))


def refusal(error: exc.DBAPIError) -> str:
    constraint = constraint_of(error)
    return f"the database refused the row: it violates {constraint}" if constraint else "the database refused the row"


def respond(status: int, code: str, detail: str) -> Response:
    response = jsonify(payload(code, detail, request.path))
    response.status_code = status
    return response


def payload(code: str, detail: str, path: str) -> dict[str, Any]:
    """OneRoster 1.2, REST binding, `imsx_StatusInfo`; that of 1.1 also says which request it answers."""
    older = path.startswith(OLDER)
    code = OLDER_CODES.get(code, code) if older else code
    return {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        **({"imsx_messageRefIdentifier": getattr(current_tally(), "id", "")} if older else {}),
        "imsx_description": detail,
        "imsx_CodeMinor": {
            "imsx_codeMinorField": [{"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": code}]
        },
    }
