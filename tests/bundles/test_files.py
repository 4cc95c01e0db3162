"""The declared files against the tables that they fill."""

from sqlalchemy import CheckConstraint

from models.base import one_of
from service.bundles.files import FILES
from service.bundles.v1p1 import FILES_1_1
from service.records.kinds import Kind


def test_there_are_21_files_each_after_those_it_refers_to() -> None:
    known: set[str | None] = {None}
    for file in FILES:
        known.add(file.table.name)
        assert {field.refers_to for field in file.fields} <= known
    assert len(known) == 22


def test_vocabularies_are_those_that_the_tables_hold() -> None:
    for file in FILES:
        checks = {
            str(check.sqltext)
            for check in file.table.constraints
            if isinstance(check, CheckConstraint) and "status IN" not in str(check.sqltext).partition(" OR")[0][:9]
        }
        declared = {
            str(one_of(field.column.name, field.vocabulary.words, extensible=field.vocabulary.extensible).sqltext)
            for field in file.fields
            if field.vocabulary and field.column is not None and field.kind is Kind.WORD
        }
        assert checks <= declared, file.name


def test_every_column_of_a_table_is_in_its_file() -> None:
    for file in FILES:
        columns = {field.column.name for field in file.fields if field.column is not None}
        assert columns | {"metadata"} >= {column.name for column in file.table.columns if not column.default}


def test_1_1_has_13_files_of_the_same_names() -> None:
    assert {file.name for file in FILES_1_1} < {file.name for file in FILES}
    assert len(FILES_1_1) == 13
