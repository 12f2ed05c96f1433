from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FloatArray(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, values: _Optional[_Iterable[float]] = ...) -> None: ...

class DoubleArray(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, values: _Optional[_Iterable[float]] = ...) -> None: ...

class Matrix(_message.Message):
    __slots__ = ("rows", "cols", "values", "values_f32")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COLS_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    VALUES_F32_FIELD_NUMBER: _ClassVar[int]
    rows: int
    cols: int
    values: _containers.RepeatedScalarFieldContainer[float]
    values_f32: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, rows: _Optional[int] = ..., cols: _Optional[int] = ..., values: _Optional[_Iterable[float]] = ..., values_f32: _Optional[_Iterable[float]] = ...) -> None: ...

class PriceUpdate(_message.Message):
    __slots__ = ("asset_id", "price", "timestamp_ms", "volume", "metadata", "prices", "timestamps_ms")
    ASSET_ID_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMPS_MS_FIELD_NUMBER: _ClassVar[int]
    asset_id: str
    price: float
    timestamp_ms: int
    volume: float
    metadata: str
    prices: _containers.RepeatedScalarFieldContainer[float]
    timestamps_ms: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, asset_id: _Optional[str] = ..., price: _Optional[float] = ..., timestamp_ms: _Optional[int] = ..., volume: _Optional[float] = ..., metadata: _Optional[str] = ..., prices: _Optional[_Iterable[float]] = ..., timestamps_ms: _Optional[_Iterable[int]] = ...) -> None: ...

class PriceHistory(_message.Message):
    __slots__ = ("asset_id", "prices", "timestamps_ms", "metadata")
    ASSET_ID_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMPS_MS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    asset_id: str
    prices: _containers.RepeatedScalarFieldContainer[float]
    timestamps_ms: _containers.RepeatedScalarFieldContainer[int]
    metadata: str
    def __init__(self, asset_id: _Optional[str] = ..., prices: _Optional[_Iterable[float]] = ..., timestamps_ms: _Optional[_Iterable[int]] = ..., metadata: _Optional[str] = ...) -> None: ...

class ReturnsRequest(_message.Message):
    __slots__ = ("asset_ids", "prices", "return_type", "metadata")
    ASSET_IDS_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    RETURN_TYPE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    asset_ids: str
    prices: _containers.RepeatedScalarFieldContainer[float]
    return_type: str
    metadata: str
    def __init__(self, asset_ids: _Optional[str] = ..., prices: _Optional[_Iterable[float]] = ..., return_type: _Optional[str] = ..., metadata: _Optional[str] = ...) -> None: ...

class ReturnsResponse(_message.Message):
    __slots__ = ("log_returns", "mean_return", "std_return", "n_periods", "metadata")
    LOG_RETURNS_FIELD_NUMBER: _ClassVar[int]
    MEAN_RETURN_FIELD_NUMBER: _ClassVar[int]
    STD_RETURN_FIELD_NUMBER: _ClassVar[int]
    N_PERIODS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    log_returns: _containers.RepeatedScalarFieldContainer[float]
    mean_return: float
    std_return: float
    n_periods: int
    metadata: str
    def __init__(self, log_returns: _Optional[_Iterable[float]] = ..., mean_return: _Optional[float] = ..., std_return: _Optional[float] = ..., n_periods: _Optional[int] = ..., metadata: _Optional[str] = ...) -> None: ...

