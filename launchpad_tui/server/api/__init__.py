"""``launchpad serve``: the AI API over HTTP, for SAP's SDK, scripts and other launchpads."""
