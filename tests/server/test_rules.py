"""A rule that a type has is said in words, whatever the type."""

from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from meanrev_server import rules
from meanrev_server.app import App
from meanrev_server.config import Settings


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    max_drawdown: Annotated[float, Meta(gt=0)] = 0.2


class Sample(msgspec.Struct, forbid_unknown_fields=True):
    mode: Literal["budget", "long_only"] | None = None
    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    count: Annotated[int, Meta(ge=1, le=10)] | None = None
    least: Annotated[int, Meta(ge=4096)] = 4096
    name: Annotated[str, Meta(max_length=3)] = ""
    flag: bool = False
    axis: str | tuple[float, ...] = ()
    pair: tuple[float, int] = (0.0, 0)
    lags: Annotated[tuple[Annotated[int, Meta(ge=2)], ...], Meta(min_length=1)] = (2,)
    levels: Annotated[tuple[float, ...], Meta(max_length=2)] = ()
    holdings: dict[str, float] = {}
    limits: Inner = msgspec.field(default_factory=Inner)
    layers: tuple[Inner, ...] = ()


@pytest.mark.parametrize(
    ("given", "path", "rule", "value"),
    [
        (
            {"mode": "long-only"},
            "mode",
            "must be one of 'budget', 'long_only' (did you mean 'long_only'?)",
            "long-only",
        ),
        ({"mode": 3}, "mode", "must be one of 'budget', 'long_only'", 3),
        ({"share": 1}, "share", "must be a number greater than 0 and less than 1", 1),
        ({"share": None}, "share", "must be a number greater than 0 and less than 1", "null"),
        ({"count": 2.5}, "count", "must be a whole number from 1 to 10", 2.5),
        ({"least": 1}, "least", "must be a whole number of at least 4096", 1),
        ({"name": "long"}, "name", "must be a text of at most 3 characters", "long"),
        ({"flag": 1}, "flag", "must be true or false", 1),
        ({"axis": {}}, "axis", "must be a text or a list of numbers", {}),
        ({"axis": [1, "x"]}, "axis[1]", "must be a number", "x"),
        ({"pair": [1]}, "pair", "must be a list of 2: a number, then a whole number", [1]),
        ({"pair": [1, 0.5]}, "pair[1]", "must be a whole number", 0.5),
        ({"lags": []}, "lags", "must be a list of whole numbers (at least 1), each of at least 2", []),
        ({"lags": [5, 1]}, "lags[1]", "must be a whole number of at least 2", 1),
        ({"levels": [1, 2, 3]}, "levels", "must be a list of numbers (at most 2)", [1, 2, 3]),
        ({"holdings": {"KO": 1, "PEP": "x"}}, "holdings['PEP']", "must be a number", "x"),
        ({"holdings": [1]}, "holdings", "must be an object whose values are each a number", [1]),
        ({"limits": {"max_drawdown": -1}}, "limits.max_drawdown", "must be a number greater than 0", -1),
        ({"limits": 3}, "limits", "must be an object with max_drawdown", 3),
        ({"layers": [{}, {"max_drawdown": 0}]}, "layers[1].max_drawdown", "must be a number greater than 0", 0),
        (
            {"limits": {"max_drawdwn": 1}},
            "limits.max_drawdwn",
            "is not known (did you mean 'max_drawdown'? its entries: max_drawdown)",
            None,
        ),
    ],
)
def test_what_is_allowed_is_said_and_where(given, path, rule, value):
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert(given, Sample)
    assert rules.broken(error.value, Sample, given) == (path, rule, value)


def test_what_is_missing_is_named():
    class Needy(msgspec.Struct):
        prices: list[float]

    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert({}, Needy)
    assert rules.broken(error.value, Needy, {}) == ("prices", "must be given", None)


def test_a_rule_of_the_type_itself_is_kept():
    class Ordered(msgspec.Struct):
        low: float

        def __post_init__(self):
            raise ValueError("low must be below high")

    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert({"low": 1}, Ordered)
    assert rules.broken(error.value, Ordered, {"low": 1}).rule == "low must be below high"


class Looked(type):
    """The class of a class that counts how often msgspec looks at it, which it does where it analyses a struct."""

    looks = 0

    @property
    def __origin__(cls):
        Looked.looks += 1
        raise AttributeError


class Odd(metaclass=Looked):
    """A type of a field."""


def test_a_server_has_msgspec_analyse_its_structs_before_threads_read_them():
    late = msgspec.defstruct("Late", [("odd", Odd | None, None)], module="meanrev_server.late")
    App(Settings(backend="numpy"))
    looks = Looked.looks
    assert looks
    assert msgspec.structs.asdict(msgspec.convert({}, late)) == {"odd": None}
    assert Looked.looks == looks
