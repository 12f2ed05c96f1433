from meanrev_wire import meanrev_pb2 as _meanrev_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MatrixChunk(_message.Message):
    __slots__ = ("name", "row_offset", "block", "columns", "timestamps_ms", "metadata", "total_rows", "total_columns", "matrix_id", "first_row", "stop_row")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROW_OFFSET_FIELD_NUMBER: _ClassVar[int]
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMPS_MS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    TOTAL_ROWS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    MATRIX_ID_FIELD_NUMBER: _ClassVar[int]
    FIRST_ROW_FIELD_NUMBER: _ClassVar[int]
    STOP_ROW_FIELD_NUMBER: _ClassVar[int]
    name: str
    row_offset: int
    block: _meanrev_pb2.Matrix
    columns: _containers.RepeatedScalarFieldContainer[str]
    timestamps_ms: _containers.RepeatedScalarFieldContainer[int]
    metadata: str
    total_rows: int
    total_columns: int
    matrix_id: str
    first_row: int
    stop_row: int
    def __init__(self, name: _Optional[str] = ..., row_offset: _Optional[int] = ..., block: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., columns: _Optional[_Iterable[str]] = ..., timestamps_ms: _Optional[_Iterable[int]] = ..., metadata: _Optional[str] = ..., total_rows: _Optional[int] = ..., total_columns: _Optional[int] = ..., matrix_id: _Optional[str] = ..., first_row: _Optional[int] = ..., stop_row: _Optional[int] = ...) -> None: ...

class MatrixInfo(_message.Message):
    __slots__ = ("matrix_id", "rows", "cols", "nbytes", "stored_ms", "used_ms", "columns", "timestamps_ms", "metadata")
    MATRIX_ID_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COLS_FIELD_NUMBER: _ClassVar[int]
    NBYTES_FIELD_NUMBER: _ClassVar[int]
    STORED_MS_FIELD_NUMBER: _ClassVar[int]
    USED_MS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMPS_MS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    matrix_id: str
    rows: int
    cols: int
    nbytes: int
    stored_ms: int
    used_ms: int
    columns: _containers.RepeatedScalarFieldContainer[str]
    timestamps_ms: _containers.RepeatedScalarFieldContainer[int]
    metadata: str
    def __init__(self, matrix_id: _Optional[str] = ..., rows: _Optional[int] = ..., cols: _Optional[int] = ..., nbytes: _Optional[int] = ..., stored_ms: _Optional[int] = ..., used_ms: _Optional[int] = ..., columns: _Optional[_Iterable[str]] = ..., timestamps_ms: _Optional[_Iterable[int]] = ..., metadata: _Optional[str] = ...) -> None: ...

class MatrixRequest(_message.Message):
    __slots__ = ("matrix_id", "metadata")
    MATRIX_ID_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    matrix_id: str
    metadata: str
    def __init__(self, matrix_id: _Optional[str] = ..., metadata: _Optional[str] = ...) -> None: ...

class ListMatricesRequest(_message.Message):
    __slots__ = ("limit", "page", "metadata", "matrix_id")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    MATRIX_ID_FIELD_NUMBER: _ClassVar[int]
    limit: int
    page: str
    metadata: str
    matrix_id: str
    def __init__(self, limit: _Optional[int] = ..., page: _Optional[str] = ..., metadata: _Optional[str] = ..., matrix_id: _Optional[str] = ...) -> None: ...

class ListMatricesReply(_message.Message):
    __slots__ = ("matrices", "next_page", "metadata")
    MATRICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    matrices: _containers.RepeatedCompositeFieldContainer[MatrixInfo]
    next_page: str
    metadata: str
    def __init__(self, matrices: _Optional[_Iterable[_Union[MatrixInfo, _Mapping]]] = ..., next_page: _Optional[str] = ..., metadata: _Optional[str] = ...) -> None: ...

class InfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class InfoResponse(_message.Message):
    __slots__ = ("version", "backend", "backend_reason", "device", "cpus", "device_memory_free", "device_memory_total", "max_message_bytes", "max_cells", "uptime_s", "metadata", "max_matrix_bytes", "max_bytes_in_flight", "max_work_in_flight", "max_result_bytes")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    BACKEND_REASON_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    CPUS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_MEMORY_FREE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_MEMORY_TOTAL_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_CELLS_FIELD_NUMBER: _ClassVar[int]
    UPTIME_S_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    MAX_MATRIX_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_BYTES_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    MAX_WORK_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    MAX_RESULT_BYTES_FIELD_NUMBER: _ClassVar[int]
    version: str
    backend: str
    backend_reason: str
    device: str
    cpus: int
    device_memory_free: int
    device_memory_total: int
    max_message_bytes: int
    max_cells: int
    uptime_s: float
    metadata: str
    max_matrix_bytes: int
    max_bytes_in_flight: int
    max_work_in_flight: int
    max_result_bytes: int
    def __init__(self, version: _Optional[str] = ..., backend: _Optional[str] = ..., backend_reason: _Optional[str] = ..., device: _Optional[str] = ..., cpus: _Optional[int] = ..., device_memory_free: _Optional[int] = ..., device_memory_total: _Optional[int] = ..., max_message_bytes: _Optional[int] = ..., max_cells: _Optional[int] = ..., uptime_s: _Optional[float] = ..., metadata: _Optional[str] = ..., max_matrix_bytes: _Optional[int] = ..., max_bytes_in_flight: _Optional[int] = ..., max_work_in_flight: _Optional[int] = ..., max_result_bytes: _Optional[int] = ...) -> None: ...

class Estimate(_message.Message):
    __slots__ = ("work", "seconds", "peak_bytes", "reply_bytes")
    WORK_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    PEAK_BYTES_FIELD_NUMBER: _ClassVar[int]
    REPLY_BYTES_FIELD_NUMBER: _ClassVar[int]
    work: int
    seconds: float
    peak_bytes: int
    reply_bytes: int
    def __init__(self, work: _Optional[int] = ..., seconds: _Optional[float] = ..., peak_bytes: _Optional[int] = ..., reply_bytes: _Optional[int] = ...) -> None: ...

