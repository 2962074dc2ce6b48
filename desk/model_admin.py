"""What every list and form of the admin has in common: closed look-ups, kept rows, no lost changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path, unquote
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.formats import localize
from django.utils.timezone import template_localtime
from django.utils.translation import gettext as _

from desk.text import clean_query

SHOWN = "shown_values"
_SALT = "desk.model_admin.shown"


class ClosedChangeList(ChangeList):
    """A list in the orders that its headings offer, whatever its address says."""

    def get_ordering_field(self, field_name: str):
        is_offered = self.sortable_by is None or field_name in self.sortable_by
        return super().get_ordering_field(field_name) if is_offered else None


class ClosedAdmin(admin.ModelAdmin):
    """A list that obeys its own filters and its search box, and takes junk for nothing."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Refuse look-ups typed into the address: they would tell any column letter by letter."""
        return lookup in self._offered_lookups(request)

    def _offered_lookups(self, request: HttpRequest | None) -> set[str]:
        offered: set[str] = set()
        for each in self.get_list_filter(request):
            if isinstance(each, type):
                offered.add(each.parameter_name)
                continue
            path = each if isinstance(each, str) else each[0]
            field = get_fields_from_path(self.model, path)[-1]
            exact = f"{path}__{field.target_field.name}" if field.is_relation else path
            offered |= {f"{exact}__exact", f"{path}__isnull"}
        return offered

    def get_changelist(self, request: HttpRequest, **kwargs) -> type[ChangeList]:
        return ClosedChangeList

    def get_changelist_instance(self, request: HttpRequest):
        # PostgreSQL takes no NUL, and says so only when the rows are fetched.
        asked = [(name, *values) for name, values in request.GET.lists() if name != SEARCH_VAR]
        if any("\x00" in text for texts in asked for text in texts):
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, clean_query(search_term))

    def response_action(self, request: HttpRequest, queryset: models.QuerySet) -> HttpResponse | None:
        posted = request.POST.copy()
        chosen = posted.getlist(ACTION_CHECKBOX_NAME)
        posted.setlist(ACTION_CHECKBOX_NAME, [text for text in chosen if self._can_be_a_key(text)])
        request.POST = posted
        return super().response_action(request, queryset)

    def _can_be_a_key(self, text: str) -> bool:
        try:
            self.opts.pk.clean(text, None)
        except ValidationError:
            return False
        return True


class KeptAdmin(ClosedAdmin):
    """Rows that nobody deletes, not even an administrator."""

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class ShownField(forms.CharField):
    """The signed digests of what a form showed; no change of the row in themselves."""

    def __init__(self):
        super().__init__(required=False, label="", widget=forms.HiddenInput(attrs={"autocomplete": "off"}))

    def has_changed(self, initial, data) -> bool:
        return False


class CarefulForm(forms.ModelForm):
    """Refuse to overwrite, unseen, what somebody else has saved since the form was shown.

    Each field that would be lost is named with its present value, and what was typed is kept: the
    next save replaces it knowingly. A POST without the digests, a script's, overwrites.
    """

    shown_values = ShownField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self._kept_names():
            self.initial[SHOWN] = self._seal()

    def _kept_names(self) -> list[str]:
        """Return the fields that are columns, or many rows, of the row that the form changes."""
        if self.instance.pk is None:
            return []
        return [name for name in self.fields if name != SHOWN and name in self.initial]

    def _digest(self, name: str) -> str:
        value = self.initial[name]
        if isinstance(value, Iterable) and not isinstance(value, str):
            value = sorted(str(getattr(each, "pk", each)) for each in value)
        told = json.dumps([self.instance.pk, name, value], default=str)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def _seal(self) -> str:
        return signing.dumps({name: self._digest(name) for name in self._kept_names()}, salt=_SALT)

    def _shown(self) -> dict[str, str]:
        try:
            return dict(signing.loads(self.data[self.add_prefix(SHOWN)], salt=_SALT))
        except (signing.BadSignature, TypeError, ValueError):
            return {}

    def clean(self):
        cleaned = super().clean()
        if self.add_prefix(SHOWN) in self.data and self._kept_names():
            self._refuse_what_would_be_lost()
        return cleaned

    def _refuse_what_would_be_lost(self) -> None:
        shown, changed = self._shown(), set(self.changed_data)
        lost = [name for name in self._kept_names() if name in changed and shown.get(name) != self._digest(name)]
        for name in lost:
            sentence = _(
                "Somebody else has changed this since you opened the page. Save again to replace it. Now: %(now)s"
            )
            self.add_error(name, ValidationError(sentence % {"now": self._now(name)}, code="stale"))
        if lost:
            self.data = self.data.copy()
            self.data[self.add_prefix(SHOWN)] = self.initial[SHOWN]

    def _now(self, name: str) -> str:
        """Return the present value of a field as people read it."""
        field = self._meta.model._meta.get_field(name)
        value = self.initial[name]
        if field.many_to_many:
            words = ", ".join(sorted(map(str, value)))
        elif field.is_relation:
            words = str(getattr(self.instance, name) or "")
        elif field.flatchoices:
            words = str(dict(field.flatchoices).get(value, value))
        elif isinstance(value, bool):
            words = _("Yes") if value else _("No")
        else:
            words = "" if value is None else str(localize(template_localtime(value)))
        return words or _("nothing")


def changed_in_english_alone(form: forms.ModelForm) -> list[str]:
    """Return the labels of what was changed beside a translation that stayed as it was."""
    others = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
    changed, values = form.changed_data, form.cleaned_data
    return [
        str(form.fields[name].label)
        for name in changed
        if values[name] and any(values.get(f"{name}_{code}") and f"{name}_{code}" not in changed for code in others)
    ]


class MomentField(forms.SplitDateTimeField):
    """A day and a time of it; refused in the last hours of the year 9999, which in UTC are past every calendar."""

    def compress(self, data_list):
        moment = super().compress(data_list)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise ValidationError(self.error_messages["invalid_date"], code="invalid_date") from None


class CarefulAdmin(ClosedAdmin):
    """Forms that overwrite nothing unseen. A form of its own must be a CarefulForm."""

    form = CarefulForm
    formfield_overrides = {models.DateTimeField: {"form_class": MomentField}}

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method != "POST" or object_id is None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            row = self.get_object(request, unquote(object_id))
            if row is not None:
                # From here to the save the row stays as the form compares it: Django loads it once more.
                self.model._base_manager.select_for_update().filter(pk=row.pk).first()
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        if change and (labels := changed_in_english_alone(form)):
            sentence = _(
                "Changed in English alone: %(labels)s. Who reads Spanish is still told what stood there before."
            )
            messages.warning(request, sentence % {"labels": ", ".join(labels)})

    def get_fields(self, request, obj=None):
        return [name for name in super().get_fields(request, obj) if name != SHOWN]

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self.has_change_permission(request, obj):
            return fieldsets
        *others, (title, options) = fieldsets
        return [*others, (title, {**options, "fields": [*options["fields"], SHOWN]})]
