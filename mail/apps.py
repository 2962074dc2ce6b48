from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailConfig(AppConfig):
    name = "mail"
    verbose_name = _("Mail")

    def ready(self) -> None:
        from mail.signals import mail_bounced

        mail_bounced.connect(suspend_dead_address, dispatch_uid="mail.suspend_dead_address")


def suspend_dead_address(*, message, bounce, **kwargs) -> None:
    """Act upon a report about a mail that came back, in the transaction that notes it."""
    from mail.bounces import take_bounce

    take_bounce(message, bounce)