class OuEstimate(_message.Message):
    __slots__ = ("theta", "mu", "sigma", "half_life", "n_samples", "r_squared", "status", "timestamp_ms", "asset_id", "metadata", "theta_std_error", "mu_std_error", "sigma_std_error", "half_life_lower", "half_life_upper", "theta_bias_corrected", "adf_statistic", "adf_p_value", "log_likelihood", "reason", "b_median_unbiased", "b_lower", "b_upper", "theta_lower", "theta_upper", "mu_lower", "mu_upper")
    THETA_FIELD_NUMBER: _ClassVar[int]
    MU_FIELD_NUMBER: _ClassVar[int]
    SIGMA_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_FIELD_NUMBER: _ClassVar[int]
    N_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    R_SQUARED_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    ASSET_ID_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    THETA_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    MU_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    SIGMA_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_LOWER_FIELD_NUMBER: _ClassVar[int]
    HALF_LIFE_UPPER_FIELD_NUMBER: _ClassVar[int]
    THETA_BIAS_CORRECTED_FIELD_NUMBER: _ClassVar[int]
    ADF_STATISTIC_FIELD_NUMBER: _ClassVar[int]
    ADF_P_VALUE_FIELD_NUMBER: _ClassVar[int]
    LOG_LIKELIHOOD_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    B_MEDIAN_UNBIASED_FIELD_NUMBER: _ClassVar[int]
    B_LOWER_FIELD_NUMBER: _ClassVar[int]
    B_UPPER_FIELD_NUMBER: _ClassVar[int]
    THETA_LOWER_FIELD_NUMBER: _ClassVar[int]
    THETA_UPPER_FIELD_NUMBER: _ClassVar[int]
    MU_LOWER_FIELD_NUMBER: _ClassVar[int]
    MU_UPPER_FIELD_NUMBER: _ClassVar[int]
    theta: float
    mu: float
    sigma: float
    half_life: float
    n_samples: int
    r_squared: float
    status: str
    timestamp_ms: int
    asset_id: str
    metadata: str
    theta_std_error: float
    mu_std_error: float
    sigma_std_error: float
    half_life_lower: float
    half_life_upper: float
    theta_bias_corrected: float
    adf_statistic: float
    adf_p_value: float
    log_likelihood: float
    reason: str
    b_median_unbiased: float
    b_lower: float
    b_upper: float
    theta_lower: float
    theta_upper: float
    mu_lower: float
    mu_upper: float
    def __init__(self, theta: _Optional[float] = ..., mu: _Optional[float] = ..., sigma: _Optional[float] = ..., half_life: _Optional[float] = ..., n_samples: _Optional[int] = ..., r_squared: _Optional[float] = ..., status: _Optional[str] = ..., timestamp_ms: _Optional[int] = ..., asset_id: _Optional[str] = ..., metadata: _Optional[str] = ..., theta_std_error: _Optional[float] = ..., mu_std_error: _Optional[float] = ..., sigma_std_error: _Optional[float] = ..., half_life_lower: _Optional[float] = ..., half_life_upper: _Optional[float] = ..., theta_bias_corrected: _Optional[float] = ..., adf_statistic: _Optional[float] = ..., adf_p_value: _Optional[float] = ..., log_likelihood: _Optional[float] = ..., reason: _Optional[str] = ..., b_median_unbiased: _Optional[float] = ..., b_lower: _Optional[float] = ..., b_upper: _Optional[float] = ..., theta_lower: _Optional[float] = ..., theta_upper: _Optional[float] = ..., mu_lower: _Optional[float] = ..., mu_upper: _Optional[float] = ...) -> None: ...

class ThresholdRequest(_message.Message):
    __slots__ = ("ou_params", "transaction_cost", "optimization_objective", "metadata")
    OU_PARAMS_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_COST_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZATION_OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ou_params: OuEstimate
    transaction_cost: float
    optimization_objective: str
    metadata: str
    def __init__(self, ou_params: _Optional[_Union[OuEstimate, _Mapping]] = ..., transaction_cost: _Optional[float] = ..., optimization_objective: _Optional[str] = ..., metadata: _Optional[str] = ...) -> None: ...

