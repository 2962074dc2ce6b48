"""The pages of an account: getting one, getting in, and looking after it."""
