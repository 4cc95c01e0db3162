"""The records of one CSV file: decoded, split into cells, counted; never more than one block in memory."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain
from typing import BinaryIO, NamedTuple

from service.bundles.reading import READ_FAILURES, Unreadable, explain
from service.records.rules import Rule

BLOCK_BYTES = 1 << 18
RECORD_BLOCKS_MAX = 4  # that one record may reach into
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Record(NamedTuple):
    """`line` is where it starts, from 1. With a fault, the cells are not to be trusted."""

    line: int
    cells: list[str]
    fault: Rule | None


class Records:
    """Iterates over the records, blank lines left out. Raises Unreadable if one does not end."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.stream = stream
        self.name = name
        self.bytes_read = 0
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
        rest = b""
        while block := self._read_block():
            if self.bytes_read == len(block):
                block = self._without_mark(block)
            lines, end, tail = block.rpartition(b"\n")
            if end:
                yield rest + lines + end
                rest = tail
            else:
                rest += tail
        yield rest

    def _read_block(self) -> bytes:
        try:
            block = self.stream.read(BLOCK_BYTES)
        except READ_FAILURES as error:
            raise Unreadable(f"{self.name}: {explain(error)}") from error
        self.bytes_read += len(block)
        self._blocks += 1
        if self._blocks > RECORD_BLOCKS_MAX:
            raise Unreadable(f"{self.name}: a record does not end within {BLOCK_BYTES * RECORD_BLOCKS_MAX:,} bytes")
        return block

    def _without_mark(self, block: bytes) -> bytes:
        if block.startswith(UTF_16):
            raise Unreadable(f"{self.name}: the file is UTF-16; OneRoster files are UTF-8")
        return block.removeprefix(BYTE_ORDER_MARK)

    @staticmethod
    def _decode(block: bytes) -> str | None:
        """None if something is wrong with it."""
        try:
            return None if b"\0" in block else block.decode()
        except UnicodeDecodeError:
            return None

    def _one_by_one(self, block: bytes) -> Iterator[str]:
        """Finds the lines of a block that spoil it."""
        for line in block.splitlines(keepends=True):
            if b"\0" in line:
                self._fault = Rule.NUL
            try:
                yield line.decode()
            except UnicodeDecodeError:
                self._fault = Rule.NOT_UTF8
                yield line.decode(errors="replace")