class ThresholdResponse(_message.Message):
    __slots__ = ("entry_zscore", "exit_zscore", "expected_holding_periods", "expected_return_per_trade", "win_rate_estimate", "metadata")
    ENTRY_ZSCORE_FIELD_NUMBER: _ClassVar[int]
    EXIT_ZSCORE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_HOLDING_PERIODS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_RETURN_PER_TRADE_FIELD_NUMBER: _ClassVar[int]
    WIN_RATE_ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    entry_zscore: float
    exit_zscore: float
    expected_holding_periods: float
    expected_return_per_trade: float
    win_rate_estimate: float
    metadata: str
    def __init__(self, entry_zscore: _Optional[float] = ..., exit_zscore: _Optional[float] = ..., expected_holding_periods: _Optional[float] = ..., expected_return_per_trade: _Optional[float] = ..., win_rate_estimate: _Optional[float] = ..., metadata: _Optional[str] = ...) -> None: ...

class BacktestInput(_message.Message):
    __slots__ = ("price", "timestamp_ms", "entry_zscore", "exit_zscore", "transaction_cost", "update_frequency", "metadata", "prices", "timestamps_ms")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    ENTRY_ZSCORE_FIELD_NUMBER: _ClassVar[int]
    EXIT_ZSCORE_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_COST_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FREQUENCY_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMPS_MS_FIELD_NUMBER: _ClassVar[int]
    price: float
    timestamp_ms: int
    entry_zscore: float
    exit_zscore: float
    transaction_cost: float
    update_frequency: int
    metadata: str
    prices: _containers.RepeatedScalarFieldContainer[float]
    timestamps_ms: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, price: _Optional[float] = ..., timestamp_ms: _Optional[int] = ..., entry_zscore: _Optional[float] = ..., exit_zscore: _Optional[float] = ..., transaction_cost: _Optional[float] = ..., update_frequency: _Optional[int] = ..., metadata: _Optional[str] = ..., prices: _Optional[_Iterable[float]] = ..., timestamps_ms: _Optional[_Iterable[int]] = ...) -> None: ...

class BacktestMetric(_message.Message):
    __slots__ = ("bar_number", "cumulative_return", "daily_return", "open_positions", "unrealized_pnl", "realized_pnl", "max_drawdown", "sharpe_ratio", "num_trades", "win_rate", "avg_profit_per_trade", "status", "timestamp_ms", "metadata", "equity", "total_costs", "position", "zscore", "sharpe_std_error", "probability_sharpe_positive")
    BAR_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CUMULATIVE_RETURN_FIELD_NUMBER: _ClassVar[int]
    DAILY_RETURN_FIELD_NUMBER: _ClassVar[int]
    OPEN_POSITIONS_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    MAX_DRAWDOWN_FIELD_NUMBER: _ClassVar[int]
    SHARPE_RATIO_FIELD_NUMBER: _ClassVar[int]
    NUM_TRADES_FIELD_NUMBER: _ClassVar[int]
    WIN_RATE_FIELD_NUMBER: _ClassVar[int]
    AVG_PROFIT_PER_TRADE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    EQUITY_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COSTS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    ZSCORE_FIELD_NUMBER: _ClassVar[int]
    SHARPE_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_SHARPE_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    bar_number: int
    cumulative_return: float
    daily_return: float
    open_positions: int
    unrealized_pnl: float
    realized_pnl: float
    max_drawdown: float
    sharpe_ratio: float
    num_trades: int
    win_rate: float
    avg_profit_per_trade: float
    status: str
    timestamp_ms: int
    metadata: str
    equity: float
    total_costs: float
    position: int
    zscore: float
    sharpe_std_error: float
    probability_sharpe_positive: float
    def __init__(self, bar_number: _Optional[int] = ..., cumulative_return: _Optional[float] = ..., daily_return: _Optional[float] = ..., open_positions: _Optional[int] = ..., unrealized_pnl: _Optional[float] = ..., realized_pnl: _Optional[float] = ..., max_drawdown: _Optional[float] = ..., sharpe_ratio: _Optional[float] = ..., num_trades: _Optional[int] = ..., win_rate: _Optional[float] = ..., avg_profit_per_trade: _Optional[float] = ..., status: _Optional[str] = ..., timestamp_ms: _Optional[int] = ..., metadata: _Optional[str] = ..., equity: _Optional[float] = ..., total_costs: _Optional[float] = ..., position: _Optional[int] = ..., zscore: _Optional[float] = ..., sharpe_std_error: _Optional[float] = ..., probability_sharpe_positive: _Optional[float] = ...) -> None: ...

