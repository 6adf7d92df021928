"""What goes over the wire: orders, events, errors, JSON. Both spellings meet here and nowhere else."""
