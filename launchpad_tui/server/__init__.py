"""The AI API that launchpad serves: to other programs, and to training code in an execution."""