class PcaRequest(_message.Message):
    __slots__ = ("returns_matrix", "n_components", "scaling", "metadata")
    RETURNS_MATRIX_FIELD_NUMBER: _ClassVar[int]
    N_COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    SCALING_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    returns_matrix: Matrix
    n_components: int
    scaling: str
    metadata: str
    def __init__(self, returns_matrix: _Optional[_Union[Matrix, _Mapping]] = ..., n_components: _Optional[int] = ..., scaling: _Optional[str] = ..., metadata: _Optional[str] = ...) -> None: ...

class PcaResponse(_message.Message):
    __slots__ = ("explained_variance_ratio", "components", "transformed", "total_variance_explained", "metadata")
    EXPLAINED_VARIANCE_RATIO_FIELD_NUMBER: _ClassVar[int]
    COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    TRANSFORMED_FIELD_NUMBER: _ClassVar[int]
    TOTAL_VARIANCE_EXPLAINED_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    explained_variance_ratio: _containers.RepeatedScalarFieldContainer[float]
    components: Matrix
    transformed: Matrix
    total_variance_explained: float
    metadata: str
    def __init__(self, explained_variance_ratio: _Optional[_Iterable[float]] = ..., components: _Optional[_Union[Matrix, _Mapping]] = ..., transformed: _Optional[_Union[Matrix, _Mapping]] = ..., total_variance_explained: _Optional[float] = ..., metadata: _Optional[str] = ...) -> None: ...

class OptimizationInput(_message.Message):
    __slots__ = ("returns", "gamma", "risk_free_rate", "transaction_cost", "timestamp_ms", "metadata", "expected_returns", "covariance")
    RETURNS_FIELD_NUMBER: _ClassVar[int]
    GAMMA_FIELD_NUMBER: _ClassVar[int]
    RISK_FREE_RATE_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_COST_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_RETURNS_FIELD_NUMBER: _ClassVar[int]
    COVARIANCE_FIELD_NUMBER: _ClassVar[int]
    returns: Matrix
    gamma: float
    risk_free_rate: float
    transaction_cost: float
    timestamp_ms: int
    metadata: str
    expected_returns: _containers.RepeatedScalarFieldContainer[float]
    covariance: Matrix
    def __init__(self, returns: _Optional[_Union[Matrix, _Mapping]] = ..., gamma: _Optional[float] = ..., risk_free_rate: _Optional[float] = ..., transaction_cost: _Optional[float] = ..., timestamp_ms: _Optional[int] = ..., metadata: _Optional[str] = ..., expected_returns: _Optional[_Iterable[float]] = ..., covariance: _Optional[_Union[Matrix, _Mapping]] = ...) -> None: ...

class WeightsOutput(_message.Message):
    __slots__ = ("weights", "expected_return", "expected_volatility", "sharpe_ratio", "utility", "status", "timestamp_ms", "metadata", "sharpe_std_error", "probability_sharpe_positive")
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_RETURN_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VOLATILITY_FIELD_NUMBER: _ClassVar[int]
    SHARPE_RATIO_FIELD_NUMBER: _ClassVar[int]
    UTILITY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    SHARPE_STD_ERROR_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_SHARPE_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    weights: _containers.RepeatedScalarFieldContainer[float]
    expected_return: float
    expected_volatility: float
    sharpe_ratio: float
    utility: float
    status: str
    timestamp_ms: int
    metadata: str
    sharpe_std_error: float
    probability_sharpe_positive: float
    def __init__(self, weights: _Optional[_Iterable[float]] = ..., expected_return: _Optional[float] = ..., expected_volatility: _Optional[float] = ..., sharpe_ratio: _Optional[float] = ..., utility: _Optional[float] = ..., status: _Optional[str] = ..., timestamp_ms: _Optional[int] = ..., metadata: _Optional[str] = ..., sharpe_std_error: _Optional[float] = ..., probability_sharpe_positive: _Optional[float] = ...) -> None: ...

