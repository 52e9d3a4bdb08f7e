"""``launchpad serve``: the AI API of this machine over HTTP, for SAP's SDK, scripts and other launchpads."""