class ColumnNote(_message.Message):
    __slots__ = ("column", "status", "reason")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    column: str
    status: str
    reason: str
    def __init__(self, column: _Optional[str] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class OuColumns(_message.Message):
    __slots__ = ("columns", "theta", "mu", "sigma", "half_life", "n_samples", "r_squared", "status", "reason", "theta_std_error", "mu_std_error", "sigma_std_error", "half_life_lower", "half_life_upper", "theta_bias_corrected", "adf_statistic", "adf_p_value", "log_likelihood", "b_median_unbiased", "b_lower", "b_upper", "theta_lower", "theta_upper", "mu_lower", "mu_upper", "tests")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    THETA_FIELD_NUMBER: _ClassVar[int]
    MU_FIELD_NUMBER: _ClassVar[int]
    SIGMA_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_FIELD_NUMBER: _ClassVar[int]
    N_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    R_SQUARED_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    THETA_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    MU_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    SIGMA_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_LOWER_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_UPPER_FIELD_NUMBER: _ClassVar[int]
    THETA_BIAS_CORRECTED_FIELD_NUMBER: _ClassVar[int]
    ADF_STATISTIC_FIELD_NUMBER: _ClassVar[int]
    ADF_P_VALUE_FIELD_NUMBER: _ClassVar[int]
    LOG_LIKELIHOOD_FIELD_NUMBER: _ClassVar[int]
    B_MEDIAN_UNBIASED_FIELD_NUMBER: _ClassVar[int]
    B_LOWER_FIELD_NUMBER: _ClassVar[int]
    B_UPPER_FIELD_NUMBER: _ClassVar[int]
    THETA_LOWER_FIELD_NUMBER: _ClassVar[int]
    THETA_UPPER_FIELD_NUMBER: _ClassVar[int]
    MU_LOWER_FIELD_NUMBER: _ClassVar[int]
    MU_UPPER_FIELD_NUMBER: _ClassVar[int]
    TESTS_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedScalarFieldContainer[str]
    theta: _containers.RepeatedScalarFieldContainer[float]
    mu: _containers.RepeatedScalarFieldContainer[float]
    sigma: _containers.RepeatedScalarFieldContainer[float]
    half_life: _containers.RepeatedScalarFieldContainer[float]
    n_samples: _containers.RepeatedScalarFieldContainer[int]
    r_squared: _containers.RepeatedScalarFieldContainer[float]
    status: _containers.RepeatedScalarFieldContainer[str]
    reason: _containers.RepeatedScalarFieldContainer[str]
    theta_std_error: _containers.RepeatedScalarFieldContainer[float]
    mu_std_error: _containers.RepeatedScalarFieldContainer[float]
    sigma_std_error: _containers.RepeatedScalarFieldContainer[float]
    half_life_lower: _containers.RepeatedScalarFieldContainer[float]
    half_life_upper: _containers.RepeatedScalarFieldContainer[float]
    theta_bias_corrected: _containers.RepeatedScalarFieldContainer[float]
    adf_statistic: _containers.RepeatedScalarFieldContainer[float]
    adf_p_value: _containers.RepeatedScalarFieldContainer[float]
    log_likelihood: _containers.RepeatedScalarFieldContainer[float]
    b_median_unbiased: _containers.RepeatedScalarFieldContainer[float]
    b_lower: _containers.RepeatedScalarFieldContainer[float]
    b_upper: _containers.RepeatedScalarFieldContainer[float]
    theta_lower: _containers.RepeatedScalarFieldContainer[float]
    theta_upper: _containers.RepeatedScalarFieldContainer[float]
    mu_lower: _containers.RepeatedScalarFieldContainer[float]
    mu_upper: _containers.RepeatedScalarFieldContainer[float]
    tests: TestColumns
    def __init__(self, columns: _Optional[_Iterable[str]] = ..., theta: _Optional[_Iterable[float]] = ..., mu: _Optional[_Iterable[float]] = ..., sigma: _Optional[_Iterable[float]] = ..., half_life: _Optional[_Iterable[float]] = ..., n_samples: _Optional[_Iterable[int]] = ..., r_squared: _Optional[_Iterable[float]] = ..., status: _Optional[_Iterable[str]] = ..., reason: _Optional[_Iterable[str]] = ..., theta_std_error: _Optional[_Iterable[float]] = ..., mu_std_error: _Optional[_Iterable[float]] = ..., sigma_std_error: _Optional[_Iterable[float]] = ..., half_life_lower: _Optional[_Iterable[float]] = ..., half_life_upper: _Optional[_Iterable[float]] = ..., theta_bias_corrected: _Optional[_Iterable[float]] = ..., adf_statistic: _Optional[_Iterable[float]] = ..., adf_p_value: _Optional[_Iterable[float]] = ..., log_likelihood: _Optional[_Iterable[float]] = ..., b_median_unbiased: _Optional[_Iterable[float]] = ..., b_lower: _Optional[_Iterable[float]] = ..., b_upper: _Optional[_Iterable[float]] = ..., theta_lower: _Optional[_Iterable[float]] = ..., theta_upper: _Optional[_Iterable[float]] = ..., mu_lower: _Optional[_Iterable[float]] = ..., mu_upper: _Optional[_Iterable[float]] = ..., tests: _Optional[_Union[TestColumns, _Mapping]] = ...) -> None: ...

class FitOuReply(_message.Message):
    __slots__ = ("done", "total", "result", "metadata", "estimate")
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    done: int
    total: int
    result: OuColumns
    metadata: str
    estimate: Estimate
    def __init__(self, done: _Optional[int] = ..., total: _Optional[int] = ..., result: _Optional[_Union[OuColumns, _Mapping]] = ..., metadata: _Optional[str] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ...) -> None: ...

class CellFigure(_message.Message):
    __slots__ = ("name", "values", "first_column", "first_cell")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    FIRST_COLUMN_FIELD_NUMBER: _ClassVar[int]
    FIRST_CELL_FIELD_NUMBER: _ClassVar[int]
    name: str
    values: _meanrev_pb2.Matrix
    first_column: int
    first_cell: int
    def __init__(self, name: _Optional[str] = ..., values: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., first_column: _Optional[int] = ..., first_cell: _Optional[int] = ...) -> None: ...

class CellChoice(_message.Message):
    __slots__ = ("column", "cell", "value", "deflated_sharpe", "plateau_cell", "plateau_value", "status", "reason", "n_bars", "sharpe_std_error", "probability_sharpe_positive", "note")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    CELL_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    DEFLATED_SHARPE_FIELD_NUMBER: _ClassVar[int]
    PLATEAU_CELL_FIELD_NUMBER: _ClassVar[int]
    PLATEAU_VALUE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    N_BARS_FIELD_NUMBER: _ClassVar[int]
    SHARPE_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_SHARPE_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    column: str
    cell: int
    value: float
    deflated_sharpe: float
    plateau_cell: int
    plateau_value: float
    status: str
    reason: str
    n_bars: int
    sharpe_std_error: float
    probability_sharpe_positive: float
    note: str
    def __init__(self, column: _Optional[str] = ..., cell: _Optional[int] = ..., value: _Optional[float] = ..., deflated_sharpe: _Optional[float] = ..., plateau_cell: _Optional[int] = ..., plateau_value: _Optional[float] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., n_bars: _Optional[int] = ..., sharpe_std_error: _Optional[float] = ..., probability_sharpe_positive: _Optional[float] = ..., note: _Optional[str] = ...) -> None: ...

class WalkStep(_message.Message):
    __slots__ = ("column", "train_start", "train_stop", "test_start", "test_stop", "cell", "train_sharpe", "test_sharpe", "test_return", "test_trades", "test_max_drawdown", "status", "reason", "train_first_ms", "train_last_ms", "test_first_ms", "test_last_ms", "test_sharpe_std_error", "probability_sharpe_positive", "note", "train_sharpe_std_error")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    TRAIN_START_FIELD_NUMBER: _ClassVar[int]
    TRAIN_STOP_FIELD_NUMBER: _ClassVar[int]
    TEST_START_FIELD_NUMBER: _ClassVar[int]
    TEST_STOP_FIELD_NUMBER: _ClassVar[int]
    CELL_FIELD_NUMBER: _ClassVar[int]
    TRAIN_SHARPE_FIELD_NUMBER: _ClassVar[int]
    TEST_SHARPE_FIELD_NUMBER: _ClassVar[int]
    TEST_RETURN_FIELD_NUMBER: _ClassVar[int]
    TEST_TRADES_FIELD_NUMBER: _ClassVar[int]
    TEST_MAX_DRAWDOWN_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TRAIN_FIRST_MS_FIELD_NUMBER: _ClassVar[int]
    TRAIN_LAST_MS_FIELD_NUMBER: _ClassVar[int]
    TEST_FIRST_MS_FIELD_NUMBER: _ClassVar[int]
    TEST_LAST_MS_FIELD_NUMBER: _ClassVar[int]
    TEST_SHARPE_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_SHARPE_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    TRAIN_SHARPE_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    column: str
    train_start: int
    train_stop: int
    test_start: int
    test_stop: int
    cell: int
    train_sharpe: float
    test_sharpe: float
    test_return: float
    test_trades: int
    test_max_drawdown: float
    status: str
    reason: str
    train_first_ms: int
    train_last_ms: int
    test_first_ms: int
    test_last_ms: int
    test_sharpe_std_error: float
    probability_sharpe_positive: float
    note: str
    train_sharpe_std_error: float
    def __init__(self, column: _Optional[str] = ..., train_start: _Optional[int] = ..., train_stop: _Optional[int] = ..., test_start: _Optional[int] = ..., test_stop: _Optional[int] = ..., cell: _Optional[int] = ..., train_sharpe: _Optional[float] = ..., test_sharpe: _Optional[float] = ..., test_return: _Optional[float] = ..., test_trades: _Optional[int] = ..., test_max_drawdown: _Optional[float] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., train_first_ms: _Optional[int] = ..., train_last_ms: _Optional[int] = ..., test_first_ms: _Optional[int] = ..., test_last_ms: _Optional[int] = ..., test_sharpe_std_error: _Optional[float] = ..., probability_sharpe_positive: _Optional[float] = ..., note: _Optional[str] = ..., train_sharpe_std_error: _Optional[float] = ...) -> None: ...

class PooledWalk(_message.Message):
    __slots__ = ("column", "n_steps", "n_bars", "n_trades", "sharpe_ratio", "sharpe_std_error", "probability_sharpe_positive", "sharpe_lower", "sharpe_upper", "note")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    N_STEPS_FIELD_NUMBER: _ClassVar[int]
    N_BARS_FIELD_NUMBER: _ClassVar[int]
    N_TRADES_FIELD_NUMBER: _ClassVar[int]
    SHARPE_RATIO_FIELD_NUMBER: _ClassVar[int]
    SHARPE_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_SHARPE_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    SHARPE_LOWER_FIELD_NUMBER: _ClassVar[int]
    SHARPE_UPPER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    column: str
    n_steps: int
    n_bars: int
    n_trades: int
    sharpe_ratio: float
    sharpe_std_error: float
    probability_sharpe_positive: float
    sharpe_lower: float
    sharpe_upper: float
    note: str
    def __init__(self, column: _Optional[str] = ..., n_steps: _Optional[int] = ..., n_bars: _Optional[int] = ..., n_trades: _Optional[int] = ..., sharpe_ratio: _Optional[float] = ..., sharpe_std_error: _Optional[float] = ..., probability_sharpe_positive: _Optional[float] = ..., sharpe_lower: _Optional[float] = ..., sharpe_upper: _Optional[float] = ..., note: _Optional[str] = ...) -> None: ...

class GridCheck(_message.Message):
    __slots__ = ("column", "status", "reason", "n_periods", "n_tried", "n_tested", "best_column", "best_cell", "p_consistent", "p_lower", "p_upper", "p_reality_check", "effective_tries", "pbo", "probability_of_loss", "degradation", "block_length", "path_sharpe_ratios", "path_sharpe_std_errors", "path_probabilities_positive", "path_note", "chosen_column", "chosen_cell")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    N_PERIODS_FIELD_NUMBER: _ClassVar[int]
    N_TRIED_FIELD_NUMBER: _ClassVar[int]
    N_TESTED_FIELD_NUMBER: _ClassVar[int]
    BEST_COLUMN_FIELD_NUMBER: _ClassVar[int]
    BEST_CELL_FIELD_NUMBER: _ClassVar[int]
    P_CONSISTENT_FIELD_NUMBER: _ClassVar[int]
    P_LOWER_FIELD_NUMBER: _ClassVar[int]
    P_UPPER_FIELD_NUMBER: _ClassVar[int]
    P_REALITY_CHECK_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TRIES_FIELD_NUMBER: _ClassVar[int]
    PBO_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_OF_LOSS_FIELD_NUMBER: _ClassVar[int]
    DEGRADATION_FIELD_NUMBER: _ClassVar[int]
    BLOCK_LENGTH_FIELD_NUMBER: _ClassVar[int]
    PATH_SHARPE_RATIOS_FIELD_NUMBER: _ClassVar[int]
    PATH_SHARPE_STD_ERRORS_FIELD_NUMBER: _ClassVar[int]
    PATH_PROBABILITIES_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    PATH_NOTE_FIELD_NUMBER: _ClassVar[int]
    CHOSEN_COLUMN_FIELD_NUMBER: _ClassVar[int]
    CHOSEN_CELL_FIELD_NUMBER: _ClassVar[int]
    column: str
    status: str
    reason: str
    n_periods: int
    n_tried: int
    n_tested: int
    best_column: str
    best_cell: int
    p_consistent: float
    p_lower: float
    p_upper: float
    p_reality_check: float
    effective_tries: float
    pbo: float
    probability_of_loss: float
    degradation: float
    block_length: int
    path_sharpe_ratios: _containers.RepeatedScalarFieldContainer[float]
    path_sharpe_std_errors: _containers.RepeatedScalarFieldContainer[float]
    path_probabilities_positive: _containers.RepeatedScalarFieldContainer[float]
    path_note: str
    chosen_column: _containers.RepeatedScalarFieldContainer[int]
    chosen_cell: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, column: _Optional[str] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., n_periods: _Optional[int] = ..., n_tried: _Optional[int] = ..., n_tested: _Optional[int] = ..., best_column: _Optional[str] = ..., best_cell: _Optional[int] = ..., p_consistent: _Optional[float] = ..., p_lower: _Optional[float] = ..., p_upper: _Optional[float] = ..., p_reality_check: _Optional[float] = ..., effective_tries: _Optional[float] = ..., pbo: _Optional[float] = ..., probability_of_loss: _Optional[float] = ..., degradation: _Optional[float] = ..., block_length: _Optional[int] = ..., path_sharpe_ratios: _Optional[_Iterable[float]] = ..., path_sharpe_std_errors: _Optional[_Iterable[float]] = ..., path_probabilities_positive: _Optional[_Iterable[float]] = ..., path_note: _Optional[str] = ..., chosen_column: _Optional[_Iterable[int]] = ..., chosen_cell: _Optional[_Iterable[int]] = ...) -> None: ...

