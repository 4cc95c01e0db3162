import pytest
from tests.api.calls import *


@pytest.mark.parametrize(("service", "operation"), LISTS, ids=name_of)
async def test_full(service, operation, caller):
    a = await caller.get(place(service, operation, FULL))
    assert a.status == 200, a.text
    assert a.items(), a.text


@pytest.mark.parametrize(("service", "operation"), NESTED, ids=name_of)
async def test_bare(service, operation, caller):
    a = await caller.get(place(service, operation, BARE))
    assert a.status == 200, a.text
    assert not a.items(), a.text
