"""How much of a mail is read. What goes beyond is stored, shown as failed, and harms no other mail."""

from datetime import timedelta

# 25 MB of files in base64, and room for the text.
RAW = 36 * 1024 * 1024
HEADERS = 256 * 1024
STRUCTURED_HEADER = 8 * 1024  # a Content-* header of any part: its parameters are parsed in quadratic time
LINES = 1_000_000
BOUNDARY_LINES = 20_000
MULTIPARTS = 20
PARTS = 200
DEPTH = 10
TEXT_PART = 1024 * 1024
HTML = 200_000
TAGS = 10_000
TEXT = 200_000
SUBJECT = 2_000
ADDRESSES = 50
REFERENCES = 50

ATTEMPTS = 3
LEASE = timedelta(minutes=5)
# More from one sender are left to a person.
PER_SENDER = 30
PER_SENDER_WITHIN = timedelta(hours=1)
