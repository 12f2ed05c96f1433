"""The methods of both clients: Methods lists them, and each is declared in a module of its own."""

from meanrev.methods.backtest import backtest
from meanrev.methods.backtest_stream import backtest_stream
from meanrev.methods.cara import cara, cara_stream
from meanrev.methods.fit_ou import fit_ou
from meanrev.methods.health import health
from meanrev.methods.info import info
from meanrev.methods.job_calls import jobs
from meanrev.methods.johansen import johansen
from meanrev.methods.log_returns import log_returns
from meanrev.methods.matrices import append, drop, matrices, matrix, put
from meanrev.methods.multiperiod import multiperiod
from meanrev.methods.ou import ou, ou_stream
from meanrev.methods.pair import pair
from meanrev.methods.pca import pca
from meanrev.methods.portfolio_stats import portfolio_stats
from meanrev.methods.portfolios import get_portfolio, put_portfolio
from meanrev.methods.publish import publish
from meanrev.methods.reality_check import reality_check
from meanrev.methods.residuals import residuals
from meanrev.methods.rolling import rolling
from meanrev.methods.scan import scan
from meanrev.methods.sharpe import sharpe, sharpe_stream
from meanrev.methods.signals import signals
from meanrev.methods.statarb import statarb
from meanrev.methods.stats import stats
from meanrev.methods.sweep import sweep
from meanrev.methods.tests import tests
from meanrev.methods.thresholds import thresholds
from meanrev.question import LiveMethod, Method

__all__ = ["Methods"]


class Methods:
    """The methods that Client and AsyncClient have."""

    ou = Method(ou)
    ou_stream = LiveMethod(ou_stream)
    thresholds = Method(thresholds)
    backtest = Method(backtest)
    backtest_stream = LiveMethod(backtest_stream)
    log_returns = Method(log_returns)
    pca = Method(pca)
    cara = Method(cara)
    cara_stream = LiveMethod(cara_stream)
    sharpe = Method(sharpe)
    sharpe_stream = LiveMethod(sharpe_stream)
    multiperiod = Method(multiperiod)
    portfolio_stats = Method(portfolio_stats)
    signals = Method(signals)
    health = LiveMethod(health)
    info = Method(info)
    reality_check = Method(reality_check)
    stats = Method(stats)
    rolling = Method(rolling)
    fit_ou = Method(fit_ou)
    tests = Method(tests)
    sweep = Method(sweep)
    scan = Method(scan)
    statarb = Method(statarb)
    residuals = Method(residuals)
    pair = Method(pair)
    johansen = Method(johansen)
    put = Method(put)
    append = Method(append)
    matrices = Method(matrices)
    matrix = Method(matrix)
    drop = Method(drop)
    publish = Method(publish)
    put_portfolio = Method(put_portfolio)
    get_portfolio = Method(get_portfolio)
    jobs = Method(jobs)
