"""What is checked, and whether a breach costs the row (error) or not (warning).

docs/import.md lists the same rules; a test compares the two.
"""

from enum import Enum, StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


ERROR, WARNING = Severity.ERROR, Severity.WARNING


class Rule(Enum):
    """A rule by the name that reports give it."""

    # the bundle
    MANIFEST_MISSING = "manifest-missing", WARNING, "no manifest.csv; version and modes are guessed"
    MANIFEST_VALUE = "manifest-value", WARNING, "the manifest says something that the standard does not know"
    MANIFEST_INCOMPLETE = "manifest-incomplete", WARNING, "the manifest does not mention the file"
    VERSION = "version", ERROR, "the manifest's oneroster.version is neither 1.1 nor 1.2"
    VERSION_MISSING = "version-missing", WARNING, "the manifest does not say oneroster.version; it is guessed"
    FILE_ABSENT = "file-absent", ERROR, "the manifest announces the file, but the bundle lacks it"
    FILE_UNANNOUNCED = "file-unannounced", ERROR, "the manifest says that the file is absent, but it is there"
    FILE_NAME = "file-name", ERROR, "the name is almost that of a file of the standard; the file was not read"
    FILE_UNKNOWN = "file-unknown", WARNING, "not a file of this version of the standard; it was not read"
    FILE_FOLDER = "file-folder", WARNING, "the files are in a folder of the bundle, not at its top"
    FILE_CASE = "file-case", WARNING, "the name of a file in other capitals; it was read as that file"
    ENCODING = "encoding", WARNING, "the file is not UTF-8; it was read in the encoding that it turned out to have"
    SEPARATOR = "separator", WARNING, "something else than a comma separates the cells; they were read so"
    # a header
    COLUMN_REQUIRED = (
        "column-required",
        ERROR,
        "a required column is missing: every row of the file is refused",
    )
    COLUMN_NAME = "column-name", ERROR, "almost the name of a column, or of two: every row of the file is refused"
    COLUMN_SPELLING = (
        "column-spelling",
        WARNING,
        "the name of a column in other capitals, with spaces or a typo; it was read as that column",
    )
    COLUMN_ALIAS = "column-alias", WARNING, "the name that other systems give a column; it was read as that column"
    COLUMN_BLANK = "column-blank", WARNING, "the header ends in blank names; what is below them was not read"
    COLUMN_TWICE = "column-twice", ERROR, "the column is there twice: every row of the file is refused"
    COLUMN_MISSING = "column-missing", WARNING, "the column is missing: what is stored there stays as it is"
    COLUMN_UNKNOWN = "column-unknown", WARNING, "not a column of the standard nor metadata.x; it was not read"
    COLUMN_ORDER = "column-order", WARNING, "the columns are not in the order of the standard"
    # a row
    CSV_SYNTAX = "csv-syntax", ERROR, "quotes or line ends are wrong, or a cell is over 131,072 characters"
    NOT_UTF8 = "not-utf8", ERROR, "the row is not UTF-8, or not in the encoding that the file is in"
    NUL = "nul", ERROR, "the row holds a NUL character"
    CELL_COUNT = "cell-count", ERROR, "the row has not as many cells as the header"
    CELLS_BLANK = "cells-blank", WARNING, "the row ends in more commas than the header does; they were left out"
    CELLS_MISSING = (
        "cells-missing",
        WARNING,
        "the row ends before the header does; what is missing is optional, and was read as blank",
    )
    ROW_BLANK = "row-blank", WARNING, "rows of nothing but blank cells were left out (once per file)"
    DUPLICATE = "duplicate", ERROR, "an earlier row of the file has the same sourcedId"
    UNKNOWN_REFERENCE = (
        "unknown-reference",
        ERROR,
        "refers to a row that neither the bundle nor the database has",
    )
    REFUSED_REFERENCE = "refused-reference", ERROR, "refers to a row of the bundle that was refused"
    UNKNOWN_OPTIONAL = (
        "unknown-optional",
        WARNING,
        "refers to a row that is nowhere; the row can do without, and the reference was left out",
    )
    REFUSED_OPTIONAL = (
        "refused-optional",
        WARNING,
        "refers to a refused row; the row can do without, and the reference was left out",
    )
    PARENT_LOOP = "parent-loop", ERROR, "its parents lead back to the row itself"
    PARENT_LOOP_OPTIONAL = (
        "parent-loop-optional",
        WARNING,
        "its parents lead back to the row itself; the parent of this row, the last of them, was left out",
    )
    # a cell
    CELL_SPACES = "cell-spaces", WARNING, "spaces around what the cell says; they were left out"
    REQUIRED = "required", ERROR, "a value is required, and there is none"
    EXPECTED = "expected", WARNING, "blank, though the standard wants a value"
    STATUS = "status", ERROR, "status is neither active nor tobedeleted"
    STATUS_INACTIVE = "status-inactive", WARNING, "the inactive of OneRoster 1.0; it was read as tobedeleted"
    STATUS_IN_BULK = (
        "status-in-bulk",
        WARNING,
        "status is filled in a bulk file; it was obeyed (once per file)",
    )
    DATE_IN_BULK = (
        "date-in-bulk",
        WARNING,
        "dateLastModified is filled in a bulk file (reported once per file)",
    )
    DATE_IN_DELTA = (
        "date-in-delta",
        WARNING,
        "dateLastModified is not YYYY-MM-DDTHH:MM:SS.sssZ in a delta file",
    )
    ID = "id", ERROR, "a sourcedId holds a character that it must not, such as a space or a comma"
    ID_LENGTH = "id-length", ERROR, "a sourcedId is over 255 characters"
    ID_CHARACTERS = "id-characters", WARNING, "a sourcedId holds one of ! $ & ' ( ) * + ; = : ~"
    BOOLEAN = "boolean", ERROR, "neither true nor false"
    BOOLEAN_CASE = "boolean-case", WARNING, "true or false in capitals"
    BOOLEAN_WORD = "boolean-word", WARNING, "yes, no, y, n, t, f, 1 or 0; it was read as true or false"
    DATE = "date", ERROR, "not a date YYYY-MM-DD"
    DATE_FORMAT = "date-format", WARNING, "a date in another format that has only one meaning"
    DATE_ORDER = "date-order", WARNING, "a date that may be two days; it was read as the file's other dates are"
    MOMENT = "moment", ERROR, "not a date-time YYYY-MM-DDTHH:MM:SS.sssZ"
    MOMENT_FORMAT = "moment-format", WARNING, "a date-time in another ISO 8601 format"
    NUMBER = "number", ERROR, "not a number"
    WORD = "word", ERROR, "not in the vocabulary, and not ext: and a word"
    WORD_CASE = "word-case", WARNING, "a word of the vocabulary in other capitals"
    LIST = "list", WARNING, "blank items in a list, or spaces around its commas"
    PAIRS = "pairs", ERROR, "not a list of {left:right}"
    YEAR = "year", WARNING, "a school year is not four digits"
    SCHOOL_YEAR = "school-year", WARNING, "schoolYear is missing or blank; it was derived from the end date"
    # a member of JSON, sent to the API
    TYPE = "type", ERROR, "JSON of another type, such as a number where a text belongs"
    PATH = "path", ERROR, "not what the path of the request says"
    DEPTH = "depth", ERROR, "JSON nested over 100 deep"
    # cells that belong together
    SUBJECT_CODES = "subject-codes", WARNING, "subjects and subjectCodes are not equally long"
    OBJECTIVE = (
        "objective",
        WARNING,
        "source is case, but the learningObjectiveId does not start with urn:uuid:",
    )
    SCHOOL = "school", WARNING, "schoolSourcedId is not an organisation of type school"
    END_BEFORE_BEGIN = "end-before-begin", WARNING, "ends before it begins; both dates were taken as they are"
    OUTSIDE_PARENT = "outside-parent", WARNING, "a session that begins before its parent does, or ends after it"
    # rows that are missing
    RETIRE_LIMIT = (
        "retire-limit",
        ERROR,
        "so many rows are missing that they may not be retired; nothing was changed",
    )
    RETIRE_SKIPPED = (
        "retire-skipped",
        WARNING,
        "nothing is retired: a refused row may be one that seems missing",
    )

    def __init__(self, label: str, severity: Severity, explanation: str) -> None:
        self.label = label
        self.severity = severity
        self.explanation = explanation

    @property
    def is_error(self) -> bool:
        return self.severity is ERROR


RULES = {rule.label: rule for rule in Rule}
