"""The records of one CSV file: decoded, split into cells, counted; never more than one block in memory."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain
from typing import BinaryIO, NamedTuple

from service.bundles.encodings import (
    BYTE_ORDER_MARK,
    UTF_8_CHARACTER,
    WINDOWS_1252,
    Recoder,
    is_windows_1252,
    utf_16_of,
)
from service.bundles.reading import READ_FAILURES, Unreadable, explain
from service.records.rules import Rule

BLOCK_BYTES = 1 << 18
RECORD_BLOCKS_MAX = 4  # that one record may reach into


class Record(NamedTuple):
    """`line` is where it starts, from 1. With a fault, the cells are not to be trusted."""

    line: int
    cells: list[str]
    fault: Rule | None


class Records:
    """Iterates over the records, blank lines left out. Raises Unreadable if one does not end.

    `encoding` is what the file is known to be in. Else it is UTF-8, or, unless `strict`, what it turns out to be in;
    the attribute `encoding` names that.
    """

    def __init__(self, stream: BinaryIO, name: str, *, strict: bool = False, encoding: str = "") -> None:
        self.stream = stream
        self.name = name
        self.strict = strict
        self.encoding = encoding
        self.bytes_read = 0
        self._recoder = Recoder(encoding) if encoding else None
        self._beyond_ascii = False  # whether there was a character in UTF-8 that is not in ASCII
        self._blocks = 0  # since the last record
        self._fault: Rule | None = None  # of the record at hand
        self._records = self._read()

    def __iter__(self) -> Iterator[Record]:
        """The records that nobody has taken yet."""
        return self._records

    def _read(self) -> Iterator[Record]:
        reader = csv.reader(chain.from_iterable(self._lines()), strict=True)
        at_end = False
        while not at_end:
            line = reader.line_num + 1
            try:
                for cells in reader:
                    if cells:
                        yield Record(line, cells, self._fault)
                    line, self._blocks, self._fault = reader.line_num + 1, 0, None
                at_end = True
            except csv.Error:
                yield Record(line, [], Rule.CSV_SYNTAX)
                self._blocks, self._fault = 0, None

    def _lines(self) -> Iterator[Iterable[str]]:
        """The lines of one block after the other, each with its end."""
        for block in self._whole_lines():
            text = self._decode(block)
            yield self._one_by_one(block) if text is None else StringIO(text, newline="")

    def _whole_lines(self) -> Iterator[bytes]:
        """In UTF-8, or in Windows-1252."""
        rest = b""
        while block := self._read_block():
            lines, end, tail = block.rpartition(b"\n")
            if end:
                yield rest + lines + end
                rest = tail
            else:
                rest += tail
        yield rest + (self._recoder.end() if self._recoder else b"")

    def _read_block(self) -> bytes:
        try:
            block = self.stream.read(BLOCK_BYTES)
        except READ_FAILURES as error:
            raise Unreadable(f"{self.name}: {explain(error)}") from error
        self._blocks += 1
        if self._blocks > RECORD_BLOCKS_MAX:
            raise Unreadable(f"{self.name}: a record does not end within {BLOCK_BYTES * RECORD_BLOCKS_MAX:,} bytes")
        first = not self.bytes_read
        self.bytes_read += len(block)
        if first:
            self._look_at(block)
        if self._recoder:
            block = self._recoder.recode(block)
        return block.removeprefix(BYTE_ORDER_MARK) if first else block

    def _look_at(self, start: bytes) -> None:
        if self._recoder or not (encoding := utf_16_of(start)):
            return
        if self.strict:
            raise Unreadable(f"{self.name}: the file is UTF-16; OneRoster files are UTF-8")
        self.encoding, self._recoder = encoding, Recoder(encoding)

    def _decode(self, block: bytes) -> str | None:
        """None if its lines must be looked at one by one."""
        try:
            text = block.decode()
        except UnicodeDecodeError:
            self._doubt(block)
            return None
        if "\0" in text or (self.encoding == WINDOWS_1252 and not self._recoder and not text.isascii()):
            return None
        self._beyond_ascii = self._beyond_ascii or not text.isascii()
        return text

    def _doubt(self, block: bytes) -> None:
        """The first block that is not UTF-8 decides what the file is."""
        if not (self.strict or self.encoding or self._beyond_ascii) and is_windows_1252(block):
            self.encoding = WINDOWS_1252
        self._beyond_ascii = True

    def _one_by_one(self, block: bytes) -> Iterator[str]:
        """Finds the lines of a block that spoil it."""
        windows = self.encoding == WINDOWS_1252 and not self._recoder
        for line in block.splitlines(keepends=True):
            if b"\0" in line:
                self._fault = Rule.NUL
            if windows and UTF_8_CHARACTER.search(line):
                self._fault = Rule.NOT_UTF8
            try:
                text = line.decode()
            except UnicodeDecodeError:
                text = self._other(line, windows=windows)
            yield text

    def _other(self, line: bytes, *, windows: bool) -> str:
        if windows:
            try:
                return line.decode(WINDOWS_1252)
            except UnicodeDecodeError:
                pass
        self._fault = Rule.NOT_UTF8
        return line.decode(errors="replace")
