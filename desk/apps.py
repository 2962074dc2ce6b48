"""Set up desk: its checks, and a copy of its facts that follows the admin at once."""

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    name = "desk"
    verbose_name = _("Help desk")

    def ready(self) -> None:
        from desk.checks import check_deployment

        register(check_deployment, Tags.security, deploy=True)
