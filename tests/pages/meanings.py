"""What the words of the code mean, for a reader who has met one; tests.pages.statuses compares them with the code."""

__all__ = ["CALLS", "EXITS", "FATES", "JOBS", "OPERATIONS", "TRANSPORT", "UNIVERSES"]

CALLS = {
    "invalid": ("the request breaks a rule", "change the field that the message names, as its rule says"),
    "malformed": ("a message is not one of this method", "make the stubs anew: `meanrev proto --out .`"),
    "degenerate": (
        "the request is legal, but its data has no such result, as of an asset whose price never moves",
        "leave out what the message names",
    ),
    "unauthenticated": (
        "there is no token or certificate that the server accepts",
        "give `token=` or a certificate ([security](security.md))",
    ),
    "not_found": (
        "the caller has no such job, matrix or portfolio",
        "send it again; a server without `state_dir` forgets",
    ),
    "limit": (
        "no setting raises the limit that the message names",
        "ask for less, or call later if the message says so",
    ),
    "storage": ("the disk of the state directory does not take what the call needs", "free space on it"),
    "memory": ("the server has too little memory for the request", "send fewer rows or columns at a time"),
    "gpu_memory": ("the GPU has too little memory for the request", "send fewer rows or columns at a time"),
    "expired": ("the deadline passed before the computation began", "raise `timeout=`, or submit a job"),
    "stopping": ("the server is stopping", "call again: the Python client does so by itself"),
    "worker_lost": ("the process that computed has ended", "call again: the Python client does so by itself"),
    "repeated_crash": (
        "the process that computes has ended twice at this request",
        "report it with the request; it is not computed a third time",
    ),
    "device": ("the GPU does not answer", "see `meanrev doctor` on the server"),
    "internal": ("a fault of the server, which its log describes", "report it with the `x-request-id` of the call"),
}
"""Reasons of errors of the server: what happened, and what to do."""

TRANSPORT = {
    "left": ("CANCELLED", "the caller ended the call", "nothing"),
    "deadline": (
        "DEADLINE_EXCEEDED",
        "the deadline passed during the computation",
        "raise `timeout=`, or submit a job",
    ),
    "unknown_method": (
        "UNIMPLEMENTED",
        "the server has no such method",
        "upgrade the server; `meanrev info` lists its own",
    ),
}
"""Reasons of gRPC itself: its status, what happened, and what to do."""

OPERATIONS = {
    "cointegration": {
        "fitted": "the pair has a statistic",
        "constant": "one of the two series does not move",
        "collinear": "one series is the other but for factor and offset, so that no residual is left",
        "itself": "the two series are the same column",
    },
    "data_snooping": {
        "ok": "the strategy takes part in the tests",
        "error": "its returns do not vary, and it takes no part",
    },
    "health": {
        "healthy": "no alert",
        "warning": "soft alerts only, such as a price that is missing or old",
        "risk": "a hard alert: the drawdown or the z-score is over its limit, or the value is not positive",
    },
    "johansen": {
        "ok": "a process fits the spread of the first vector",
        "no_process": "no Ornstein-Uhlenbeck process fits that spread; the tests are there",
    },
    "ou": {
        "updating": "there are too few prices for a claim, or the unit root is not rejected",
        "converged": "at least 30 pairs of prices, a process, and a unit root that is rejected at 5 %",
        "error": "no process fits: `reason` says whether the series is constant, without noise, or does not revert",
    },
    "pair_trading": {
        "traded": "the pair has a process, thresholds and figures",
        "no_process": "no Ornstein-Uhlenbeck process fits its residual",
        "too_costly": "a round trip costs more than 30 stationary standard deviations of the residual",
    },
    "reversion": {
        "ok": "the series has every statistic that was asked for",
        "error": "the series has too few prices, or does not vary",
    },
    "sweep": {
        "flat": "of a running backtest: no position after this bar",
        "in_trade": "of a running backtest: a position is open after this bar",
        "error": "the account is ruined and trades no more",
    },
}
"""What a status of one series, pair or portfolio means, by operation."""

FATES = (
    ("sweep", ("ok", "of a backtest of a column: it has figures")),
    ("sweep", ("closed", "of a round trip: the position was closed")),
    ("sweep", ("open", "of a round trip: the position is still held at the last bar")),
    ("performance", ("ok", "the series has figures")),
    ("performance", ("error", "an entry is one that no return or account can have; `reason` names it")),
    ("threshold_grid", ("ok", "the series has a best cell, or the step has figures")),
    ("threshold_grid", ("error", "no cell of the grid has a figure; `reason` says why")),
)
"""Statuses of operations that have no table of them."""

JOBS = {
    "queued": "it waits for its turn",
    "running": "the server computes it; `done` of `total` steps are behind it",
    "done": "its result can be fetched",
    "failed": "`error` says why; the same request makes a new job",
    "cancelled": "the caller cancelled it",
}

UNIVERSES = {
    "missing": "no price on the axis, a gap of more bars than `--fill` allows, or too few prices of its own",
    "short": "its prices begin after the first bar, or end in the train part",
    "constant": "its price does not move in the train part",
    "not_positive": "a price is 0 or negative, and has no logarithm",
    "infinite": "a price is infinite, or larger than any that the maths takes",
    "not_numeric": "a cell is no number",
    "duplicate_bar": "one bar has two different prices",
    "not_member": "it is no member on the last bar of the train part (`--members`)",
}

EXITS = {
    "OK": "the command has done what it says",
    "UNEXPECTED": "anything else; the sentence on stderr says what",
    "USAGE": "a word or an option is not allowed, a setting cannot be used, or the server does not accept the caller",
    "NO_SERVER": "no server answers, or it has no room now; for `serve`, the address is taken",
    "BAD_DATA": "the data or an argument breaks a rule",
    "DEVICE": "the GPU, or the process that computes, does not work",
    "INCOMPLETE": "chunks of a batch run failed or are missing; the others are kept",
    "BUSY": "another run works in the folder of this batch run; run the command again when that one has ended",
    "INTERRUPTED": "Ctrl-C",
}
