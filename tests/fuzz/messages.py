"""Random messages of each method that are whole: their shapes agree, though their numbers may be anything."""

import numpy as np
from google.protobuf.descriptor import FieldDescriptor

from meanrev_wire import meanrev_pb2 as wire
from meanrev_wire import research_pb2 as research
from meanrev_wire.matrix_ids import matrix_id
from tests.fuzz.methods import CHUNKED, METHODS

__all__ = ["ordinary", "spoil"]

_KEPT = 100 + np.sin(np.arange(120.0)).reshape(40, 3)
_KEPT_ID = matrix_id(_KEPT, ("0", "1", "2"))


def _matrix(draw, column, n_rows=None, n_columns=None):
    rows, columns = n_rows or draw.n_rows(), n_columns or draw.randint(1, 5)
    values = draw.table(column, rows, columns)
    if draw.chance(0.1):
        return wire.Matrix(rows=rows, cols=columns, values_f32=values)
    return wire.Matrix(rows=rows, cols=columns, values=values)


def _process(draw):
    if draw.chance(0.15):
        return wire.OuEstimate(theta=draw.hostile_number(), mu=draw.hostile_number(), sigma=draw.hostile_number())
    theta, mu = draw.choice((1e-6, 0.05, 0.1, 1.0, 5.0)), draw.choice((0.0, 100.0, draw.marked_price))
    return wire.OuEstimate(theta=theta, mu=mu, sigma=draw.choice((1e-9, 0.3, 1.0, 2.0)))


def _prices(draw):
    name = draw.name()
    for value in draw.series(draw.choice((1, 1, 2, 6, 12))):
        stamp = 1_700_000_000_000 + draw.randrange(10**7)
        yield wire.PriceUpdate(asset_id=name, price=value, timestamp_ms=stamp)
    if draw.chance(0.6):
        block = draw.series(draw.n_rows())
        stamps = draw.times(len(block)) if draw.chance(0.5) else ()
        yield wire.PriceUpdate(asset_id=name, prices=block, timestamps_ms=stamps)


def _bars(draw):
    levels = {"entry_zscore": draw.choice((0.5, 1.0, 2.0)), "exit_zscore": draw.choice((-0.4, 0.0, 0.4))}
    levels |= {"transaction_cost": draw.choice((0.0, 0.001, 0.5)), "update_frequency": draw.choice((0, 1, 7))}
    for value in draw.series(draw.choice((0, 1, 2, 5))):
        yield wire.BacktestInput(price=value, timestamp_ms=1, **levels)
    block = draw.series(draw.n_rows())
    stamps = draw.times(len(block)) if draw.chance(0.3) else ()
    yield wire.BacktestInput(prices=block, timestamps_ms=stamps, **levels)


def _optimizations(draw):
    n_columns = draw.randint(1, 5)
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        message = wire.OptimizationInput(
            returns=_matrix(draw, draw.returns, n_columns=n_columns),
            gamma=draw.choice((0.0, 1.0, 5.0)),
            risk_free_rate=draw.choice((0.0, 1e-4)),
            transaction_cost=draw.choice((0.0, 0.001)),
        )
        if draw.chance(0.2):
            message.expected_returns.extend(draw.returns(n_columns))
        if draw.chance(0.2):
            message.covariance.CopyFrom(_matrix(draw, draw.returns, n_columns, n_columns))
        yield message


def _plan(draw):
    n_columns, one = draw.randint(1, 4), draw.chance(0.3)
    return wire.MultiperiodRequest(
        returns_sequence=[
            _matrix(draw, draw.returns, n_columns=n_columns) for _ in range(1 if one else draw.randint(1, 4))
        ],
        gamma=draw.choice((0.0, 1.0, 5.0)),
        transaction_cost=draw.choice((0.0, 0.001)),
        rebalance_frequency=draw.choice((0, 1, 2)),
        n_periods=draw.choice((0, 1, 3)) if one else 0,
    )


def _signal(draw):
    prices = draw.series(draw.n_rows())
    message = wire.SignalRequest(
        price_history=wire.PriceHistory(asset_id=draw.name(), prices=prices),
        position_state=draw.choice(("", "flat", "long", "short")),
    )
    if draw.chance(0.5):
        message.ou_params.CopyFrom(_process(draw))
    if draw.chance(0.3):
        message.thresholds.entry_zscore = draw.choice((1.0, 2.0))
    return message


