"""What other apps may want to follow up."""

from django.dispatch import Signal

# Sent inside the transaction that blocks an account, with `account` and `by`.
account_blocked = Signal()

# Sent inside the transaction that makes a staff account, with `account`.
staff_created = Signal()

# Sent inside the transaction that gives a staff account another role, with `account`, `by` and `was_agent`.
role_changed = Signal()

# Sent inside the transaction that merges two organizations, with `organization`, `into` and `by`.
organization_merged = Signal()
