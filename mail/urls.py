from django.urls import path, register_converter

from mail import views

app_name = "mail"


class MailName:
    regex = "[0-9]{20}-[0-9a-f]{8}"

    def to_python(self, value):
        return value

    def to_url(self, value):
        return value


register_converter(MailName, "mail")

urlpatterns = [
    path("", views.mailbox, name="mailbox"),
    path("<mail:name>/", views.mailbox_mail, name="mailbox_mail"),
    path("<mail:name>/html/", views.mailbox_html, name="mailbox_html"),
    path("<mail:name>/raw/", views.mailbox_raw, name="mailbox_raw"),
]
