"""The picture in the README is the one that the code gives."""

from docsite import picture


def test_the_picture_is_up_to_date() -> None:
    readme = picture.README.read_text()

    assert picture.with_picture(readme) == readme, "./dev picture draws it anew"


def test_every_room_that_imports_something_of_ours_has_an_arrow() -> None:
    graph = picture.edges(picture.rooms())
    drawn = picture.draw()

    for room, others in picture.reduced(graph).items():
        assert bool(others) == bool(graph[room])
        assert all(f"{room} --> {other}".replace("service.", "service_") in drawn for other in others)


def test_an_arrow_is_left_out_where_a_longer_way_leads_there() -> None:
    assert picture.reduced({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == {"a": {"b"}, "b": {"c"}, "c": set()}
