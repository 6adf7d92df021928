"""What wallets may be used for: funds committed by orders under way, caps on what is sold in a day."""