def _chunks(draw):
    n_rows, n_columns = draw.n_rows(), draw.randint(1, 5)
    column = draw.returns if draw.chance(0.2) else draw.series
    values, size = draw.table(column, n_rows, n_columns), draw.choice((n_rows, n_rows, n_rows, max(1, n_rows // 2), 7))
    names = [f"{draw.marked_name}{i}" for i in range(n_columns)] if draw.chance(0.4) else ()
    stamps = draw.times(n_rows) if draw.chance(0.2) else []
    total = n_rows if draw.chance(0.5) else 0
    for start in range(0, n_rows, size):
        part = values[start * n_columns : (start + size) * n_columns]
        block = wire.Matrix(rows=len(part) // n_columns, cols=n_columns, values=part)
        chunk = research.MatrixChunk(row_offset=start, block=block, timestamps_ms=stamps[start : start + size])
        if start == 0:
            chunk.columns.extend(names)
            chunk.total_rows = total
        yield chunk


def _named(draw):
    """Chunks, or one that names a kept matrix, which PutMatrix may have sent before."""
    if draw.chance(0.85):
        yield from _chunks(draw)
        return
    rows = (draw.choice((0, 0, 3, 40, -1)), draw.choice((0, 0, 20, 41, 2**62)))
    names = draw.choice(((), (), ("1",), ("2", "0"), ("0", "0"), (draw.word(),)))
    yield research.MatrixChunk(matrix_id=_id(draw), first_row=rows[0], stop_row=rows[1], columns=names)


def _kept(draw):
    if draw.chance(0.7):
        yield from _named(draw)
        return
    block = wire.Matrix(rows=_KEPT.shape[0], cols=_KEPT.shape[1], values=_KEPT.reshape(-1))
    yield research.MatrixChunk(block=block, total_rows=draw.choice((0, len(_KEPT))))


def _further(draw):
    for number, chunk in enumerate(_chunks(draw)):
        if number == 0:
            chunk.matrix_id = _id(draw)
        yield chunk


def _id(draw):
    return draw.choice((_KEPT_ID, _KEPT_ID, _KEPT_ID.upper(), "0" * 64, draw.word()))


def _published(draw):
    names = [f"A{i}" for i in range(draw.randint(0, 6))] + [draw.marked_name]
    return research.PublishPricesRequest(asset_ids=names, prices=draw.series(len(names)))


def _portfolio(draw):
    held = [research.Holding(asset_id=f"A{i}", quantity=draw.hostile_number()) for i in range(draw.randrange(6))]
    limits = draw.choice(("", "", '{"max_drawdown": 0.1}', '{"max_abs_z": NaN}', '{"stale_ms": 0}', "{", '{"x": 1}'))
    return research.Portfolio(portfolio_id=draw.name(), holdings=held, cash=draw.hostile_number(), limits=limits)


_MADE = {
    "EstimateOUParams": _prices,
    "OptimalThresholds": lambda draw: wire.ThresholdRequest(
        ou_params=_process(draw),
        transaction_cost=draw.choice((0.0, 0.001, 0.1, 100.0)),
        optimization_objective=draw.choice(("", "sharpe", "profit", "kelly")),
    ),
    "BacktestWithCosts": _bars,
    "ComputeLogReturns": lambda draw: wire.ReturnsRequest(prices=draw.series(draw.n_rows()), asset_ids=draw.word()),
    "PcaPortfolios": lambda draw: wire.PcaRequest(
        returns_matrix=_matrix(draw, draw.returns),
        n_components=draw.choice((0, 1, 2, 5)),
        scaling=draw.choice(("", "zscore", "minmax", "none")),
    ),
    "CaraOptimalWeights": _optimizations,
    "SharpeOptimalWeights": _optimizations,
    "MultiperiodOptimize": _plan,
    "PortfolioStats": lambda draw: wire.PortfolioStatsRequest(returns=_matrix(draw, draw.returns)),
    "GenerateSignals": _signal,
    "PortfolioHealthStream": lambda draw: wire.HealthRequest(
        portfolio_id=draw.name(), update_frequency_ms=draw.choice((0, 1, 100, 1000)), asset_ids=[draw.name()]
    ),
    "FitPair": lambda draw: research.FitPairRequest(prices=_matrix(draw, draw.series, n_columns=2)),
    "ListJobs": lambda draw: research.ListJobsRequest(
        limit=draw.choice((0, 1, 1000)), page=draw.choice(("", draw.word()))
    ),
    "PublishPrices": _published,
    "PutPortfolio": _portfolio,
    **dict.fromkeys(CHUNKED, _named),
    "PutMatrix": _kept,
    "AppendRows": _further,
    "ListMatrices": lambda draw: research.ListMatricesRequest(
        limit=draw.choice((0, 1, 1000)), page=draw.choice(("", draw.word())), matrix_id=draw.choice(("", _id(draw)))
    ),
    "DropMatrix": lambda draw: research.MatrixRequest(matrix_id=_id(draw)),
    **dict.fromkeys(
        ("WatchJob", "FetchResult", "CancelJob"),
        lambda draw: research.JobRequest(
            job_id=draw.choice(("0" * 64, "", f"{draw.getrandbits(256):064x}", draw.word()))
        ),
    ),
}


_OF_TYPE = {
    FieldDescriptor.TYPE_DOUBLE: lambda draw: draw.marked_price,
    FieldDescriptor.TYPE_FLOAT: lambda draw: draw.marked_price,
    FieldDescriptor.TYPE_STRING: lambda draw: draw.name(),
    FieldDescriptor.TYPE_BOOL: lambda draw: draw.chance(0.5),
    FieldDescriptor.TYPE_BYTES: lambda draw: draw.word().encode(),
    FieldDescriptor.TYPE_INT64: lambda draw: draw.randrange(10),
    FieldDescriptor.TYPE_INT32: lambda draw: draw.randrange(10),
}


def _filled(draw, message_type):
    """Return a message whose fields all have values of their types, for a method that _MADE has no maker for."""
    message, size = message_type(), draw.randint(2, 6)
    for field in message.DESCRIPTOR.fields:
        if field.message_type is wire.Matrix.DESCRIPTOR and not field.is_repeated:
            getattr(message, field.name).CopyFrom(_matrix(draw, draw.series, n_columns=size))
        elif field.type == FieldDescriptor.TYPE_MESSAGE or field.name == "metadata":
            continue
        elif not field.is_repeated:
            setattr(message, field.name, _OF_TYPE[field.type](draw))
        elif field.type == FieldDescriptor.TYPE_DOUBLE:
            getattr(message, field.name).extend(draw.series(size))
        else:
            getattr(message, field.name).extend(_OF_TYPE[field.type](draw) for _ in range(size))
    return message


def ordinary(draw, method, options):
    """Return the messages of a request, in a list; the metadata of the first is given."""
    make, message_type = _MADE.get(method), METHODS[method].message
    if make is not None:
        made = make(draw)
        messages = list(made) if METHODS[method].takes_stream else [made]
    else:
        ours = message_type.DESCRIPTOR.file.package == wire.DESCRIPTOR.package
        messages = [_filled(draw, message_type) if ours else message_type()]
    if options and messages and "metadata" in messages[0].DESCRIPTOR.fields_by_name:
        messages[0].metadata = options
    return messages


def spoil(draw, message):
    """Replace the value of one field of a message, or of a message in it, by a hostile one."""
    fields = message.DESCRIPTOR.fields
    if not fields:
        return
    field = draw.choice(fields)
    inner = field.type == FieldDescriptor.TYPE_MESSAGE
    if inner and (not field.is_repeated or len(getattr(message, field.name))) and draw.chance(0.8):
        held = getattr(message, field.name)
        spoil(draw, draw.choice(held) if field.is_repeated else held)
    elif draw.chance(0.15):
        message.ClearField(field.name)
    elif field.is_repeated:
        _spoil_list(draw, field, getattr(message, field.name))
    elif not inner:
        setattr(message, field.name, _hostile(draw, field))


def _spoil_list(draw, field, held):
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        for _ in range(draw.choice((1, 2, 300))):
            held.add()
    elif held and draw.chance(0.6):
        held[draw.randrange(len(held))] = _hostile(draw, field)
    elif held and draw.chance(0.5):
        held.extend(list(held)[: draw.choice((1, 2, 1000))])
    else:
        held.extend(_hostile(draw, field) for _ in range(draw.choice((1, 2, 40))))


_HOSTILE = {
    FieldDescriptor.TYPE_DOUBLE: lambda draw: draw.hostile_number(),
    FieldDescriptor.TYPE_FLOAT: lambda draw: draw.hostile_number(),
    FieldDescriptor.TYPE_STRING: lambda draw: draw.word(),
    FieldDescriptor.TYPE_BOOL: lambda draw: draw.chance(0.5),
    FieldDescriptor.TYPE_BYTES: lambda draw: draw.word().encode(),
    FieldDescriptor.TYPE_INT64: lambda draw: draw.hostile_integer(64),
    FieldDescriptor.TYPE_INT32: lambda draw: draw.hostile_integer(32),
}


def _hostile(draw, field):
    return _HOSTILE[field.type](draw)
