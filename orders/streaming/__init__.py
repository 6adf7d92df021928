"""The WebSocket endpoints: subscriptions, cursors, shared reads, groups."""
