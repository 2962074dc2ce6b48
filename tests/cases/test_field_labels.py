"""The labels of the agents' forms end without a colon, on every page."""

from __future__ import annotations

import pytest
from django.urls import reverse

from cases.bulk_forms import PriorityForm

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("page", "label"),
    [("merge", "Case ID"), ("link", "Case ID"), ("redact", "Passage to remove"), ("redact", "Reason")],
)
def test_labels_of_the_ways_to_tidy(client_for, agnes, case, page, label):
    html = client_for(agnes).get(reverse(f"admin:cases_case_{page}", args=[case.pk])).text
    assert f">{label}</label>" in html
    assert ":</label>" not in html


def test_labels_of_changes_to_several_cases(agnes, case):
    assert ">New priority</label>" in PriorityForm(user=agnes, cases=[case]).as_div()
