"""Pictures of results: a chart says what is shown, and svg and plotly draw it."""

from meanrev.pictures.chart import Band, Bars, Chart, Heat, Level, Line, Marks, Panel

__all__ = ["Band", "Bars", "Chart", "Heat", "Level", "Line", "Marks", "Panel"]