class SweepResult(_message.Message):
    __slots__ = ("columns", "entry_zscore", "exit_zscore", "cost", "lookback", "figures", "best", "n_cells", "walk_forward", "cell_reason", "cell_reasons", "pooled", "reality_checks")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ENTRY_ZSCORE_FIELD_NUMBER: _ClassVar[int]
    EXIT_ZSCORE_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    LOOKBACK_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    BEST_FIELD_NUMBER: _ClassVar[int]
    N_CELLS_FIELD_NUMBER: _ClassVar[int]
    WALK_FORWARD_FIELD_NUMBER: _ClassVar[int]
    CELL_REASON_FIELD_NUMBER: _ClassVar[int]
    CELL_REASONS_FIELD_NUMBER: _ClassVar[int]
    POOLED_FIELD_NUMBER: _ClassVar[int]
    REALITY_CHECKS_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedScalarFieldContainer[str]
    entry_zscore: _containers.RepeatedScalarFieldContainer[float]
    exit_zscore: _containers.RepeatedScalarFieldContainer[float]
    cost: _containers.RepeatedScalarFieldContainer[float]
    lookback: _containers.RepeatedScalarFieldContainer[int]
    figures: _containers.RepeatedCompositeFieldContainer[CellFigure]
    best: _containers.RepeatedCompositeFieldContainer[CellChoice]
    n_cells: int
    walk_forward: _containers.RepeatedCompositeFieldContainer[WalkStep]
    cell_reason: _containers.RepeatedScalarFieldContainer[int]
    cell_reasons: _containers.RepeatedScalarFieldContainer[str]
    pooled: _containers.RepeatedCompositeFieldContainer[PooledWalk]
    reality_checks: _containers.RepeatedCompositeFieldContainer[GridCheck]
    def __init__(self, columns: _Optional[_Iterable[str]] = ..., entry_zscore: _Optional[_Iterable[float]] = ..., exit_zscore: _Optional[_Iterable[float]] = ..., cost: _Optional[_Iterable[float]] = ..., lookback: _Optional[_Iterable[int]] = ..., figures: _Optional[_Iterable[_Union[CellFigure, _Mapping]]] = ..., best: _Optional[_Iterable[_Union[CellChoice, _Mapping]]] = ..., n_cells: _Optional[int] = ..., walk_forward: _Optional[_Iterable[_Union[WalkStep, _Mapping]]] = ..., cell_reason: _Optional[_Iterable[int]] = ..., cell_reasons: _Optional[_Iterable[str]] = ..., pooled: _Optional[_Iterable[_Union[PooledWalk, _Mapping]]] = ..., reality_checks: _Optional[_Iterable[_Union[GridCheck, _Mapping]]] = ...) -> None: ...

class SweepReply(_message.Message):
    __slots__ = ("done", "total", "result", "metadata", "estimate")
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    done: int
    total: int
    result: SweepResult
    metadata: str
    estimate: Estimate
    def __init__(self, done: _Optional[int] = ..., total: _Optional[int] = ..., result: _Optional[_Union[SweepResult, _Mapping]] = ..., metadata: _Optional[str] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ...) -> None: ...

class PairColumns(_message.Message):
    __slots__ = ("y", "x", "hedge_ratio", "intercept", "adf_statistic", "p_value", "q_value", "theta", "theta_std_error", "half_life", "mu", "sigma", "entry_zscore", "exit_zscore", "train_sharpe", "deflated_sharpe", "test_sharpe", "test_return", "test_trades", "test_max_drawdown", "period_half_life", "period_p_value", "status", "reason", "train_sharpe_std_error", "test_sharpe_std_error", "probability_sharpe_positive", "test_note", "p_best")
    Y_FIELD_NUMBER: _ClassVar[int]
    X_FIELD_NUMBER: _ClassVar[int]
    HEDGE_RATIO_FIELD_NUMBER: _ClassVar[int]
    INTERCEPT_FIELD_NUMBER: _ClassVar[int]
    ADF_STATISTIC_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    Q_VALUE_FIELD_NUMBER: _ClassVar[int]
    THETA_FIELD_NUMBER: _ClassVar[int]
    THETA_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_FIELD_NUMBER: _ClassVar[int]
    MU_FIELD_NUMBER: _ClassVar[int]
    SIGMA_FIELD_NUMBER: _ClassVar[int]
    ENTRY_ZSCORE_FIELD_NUMBER: _ClassVar[int]
    EXIT_ZSCORE_FIELD_NUMBER: _ClassVar[int]
    TRAIN_SHARPE_FIELD_NUMBER: _ClassVar[int]
    DEFLATED_SHARPE_FIELD_NUMBER: _ClassVar[int]
    TEST_SHARPE_FIELD_NUMBER: _ClassVar[int]
    TEST_RETURN_FIELD_NUMBER: _ClassVar[int]
    TEST_TRADES_FIELD_NUMBER: _ClassVar[int]
    TEST_MAX_DRAWDOWN_FIELD_NUMBER: _ClassVar[int]
    PERIOD_HALF_LIFE_FIELD_NUMBER: _ClassVar[int]
    PERIOD_P_VALUE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TRAIN_SHARPE_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    TEST_SHARPE_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_SHARPE_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    TEST_NOTE_FIELD_NUMBER: _ClassVar[int]
    P_BEST_FIELD_NUMBER: _ClassVar[int]
    y: _containers.RepeatedScalarFieldContainer[str]
    x: _containers.RepeatedScalarFieldContainer[str]
    hedge_ratio: _containers.RepeatedScalarFieldContainer[float]
    intercept: _containers.RepeatedScalarFieldContainer[float]
    adf_statistic: _containers.RepeatedScalarFieldContainer[float]
    p_value: _containers.RepeatedScalarFieldContainer[float]
    q_value: _containers.RepeatedScalarFieldContainer[float]
    theta: _containers.RepeatedScalarFieldContainer[float]
    theta_std_error: _containers.RepeatedScalarFieldContainer[float]
    half_life: _containers.RepeatedScalarFieldContainer[float]
    mu: _containers.RepeatedScalarFieldContainer[float]
    sigma: _containers.RepeatedScalarFieldContainer[float]
    entry_zscore: _containers.RepeatedScalarFieldContainer[float]
    exit_zscore: _containers.RepeatedScalarFieldContainer[float]
    train_sharpe: _containers.RepeatedScalarFieldContainer[float]
    deflated_sharpe: _containers.RepeatedScalarFieldContainer[float]
    test_sharpe: _containers.RepeatedScalarFieldContainer[float]
    test_return: _containers.RepeatedScalarFieldContainer[float]
    test_trades: _containers.RepeatedScalarFieldContainer[int]
    test_max_drawdown: _containers.RepeatedScalarFieldContainer[float]
    period_half_life: _meanrev_pb2.Matrix
    period_p_value: _meanrev_pb2.Matrix
    status: _containers.RepeatedScalarFieldContainer[str]
    reason: _containers.RepeatedScalarFieldContainer[str]
    train_sharpe_std_error: _containers.RepeatedScalarFieldContainer[float]
    test_sharpe_std_error: _containers.RepeatedScalarFieldContainer[float]
    probability_sharpe_positive: _containers.RepeatedScalarFieldContainer[float]
    test_note: _containers.RepeatedScalarFieldContainer[str]
    p_best: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, y: _Optional[_Iterable[str]] = ..., x: _Optional[_Iterable[str]] = ..., hedge_ratio: _Optional[_Iterable[float]] = ..., intercept: _Optional[_Iterable[float]] = ..., adf_statistic: _Optional[_Iterable[float]] = ..., p_value: _Optional[_Iterable[float]] = ..., q_value: _Optional[_Iterable[float]] = ..., theta: _Optional[_Iterable[float]] = ..., theta_std_error: _Optional[_Iterable[float]] = ..., half_life: _Optional[_Iterable[float]] = ..., mu: _Optional[_Iterable[float]] = ..., sigma: _Optional[_Iterable[float]] = ..., entry_zscore: _Optional[_Iterable[float]] = ..., exit_zscore: _Optional[_Iterable[float]] = ..., train_sharpe: _Optional[_Iterable[float]] = ..., deflated_sharpe: _Optional[_Iterable[float]] = ..., test_sharpe: _Optional[_Iterable[float]] = ..., test_return: _Optional[_Iterable[float]] = ..., test_trades: _Optional[_Iterable[int]] = ..., test_max_drawdown: _Optional[_Iterable[float]] = ..., period_half_life: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., period_p_value: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., status: _Optional[_Iterable[str]] = ..., reason: _Optional[_Iterable[str]] = ..., train_sharpe_std_error: _Optional[_Iterable[float]] = ..., test_sharpe_std_error: _Optional[_Iterable[float]] = ..., probability_sharpe_positive: _Optional[_Iterable[float]] = ..., test_note: _Optional[_Iterable[str]] = ..., p_best: _Optional[_Iterable[float]] = ...) -> None: ...

class ScanReply(_message.Message):
    __slots__ = ("done", "total", "result", "n_pairs", "metadata", "estimate", "n_significant", "n_untested", "notes", "null_universes", "null_reason")
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    N_PAIRS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    N_SIGNIFICANT_FIELD_NUMBER: _ClassVar[int]
    N_UNTESTED_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    NULL_UNIVERSES_FIELD_NUMBER: _ClassVar[int]
    NULL_REASON_FIELD_NUMBER: _ClassVar[int]
    done: int
    total: int
    result: PairColumns
    n_pairs: int
    metadata: str
    estimate: Estimate
    n_significant: int
    n_untested: int
    notes: _containers.RepeatedCompositeFieldContainer[ColumnNote]
    null_universes: int
    null_reason: str
    def __init__(self, done: _Optional[int] = ..., total: _Optional[int] = ..., result: _Optional[_Union[PairColumns, _Mapping]] = ..., n_pairs: _Optional[int] = ..., metadata: _Optional[str] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ..., n_significant: _Optional[int] = ..., n_untested: _Optional[int] = ..., notes: _Optional[_Iterable[_Union[ColumnNote, _Mapping]]] = ..., null_universes: _Optional[int] = ..., null_reason: _Optional[str] = ...) -> None: ...

