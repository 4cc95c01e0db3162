"""The records of one CSV file: decoded, split into cells, counted; never more than one in memory."""

import csv
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, NamedTuple

from service.bundles.reading import READ_FAILURES, Unreadable, explain
from service.bundles.rules import Rule

RECORD_BYTES_MAX = 1_000_000
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
        self._bytes_before = 0  # the record at hand
        self._fault: Rule | None = None

        self._records = self._read()

    def __iter__(self) -> Iterator[Record]:
        """The records that nobody has taken yet."""
        return self._records

    def _read(self) -> Iterator[Record]:
        reader = csv.reader(self._lines(), strict=True)
        while True:
            line = reader.line_num + 1
            self._bytes_before, self._fault = self.bytes_read, None
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield Record(line, [], Rule.CSV_SYNTAX)
            else:
                if cells:
                    yield Record(line, cells, self._fault)

    def _lines(self) -> Iterator[str]:
        try:
            for line in iter(partial(self.stream.readline, RECORD_BYTES_MAX + 1), b""):
                self.bytes_read += len(line)
                if self.bytes_read - self._bytes_before > RECORD_BYTES_MAX:
                    raise Unreadable(f"{self.name}: a record of over {RECORD_BYTES_MAX:,} bytes")
                yield self._decode(line)
        except READ_FAILURES as error:
            raise Unreadable(f"{self.name}: {explain(error)}") from error

    def _decode(self, line: bytes) -> str:
        if self.bytes_read == len(line):
            if line.startswith(UTF_16):
                raise Unreadable(f"{self.name}: the file is UTF-16; OneRoster files are UTF-8")
            line = line.removeprefix(BYTE_ORDER_MARK)
        if b"\0" in line:
            self._fault = Rule.NUL
        try:
            return line.decode()
        except UnicodeDecodeError:
            self._fault = Rule.NOT_UTF8
            return line.decode(errors="replace")
