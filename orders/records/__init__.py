"""The only writers of orders: journal, leases, attempts, kill switch, costs."""
