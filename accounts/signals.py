"""What other apps may want to follow up."""

from django.dispatch import Signal

# Sent inside the transaction that blocks an account, with `account` and `by`.
account_blocked = Signal()

# Sent inside the transaction that makes a staff account, with `account`.
staff_created = Signal()
