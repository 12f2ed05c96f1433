"""The same request is the same job, and room is made by dropping jobs that have ended."""

import pytest

from meanrev_server.errors import LimitReached, NotFound
from meanrev_server.jobs import Jobs, Reply, job_id


def store(most_jobs=3, most_bytes=100):
    return Jobs(most_jobs, most_bytes).of("")


def identifier(n):
    return job_id("", "FitOu", [bytes([n])], "1")


def test_the_id_tells_every_part_of_a_request_apart():
    parts = [
        ("", "FitOu", [b"x"], "1"),
        ("", "ScanPairs", [b"x"], "1"),
        ("", "FitOu", [b"y"], "1"),
        ("", "FitOu", [b"x", b""], "1"),
        ("", "FitOu", [b"", b"x"], "1"),
        ("", "FitOu", [b"x"], "2"),
        ("", "FitOu1", [b"x"], ""),
        ("", "", [b"x"], "FitOu1"),
        ("alice", "FitOu", [b"x"], "1"),
        ("bob", "FitOu", [b"x"], "1"),
        ("F", "itOu", [b"x"], "1"),
    ]
    ids = {job_id(*part) for part in parts}
    assert len(ids) == len(parts)
    assert all(len(each) == 64 for each in ids)
    assert job_id(*parts[0]) == job_id(*parts[0])


def test_submitting_again_returns_the_job_unless_it_failed():
    jobs = store()
    job, new = jobs.submit(identifier(1), "FitOu", 5)
    assert (new, job.status, job.submitted_ms) == (True, "queued", 5)
    job.advance(1, 4)
    again, new = jobs.submit(identifier(1), "FitOu", 6)
    assert (again, new) == (job, False)
    job.finish("failed", 7, error="no")
    fresh, new = jobs.submit(identifier(1), "FitOu", 8)
    assert new
    assert (fresh.status, fresh.error) == ("queued", "")


def test_progress_and_end_are_told():
    jobs = store()
    job, _ = jobs.submit(identifier(1), "FitOu", 5)
    versions = [job.version]
    job.advance(1, 4)
    versions.append(job.version)
    job.finish("done", 9, replies=[Reply(2), Reply(1)])
    versions.append(job.version)
    assert versions == sorted(set(versions))
    assert (job.done, job.total, job.finished_ms, job.replies, job.nbytes) == (4, 4, 9, (Reply(2), Reply(1)), 3)


@pytest.mark.parametrize("unknown", ["", "x", "0" * 63, "../" + "0" * 61, "G" * 64, "0" * 64])
def test_another_id_finds_nothing(unknown):
    jobs = store()
    jobs.submit(identifier(1), "FitOu", 5)
    with pytest.raises(NotFound):
        jobs.get(unknown)


def test_room_is_made_by_the_oldest_that_ended():
    jobs = store()
    for n in range(3):
        job, _ = jobs.submit(identifier(n), "FitOu", n)
        if n != 1:
            job.finish("done", n)
    jobs.submit(identifier(3), "FitOu", 3)
    with pytest.raises(NotFound):
        jobs.get(identifier(0))
    assert jobs.get(identifier(1)).status == "queued"
    assert jobs.get(identifier(2)).status == "done"


def test_results_are_dropped_where_they_take_too_much():
    jobs = store(most_jobs=10, most_bytes=100)
    for n in range(3):
        jobs.submit(identifier(n), "FitOu", n)[0].finish("done", n, replies=[Reply(30)] * 2)
    jobs.submit(identifier(9), "FitOu", 9)
    with pytest.raises(NotFound):
        jobs.get(identifier(1))
    assert jobs.get(identifier(2)).replies


def test_a_store_full_of_work_takes_no_more():
    jobs = store(most_jobs=2)
    for n in range(2):
        jobs.submit(identifier(n), "FitOu", n)
    with pytest.raises(LimitReached, match="MEANREV_MAX_JOBS"):
        jobs.submit(identifier(5), "FitOu", 5)


def test_a_result_that_can_never_be_kept_is_refused_before_the_work():
    jobs = store(most_bytes=100)
    with pytest.raises(LimitReached, match=r"may take 101 bytes, more than the limit of 100; .*max_result_bytes") as no:
        jobs.submit(identifier(1), "FitOu", 1, nbytes=101)
    assert not no.value.passing
    jobs.submit(identifier(1), "FitOu", 1, nbytes=100)


def test_results_to_come_count_and_leave_again():
    jobs = store(most_jobs=10, most_bytes=100)
    ended, _ = jobs.submit(identifier(1), "FitOu", 1, nbytes=60)
    ended.finish("done", 2, replies=[Reply(40)])
    at_work, _ = jobs.submit(identifier(2), "FitOu", 3, nbytes=60)
    assert jobs.get(identifier(1)) is ended
    with pytest.raises(LimitReached, match="may leave 120 bytes of results, of 100; try again later") as busy:
        jobs.submit(identifier(3), "FitOu", 4, nbytes=60)
    assert busy.value.passing
    with pytest.raises(NotFound):
        jobs.get(identifier(1))
    at_work.finish("failed", 5, error="no")
    jobs.submit(identifier(3), "FitOu", 6, nbytes=60)


class TestCallers:
    def test_a_callers_job_is_nobody_elses(self):
        everyone = Jobs(10, 100)
        job, _ = everyone.of("alice").submit(identifier(1), "FitOu", 1)
        assert everyone.of("alice").get(identifier(1)) is job
        for other in ("bob", ""):
            with pytest.raises(NotFound):
                everyone.of(other).get(identifier(1))
            assert everyone.of(other).listed(10) == []

    def test_a_caller_takes_only_its_share(self):
        everyone = Jobs(10, 100, share=0.3)
        alice = everyone.of("alice")
        with pytest.raises(LimitReached, match="more than the limit of 30"):
            alice.submit(identifier(9), "FitOu", 1, nbytes=31)
        for n in range(3):
            alice.submit(identifier(n), "FitOu", n)
        with pytest.raises(LimitReached, match="3 jobs are at work"):
            alice.submit(identifier(3), "FitOu", 3)
        assert everyone.of("bob").submit(identifier(4), "FitOu", 4, nbytes=30)[1]
        assert everyone.of("").submit(identifier(5), "FitOu", 5, nbytes=70)[1]

    def test_room_comes_from_the_callers_own_jobs_and_then_from_whoever_keeps_most(self):
        dropped = []
        everyone = Jobs(10, 100, drop=lambda job: dropped.append((job.identity, job.submitted_ms)))
        for n, (identity, nbytes) in enumerate([("carol", 10), ("bob", 40), ("alice", 20), ("bob", 20)]):
            job, _ = everyone.of(identity).submit(identifier(n), "FitOu", n)
            job.finish("done", n, replies=[Reply(nbytes)])
        everyone.of("alice").submit(identifier(5), "FitOu", 5, nbytes=30)
        assert dropped == [("alice", 2)]
        everyone.of("alice").submit(identifier(6), "FitOu", 6, nbytes=30)
        assert dropped[1:] == [("bob", 1)]


class TestList:
    def test_the_newest_come_first_a_page_at_a_time(self):
        jobs = store(most_jobs=10)
        for n in range(5):
            jobs.submit(identifier(n), "FitOu", n // 2)
        shown = []
        after = None
        while page := jobs.listed(2, after):
            shown += page
            after = page[-1].submitted_ms, page[-1].job_id
        assert [job.submitted_ms for job in shown] == [2, 1, 1, 0, 0]
        assert len({job.job_id for job in shown}) == 5