class MultiperiodRequest(_message.Message):
    __slots__ = ("returns_sequence", "gamma", "transaction_cost", "rebalance_frequency", "metadata", "expected_returns", "covariance", "n_periods")
    RETURNS_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    GAMMA_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_COST_FIELD_NUMBER: _ClassVar[int]
    REBALANCE_FREQUENCY_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_RETURNS_FIELD_NUMBER: _ClassVar[int]
    COVARIANCE_FIELD_NUMBER: _ClassVar[int]
    N_PERIODS_FIELD_NUMBER: _ClassVar[int]
    returns_sequence: _containers.RepeatedCompositeFieldContainer[Matrix]
    gamma: float
    transaction_cost: float
    rebalance_frequency: int
    metadata: str
    expected_returns: _containers.RepeatedScalarFieldContainer[float]
    covariance: Matrix
    n_periods: int
    def __init__(self, returns_sequence: _Optional[_Iterable[_Union[Matrix, _Mapping]]] = ..., gamma: _Optional[float] = ..., transaction_cost: _Optional[float] = ..., rebalance_frequency: _Optional[int] = ..., metadata: _Optional[str] = ..., expected_returns: _Optional[_Iterable[float]] = ..., covariance: _Optional[_Union[Matrix, _Mapping]] = ..., n_periods: _Optional[int] = ...) -> None: ...

class MultiperiodResponse(_message.Message):
    __slots__ = ("weights_sequence", "cumulative_utility", "avg_turnover", "rebalance_times", "metadata")
    WEIGHTS_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CUMULATIVE_UTILITY_FIELD_NUMBER: _ClassVar[int]
    AVG_TURNOVER_FIELD_NUMBER: _ClassVar[int]
    REBALANCE_TIMES_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    weights_sequence: _containers.RepeatedCompositeFieldContainer[WeightsOutput]
    cumulative_utility: float
    avg_turnover: float
    rebalance_times: _containers.RepeatedScalarFieldContainer[int]
    metadata: str
    def __init__(self, weights_sequence: _Optional[_Iterable[_Union[WeightsOutput, _Mapping]]] = ..., cumulative_utility: _Optional[float] = ..., avg_turnover: _Optional[float] = ..., rebalance_times: _Optional[_Iterable[int]] = ..., metadata: _Optional[str] = ...) -> None: ...

class PortfolioStatsRequest(_message.Message):
    __slots__ = ("returns", "weights", "metadata")
    RETURNS_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    returns: Matrix
    weights: _containers.RepeatedScalarFieldContainer[float]
    metadata: str
    def __init__(self, returns: _Optional[_Union[Matrix, _Mapping]] = ..., weights: _Optional[_Iterable[float]] = ..., metadata: _Optional[str] = ...) -> None: ...

class PortfolioStatsResponse(_message.Message):
    __slots__ = ("mean_return", "std_return", "skewness", "kurtosis", "correlation", "covariance", "marginal_contrib", "metadata")
    MEAN_RETURN_FIELD_NUMBER: _ClassVar[int]
    STD_RETURN_FIELD_NUMBER: _ClassVar[int]
    SKEWNESS_FIELD_NUMBER: _ClassVar[int]
    KURTOSIS_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_FIELD_NUMBER: _ClassVar[int]
    COVARIANCE_FIELD_NUMBER: _ClassVar[int]
    MARGINAL_CONTRIB_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    mean_return: float
    std_return: float
    skewness: float
    kurtosis: float
    correlation: Matrix
    covariance: Matrix
    marginal_contrib: _containers.RepeatedScalarFieldContainer[float]
    metadata: str
    def __init__(self, mean_return: _Optional[float] = ..., std_return: _Optional[float] = ..., skewness: _Optional[float] = ..., kurtosis: _Optional[float] = ..., correlation: _Optional[_Union[Matrix, _Mapping]] = ..., covariance: _Optional[_Union[Matrix, _Mapping]] = ..., marginal_contrib: _Optional[_Iterable[float]] = ..., metadata: _Optional[str] = ...) -> None: ...

