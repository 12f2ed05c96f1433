"""Generated tables through the reader of files; `python -m tests.client.intake.generated 100000` tries more."""

import pytest

from tests.client.intake import generated


@pytest.mark.parametrize("block", range(5))
def test_generated_tables_are_read_or_refused_and_lose_nothing(tmp_path, block):
    ends = [generated.tried(seed, tmp_path) for seed in range(100 * block, 100 * (block + 1))]
    assert {"read", "refused"} == set(ends)
