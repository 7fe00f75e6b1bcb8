"""Estimates, models and comparisons: functions of arrays and frames."""