class SignalRequest(_message.Message):
    __slots__ = ("price_history", "ou_params", "thresholds", "position_state", "metadata")
    PRICE_HISTORY_FIELD_NUMBER: _ClassVar[int]
    OU_PARAMS_FIELD_NUMBER: _ClassVar[int]
    THRESHOLDS_FIELD_NUMBER: _ClassVar[int]
    POSITION_STATE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    price_history: PriceHistory
    ou_params: OuEstimate
    thresholds: ThresholdResponse
    position_state: str
    metadata: str
    def __init__(self, price_history: _Optional[_Union[PriceHistory, _Mapping]] = ..., ou_params: _Optional[_Union[OuEstimate, _Mapping]] = ..., thresholds: _Optional[_Union[ThresholdResponse, _Mapping]] = ..., position_state: _Optional[str] = ..., metadata: _Optional[str] = ...) -> None: ...

class SignalResponse(_message.Message):
    __slots__ = ("signal", "confidence", "zscore", "expected_profit", "timestamp_ms", "reasoning", "metadata")
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    ZSCORE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_PROFIT_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    REASONING_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    signal: str
    confidence: float
    zscore: float
    expected_profit: float
    timestamp_ms: int
    reasoning: str
    metadata: str
    def __init__(self, signal: _Optional[str] = ..., confidence: _Optional[float] = ..., zscore: _Optional[float] = ..., expected_profit: _Optional[float] = ..., timestamp_ms: _Optional[int] = ..., reasoning: _Optional[str] = ..., metadata: _Optional[str] = ...) -> None: ...

class HealthRequest(_message.Message):
    __slots__ = ("portfolio_id", "update_frequency_ms", "asset_ids", "metadata")
    PORTFOLIO_ID_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FREQUENCY_MS_FIELD_NUMBER: _ClassVar[int]
    ASSET_IDS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    portfolio_id: str
    update_frequency_ms: int
    asset_ids: _containers.RepeatedScalarFieldContainer[str]
    metadata: str
    def __init__(self, portfolio_id: _Optional[str] = ..., update_frequency_ms: _Optional[int] = ..., asset_ids: _Optional[_Iterable[str]] = ..., metadata: _Optional[str] = ...) -> None: ...

class HealthMetric(_message.Message):
    __slots__ = ("portfolio_id", "timestamp_ms", "total_value", "daily_return", "volatility_24h", "max_drawdown", "open_positions", "status", "alerts", "metadata")
    PORTFOLIO_ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_VALUE_FIELD_NUMBER: _ClassVar[int]
    DAILY_RETURN_FIELD_NUMBER: _ClassVar[int]
    VOLATILITY_24H_FIELD_NUMBER: _ClassVar[int]
    MAX_DRAWDOWN_FIELD_NUMBER: _ClassVar[int]
    OPEN_POSITIONS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    portfolio_id: str
    timestamp_ms: int
    total_value: float
    daily_return: float
    volatility_24h: float
    max_drawdown: float
    open_positions: int
    status: str
    alerts: _containers.RepeatedScalarFieldContainer[str]
    metadata: str
    def __init__(self, portfolio_id: _Optional[str] = ..., timestamp_ms: _Optional[int] = ..., total_value: _Optional[float] = ..., daily_return: _Optional[float] = ..., volatility_24h: _Optional[float] = ..., max_drawdown: _Optional[float] = ..., open_positions: _Optional[int] = ..., status: _Optional[str] = ..., alerts: _Optional[_Iterable[str]] = ..., metadata: _Optional[str] = ...) -> None: ...

class Error(_message.Message):
    __slots__ = ("code", "message", "details", "timestamp")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    details: str
    timestamp: str
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., details: _Optional[str] = ..., timestamp: _Optional[str] = ...) -> None: ...