class ReturnColumns(_message.Message):
    __slots__ = ("columns", "status", "reason", "n_bars", "total_return", "cagr", "annual_return", "volatility", "sharpe_ratio", "sortino_ratio", "calmar_ratio", "omega_ratio", "max_drawdown", "longest_drawdown", "skewness", "kurtosis", "best_return", "worst_return", "sharpe_std_error", "probability_sharpe_positive")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    N_BARS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_RETURN_FIELD_NUMBER: _ClassVar[int]
    CAGR_FIELD_NUMBER: _ClassVar[int]
    ANNUAL_RETURN_FIELD_NUMBER: _ClassVar[int]
    VOLATILITY_FIELD_NUMBER: _ClassVar[int]
    SHARPE_RATIO_FIELD_NUMBER: _ClassVar[int]
    SORTINO_RATIO_FIELD_NUMBER: _ClassVar[int]
    CALMAR_RATIO_FIELD_NUMBER: _ClassVar[int]
    OMEGA_RATIO_FIELD_NUMBER: _ClassVar[int]
    MAX_DRAWDOWN_FIELD_NUMBER: _ClassVar[int]
    LONGEST_DRAWDOWN_FIELD_NUMBER: _ClassVar[int]
    SKEWNESS_FIELD_NUMBER: _ClassVar[int]
    KURTOSIS_FIELD_NUMBER: _ClassVar[int]
    BEST_RETURN_FIELD_NUMBER: _ClassVar[int]
    WORST_RETURN_FIELD_NUMBER: _ClassVar[int]
    SHARPE_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_SHARPE_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedScalarFieldContainer[str]
    status: _containers.RepeatedScalarFieldContainer[str]
    reason: _containers.RepeatedScalarFieldContainer[str]
    n_bars: _containers.RepeatedScalarFieldContainer[int]
    total_return: _containers.RepeatedScalarFieldContainer[float]
    cagr: _containers.RepeatedScalarFieldContainer[float]
    annual_return: _containers.RepeatedScalarFieldContainer[float]
    volatility: _containers.RepeatedScalarFieldContainer[float]
    sharpe_ratio: _containers.RepeatedScalarFieldContainer[float]
    sortino_ratio: _containers.RepeatedScalarFieldContainer[float]
    calmar_ratio: _containers.RepeatedScalarFieldContainer[float]
    omega_ratio: _containers.RepeatedScalarFieldContainer[float]
    max_drawdown: _containers.RepeatedScalarFieldContainer[float]
    longest_drawdown: _containers.RepeatedScalarFieldContainer[int]
    skewness: _containers.RepeatedScalarFieldContainer[float]
    kurtosis: _containers.RepeatedScalarFieldContainer[float]
    best_return: _containers.RepeatedScalarFieldContainer[float]
    worst_return: _containers.RepeatedScalarFieldContainer[float]
    sharpe_std_error: _containers.RepeatedScalarFieldContainer[float]
    probability_sharpe_positive: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, columns: _Optional[_Iterable[str]] = ..., status: _Optional[_Iterable[str]] = ..., reason: _Optional[_Iterable[str]] = ..., n_bars: _Optional[_Iterable[int]] = ..., total_return: _Optional[_Iterable[float]] = ..., cagr: _Optional[_Iterable[float]] = ..., annual_return: _Optional[_Iterable[float]] = ..., volatility: _Optional[_Iterable[float]] = ..., sharpe_ratio: _Optional[_Iterable[float]] = ..., sortino_ratio: _Optional[_Iterable[float]] = ..., calmar_ratio: _Optional[_Iterable[float]] = ..., omega_ratio: _Optional[_Iterable[float]] = ..., max_drawdown: _Optional[_Iterable[float]] = ..., longest_drawdown: _Optional[_Iterable[int]] = ..., skewness: _Optional[_Iterable[float]] = ..., kurtosis: _Optional[_Iterable[float]] = ..., best_return: _Optional[_Iterable[float]] = ..., worst_return: _Optional[_Iterable[float]] = ..., sharpe_std_error: _Optional[_Iterable[float]] = ..., probability_sharpe_positive: _Optional[_Iterable[float]] = ...) -> None: ...

class ReturnStatsReply(_message.Message):
    __slots__ = ("done", "total", "result", "metadata", "estimate")
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    done: int
    total: int
    result: ReturnColumns
    metadata: str
    estimate: Estimate
    def __init__(self, done: _Optional[int] = ..., total: _Optional[int] = ..., result: _Optional[_Union[ReturnColumns, _Mapping]] = ..., metadata: _Optional[str] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ...) -> None: ...

class RollingColumns(_message.Message):
    __slots__ = ("columns", "start_row", "stop_row", "first_ms", "last_ms", "status", "reason", "weights", "expected_return", "expected_volatility", "sharpe_ratio", "sharpe_std_error", "probability_sharpe_positive", "utility", "turnover", "shrinkage", "dropped_rows", "components", "explained_variance_ratio", "total_variance_explained")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    START_ROW_FIELD_NUMBER: _ClassVar[int]
    STOP_ROW_FIELD_NUMBER: _ClassVar[int]
    FIRST_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_MS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_RETURN_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VOLATILITY_FIELD_NUMBER: _ClassVar[int]
    SHARPE_RATIO_FIELD_NUMBER: _ClassVar[int]
    SHARPE_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_SHARPE_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    UTILITY_FIELD_NUMBER: _ClassVar[int]
    TURNOVER_FIELD_NUMBER: _ClassVar[int]
    SHRINKAGE_FIELD_NUMBER: _ClassVar[int]
    DROPPED_ROWS_FIELD_NUMBER: _ClassVar[int]
    COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    EXPLAINED_VARIANCE_RATIO_FIELD_NUMBER: _ClassVar[int]
    TOTAL_VARIANCE_EXPLAINED_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedScalarFieldContainer[str]
    start_row: _containers.RepeatedScalarFieldContainer[int]
    stop_row: _containers.RepeatedScalarFieldContainer[int]
    first_ms: _containers.RepeatedScalarFieldContainer[int]
    last_ms: _containers.RepeatedScalarFieldContainer[int]
    status: _containers.RepeatedScalarFieldContainer[str]
    reason: _containers.RepeatedScalarFieldContainer[str]
    weights: _meanrev_pb2.Matrix
    expected_return: _containers.RepeatedScalarFieldContainer[float]
    expected_volatility: _containers.RepeatedScalarFieldContainer[float]
    sharpe_ratio: _containers.RepeatedScalarFieldContainer[float]
    sharpe_std_error: _containers.RepeatedScalarFieldContainer[float]
    probability_sharpe_positive: _containers.RepeatedScalarFieldContainer[float]
    utility: _containers.RepeatedScalarFieldContainer[float]
    turnover: _containers.RepeatedScalarFieldContainer[float]
    shrinkage: _containers.RepeatedScalarFieldContainer[float]
    dropped_rows: _containers.RepeatedScalarFieldContainer[int]
    components: _meanrev_pb2.Matrix
    explained_variance_ratio: _meanrev_pb2.Matrix
    total_variance_explained: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, columns: _Optional[_Iterable[str]] = ..., start_row: _Optional[_Iterable[int]] = ..., stop_row: _Optional[_Iterable[int]] = ..., first_ms: _Optional[_Iterable[int]] = ..., last_ms: _Optional[_Iterable[int]] = ..., status: _Optional[_Iterable[str]] = ..., reason: _Optional[_Iterable[str]] = ..., weights: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., expected_return: _Optional[_Iterable[float]] = ..., expected_volatility: _Optional[_Iterable[float]] = ..., sharpe_ratio: _Optional[_Iterable[float]] = ..., sharpe_std_error: _Optional[_Iterable[float]] = ..., probability_sharpe_positive: _Optional[_Iterable[float]] = ..., utility: _Optional[_Iterable[float]] = ..., turnover: _Optional[_Iterable[float]] = ..., shrinkage: _Optional[_Iterable[float]] = ..., dropped_rows: _Optional[_Iterable[int]] = ..., components: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., explained_variance_ratio: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., total_variance_explained: _Optional[_Iterable[float]] = ...) -> None: ...

class RollingWeightsReply(_message.Message):
    __slots__ = ("done", "total", "result", "metadata", "estimate", "kind", "n_components")
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    N_COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    done: int
    total: int
    result: RollingColumns
    metadata: str
    estimate: Estimate
    kind: str
    n_components: int
    def __init__(self, done: _Optional[int] = ..., total: _Optional[int] = ..., result: _Optional[_Union[RollingColumns, _Mapping]] = ..., metadata: _Optional[str] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ..., kind: _Optional[str] = ..., n_components: _Optional[int] = ...) -> None: ...

class StrategyColumns(_message.Message):
    __slots__ = ("columns", "status", "reason", "mean", "std_error", "sharpe_ratio", "superior", "sharpe_std_error", "probability_sharpe_positive")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    SHARPE_RATIO_FIELD_NUMBER: _ClassVar[int]
    SUPERIOR_FIELD_NUMBER: _ClassVar[int]
    SHARPE_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_SHARPE_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedScalarFieldContainer[str]
    status: _containers.RepeatedScalarFieldContainer[str]
    reason: _containers.RepeatedScalarFieldContainer[str]
    mean: _containers.RepeatedScalarFieldContainer[float]
    std_error: _containers.RepeatedScalarFieldContainer[float]
    sharpe_ratio: _containers.RepeatedScalarFieldContainer[float]
    superior: _containers.RepeatedScalarFieldContainer[bool]
    sharpe_std_error: _containers.RepeatedScalarFieldContainer[float]
    probability_sharpe_positive: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, columns: _Optional[_Iterable[str]] = ..., status: _Optional[_Iterable[str]] = ..., reason: _Optional[_Iterable[str]] = ..., mean: _Optional[_Iterable[float]] = ..., std_error: _Optional[_Iterable[float]] = ..., sharpe_ratio: _Optional[_Iterable[float]] = ..., superior: _Optional[_Iterable[bool]] = ..., sharpe_std_error: _Optional[_Iterable[float]] = ..., probability_sharpe_positive: _Optional[_Iterable[float]] = ...) -> None: ...

