"""The pages of a developer: the last requests, one of them with its statements, the traceback of one that failed."""

import traceback

from markupsafe import Markup
from quart import Blueprint, Response, current_app, request

from service.access import allow
from service.debug.local import is_local
from service.debug.recording import REQUESTS_KEPT, STATEMENTS_KEPT, Recorder, Recording, Statement, recording
from service.errors import NotFound, on_failure

blueprint = Blueprint("debug", __name__, url_prefix="/debug")

PAGE = Markup("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - Homeroom</title>
<style>
:root {{ color-scheme: light dark; --line: light-dark(#d4dad6, #35403a); --warn: light-dark(#9a3412, #fdba74) }}
body {{ max-width: 72rem; margin: 2rem auto; padding: 0 1rem; font: .95rem/1.5 system-ui, sans-serif }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }}
.number {{ text-align: right; font-variant-numeric: tabular-nums }}
.warn {{ color: var(--warn) }}
pre {{ margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem }}
td pre {{ max-height: 20rem; overflow-y: auto }}
</style>
<h1>{title}</h1>
{body}
</html>
""")
LIST = Markup("""<p>The last {kept} at most, the newest first. Paths, queries and parameters are shown
without their values.</p>
<table>
<tr><th>request<th class="number">status<th class="number">ms<th class="number">statements
<th class="number">database ms<th>
{rows}
</table>""")
ROW = Markup("""<tr><td><a href="/debug/requests/{number}">{method} {route}</a><td class="number">{status}
<td class="number">{ms:.1f}<td class="number">{asked}<td class="number">{database:.1f}<td class="warn">{warning}
""")
DETAIL = Markup("""<p><a href="/debug/requests">All requests</a></p>
<p>{status}, {ms:.1f} ms, of which {database:.1f} ms for {asked} statements. <span class="warn">{warning}</span></p>
{failure}
<table>
<tr><th class="number">ms<th class="number">rows<th>the lines that asked, the statement, the types of its parameters
{rows}
</table>""")
STATEMENT = Markup("""<tr><td class="number">{ms:.2f}<td class="number">{rows}
<td>{lines} <span class="warn">{warning}</span><pre>{text}</pre>{types}
""")
FAILURE = Markup("<h2>Traceback</h2><pre>{traceback}</pre>")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def page(title: str, body: Markup, status: int = 200) -> Response:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(PAGE.format(title=title, body=body), status, headers, content_type="text/html; charset=utf-8")


@blueprint.before_request
async def expect_local() -> None:
    """To anybody else these pages are not there."""
    if not is_local(request.scope):
        raise NotFound("no such page")


@blueprint.get("/requests")
@allow()
async def show_requests() -> Response:
    rows = Markup("").join(map(row_of, reversed(recorder().kept)))
    return page("Requests", LIST.format(kept=REQUESTS_KEPT, rows=rows))


@blueprint.get("/requests/<int:number>")
@allow()
async def show_request(number: int) -> Response:
    found = next((each for each in recorder().kept if each.number == number), None)
    if found is None:
        raise NotFound(f"only the last {REQUESTS_KEPT} requests are kept")
    return page(f"{found.method} {found.route}", detail_of(found))


def recorder() -> Recorder:
    found: Recorder = current_app.extensions["recorder"]
    return found


def numbers_of(each: Recording) -> dict[str, object]:
    numbers = {"ms": each.milliseconds, "asked": each.asked, "database": each.database_milliseconds}
    return {"status": each.status or "not answered", "warning": warning_of(each), **numbers}


def row_of(each: Recording) -> Markup:
    return ROW.format(number=each.number, method=each.method, route=each.route, **numbers_of(each))


def warning_of(each: Recording) -> str:
    again = [f"one statement {times} times" for times in each.repeated.values()]
    cut = [f"only the first {STATEMENTS_KEPT} statements are kept"] if each.asked > len(each.statements) else []
    return "; ".join(["failed"] * bool(each.traceback) + again + cut)


def detail_of(each: Recording) -> Markup:
    repeated = each.repeated
    rows = Markup("").join(statement_of(one, repeated.get(one.text, 1)) for one in each.statements)
    failure = FAILURE.format(traceback=each.traceback) if each.traceback else ""
    return DETAIL.format(rows=rows, failure=failure, **numbers_of(each))


def statement_of(one: Statement, times: int) -> Markup:
    return STATEMENT.format(
        ms=one.milliseconds,
        rows="" if one.rows is None else one.rows,
        text=one.text,
        types=f"({one.types})" if one.types else "",
        lines=" ← ".join(one.lines),
        warning=f"asked {times} times" if times > 1 else "",
    )


async def show_failure(error: Exception) -> Response:
    """As everybody gets it, but what is our fault with its traceback, for a browser on this machine."""
    answer = await on_failure(error)
    if answer.status_code != 500 or not is_local(request.scope):
        return answer
    told = "".join(traceback.format_exception(error))
    if now := recording.get(None):
        now.traceback = told
        answer.headers["X-Debug"] = f"{request.host_url}debug/requests/{now.number}"
    if "text/html" in request.headers.get("Accept", ""):
        return page(f"{type(error).__name__} in {request.endpoint}", FAILURE.format(traceback=told), 500)
    return answer
