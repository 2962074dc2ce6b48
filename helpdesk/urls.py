"""The addresses of the portal: promises, so they are typed out where the apps keep them."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

from helpdesk import health

handler400 = "helpdesk.errors.bad_request"
handler403 = "helpdesk.errors.permission_denied"
handler404 = "helpdesk.errors.page_not_found"
handler500 = "helpdesk.errors.server_error"

guide_address = login_not_required(RedirectView.as_view(pattern_name="cases:home", query_string=False))

urlpatterns = [
    path("", include("cases.urls")),
    path("", include("accounts.urls")),
    path("", include("desk.urls")),
    path("mailbox/", include("mail.urls")),
    # The address that the provider guide prints.
    path("csm_vaccine", guide_address),
    path("csm_vaccine/", guide_address),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("admin/", admin.site.urls),
]
