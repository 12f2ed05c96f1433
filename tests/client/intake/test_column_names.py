"""One vocabulary of names for files and frames."""

import pytest

from meanrev.intake.column_names import is_index_name, is_saved_index_name, is_time_name

TIMES = (
    "Date <DATE> DateTime TIMESTAMP open_time closeTime trade-date observation_date dt asof As_Of datum fecha Zeit "
    "epoch_ms times_ns unixtime Time(UTC) fiscal_year quarter weeks exchange.ts TradingDay business_day"
)
OTHERS = "KO update candidate lifetime price today birthday TS1 day_1 USD s ms utc"


@pytest.mark.parametrize("name", TIMES.split())
def test_names_of_times(name):
    assert is_time_name(name)
    assert is_time_name(name.upper()) or name != name.lower()


@pytest.mark.parametrize("name", [*OTHERS.split(), "", "time to maturity", 7, None])
def test_names_that_are_not_of_times(name):
    assert not is_time_name(name)


@pytest.mark.parametrize("name", ["Unnamed: 0", "__index_level_0__", "level_1", "Index", "", None, "No."])
def test_names_of_columns_that_count_rows(name):
    assert is_index_name(name)


@pytest.mark.parametrize(("name", "saved"), [("Unnamed: 0", True), ("__index_level_0__", True), ("index", False)])
def test_names_that_a_library_gave_to_a_saved_index(name, saved):
    assert is_saved_index_name(name) is saved
    assert is_index_name(name)


def test_a_price_is_no_index():
    assert not is_index_name("KO")
