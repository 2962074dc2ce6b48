"""Every mail as a reader's program shows it: on a narrow phone and a desk, in the light and in the dark."""

from __future__ import annotations

import pytest

from tests.browser.conftest import chromium, inspect
from tests.mail.every_mail import send_every_mail

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

TARGET = 44


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_mail_can_be_read(language):
    letters = {
        name: letter for name, letter in send_every_mail(language).items() if f'lang="{language}' in letter.html
    }
    assert len(letters) >= 8
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        for name, letter in letters.items():
            page.set_content(letter.html)
            inspect(page, page.locator("h1").inner_text())
            page.set_viewport_size({"width": 320, "height": 800})
            for button in page.locator("a.press").all():
                box = button.bounding_box()
                assert box["height"] >= TARGET, name
                assert box["width"] >= 240, f"{name}: the button is as wide as the mail on a phone"
            page.set_viewport_size({"width": 1280, "height": 900})
            assert page.locator(".sheet").bounding_box()["width"] == 600, name
