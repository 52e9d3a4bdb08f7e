"""The AI API as we serve it: the tracking endpoint that training code finds inside an execution."""
