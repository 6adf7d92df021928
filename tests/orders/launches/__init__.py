"""Tests of the watch for new pools."""
