from django.urls import path, register_converter

from mail import views

app_name = "mail"


class LetterName:
    regex = "[0-9]{20}-[0-9a-f]{8}"

    def to_python(self, value):
        return value

    def to_url(self, value):
        return value


register_converter(LetterName, "letter")

urlpatterns = [
    path("", views.mailbox, name="mailbox"),
    path("<letter:name>/", views.mailbox_message, name="mailbox_message"),
    path("<letter:name>/html/", views.mailbox_html, name="mailbox_html"),
    path("<letter:name>/raw/", views.mailbox_raw, name="mailbox_raw"),
]
