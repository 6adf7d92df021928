"""Keys, and the policy that each message is held against before it is signed."""
