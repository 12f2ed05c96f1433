"""Results: frozen dataclasses that also read as mappings. Each module below is about one subject and lists its own."""

from meanrev.results import (
    accounts,
    book_parts,
    cointegration,
    matrices,
    performance,
    portfolio,
    residual_books,
    reversion,
    rolling,
    scans,
    searches,
    series,
    service,
    sweeps,
    walks,
)
from meanrev.results.accounts import *
from meanrev.results.base import Result
from meanrev.results.book_parts import *
from meanrev.results.cointegration import *
from meanrev.results.matrices import *
from meanrev.results.performance import *
from meanrev.results.portfolio import *
from meanrev.results.residual_books import *
from meanrev.results.reversion import *
from meanrev.results.rolling import *
from meanrev.results.scans import *
from meanrev.results.searches import *
from meanrev.results.series import *
from meanrev.results.service import *
from meanrev.results.sweeps import *
from meanrev.results.walks import *

__all__ = ["Result"]
__all__ += accounts.__all__
__all__ += book_parts.__all__
__all__ += cointegration.__all__
__all__ += matrices.__all__
__all__ += performance.__all__
__all__ += portfolio.__all__
__all__ += residual_books.__all__
__all__ += reversion.__all__
__all__ += rolling.__all__
__all__ += scans.__all__
__all__ += searches.__all__
__all__ += series.__all__
__all__ += service.__all__
__all__ += sweeps.__all__
__all__ += walks.__all__
