"""What supervisors keep: queues, request types, canned replies."""

from __future__ import annotations

from operator import attrgetter

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget, RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.text import SingleLineField
from cases import canned, services
from cases.canned_forms import PREVIEW, CannedReplyForm
from cases.counts import capped, capped_counts
from cases.models import CannedReply, Case, Queue, RequestType
from desk.model_admin import CarefulAdmin, CarefulForm, KeptAdmin


class NameField(SingleLineField):
    def __init__(self):
        super().__init__(label=_("Name"), max_length=80, widget=AdminTextInputWidget)


class WithoutDetours:
    """Forms whose related rows are made and changed on pages of their own, not in windows that pop up."""

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(getattr(field, "widget", None), RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field


class SetupAdmin(WithoutDetours, CarefulAdmin, KeptAdmin):
    """Forms that are saved one after the other: what one of them checks stays true until it is saved."""

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            services.lock_setup()
            return super().changeform_view(request, object_id, form_url, extra_context)


class QueueForm(CarefulForm):
    name = NameField()

    class Meta:
        model = Queue
        fields = ("name", "members", "is_default")
        labels = {"is_default": _("Default queue")}
        help_texts = {
            "members": _("They are told of each new case. While a queue has no members, every agent is."),
            "is_default": _("New agents join it, and new request types begin with it. There is always one."),
        }

    def _get_validation_exclusions(self) -> set[str]:
        # Two defaults are no mistake of the person's: saving moves the mark.
        return super()._get_validation_exclusions() | {"is_default"}

    def clean_is_default(self) -> bool:
        wanted = self.cleaned_data["is_default"]
        try:
            services.refuse_no_default(self.instance, is_default=wanted)
        except services.DefaultQueueNeeded as error:
            raise ValidationError(str(error), code="needed") from None
        return wanted


@admin.register(Queue)
class QueueAdmin(SetupAdmin):
    form = QueueForm
    list_display = ("name", "is_default_", "member_names", "type_names")
    search_fields = ("name",)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("request_types", "members")

    def get_fields(self, request, obj=None):
        return ("name", "members", "is_default", *(("request_types_here", "open_cases") if obj else ()))

    def get_readonly_fields(self, request, obj=None):
        return ("request_types_here", "open_cases") if obj else ()

    def get_object(self, request, object_id, from_field=None):
        queue = super().get_object(request, object_id, from_field)
        if queue is not None:
            cases = Case.objects.visible_to(request.user).unmerged().open().filter(queue=queue)
            queue.open_count = capped_counts(request.user, {"open": cases})["open"]
        return queue

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        """Offer as members those who may work its cases: nobody else can be mailed about them."""
        if db_field.name == "members":
            kwargs |= {"queryset": User.objects.agents(), "widget": forms.CheckboxSelectMultiple}
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "members":
            field.label_from_instance = attrgetter("name_with_absence")
            field.help_text = QueueForm.Meta.help_texts["members"]
        return field

    def save_model(self, request, obj, form, change):
        services.save_queue(by=request.user, queue=obj, is_default=obj.is_default)

    @admin.display(description=_("default"), boolean=True, ordering="is_default")
    def is_default_(self, queue: Queue) -> bool:
        return queue.is_default

    @admin.display(description=_("members"), empty_value=_("nobody: every agent is told"))
    def member_names(self, queue: Queue) -> str:
        return ", ".join(sorted(member.name_with_absence for member in queue.members.all()))

    @admin.display(description=_("request types"))
    def type_names(self, queue: Queue) -> str:
        return ", ".join(each.name for each in queue.request_types.all() if each.is_active)

    @admin.display(description=_("Request types that land here"))
    def request_types_here(self, queue: Queue) -> str:
        links = format_html_join(
            "",
            '<li><a href="{}">{}</a></li>',
            (
                (reverse("admin:cases_requesttype_change", args=[each.pk]), _named(each))
                for each in queue.request_types.all()
            ),
        )
        if not links:
            return gettext("None. It is chosen at the request type.")
        return format_html('<ul class="ways">{}</ul>', links)

    @admin.display(description=_("Open cases"))
    def open_cases(self, queue: Queue) -> str:
        address = f"{reverse('admin:cases_case_changelist')}?list=open&queue={queue.pk}"
        return format_html('<a class="ways" href="{}">{}</a>', address, capped(queue.open_count))


def _named(request_type: RequestType) -> str:
    return request_type.name if request_type.is_active else gettext("%s (no longer offered)") % request_type.name


class RequestTypeForm(CarefulForm):
    name = NameField()
    help_text = SingleLineField(
        label=_("Hint"),
        max_length=200,
        required=False,
        widget=AdminTextInputWidget,
        help_text=_("What the type means, in a sentence. The intake form shows it below the list."),
    )
    name_es = SingleLineField(
        label=_("Name in Spanish"),
        max_length=120,
        required=False,
        widget=AdminTextInputWidget,
        help_text=_("Empty: the English is shown."),
    )
    help_text_es = SingleLineField(
        label=_("Hint in Spanish"), max_length=300, required=False, widget=AdminTextInputWidget
    )

    class Meta:
        model = RequestType
        fields = (
            "name",
            "name_es",
            "help_text",
            "help_text_es",
            "queue",
            "default_priority",
            "answers_in_mail",
            "is_active",
            "position",
        )
        help_texts = {
            "queue": _("New cases of this type land there. Cases that are filed already stay where they are."),
            "default_priority": _("New cases of this type begin with it."),
            "answers_in_mail": _(
                "Switched off, for sensitive matters: the email says that there is an answer, and the provider logs in"
                " to read it."
            ),
            "is_active": _("Switched off, it is offered no more; its cases keep it and lists can still filter by it."),
            "position": _("The form lists small numbers first."),
        }

    def clean_is_active(self) -> bool:
        offered = self.cleaned_data["is_active"]
        try:
            services.refuse_no_type(self.instance, is_active=offered)
        except services.RequestTypeNeeded as error:
            raise ValidationError(str(error), code="needed") from None
        return offered


@admin.register(RequestType)
class RequestTypeAdmin(SetupAdmin):
    form = RequestTypeForm
    list_display = ("name", "help_text", "queue", "default_priority", "answers_in_mail", "is_active", "position")
    list_select_related = ("queue",)
    list_filter = ("is_active", "queue")
    search_fields = ("name", "help_text")
    ordering = ("position", "name")

    def save_model(self, request, obj, form, change):
        services.save_request_type(by=request.user, request_type=obj)

    def get_changeform_initial_data(self, request):
        default = Queue.objects.filter(is_default=True).values_list("pk", flat=True).first()
        return {"queue": default} | super().get_changeform_initial_data(request)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "queue":
            field.empty_label = None
        return field


@admin.register(CannedReply)
class CannedReplyAdmin(CarefulAdmin, KeptAdmin):
    form = CannedReplyForm
    list_display = ("name", "queue_", "is_active")
    list_filter = ("is_active", "queue")
    list_select_related = ("queue",)
    search_fields = ("name", "body")
    # In the list and in its filter; no other column of it can be empty.
    empty_value_display = _("every queue")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.empty_label = _("every queue")
        return field

    def save_model(self, request, obj, form, change):
        services.save_canned_reply(by=request.user, reply=obj)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        typed = request.POST.get("body", "") if request.method == "POST" else getattr(obj, "body", "")
        context |= {
            "placeholders": canned.PLACEHOLDERS.items(),
            "preview": canned.preview(typed, agent=request.user),
            "asked_for_preview": PREVIEW in request.POST,
        }
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description=_("queue"), ordering="queue__name")
    def queue_(self, reply: CannedReply) -> str | None:
        return reply.queue.name if reply.queue else None
