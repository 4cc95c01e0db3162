"""What a file is encoded in that is not in UTF-8, as the standard has it."""

import codecs
import re

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
WINDOWS_1252 = "windows-1252"
MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# Of Windows-1252 it would be a letter such as a capital A with a tilde, followed by a sign such as a quote.
UTF_8_CHARACTER = re.compile(rb"[\xC2-\xDF][\x80-\xBF]|[\xE0-\xEF][\x80-\xBF]{2}|[\xF0-\xF4][\x80-\xBF]{3}")
CUT_OFF = b"\xff"  # in no UTF-8, so that the row is refused


def utf_16_of(start: bytes) -> str:
    """ "" unless the file that starts so is UTF-16. Without a mark, its first two letters are taken to be in ASCII."""
    if marked := MARKS.get(start[:2]):
        return marked
    filled = [byte > 0 for byte in start[:4]]
    if filled == [True, False, True, False]:
        return "utf-16-le"
    return "utf-16-be" if filled == [False, True, False, True] else ""


def is_windows_1252(block: bytes) -> bool:
    """Whether these lines, which are not UTF-8, can be Windows-1252: all of them, and none can be UTF-8 as well.

    A file that mixes the two is UTF-8 with broken rows.
    """
    try:
        block.decode(WINDOWS_1252)
    except UnicodeDecodeError:
        return False
    return b"\0" not in block and not any(map(is_utf_8, block.splitlines()))


def is_utf_8(line: bytes) -> bool:
    """Whether it has a character that is not in ASCII, and all are in UTF-8."""
    try:
        return not line.decode().isascii()
    except UnicodeDecodeError:
        return False


class Recoder:
    """Makes UTF-8 of a stream in another encoding. What is wrong in it becomes bytes that are wrong in UTF-8."""

    def __init__(self, encoding: str) -> None:
        errors = "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape"
        self.errors = errors
        self.decoder = codecs.getincrementaldecoder(encoding)(errors)

    def recode(self, block: bytes) -> bytes:
        return self.decoder.decode(block).encode(errors=self.errors)

    def end(self) -> bytes:
        """What is left when the stream has ended."""
        rest, _ = self.decoder.getstate()
        return CUT_OFF if rest else b""
