"""A Python prompt with the models and an open session, where `await` works.

Example: homeroom shell
"""

import ast
import asyncio
import code
import sys
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import replace
from inspect import isawaitable
from threading import Thread
from traceback import format_exception
from types import CodeType, FunctionType
from typing import Any, TypeVar

import click
from sqlalchemy import func, select

import models
from scripts.running import open_database, read_settings, shown
from service.settings import Settings

T = TypeVar("T")
BANNER = """Homeroom, {database}
Here are all models (Org, User, Class, …), `select`, `func`, `session` and `database`. Try:

  await session.scalar(select(func.count(User.sourced_id)))
  org = await session.get(Org, "district")
  (await session.scalars(select(Class).limit(3))).all()

A statement opens a transaction, and on SQLite keeps other writers waiting: end it
by `await session.commit()`, which stores what you changed, or `await session.rollback()`.
"""


class Prompt(code.InteractiveConsole):
    """Runs what is typed in the session's event loop, which is in another thread: Ctrl-C is for this one."""

    def __init__(self, names: dict[str, Any], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(names)
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self.loop = loop
        self.failed = False

    def runcode(self, code: CodeType) -> None:
        running = asyncio.run_coroutine_threadsafe(self.run(code), self.loop)
        try:
            error = running.result()
        except KeyboardInterrupt:
            running.cancel()
            self.write("\nKeyboardInterrupt\n")
            return
        if isinstance(error, SystemExit):
            raise error
        if error:
            self.failed = True
            self.write("".join(format_exception(error)))

    async def run(self, code: CodeType) -> BaseException | None:
        """What was raised: what `exit()` raises would end the loop's thread."""
        try:
            result = FunctionType(code, self.locals)()
            if isawaitable(result):
                await result
        except BaseException as error:
            return error.with_traceback(error.__traceback__ and error.__traceback__.tb_next)
        return None

    def raw_input(self, prompt: str = "") -> str:
        try:
            return super().raw_input(prompt if sys.stdin.isatty() else "")
        except EOFError:
            if self.buffer and self.buffer[-1]:
                return ""  # piped lines need no empty one at their end to run the last block
            self.failed = self.failed or bool(self.buffer)
            raise

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        self.failed = True
        super().showsyntaxerror(*args, **kwargs)


class Background:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = Thread(target=self.loop.run_forever, daemon=True)

    def wait_for(self, work: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    @contextmanager
    def running(self) -> Iterator[None]:
        self.thread.start()
        try:
            yield
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join()
            self.loop.close()


@contextmanager
def open_names(settings: Settings, background: Background) -> Iterator[dict[str, Any]]:
    """What the prompt knows. The session is closed at the end, and what was not committed is gone."""
    stack = AsyncExitStack()
    try:
        database = background.wait_for(stack.enter_async_context(open_database(settings)))
        session = background.wait_for(stack.enter_async_context(database.write_session()))
        session.sync_session.owner = None  # each line is a task of its own
        names: dict[str, Any] = {name: getattr(models, name) for name in models.__all__}
        yield names | {"select": select, "func": func, "session": session, "database": database}
    finally:
        background.wait_for(stack.aclose())


@click.command()
def shell() -> None:
    """Open a Python prompt with all models and a database session, where `await` works.

    Nothing is stored until you say `await session.commit()`. Lines may come from a pipe: they run without a prompt,
    and the exit code is 1 if one of them fails.

    \b
    Examples:
      homeroom shell
      echo 'await session.scalar(select(func.count(User.sourced_id)))' | homeroom shell
    """
    # An idle prompt is no fault.
    settings = replace(read_settings(), statement_seconds=0, idle_transaction_seconds=0)
    background = Background()
    with background.running(), open_names(settings, background) as names:
        prompt = Prompt(names, background.loop)
        if sys.stdin.isatty():
            with suppress(ImportError):
                import readline  # noqa: F401 - that it is imported gives the prompt a history
            return prompt.interact(BANNER.format(database=shown(settings)), exitmsg="")
        prompt.interact("", exitmsg="")
    sys.exit(1 if prompt.failed else 0)


if __name__ == "__main__":
    shell(prog_name="homeroom shell")
