"""Charts of metrics: boards, one chart, the chart editor."""