class RealityCheckReply(_message.Message):
    __slots__ = ("done", "total", "result", "metadata", "estimate", "n_tested", "best", "p_reality_check", "p_lower", "p_consistent", "p_upper", "effective_tries", "pbo", "probability_of_loss", "degradation", "path_sharpe_ratios", "chosen", "block_length", "path_sharpe_std_errors", "path_probabilities_positive", "path_note")
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    N_TESTED_FIELD_NUMBER: _ClassVar[int]
    BEST_FIELD_NUMBER: _ClassVar[int]
    P_REALITY_CHECK_FIELD_NUMBER: _ClassVar[int]
    P_LOWER_FIELD_NUMBER: _ClassVar[int]
    P_CONSISTENT_FIELD_NUMBER: _ClassVar[int]
    P_UPPER_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TRIES_FIELD_NUMBER: _ClassVar[int]
    PBO_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_OF_LOSS_FIELD_NUMBER: _ClassVar[int]
    DEGRADATION_FIELD_NUMBER: _ClassVar[int]
    PATH_SHARPE_RATIOS_FIELD_NUMBER: _ClassVar[int]
    CHOSEN_FIELD_NUMBER: _ClassVar[int]
    BLOCK_LENGTH_FIELD_NUMBER: _ClassVar[int]
    PATH_SHARPE_STD_ERRORS_FIELD_NUMBER: _ClassVar[int]
    PATH_PROBABILITIES_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    PATH_NOTE_FIELD_NUMBER: _ClassVar[int]
    done: int
    total: int
    result: StrategyColumns
    metadata: str
    estimate: Estimate
    n_tested: int
    best: str
    p_reality_check: float
    p_lower: float
    p_consistent: float
    p_upper: float
    effective_tries: float
    pbo: float
    probability_of_loss: float
    degradation: float
    path_sharpe_ratios: _containers.RepeatedScalarFieldContainer[float]
    chosen: _containers.RepeatedScalarFieldContainer[str]
    block_length: int
    path_sharpe_std_errors: _containers.RepeatedScalarFieldContainer[float]
    path_probabilities_positive: _containers.RepeatedScalarFieldContainer[float]
    path_note: str
    def __init__(self, done: _Optional[int] = ..., total: _Optional[int] = ..., result: _Optional[_Union[StrategyColumns, _Mapping]] = ..., metadata: _Optional[str] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ..., n_tested: _Optional[int] = ..., best: _Optional[str] = ..., p_reality_check: _Optional[float] = ..., p_lower: _Optional[float] = ..., p_consistent: _Optional[float] = ..., p_upper: _Optional[float] = ..., effective_tries: _Optional[float] = ..., pbo: _Optional[float] = ..., probability_of_loss: _Optional[float] = ..., degradation: _Optional[float] = ..., path_sharpe_ratios: _Optional[_Iterable[float]] = ..., chosen: _Optional[_Iterable[str]] = ..., block_length: _Optional[int] = ..., path_sharpe_std_errors: _Optional[_Iterable[float]] = ..., path_probabilities_positive: _Optional[_Iterable[float]] = ..., path_note: _Optional[str] = ...) -> None: ...

class TestColumns(_message.Message):
    __slots__ = ("columns", "status", "reason", "n_samples", "adf_statistic", "adf_p_value", "adf_critical_1", "adf_critical_5", "adf_critical_10", "pp_statistic", "pp_p_value", "kpss_statistic", "kpss_p_value", "dfgls_statistic", "dfgls_p_value", "variance_ratio", "variance_ratio_statistic", "variance_ratio_p_value", "hurst_rescaled_range", "hurst_increments", "half_life", "half_life_lower", "half_life_upper")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    N_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    ADF_STATISTIC_FIELD_NUMBER: _ClassVar[int]
    ADF_P_VALUE_FIELD_NUMBER: _ClassVar[int]
    ADF_CRITICAL_1_FIELD_NUMBER: _ClassVar[int]
    ADF_CRITICAL_5_FIELD_NUMBER: _ClassVar[int]
    ADF_CRITICAL_10_FIELD_NUMBER: _ClassVar[int]
    PP_STATISTIC_FIELD_NUMBER: _ClassVar[int]
    PP_P_VALUE_FIELD_NUMBER: _ClassVar[int]
    KPSS_STATISTIC_FIELD_NUMBER: _ClassVar[int]
    KPSS_P_VALUE_FIELD_NUMBER: _ClassVar[int]
    DFGLS_STATISTIC_FIELD_NUMBER: _ClassVar[int]
    DFGLS_P_VALUE_FIELD_NUMBER: _ClassVar[int]
    VARIANCE_RATIO_FIELD_NUMBER: _ClassVar[int]
    VARIANCE_RATIO_STATISTIC_FIELD_NUMBER: _ClassVar[int]
    VARIANCE_RATIO_P_VALUE_FIELD_NUMBER: _ClassVar[int]
    HURST_RESCALED_RANGE_FIELD_NUMBER: _ClassVar[int]
    HURST_INCREMENTS_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_LOWER_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_UPPER_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedScalarFieldContainer[str]
    status: _containers.RepeatedScalarFieldContainer[str]
    reason: _containers.RepeatedScalarFieldContainer[str]
    n_samples: _containers.RepeatedScalarFieldContainer[int]
    adf_statistic: _containers.RepeatedScalarFieldContainer[float]
    adf_p_value: _containers.RepeatedScalarFieldContainer[float]
    adf_critical_1: _containers.RepeatedScalarFieldContainer[float]
    adf_critical_5: _containers.RepeatedScalarFieldContainer[float]
    adf_critical_10: _containers.RepeatedScalarFieldContainer[float]
    pp_statistic: _containers.RepeatedScalarFieldContainer[float]
    pp_p_value: _containers.RepeatedScalarFieldContainer[float]
    kpss_statistic: _containers.RepeatedScalarFieldContainer[float]
    kpss_p_value: _containers.RepeatedScalarFieldContainer[float]
    dfgls_statistic: _containers.RepeatedScalarFieldContainer[float]
    dfgls_p_value: _containers.RepeatedScalarFieldContainer[float]
    variance_ratio: _containers.RepeatedScalarFieldContainer[float]
    variance_ratio_statistic: _containers.RepeatedScalarFieldContainer[float]
    variance_ratio_p_value: _containers.RepeatedScalarFieldContainer[float]
    hurst_rescaled_range: _containers.RepeatedScalarFieldContainer[float]
    hurst_increments: _containers.RepeatedScalarFieldContainer[float]
    half_life: _containers.RepeatedScalarFieldContainer[float]
    half_life_lower: _containers.RepeatedScalarFieldContainer[float]
    half_life_upper: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, columns: _Optional[_Iterable[str]] = ..., status: _Optional[_Iterable[str]] = ..., reason: _Optional[_Iterable[str]] = ..., n_samples: _Optional[_Iterable[int]] = ..., adf_statistic: _Optional[_Iterable[float]] = ..., adf_p_value: _Optional[_Iterable[float]] = ..., adf_critical_1: _Optional[_Iterable[float]] = ..., adf_critical_5: _Optional[_Iterable[float]] = ..., adf_critical_10: _Optional[_Iterable[float]] = ..., pp_statistic: _Optional[_Iterable[float]] = ..., pp_p_value: _Optional[_Iterable[float]] = ..., kpss_statistic: _Optional[_Iterable[float]] = ..., kpss_p_value: _Optional[_Iterable[float]] = ..., dfgls_statistic: _Optional[_Iterable[float]] = ..., dfgls_p_value: _Optional[_Iterable[float]] = ..., variance_ratio: _Optional[_Iterable[float]] = ..., variance_ratio_statistic: _Optional[_Iterable[float]] = ..., variance_ratio_p_value: _Optional[_Iterable[float]] = ..., hurst_rescaled_range: _Optional[_Iterable[float]] = ..., hurst_increments: _Optional[_Iterable[float]] = ..., half_life: _Optional[_Iterable[float]] = ..., half_life_lower: _Optional[_Iterable[float]] = ..., half_life_upper: _Optional[_Iterable[float]] = ...) -> None: ...

class RunTestsReply(_message.Message):
    __slots__ = ("done", "total", "result", "metadata", "estimate")
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    done: int
    total: int
    result: TestColumns
    metadata: str
    estimate: Estimate
    def __init__(self, done: _Optional[int] = ..., total: _Optional[int] = ..., result: _Optional[_Union[TestColumns, _Mapping]] = ..., metadata: _Optional[str] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ...) -> None: ...

class TradeColumns(_message.Message):
    __slots__ = ("column", "side", "entry_bar", "exit_bar", "entry_price", "exit_price", "entry_zscore", "exit_zscore", "quantity", "profit", "profit_fraction", "costs", "bars", "status")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    ENTRY_BAR_FIELD_NUMBER: _ClassVar[int]
    EXIT_BAR_FIELD_NUMBER: _ClassVar[int]
    ENTRY_PRICE_FIELD_NUMBER: _ClassVar[int]
    EXIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    ENTRY_ZSCORE_FIELD_NUMBER: _ClassVar[int]
    EXIT_ZSCORE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PROFIT_FIELD_NUMBER: _ClassVar[int]
    PROFIT_FRACTION_FIELD_NUMBER: _ClassVar[int]
    COSTS_FIELD_NUMBER: _ClassVar[int]
    BARS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    column: _containers.RepeatedScalarFieldContainer[int]
    side: _containers.RepeatedScalarFieldContainer[int]
    entry_bar: _containers.RepeatedScalarFieldContainer[int]
    exit_bar: _containers.RepeatedScalarFieldContainer[int]
    entry_price: _containers.RepeatedScalarFieldContainer[float]
    exit_price: _containers.RepeatedScalarFieldContainer[float]
    entry_zscore: _containers.RepeatedScalarFieldContainer[float]
    exit_zscore: _containers.RepeatedScalarFieldContainer[float]
    quantity: _containers.RepeatedScalarFieldContainer[float]
    profit: _containers.RepeatedScalarFieldContainer[float]
    profit_fraction: _containers.RepeatedScalarFieldContainer[float]
    costs: _containers.RepeatedScalarFieldContainer[float]
    bars: _containers.RepeatedScalarFieldContainer[int]
    status: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, column: _Optional[_Iterable[int]] = ..., side: _Optional[_Iterable[int]] = ..., entry_bar: _Optional[_Iterable[int]] = ..., exit_bar: _Optional[_Iterable[int]] = ..., entry_price: _Optional[_Iterable[float]] = ..., exit_price: _Optional[_Iterable[float]] = ..., entry_zscore: _Optional[_Iterable[float]] = ..., exit_zscore: _Optional[_Iterable[float]] = ..., quantity: _Optional[_Iterable[float]] = ..., profit: _Optional[_Iterable[float]] = ..., profit_fraction: _Optional[_Iterable[float]] = ..., costs: _Optional[_Iterable[float]] = ..., bars: _Optional[_Iterable[int]] = ..., status: _Optional[_Iterable[str]] = ...) -> None: ...

