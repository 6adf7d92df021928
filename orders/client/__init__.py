"""A running engine as its clients see it: its address, REST calls, a terminal."""
