"""The declared files against the tables that they fill."""

from sqlalchemy import CheckConstraint

from models.base import VOCABULARY
from service.bundles.files import FILES
from service.bundles.v1p1 import FILES_1_1


def test_there_are_21_files_each_after_those_it_refers_to() -> None:
    known: set[str | None] = {None}
    for file in FILES:
        known.add(file.table.name)
        assert {field.refers_to for field in file.fields} <= known
    assert len(known) == 22


def test_a_database_refuses_every_word_that_the_import_refuses() -> None:
    for file in FILES:
        held = {str(each.sqltext) for each in file.table.constraints if isinstance(each, CheckConstraint)}
        words = [column for column in file.table.columns if column.info.get("check")]
        assert {str(each.info[VOCABULARY].check(each.name).sqltext) for each in words} <= held, file.name
        assert len(held) == len(words) + 1, file.name  # and the status


def test_every_column_of_a_table_is_in_its_file() -> None:
    for file in FILES:
        columns = {field.column.name for field in file.fields if field.column is not None}
        assert columns | {"metadata"} >= {column.name for column in file.table.columns if not column.default}


def test_1_1_has_13_files_of_the_same_names() -> None:
    assert {file.name for file in FILES_1_1} < {file.name for file in FILES}
    assert len(FILES_1_1) == 13