class BacktestColumns(_message.Message):
    __slots__ = ("returns", "final_equity", "num_trades", "win_rate", "avg_profit_per_trade", "total_costs", "exposure", "turnover", "profit_factor", "best_trade", "worst_trade", "position", "trades", "paths", "metrics", "note")
    RETURNS_FIELD_NUMBER: _ClassVar[int]
    FINAL_EQUITY_FIELD_NUMBER: _ClassVar[int]
    NUM_TRADES_FIELD_NUMBER: _ClassVar[int]
    WIN_RATE_FIELD_NUMBER: _ClassVar[int]
    AVG_PROFIT_PER_TRADE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COSTS_FIELD_NUMBER: _ClassVar[int]
    EXPOSURE_FIELD_NUMBER: _ClassVar[int]
    TURNOVER_FIELD_NUMBER: _ClassVar[int]
    PROFIT_FACTOR_FIELD_NUMBER: _ClassVar[int]
    BEST_TRADE_FIELD_NUMBER: _ClassVar[int]
    WORST_TRADE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    TRADES_FIELD_NUMBER: _ClassVar[int]
    PATHS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    returns: ReturnColumns
    final_equity: _containers.RepeatedScalarFieldContainer[float]
    num_trades: _containers.RepeatedScalarFieldContainer[int]
    win_rate: _containers.RepeatedScalarFieldContainer[float]
    avg_profit_per_trade: _containers.RepeatedScalarFieldContainer[float]
    total_costs: _containers.RepeatedScalarFieldContainer[float]
    exposure: _containers.RepeatedScalarFieldContainer[float]
    turnover: _containers.RepeatedScalarFieldContainer[float]
    profit_factor: _containers.RepeatedScalarFieldContainer[float]
    best_trade: _containers.RepeatedScalarFieldContainer[float]
    worst_trade: _containers.RepeatedScalarFieldContainer[float]
    position: _containers.RepeatedScalarFieldContainer[int]
    trades: TradeColumns
    paths: BacktestPaths
    metrics: BarColumns
    note: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, returns: _Optional[_Union[ReturnColumns, _Mapping]] = ..., final_equity: _Optional[_Iterable[float]] = ..., num_trades: _Optional[_Iterable[int]] = ..., win_rate: _Optional[_Iterable[float]] = ..., avg_profit_per_trade: _Optional[_Iterable[float]] = ..., total_costs: _Optional[_Iterable[float]] = ..., exposure: _Optional[_Iterable[float]] = ..., turnover: _Optional[_Iterable[float]] = ..., profit_factor: _Optional[_Iterable[float]] = ..., best_trade: _Optional[_Iterable[float]] = ..., worst_trade: _Optional[_Iterable[float]] = ..., position: _Optional[_Iterable[int]] = ..., trades: _Optional[_Union[TradeColumns, _Mapping]] = ..., paths: _Optional[_Union[BacktestPaths, _Mapping]] = ..., metrics: _Optional[_Union[BarColumns, _Mapping]] = ..., note: _Optional[_Iterable[str]] = ...) -> None: ...

class BarColumns(_message.Message):
    __slots__ = ("bar_number", "cumulative_return", "daily_return", "unrealized_pnl", "realized_pnl", "max_drawdown", "sharpe_ratio", "num_trades", "win_rate", "avg_profit_per_trade", "status", "timestamp_ms", "equity", "total_costs", "position", "zscore", "sharpe_std_error", "probability_sharpe_positive")
    BAR_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CUMULATIVE_RETURN_FIELD_NUMBER: _ClassVar[int]
    DAILY_RETURN_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    MAX_DRAWDOWN_FIELD_NUMBER: _ClassVar[int]
    SHARPE_RATIO_FIELD_NUMBER: _ClassVar[int]
    NUM_TRADES_FIELD_NUMBER: _ClassVar[int]
    WIN_RATE_FIELD_NUMBER: _ClassVar[int]
    AVG_PROFIT_PER_TRADE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    EQUITY_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COSTS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    ZSCORE_FIELD_NUMBER: _ClassVar[int]
    SHARPE_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_SHARPE_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    bar_number: _containers.RepeatedScalarFieldContainer[int]
    cumulative_return: _containers.RepeatedScalarFieldContainer[float]
    daily_return: _containers.RepeatedScalarFieldContainer[float]
    unrealized_pnl: _containers.RepeatedScalarFieldContainer[float]
    realized_pnl: _containers.RepeatedScalarFieldContainer[float]
    max_drawdown: _containers.RepeatedScalarFieldContainer[float]
    sharpe_ratio: _containers.RepeatedScalarFieldContainer[float]
    num_trades: _containers.RepeatedScalarFieldContainer[int]
    win_rate: _containers.RepeatedScalarFieldContainer[float]
    avg_profit_per_trade: _containers.RepeatedScalarFieldContainer[float]
    status: _containers.RepeatedScalarFieldContainer[str]
    timestamp_ms: _containers.RepeatedScalarFieldContainer[int]
    equity: _containers.RepeatedScalarFieldContainer[float]
    total_costs: _containers.RepeatedScalarFieldContainer[float]
    position: _containers.RepeatedScalarFieldContainer[int]
    zscore: _containers.RepeatedScalarFieldContainer[float]
    sharpe_std_error: _containers.RepeatedScalarFieldContainer[float]
    probability_sharpe_positive: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, bar_number: _Optional[_Iterable[int]] = ..., cumulative_return: _Optional[_Iterable[float]] = ..., daily_return: _Optional[_Iterable[float]] = ..., unrealized_pnl: _Optional[_Iterable[float]] = ..., realized_pnl: _Optional[_Iterable[float]] = ..., max_drawdown: _Optional[_Iterable[float]] = ..., sharpe_ratio: _Optional[_Iterable[float]] = ..., num_trades: _Optional[_Iterable[int]] = ..., win_rate: _Optional[_Iterable[float]] = ..., avg_profit_per_trade: _Optional[_Iterable[float]] = ..., status: _Optional[_Iterable[str]] = ..., timestamp_ms: _Optional[_Iterable[int]] = ..., equity: _Optional[_Iterable[float]] = ..., total_costs: _Optional[_Iterable[float]] = ..., position: _Optional[_Iterable[int]] = ..., zscore: _Optional[_Iterable[float]] = ..., sharpe_std_error: _Optional[_Iterable[float]] = ..., probability_sharpe_positive: _Optional[_Iterable[float]] = ...) -> None: ...

class BacktestPaths(_message.Message):
    __slots__ = ("first_row", "equity", "returns", "position", "zscore", "drawdown")
    FIRST_ROW_FIELD_NUMBER: _ClassVar[int]
    EQUITY_FIELD_NUMBER: _ClassVar[int]
    RETURNS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    ZSCORE_FIELD_NUMBER: _ClassVar[int]
    DRAWDOWN_FIELD_NUMBER: _ClassVar[int]
    first_row: int
    equity: _meanrev_pb2.Matrix
    returns: _meanrev_pb2.Matrix
    position: _meanrev_pb2.Matrix
    zscore: _meanrev_pb2.Matrix
    drawdown: _meanrev_pb2.Matrix
    def __init__(self, first_row: _Optional[int] = ..., equity: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., returns: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., position: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., zscore: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., drawdown: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ...) -> None: ...

class BacktestReply(_message.Message):
    __slots__ = ("done", "total", "result", "metadata", "estimate")
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    done: int
    total: int
    result: BacktestColumns
    metadata: str
    estimate: Estimate
    def __init__(self, done: _Optional[int] = ..., total: _Optional[int] = ..., result: _Optional[_Union[BacktestColumns, _Mapping]] = ..., metadata: _Optional[str] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ...) -> None: ...

class FitPairRequest(_message.Message):
    __slots__ = ("prices", "metadata")
    PRICES_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    prices: _meanrev_pb2.Matrix
    metadata: str
    def __init__(self, prices: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., metadata: _Optional[str] = ...) -> None: ...

class FitPairReply(_message.Message):
    __slots__ = ("turned", "hedge_ratio", "intercept", "spread", "adf_statistic", "p_value", "lags", "theta", "theta_std_error", "half_life", "mu", "sigma", "entry_zscore", "exit_zscore", "status", "reason", "metadata", "note", "hedge_ratio_lower", "hedge_ratio_upper")
    TURNED_FIELD_NUMBER: _ClassVar[int]
    HEDGE_RATIO_FIELD_NUMBER: _ClassVar[int]
    INTERCEPT_FIELD_NUMBER: _ClassVar[int]
    SPREAD_FIELD_NUMBER: _ClassVar[int]
    ADF_STATISTIC_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    LAGS_FIELD_NUMBER: _ClassVar[int]
    THETA_FIELD_NUMBER: _ClassVar[int]
    THETA_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_FIELD_NUMBER: _ClassVar[int]
    MU_FIELD_NUMBER: _ClassVar[int]
    SIGMA_FIELD_NUMBER: _ClassVar[int]
    ENTRY_ZSCORE_FIELD_NUMBER: _ClassVar[int]
    EXIT_ZSCORE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    HEDGE_RATIO_LOWER_FIELD_NUMBER: _ClassVar[int]
    HEDGE_RATIO_UPPER_FIELD_NUMBER: _ClassVar[int]
    turned: bool
    hedge_ratio: float
    intercept: float
    spread: _containers.RepeatedScalarFieldContainer[float]
    adf_statistic: float
    p_value: float
    lags: int
    theta: float
    theta_std_error: float
    half_life: float
    mu: float
    sigma: float
    entry_zscore: float
    exit_zscore: float
    status: str
    reason: str
    metadata: str
    note: str
    hedge_ratio_lower: float
    hedge_ratio_upper: float
    def __init__(self, turned: bool = ..., hedge_ratio: _Optional[float] = ..., intercept: _Optional[float] = ..., spread: _Optional[_Iterable[float]] = ..., adf_statistic: _Optional[float] = ..., p_value: _Optional[float] = ..., lags: _Optional[int] = ..., theta: _Optional[float] = ..., theta_std_error: _Optional[float] = ..., half_life: _Optional[float] = ..., mu: _Optional[float] = ..., sigma: _Optional[float] = ..., entry_zscore: _Optional[float] = ..., exit_zscore: _Optional[float] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., metadata: _Optional[str] = ..., note: _Optional[str] = ..., hedge_ratio_lower: _Optional[float] = ..., hedge_ratio_upper: _Optional[float] = ...) -> None: ...

