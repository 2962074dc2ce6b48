"""The help desk's facts in admin, for supervisors."""

from django.contrib import admin
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk.model_admin import CarefulAdmin
from desk.models import Announcement, Holiday, OpeningHours, PhoneLine, Resource, TermsVersion
from desk.services import forget_facts, is_shown


class FactAdmin(CarefulAdmin):
    """A change that shows at once in the process that made it, and not before it is stored."""

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        transaction.on_commit(forget_facts, robust=True)

    def delete_model(self, request, obj):
        super().delete_model(request, obj)
        transaction.on_commit(forget_facts, robust=True)

    def delete_queryset(self, request, queryset):
        super().delete_queryset(request, queryset)
        transaction.on_commit(forget_facts, robust=True)


@admin.register(PhoneLine)
class PhoneLineAdmin(FactAdmin):
    list_display = ["name", "number"]

    def has_add_permission(self, request):
        return super().has_add_permission(request) and not PhoneLine.objects.exists()

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(OpeningHours)
class OpeningHoursAdmin(FactAdmin):
    list_display = ["weekday", "opens_at", "closes_at"]


@admin.register(Holiday)
class HolidayAdmin(FactAdmin):
    list_display = ["date", "name"]


@admin.register(Announcement)
class AnnouncementAdmin(FactAdmin):
    list_display = ["text", "severity", "starts_at", "ends_at", "state"]
    list_filter = ["severity"]

    @admin.display(description=gettext_lazy("state"))
    def state(self, announcement: Announcement) -> str:
        now = timezone.now()
        if is_shown(announcement, now):
            return _("Shown now")
        return _("To come") if announcement.starts_at > now else _("Ended")


@admin.register(Resource)
class ResourceAdmin(CarefulAdmin):
    list_display = ["title", "section", "url", "position", "is_active"]
    list_filter = ["is_active"]


@admin.register(TermsVersion)
class TermsVersionAdmin(CarefulAdmin):
    """New terms are a new version; those in force stay as people accepted them, and can be translated once."""

    list_display = ["version", "published_at"]

    def get_readonly_fields(self, request, obj=None):
        return ("version", "text", "published_at") if _in_force(obj) else ()

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not (_in_force(obj) and obj.text_es)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not _in_force(obj)


def _in_force(terms: TermsVersion | None) -> bool:
    return terms is not None and terms.published_at <= timezone.now()