class FitJohansenRequest(_message.Message):
    __slots__ = ("prices", "metadata")
    PRICES_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    prices: _meanrev_pb2.Matrix
    metadata: str
    def __init__(self, prices: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., metadata: _Optional[str] = ...) -> None: ...

class FitJohansenReply(_message.Message):
    __slots__ = ("eigenvalues", "vectors", "trace_statistic", "trace_critical_values", "trace_rank", "max_eigenvalue_statistic", "max_eigenvalue_critical_values", "max_eigenvalue_rank", "n_samples", "spread", "intercept", "trend", "theta", "mu", "sigma", "half_life", "status", "reason", "metadata")
    EIGENVALUES_FIELD_NUMBER: _ClassVar[int]
    VECTORS_FIELD_NUMBER: _ClassVar[int]
    TRACE_STATISTIC_FIELD_NUMBER: _ClassVar[int]
    TRACE_CRITICAL_VALUES_FIELD_NUMBER: _ClassVar[int]
    TRACE_RANK_FIELD_NUMBER: _ClassVar[int]
    MAX_EIGENVALUE_STATISTIC_FIELD_NUMBER: _ClassVar[int]
    MAX_EIGENVALUE_CRITICAL_VALUES_FIELD_NUMBER: _ClassVar[int]
    MAX_EIGENVALUE_RANK_FIELD_NUMBER: _ClassVar[int]
    N_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    SPREAD_FIELD_NUMBER: _ClassVar[int]
    INTERCEPT_FIELD_NUMBER: _ClassVar[int]
    TREND_FIELD_NUMBER: _ClassVar[int]
    THETA_FIELD_NUMBER: _ClassVar[int]
    MU_FIELD_NUMBER: _ClassVar[int]
    SIGMA_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    eigenvalues: _containers.RepeatedScalarFieldContainer[float]
    vectors: _meanrev_pb2.Matrix
    trace_statistic: _containers.RepeatedScalarFieldContainer[float]
    trace_critical_values: _meanrev_pb2.Matrix
    trace_rank: int
    max_eigenvalue_statistic: _containers.RepeatedScalarFieldContainer[float]
    max_eigenvalue_critical_values: _meanrev_pb2.Matrix
    max_eigenvalue_rank: int
    n_samples: int
    spread: _containers.RepeatedScalarFieldContainer[float]
    intercept: float
    trend: float
    theta: float
    mu: float
    sigma: float
    half_life: float
    status: str
    reason: str
    metadata: str
    def __init__(self, eigenvalues: _Optional[_Iterable[float]] = ..., vectors: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., trace_statistic: _Optional[_Iterable[float]] = ..., trace_critical_values: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., trace_rank: _Optional[int] = ..., max_eigenvalue_statistic: _Optional[_Iterable[float]] = ..., max_eigenvalue_critical_values: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., max_eigenvalue_rank: _Optional[int] = ..., n_samples: _Optional[int] = ..., spread: _Optional[_Iterable[float]] = ..., intercept: _Optional[float] = ..., trend: _Optional[float] = ..., theta: _Optional[float] = ..., mu: _Optional[float] = ..., sigma: _Optional[float] = ..., half_life: _Optional[float] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., metadata: _Optional[str] = ...) -> None: ...

class BookFigures(_message.Message):
    __slots__ = ("sharpe_gross", "sharpe_stocks", "sharpe_book", "total_return", "max_drawdown", "turnover_stocks", "turnover_book", "mean_gross", "longs", "shorts", "holding_bars", "num_trades")
    SHARPE_GROSS_FIELD_NUMBER: _ClassVar[int]
    SHARPE_STOCKS_FIELD_NUMBER: _ClassVar[int]
    SHARPE_BOOK_FIELD_NUMBER: _ClassVar[int]
    TOTAL_RETURN_FIELD_NUMBER: _ClassVar[int]
    MAX_DRAWDOWN_FIELD_NUMBER: _ClassVar[int]
    TURNOVER_STOCKS_FIELD_NUMBER: _ClassVar[int]
    TURNOVER_BOOK_FIELD_NUMBER: _ClassVar[int]
    MEAN_GROSS_FIELD_NUMBER: _ClassVar[int]
    LONGS_FIELD_NUMBER: _ClassVar[int]
    SHORTS_FIELD_NUMBER: _ClassVar[int]
    HOLDING_BARS_FIELD_NUMBER: _ClassVar[int]
    NUM_TRADES_FIELD_NUMBER: _ClassVar[int]
    sharpe_gross: _containers.RepeatedScalarFieldContainer[float]
    sharpe_stocks: _containers.RepeatedScalarFieldContainer[float]
    sharpe_book: _containers.RepeatedScalarFieldContainer[float]
    total_return: _containers.RepeatedScalarFieldContainer[float]
    max_drawdown: _containers.RepeatedScalarFieldContainer[float]
    turnover_stocks: _containers.RepeatedScalarFieldContainer[float]
    turnover_book: _containers.RepeatedScalarFieldContainer[float]
    mean_gross: _containers.RepeatedScalarFieldContainer[float]
    longs: _containers.RepeatedScalarFieldContainer[float]
    shorts: _containers.RepeatedScalarFieldContainer[float]
    holding_bars: _containers.RepeatedScalarFieldContainer[float]
    num_trades: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, sharpe_gross: _Optional[_Iterable[float]] = ..., sharpe_stocks: _Optional[_Iterable[float]] = ..., sharpe_book: _Optional[_Iterable[float]] = ..., total_return: _Optional[_Iterable[float]] = ..., max_drawdown: _Optional[_Iterable[float]] = ..., turnover_stocks: _Optional[_Iterable[float]] = ..., turnover_book: _Optional[_Iterable[float]] = ..., mean_gross: _Optional[_Iterable[float]] = ..., longs: _Optional[_Iterable[float]] = ..., shorts: _Optional[_Iterable[float]] = ..., holding_bars: _Optional[_Iterable[float]] = ..., num_trades: _Optional[_Iterable[int]] = ...) -> None: ...

class BookToday(_message.Message):
    __slots__ = ("side", "score", "theta", "reversion_p", "q_value", "alpha", "r_squared", "dollars", "reason", "reasons")
    SIDE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    THETA_FIELD_NUMBER: _ClassVar[int]
    REVERSION_P_FIELD_NUMBER: _ClassVar[int]
    Q_VALUE_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    R_SQUARED_FIELD_NUMBER: _ClassVar[int]
    DOLLARS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    side: _containers.RepeatedScalarFieldContainer[int]
    score: _containers.RepeatedScalarFieldContainer[float]
    theta: _containers.RepeatedScalarFieldContainer[float]
    reversion_p: _containers.RepeatedScalarFieldContainer[float]
    q_value: _containers.RepeatedScalarFieldContainer[float]
    alpha: _containers.RepeatedScalarFieldContainer[float]
    r_squared: _containers.RepeatedScalarFieldContainer[float]
    dollars: _containers.RepeatedScalarFieldContainer[float]
    reason: _containers.RepeatedScalarFieldContainer[int]
    reasons: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, side: _Optional[_Iterable[int]] = ..., score: _Optional[_Iterable[float]] = ..., theta: _Optional[_Iterable[float]] = ..., reversion_p: _Optional[_Iterable[float]] = ..., q_value: _Optional[_Iterable[float]] = ..., alpha: _Optional[_Iterable[float]] = ..., r_squared: _Optional[_Iterable[float]] = ..., dollars: _Optional[_Iterable[float]] = ..., reason: _Optional[_Iterable[int]] = ..., reasons: _Optional[_Iterable[str]] = ...) -> None: ...

class ResidualBook(_message.Message):
    __slots__ = ("columns", "factors", "window", "regression", "max_reversion", "max_p", "structure", "entry", "exit_long", "exit_short", "cost", "cell_reason", "cell_reasons", "cells", "best", "best_value", "deflated_sharpe", "sharpe_std_error", "probability_sharpe_positive", "n_tried", "returns", "median_reversion", "positions", "control", "controls", "control_correlation", "year", "year_bars", "years", "today", "days", "thin", "too_few_rows", "dropped", "tied", "fits", "scores", "stale_fills", "median_reversion_all", "noise_reversion", "eligible", "walk_forward", "pooled")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    FACTORS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    REGRESSION_FIELD_NUMBER: _ClassVar[int]
    MAX_REVERSION_FIELD_NUMBER: _ClassVar[int]
    MAX_P_FIELD_NUMBER: _ClassVar[int]
    STRUCTURE_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    EXIT_LONG_FIELD_NUMBER: _ClassVar[int]
    EXIT_SHORT_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    CELL_REASON_FIELD_NUMBER: _ClassVar[int]
    CELL_REASONS_FIELD_NUMBER: _ClassVar[int]
    CELLS_FIELD_NUMBER: _ClassVar[int]
    BEST_FIELD_NUMBER: _ClassVar[int]
    BEST_VALUE_FIELD_NUMBER: _ClassVar[int]
    DEFLATED_SHARPE_FIELD_NUMBER: _ClassVar[int]
    SHARPE_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_SHARPE_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    N_TRIED_FIELD_NUMBER: _ClassVar[int]
    RETURNS_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_REVERSION_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    CONTROLS_FIELD_NUMBER: _ClassVar[int]
    CONTROL_CORRELATION_FIELD_NUMBER: _ClassVar[int]
    YEAR_FIELD_NUMBER: _ClassVar[int]
    YEAR_BARS_FIELD_NUMBER: _ClassVar[int]
    YEARS_FIELD_NUMBER: _ClassVar[int]
    TODAY_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    THIN_FIELD_NUMBER: _ClassVar[int]
    TOO_FEW_ROWS_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    TIED_FIELD_NUMBER: _ClassVar[int]
    FITS_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    STALE_FILLS_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_REVERSION_ALL_FIELD_NUMBER: _ClassVar[int]
    NOISE_REVERSION_FIELD_NUMBER: _ClassVar[int]
    ELIGIBLE_FIELD_NUMBER: _ClassVar[int]
    WALK_FORWARD_FIELD_NUMBER: _ClassVar[int]
    POOLED_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedScalarFieldContainer[str]
    factors: _containers.RepeatedScalarFieldContainer[str]
    window: _containers.RepeatedScalarFieldContainer[int]
    regression: _containers.RepeatedScalarFieldContainer[int]
    max_reversion: _containers.RepeatedScalarFieldContainer[float]
    max_p: _containers.RepeatedScalarFieldContainer[float]
    structure: _containers.RepeatedScalarFieldContainer[int]
    entry: _containers.RepeatedScalarFieldContainer[float]
    exit_long: _containers.RepeatedScalarFieldContainer[float]
    exit_short: _containers.RepeatedScalarFieldContainer[float]
    cost: _containers.RepeatedScalarFieldContainer[float]
    cell_reason: _containers.RepeatedScalarFieldContainer[int]
    cell_reasons: _containers.RepeatedScalarFieldContainer[str]
    cells: BookFigures
    best: int
    best_value: float
    deflated_sharpe: float
    sharpe_std_error: float
    probability_sharpe_positive: float
    n_tried: int
    returns: _containers.RepeatedScalarFieldContainer[float]
    median_reversion: _containers.RepeatedScalarFieldContainer[float]
    positions: _meanrev_pb2.Matrix
    control: _containers.RepeatedScalarFieldContainer[str]
    controls: BookFigures
    control_correlation: _containers.RepeatedScalarFieldContainer[float]
    year: _containers.RepeatedScalarFieldContainer[int]
    year_bars: _containers.RepeatedScalarFieldContainer[int]
    years: BookFigures
    today: BookToday
    days: int
    thin: int
    too_few_rows: int
    dropped: int
    tied: int
    fits: int
    scores: int
    stale_fills: int
    median_reversion_all: float
    noise_reversion: float
    eligible: float
    walk_forward: _containers.RepeatedCompositeFieldContainer[WalkStep]
    pooled: _containers.RepeatedCompositeFieldContainer[PooledWalk]
    def __init__(self, columns: _Optional[_Iterable[str]] = ..., factors: _Optional[_Iterable[str]] = ..., window: _Optional[_Iterable[int]] = ..., regression: _Optional[_Iterable[int]] = ..., max_reversion: _Optional[_Iterable[float]] = ..., max_p: _Optional[_Iterable[float]] = ..., structure: _Optional[_Iterable[int]] = ..., entry: _Optional[_Iterable[float]] = ..., exit_long: _Optional[_Iterable[float]] = ..., exit_short: _Optional[_Iterable[float]] = ..., cost: _Optional[_Iterable[float]] = ..., cell_reason: _Optional[_Iterable[int]] = ..., cell_reasons: _Optional[_Iterable[str]] = ..., cells: _Optional[_Union[BookFigures, _Mapping]] = ..., best: _Optional[int] = ..., best_value: _Optional[float] = ..., deflated_sharpe: _Optional[float] = ..., sharpe_std_error: _Optional[float] = ..., probability_sharpe_positive: _Optional[float] = ..., n_tried: _Optional[int] = ..., returns: _Optional[_Iterable[float]] = ..., median_reversion: _Optional[_Iterable[float]] = ..., positions: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., control: _Optional[_Iterable[str]] = ..., controls: _Optional[_Union[BookFigures, _Mapping]] = ..., control_correlation: _Optional[_Iterable[float]] = ..., year: _Optional[_Iterable[int]] = ..., year_bars: _Optional[_Iterable[int]] = ..., years: _Optional[_Union[BookFigures, _Mapping]] = ..., today: _Optional[_Union[BookToday, _Mapping]] = ..., days: _Optional[int] = ..., thin: _Optional[int] = ..., too_few_rows: _Optional[int] = ..., dropped: _Optional[int] = ..., tied: _Optional[int] = ..., fits: _Optional[int] = ..., scores: _Optional[int] = ..., stale_fills: _Optional[int] = ..., median_reversion_all: _Optional[float] = ..., noise_reversion: _Optional[float] = ..., eligible: _Optional[float] = ..., walk_forward: _Optional[_Iterable[_Union[WalkStep, _Mapping]]] = ..., pooled: _Optional[_Iterable[_Union[PooledWalk, _Mapping]]] = ...) -> None: ...

class ResidualBookReply(_message.Message):
    __slots__ = ("done", "total", "result", "metadata", "estimate")
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    done: int
    total: int
    result: ResidualBook
    metadata: str
    estimate: Estimate
    def __init__(self, done: _Optional[int] = ..., total: _Optional[int] = ..., result: _Optional[_Union[ResidualBook, _Mapping]] = ..., metadata: _Optional[str] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ...) -> None: ...

class ResidualPanel(_message.Message):
    __slots__ = ("columns", "score", "theta", "reversion_p", "alpha", "r_squared", "hedged", "n_factors", "days", "windows", "portfolios", "loadings")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    THETA_FIELD_NUMBER: _ClassVar[int]
    REVERSION_P_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    R_SQUARED_FIELD_NUMBER: _ClassVar[int]
    HEDGED_FIELD_NUMBER: _ClassVar[int]
    N_FACTORS_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    PORTFOLIOS_FIELD_NUMBER: _ClassVar[int]
    LOADINGS_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedScalarFieldContainer[str]
    score: _meanrev_pb2.Matrix
    theta: _meanrev_pb2.Matrix
    reversion_p: _meanrev_pb2.Matrix
    alpha: _meanrev_pb2.Matrix
    r_squared: _meanrev_pb2.Matrix
    hedged: _meanrev_pb2.Matrix
    n_factors: _containers.RepeatedScalarFieldContainer[int]
    days: _containers.RepeatedScalarFieldContainer[int]
    windows: _meanrev_pb2.Matrix
    portfolios: _meanrev_pb2.Matrix
    loadings: _meanrev_pb2.Matrix
    def __init__(self, columns: _Optional[_Iterable[str]] = ..., score: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., theta: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., reversion_p: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., alpha: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., r_squared: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., hedged: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., n_factors: _Optional[_Iterable[int]] = ..., days: _Optional[_Iterable[int]] = ..., windows: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., portfolios: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ..., loadings: _Optional[_Union[_meanrev_pb2.Matrix, _Mapping]] = ...) -> None: ...

class ResidualPanelReply(_message.Message):
    __slots__ = ("done", "total", "result", "metadata", "estimate")
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    done: int
    total: int
    result: ResidualPanel
    metadata: str
    estimate: Estimate
    def __init__(self, done: _Optional[int] = ..., total: _Optional[int] = ..., result: _Optional[_Union[ResidualPanel, _Mapping]] = ..., metadata: _Optional[str] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ...) -> None: ...

class JobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class Job(_message.Message):
    __slots__ = ("job_id", "method", "status", "done", "total", "error", "submitted_ms", "finished_ms")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SUBMITTED_MS_FIELD_NUMBER: _ClassVar[int]
    FINISHED_MS_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    method: str
    status: str
    done: int
    total: int
    error: str
    submitted_ms: int
    finished_ms: int
    def __init__(self, job_id: _Optional[str] = ..., method: _Optional[str] = ..., status: _Optional[str] = ..., done: _Optional[int] = ..., total: _Optional[int] = ..., error: _Optional[str] = ..., submitted_ms: _Optional[int] = ..., finished_ms: _Optional[int] = ...) -> None: ...

class ListJobsRequest(_message.Message):
    __slots__ = ("limit", "page", "metadata")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    limit: int
    page: str
    metadata: str
    def __init__(self, limit: _Optional[int] = ..., page: _Optional[str] = ..., metadata: _Optional[str] = ...) -> None: ...

class ListJobsReply(_message.Message):
    __slots__ = ("jobs", "next_page", "metadata")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[Job]
    next_page: str
    metadata: str
    def __init__(self, jobs: _Optional[_Iterable[_Union[Job, _Mapping]]] = ..., next_page: _Optional[str] = ..., metadata: _Optional[str] = ...) -> None: ...

class ResultPart(_message.Message):
    __slots__ = ("offset", "total", "data", "message_name", "reply", "replies")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_NAME_FIELD_NUMBER: _ClassVar[int]
    REPLY_FIELD_NUMBER: _ClassVar[int]
    REPLIES_FIELD_NUMBER: _ClassVar[int]
    offset: int
    total: int
    data: bytes
    message_name: str
    reply: int
    replies: int
    def __init__(self, offset: _Optional[int] = ..., total: _Optional[int] = ..., data: _Optional[bytes] = ..., message_name: _Optional[str] = ..., reply: _Optional[int] = ..., replies: _Optional[int] = ...) -> None: ...

class PublishPricesRequest(_message.Message):
    __slots__ = ("asset_ids", "prices", "timestamps_ms", "metadata")
    ASSET_IDS_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMPS_MS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    asset_ids: _containers.RepeatedScalarFieldContainer[str]
    prices: _containers.RepeatedScalarFieldContainer[float]
    timestamps_ms: _containers.RepeatedScalarFieldContainer[int]
    metadata: str
    def __init__(self, asset_ids: _Optional[_Iterable[str]] = ..., prices: _Optional[_Iterable[float]] = ..., timestamps_ms: _Optional[_Iterable[int]] = ..., metadata: _Optional[str] = ...) -> None: ...

class PublishPricesReply(_message.Message):
    __slots__ = ("accepted",)
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    accepted: int
    def __init__(self, accepted: _Optional[int] = ...) -> None: ...

class Holding(_message.Message):
    __slots__ = ("asset_id", "quantity")
    ASSET_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    asset_id: str
    quantity: float
    def __init__(self, asset_id: _Optional[str] = ..., quantity: _Optional[float] = ...) -> None: ...

class Portfolio(_message.Message):
    __slots__ = ("portfolio_id", "holdings", "cash", "limits", "updated_ms")
    PORTFOLIO_ID_FIELD_NUMBER: _ClassVar[int]
    HOLDINGS_FIELD_NUMBER: _ClassVar[int]
    CASH_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    UPDATED_MS_FIELD_NUMBER: _ClassVar[int]
    portfolio_id: str
    holdings: _containers.RepeatedCompositeFieldContainer[Holding]
    cash: float
    limits: str
    updated_ms: int
    def __init__(self, portfolio_id: _Optional[str] = ..., holdings: _Optional[_Iterable[_Union[Holding, _Mapping]]] = ..., cash: _Optional[float] = ..., limits: _Optional[str] = ..., updated_ms: _Optional[int] = ...) -> None: ...

class PortfolioRequest(_message.Message):
    __slots__ = ("portfolio_id",)
    PORTFOLIO_ID_FIELD_NUMBER: _ClassVar[int]
    portfolio_id: str
    def __init__(self, portfolio_id: _Optional[str] = ...) -> None: ...
